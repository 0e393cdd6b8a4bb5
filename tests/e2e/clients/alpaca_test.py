#!/usr/bin/env python3
"""The same answers of Alpaca, read by Ziggy and by @alpacahq/alpaca-trade-api: both must see the same figures. Exits 77 (skipped), saying why,
where the client is not installed."""
import datetime
import pathlib
import sys
import unittest
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'http'), str(HERE.parents[1] / 'stand_ins')]
from client import Client, needs  # noqa: E402

needs('@alpacahq/alpaca-trade-api')
from replay import Replay, recording  # noqa: E402
from server import ServerCase  # noqa: E402

RECORDINGS = HERE.parents[3] / 'shared/fixtures/providers/alpaca/rest'
COLUMNS = (('o', 'open'), ('h', 'high'), ('l', 'low'), ('c', 'close'), ('v', 'volume'))


def instant(text):
    """To the microsecond, which is what both sides' texts have in common."""
    whole, _, fraction = text.rstrip('Z').partition('.')
    return datetime.datetime.fromisoformat(whole), fraction[:3].ljust(3, '0')


class AlpacaClient(ServerCase):
    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.vendor = Replay().__enter__()
        cls.settings = {'ALPACA_DATA_BASE_URL': cls.vendor.url, 'ALPACA_KEY_ID': 'the-id', 'ALPACA_SECRET_KEY': 'the-secret', 'PROVIDERS_PRICES': 'alpaca',
                        'PROVIDERS_QUOTES': 'alpaca', 'PROVIDERS_CRYPTO': 'alpaca', 'CACHE_TTL_SECONDS': '0', 'ENVIRONMENT': 'development',
                        'AUTH_ENABLED': 'false'}
        cls.client = Client('alpaca.mjs', VENDOR=cls.vendor.url)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        super().tearDownClass()
        cls.vendor.__exit__()

    def setUp(self):
        self.vendor.clear()

    def theirs(self, name, **request):
        said = self.client.ask({name: request})
        self.assertIn('value', said, said)
        return said['value']

    def ours(self, path, **query):
        answer = self.get(f'/api/v1/market/{path}?{urllib.parse.urlencode(query)}')
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json

    def compare_rows(self, symbol, start, end, interval, theirs):
        path = f'crypto/bars/{symbol}' if '-' in symbol else f'bars/{symbol}'
        ours = self.ours(path, interval=interval[0], start=start, end=end, limit=1000)['bars']
        self.assertTrue(theirs)
        self.assertEqual(len(ours), len(theirs))
        for bar, row in zip(ours, theirs):
            self.assertEqual([bar[key] for key, _ in COLUMNS], [row[name] for _, name in COLUMNS])
            if interval[0] == '1d':
                self.assertEqual(bar['t'][:10], row['timestamp'][:10])
            else:
                self.assertEqual(instant(bar['t']), instant(row['timestamp']))

    def bars_of(self, response, symbol):
        """The generated functions give a map of arrays, with the wire's letters."""
        bars = response['bars'][symbol]
        return sorted(({'timestamp': bar['t']} | {name: bar[key] for key, name in COLUMNS} for bar in bars), key=lambda bar: bar['timestamp'])

    def compare_snapshot(self, quote, snapshot, lot=100):
        trade, book = snapshot.get('latestTrade'), snapshot.get('latestQuote')
        if trade:
            self.assertEqual((quote['last'], quote['last_size']), (trade['p'], trade['s']))
        self.assertEqual([quote[key] for key in ('bid', 'ask', 'bid_size', 'ask_size')], [book['bp'], book['ap'], book['bs'] * lot, book['as'] * lot])
        if snapshot.get('dailyBar'):
            self.assertEqual((quote['volume'], quote['prev_close']), (snapshot['dailyBar']['v'], snapshot['prevDailyBar']['c']))
        self.assertEqual(instant(quote['as_of']), instant(max(one['t'] for one in (trade, book) if one)))

    def stock_bars(self, symbol, timeframe='1Day'):
        return self.bars_of(self.theirs('stocks.stockBars', symbols=symbol, timeframe=timeframe), symbol)

    def test_bars(self):
        rows = [{'t': f'2024-01-0{day}T05:00:00Z', 'o': day + 0.5, 'h': day + 2.25, 'l': day - 0.5, 'c': day + 1, 'v': day * 1000, 'n': 1, 'vw': 1} for day in (2, 3)]
        self.vendor.serve('/v2/stocks/bars', {'bars': {'ACME': rows}, 'next_page_token': None})
        self.compare_rows('ACME', '2024-01-02', '2024-01-04', ('1d', '1Day'), self.stock_bars('ACME'))
        minutes = [row | {'t': f'2024-01-02T14:3{index}:00Z'} for index, row in enumerate(rows)]
        self.vendor.serve('/v2/stocks/bars', {'bars': {'BRK.B': minutes}, 'next_page_token': None})
        self.compare_rows('BRK.B', '2024-01-02', '2024-01-03', ('1m', '1Min'), self.stock_bars('BRK.B', '1Min'))

    def test_pages(self):
        rows = [{'t': f'2024-01-0{day}T05:00:00Z', 'o': day, 'h': day, 'l': day, 'c': day, 'v': day, 'n': 1, 'vw': 1} for day in (2, 3)]
        self.vendor.serve('/v2/stocks/bars', lambda asked: {'bars': {'PAGED': rows[1:] if 'page_token' in asked.query else rows[:1]},
                                                           'next_page_token': None if 'page_token' in asked.query else 'dG9rZW4='})
        theirs = self.theirs('getStockBars', symbols=['PAGED'], timeframe='1Day', start='2024-01-02T00:00:00Z', end='2024-01-04T00:00:00Z')
        series = theirs['PAGED'] if isinstance(theirs, dict) else theirs
        self.compare_rows('PAGED', '2024-01-02', '2024-01-04', ('1d', '1Day'), series)

    def test_coins(self):
        snapshot = {'latestQuote': {'t': '2022-05-31T11:55:58.507608832Z', 'bp': 31741, 'bs': 0.395, 'ap': 31742, 'as': 0.25},
                    'latestTrade': {'t': '2022-05-31T11:53:45.027481Z', 'p': 31744, 's': 0.0543, 'i': 1, 'tks': 'B'}}
        self.vendor.serve('/v1beta3/crypto/us/snapshots', {'snapshots': {'BTC/USD': snapshot}})
        theirs = self.theirs('crypto.cryptoSnapshots', loc='us', symbols='BTC/USD')['snapshots']['BTC/USD']
        self.compare_snapshot(self.ours('crypto/quotes/BTC-USD'), theirs, 1)

    def test_actions(self):
        self.vendor.serve('/v1/corporate-actions', {'corporate_actions': {
            'forward_splits': [{'id': '1', 'symbol': 'ACTS', 'ex_date': '2020-08-31', 'new_rate': 4, 'old_rate': 1, 'process_date': '2020-08-31', 'cusip': 'C'}],
            'cash_dividends': [{'id': '2', 'symbol': 'ACTS', 'ex_date': '2021-08-06', 'rate': 0.22, 'process_date': '2021-08-12', 'special': False,
                                'foreign': False, 'cusip': 'C'}]}, 'next_page_token': None})
        self.vendor.serve('/v2/stocks/bars', {'bars': {'ACTS': [{'t': '2024-01-02T05:00:00Z', 'o': 1, 'h': 1, 'l': 1, 'c': 1, 'v': 1}]}})
        theirs = self.theirs('corporateActions.corporateActions', symbols='ACTS')['corporateActions']
        ours = {one['kind']: (one['ex_date'], one['value']) for one in self.ours('corporate-actions/ACTS')['items']}
        split, dividend = theirs['forwardSplits'][0], theirs['cashDividends'][0]
        self.assertEqual(ours, {'split': (split['exDate'][:10], split['newRate'] / split['oldRate']), 'dividend': (dividend['exDate'][:10], dividend['rate'])})

    @unittest.skipUnless(RECORDINGS.exists(), 'no recordings beside this checkout')
    def test_recorded_bars(self):
        self.vendor.serve('/v2/stocks/bars', recording(RECORDINGS / 'py-historical_stock_data--get_bars_desc.json'))
        self.compare_rows('TSLA', '2023-09-25', '2023-09-28', ('1d', '1Day'), self.stock_bars('TSLA'))
        self.vendor.serve('/v1beta3/crypto/us/bars', recording(RECORDINGS / 'py-historical_crypto_data--get_crypto_bars.json'))
        for symbol, spelled in (('BTC-USD', 'BTC/USD'), ('ETH-USD', 'ETH/USD')):
            theirs = self.bars_of(self.theirs('crypto.cryptoBars', loc='us', symbols=spelled, timeframe='1Day'), spelled)
            self.compare_rows(symbol, '2022-03-09', '2022-03-10', ('1d', '1Day'), theirs)

    @unittest.skipUnless(RECORDINGS.exists(), 'no recordings beside this checkout')
    def test_recorded_quotes(self):
        self.vendor.serve('/v2/stocks/snapshots', recording(RECORDINGS / 'go-marketdata-Snapshot.json'))
        self.compare_snapshot(self.ours('quotes/AAPL'), self.theirs('stocks.stockSnapshots', symbols='AAPL')['AAPL'])
        self.vendor.clear()
        self.vendor.serve('/v1beta3/crypto/us/latest/quotes', recording(RECORDINGS / 'py-historical_crypto_data--get_crypto_latest_quote.json'))
        book = self.theirs('crypto.cryptoLatestQuotes', loc='us', symbols='BTC/USD')['quotes']['BTC/USD']
        self.compare_snapshot(self.ours('crypto/quotes/BTC-USD'), {'latestQuote': book}, 1)
        self.vendor.serve('/v2/stocks/trades/latest', recording(RECORDINGS / 'py-historical_stock_data--get_latest_trade.json'))
        trade = self.theirs('stocks.stockLatestTrades', symbols='AAPL')['trades']['AAPL']
        ours = self.ours('quotes/AAPL')
        self.assertEqual((ours['last'], ours['last_size']), (trade['p'], trade['s']))


if __name__ == '__main__':
    unittest.main()
