#!/usr/bin/env python3
"""The same answers of Polygon, read by Ziggy and by @polygon.io/client-js: both must see the same figures. Exits 77 (skipped), saying why, where
the client is not installed."""
import datetime
import pathlib
import sys
import unittest
import urllib.parse
import zoneinfo

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'http'), str(HERE.parents[1] / 'stand_ins')]
from client import Client, needs  # noqa: E402

needs('@polygon.io/client-js')
from replay import Replay, recording  # noqa: E402
from server import ServerCase  # noqa: E402

RECORDINGS = HERE.parents[3] / 'shared/fixtures/providers/polygon'
SNAPSHOTS = '/v2/snapshot/locale/us/markets/stocks/tickers'


def new_york_date(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, zoneinfo.ZoneInfo('America/New_York')).date().isoformat()


def page(symbol, rows, **more):
    return {'ticker': symbol, 'status': 'OK', 'adjusted': False, 'resultsCount': len(rows), 'results': [dict(zip('tohlcv', row)) for row in rows]} | more


class PolygonClient(ServerCase):
    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.vendor = Replay().__enter__()
        cls.settings = {'POLYGON_BASE_URL': cls.vendor.url, 'POLYGON_API_KEY': 'the-key', 'PROVIDERS_PRICES': 'polygon', 'PROVIDERS_QUOTES': 'polygon',
                        'PROVIDERS_CRYPTO': 'polygon', 'CACHE_TTL_SECONDS': '0', 'ENVIRONMENT': 'development', 'AUTH_ENABLED': 'false'}
        cls.client = Client('polygon.mjs', VENDOR=cls.vendor.url)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        super().tearDownClass()
        cls.vendor.__exit__()

    def setUp(self):
        self.vendor.clear()

    def theirs(self, name, *arguments):
        said = self.client.ask({name: arguments})
        self.assertIn('value', said, said)
        return said['value']

    def ours(self, path, **query):
        answer = self.get(f'/api/v1/market/{path}?{urllib.parse.urlencode(query)}')
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json

    def compare_bars(self, symbol, start, end, interval=('1d', 1, 'day'), expected=None):
        name, multiple, span = interval
        theirs = self.theirs('getStocksAggregates', symbol, multiple, span, start, end, 'false', 'asc', 50000)['results']
        ours = self.ours(f'bars/{symbol}', interval=name, start=start, end=end, adjustment='raw', limit=1000)['bars']
        self.assertEqual(len(ours), expected or len(theirs))
        for bar, row in zip(ours, theirs):
            self.assertEqual([bar[key] for key in 'ohlcv'], [row[key] for key in 'ohlcv'])
            if span == 'day':
                self.assertEqual(bar['t'][:10], new_york_date(row['t']))
            else:
                self.assertEqual(datetime.datetime.fromisoformat(bar['t']).timestamp() * 1000, row['t'])

    def compare_snapshot(self, symbol, quote, snapshot, lot=100):
        self.assertEqual((quote['last'], quote['last_size']), (snapshot['lastTrade']['p'], snapshot['lastTrade']['s']))
        self.assertEqual((quote['prev_close'], quote['volume']), (snapshot['prevDay']['c'], snapshot['day']['v']))
        book = snapshot.get('lastQuote')
        self.assertEqual([quote[key] for key in ('bid', 'ask', 'bid_size', 'ask_size')],
                         [book['p'], book['P'], book['s'] * lot, book['S'] * lot] if book else [None] * 4)

    def test_days_in_pages(self):
        rows = [(1598587200000, 504.05, 505.77, 498.31, 499.23, 46907479), (1598846400000, 127.58, 131.0, 126.0, 129.04, 225702688)]
        self.vendor.serve('/v2/aggs/ticker/PAGED/*', lambda asked: page('PAGED', rows[1:]) if 'cursor' in asked.query else page(
            'PAGED', rows[:1], next_url=f'{self.vendor.url}/v2/aggs/ticker/PAGED/next?cursor=x'))
        ours = self.ours('bars/PAGED', interval='1d', start='2020-08-28', end='2020-09-01')['bars']
        first = self.theirs('getStocksAggregates', 'PAGED', 1, 'day', '2020-08-28', '2020-08-31', 'false')['results']
        self.assertEqual([bar['c'] for bar in ours], [first[0]['c'], rows[1][4]])

    def test_minutes(self):
        self.vendor.serve('/v2/aggs/ticker/MINUTE/*', page('MINUTE', [(1704205800000, 1.5, 2.25, 1.25, 2, 17), (1704205860000, 2, 2, 1.75, 1.75, 3.5)]))
        self.compare_bars('MINUTE', '2024-01-02', '2024-01-03', ('1m', 1, 'minute'))

    def test_class_shares_and_coins(self):
        snapshot = {'lastQuote': {'P': 2, 'S': 3, 'p': 1, 's': 4, 't': 1651251948407646487}, 'lastTrade': {'p': 1.5, 's': 7, 't': 1651251948294080343},
                    'day': {'c': 1.5, 'v': 9}, 'prevDay': {'c': 1.25}}
        self.vendor.serve(f'{SNAPSHOTS}/BRK.B', {'status': 'OK', 'ticker': snapshot | {'ticker': 'BRK.B'}})
        self.compare_snapshot('BRK.B', self.ours('quotes/BRK.B'), self.theirs('getStocksSnapshotTicker', 'BRK.B')['ticker'])
        coin = {'lastTrade': {'p': 16242.31, 's': 0.001933, 't': 1605294230780}, 'day': {'c': 1, 'v': 105008.84}, 'prevDay': {'c': 16399.24}}
        self.vendor.serve('/v2/snapshot/locale/global/markets/crypto/tickers/X:BTCUSD', {'status': 'OK', 'ticker': coin | {'ticker': 'X:BTCUSD'}})
        self.compare_snapshot('BTC-USD', self.ours('crypto/quotes/BTC-USD'), self.theirs('getCryptoSnapshotTicker', 'X:BTCUSD')['ticker'], 1)

    def test_dividends(self):
        self.vendor.serve('/v3/reference/dividends', {'status': 'OK', 'results': [
            {'ticker': 'PAYS', 'ex_dividend_date': '2021-08-06', 'cash_amount': 0.22}, {'ticker': 'PAYS', 'ex_dividend_date': '2021-05-07', 'cash_amount': 0.22}]})
        self.vendor.serve('/v2/aggs/*', page('PAYS', [(1598587200000, 1, 1, 1, 1, 1)]))
        theirs = self.theirs('listDividends', 'PAYS')['results']
        ours = self.ours('corporate-actions/PAYS')['items']
        self.assertEqual({one['ex_date']: one['value'] for one in ours}, {one['ex_dividend_date']: one['cash_amount'] for one in theirs})

    @unittest.skipUnless(RECORDINGS.exists(), 'no recordings beside this checkout')
    def test_recorded_bars(self):
        self.vendor.serve('/v2/aggs/ticker/AAPL/*', recording(RECORDINGS / 'recorded/aggs-AAPL-day-2023-01-01-2023-01-10.json'))
        self.compare_bars('AAPL', '2023-01-01', '2023-01-11')
        self.vendor.serve('/v2/aggs/ticker/AAPL/*', recording(RECORDINGS / 'rest/v2_aggs_ticker_AAPL_range_1_day_2005-04-01_2005-04-04.json'))
        self.compare_bars('AAPL', '2005-04-01', '2005-04-05')

    @unittest.skipUnless(RECORDINGS.exists(), 'no recordings beside this checkout')
    def test_recorded_quotes(self):
        rest = RECORDINGS / 'rest'
        self.vendor.serve(f'{SNAPSHOTS}/AAPL', recording(rest / 'v2_snapshot_locale_us_markets_stocks_tickers_AAPL.json'))
        self.compare_snapshot('AAPL', self.ours('quotes/AAPL'), self.theirs('getStocksSnapshotTicker', 'AAPL')['ticker'])
        self.vendor.clear()
        self.vendor.serve('/v2/last/trade/AAPL', recording(rest / 'v2_last_trade_AAPL.json'))
        theirs = self.theirs('getLastStocksTrade', 'AAPL')['results']
        ours = self.ours('quotes/AAPL')
        self.assertEqual((ours['last'], ours['last_size']), (theirs['p'], theirs['s']))
        self.vendor.clear()
        self.vendor.serve('/v2/aggs/ticker/AAPL/prev', recording(rest / 'v2_aggs_ticker_AAPL_prev.json'))
        theirs = self.theirs('getPreviousStocksAggregates', 'AAPL')['results'][0]
        ours = self.ours('quotes/AAPL')
        self.assertEqual((ours['last'], ours['volume'], ours['as_of'][:10]), (theirs['c'], theirs['v'], new_york_date(theirs['t'])))

    @unittest.skipUnless(RECORDINGS.exists(), 'no recordings beside this checkout')
    def test_recorded_splits(self):
        self.vendor.serve('/v3/reference/splits', recording(RECORDINGS / 'rest/v3_reference_splits.json'))
        self.vendor.serve('/v2/aggs/*', {'status': 'OK', 'results': [dict(zip('tohlcv', (1598587200000, 1, 1, 1, 1, 1)))]})
        theirs = [one for one in self.theirs('listStockSplits')['results'] if one['ticker'] == 'DXCM']
        ours = self.ours('corporate-actions/DXCM')['items']
        self.assertEqual([(one['ex_date'], one['value']) for one in ours],
                         [(one['execution_date'], one['split_to'] / one['split_from']) for one in theirs])


if __name__ == '__main__':
    unittest.main()
