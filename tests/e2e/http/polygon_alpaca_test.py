#!/usr/bin/env python3
"""Polygon and Alpaca through the whole program: recordings and small cases of the same shapes, played back over HTTP."""
import json
import pathlib
import sys
import unittest
import urllib.parse

from server import ServerCase

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[2] / 'stand_ins'))
from replay import Answer, Fault, Replay, recording  # noqa: E402

RECORDINGS = HERE.parents[4] / 'shared/fixtures/providers'
NEEDS_RECORDINGS = unittest.skipUnless(RECORDINGS.is_dir(), 'no reference data beside this checkout')
DAY_MS = 86_400_000


class VendorCase(ServerCase):
    arguments = ()
    vendor_name = ''
    own = {}

    @classmethod
    def setUpClass(cls):
        cls.vendor = Replay()
        cls.vendor.__enter__()
        cls.settings = {'PROVIDERS_PRICES': cls.vendor_name, 'PROVIDERS_QUOTES': cls.vendor_name, 'PROVIDERS_CRYPTO': cls.vendor_name,
                        'CACHE_TTL_SECONDS': '0', 'ENVIRONMENT': 'development', 'AUTH_ENABLED': 'false'} | cls.settings_for(cls.vendor.url)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.vendor.__exit__()

    def setUp(self):
        self.vendor.clear()

    def bars(self, symbol, **query):
        return self.get(f'/api/v1/market/bars/{urllib.parse.quote(symbol)}?{urllib.parse.urlencode(query)}')

    def quote(self, symbol):
        return self.get(f'/api/v1/market/quotes/{urllib.parse.quote(symbol)}')

    def rows(self, answer):
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(answer.json['provider'], self.vendor_name)
        return [(bar['t'], bar['o'], bar['h'], bar['l'], bar['c'], bar['v']) for bar in answer.json['bars']]


class Polygon(VendorCase):
    vendor_name = 'polygon'

    @classmethod
    def settings_for(cls, url):
        return {'POLYGON_API_KEY': 'key-of-the-test', 'POLYGON_BASE_URL': url}

    def serve_splits(self):
        self.vendor.serve('/v3/reference/splits', {'status': 'OK', 'results': [
            {'ticker': 'AAPL', 'execution_date': '2020-08-31', 'split_from': 1, 'split_to': 4},
            {'ticker': 'AAPL', 'execution_date': '2014-06-09', 'split_from': 1, 'split_to': 7}]})
        self.vendor.serve('/v3/reference/dividends', {'status': 'OK', 'results': [
            {'ticker': 'AAPL', 'ex_dividend_date': '2020-08-07', 'cash_amount': 0.82}]})

    def test_bars_in_pages_and_their_split(self):
        def page(asked):
            rows = [(1598500800000, 508.57, 509.94, 495.33, 500.04, 38888096), (1598587200000, 504.05, 505.77, 498.31, 499.23, 46907479),
                    (1598846400000, 127.58, 131.0, 126.0, 129.04, 225702688), (1598932800000, 132.76, 134.8, 130.53, 134.18, 152470142)]
            rows = rows[2:] if 'cursor' in asked.query else rows[:2]
            body = {'ticker': 'AAPL', 'status': 'OK', 'adjusted': False, 'queryCount': len(rows), 'resultsCount': len(rows),
                    'results': [dict(zip('tohlcv', row)) for row in rows]}
            if 'cursor' not in asked.query:
                body['next_url'] = 'https://api.massive.com/v2/aggs/ticker/AAPL/range/1/day/next?cursor=bGltaXQ&apiKey=theirs'
            return body
        self.vendor.serve('/v2/aggs/ticker/AAPL/*', page)
        self.serve_splits()
        answer = self.bars('AAPL', interval='1d', start='2020-08-27', end='2020-09-02', adjustment='raw')
        self.assertEqual([row[4] for row in self.rows(answer)], [500.04, 499.23, 129.04, 134.18])
        self.assertEqual(self.rows(answer)[0][0], '2020-08-27T00:00:00Z')
        answer = self.bars('AAPL', interval='1d', start='2020-08-27', end='2020-09-02', adjustment='split')
        self.assertEqual([row[4] for row in self.rows(answer)], [125.01, 124.8075, 129.04, 134.18])
        for asked in self.vendor.asked:
            self.assertEqual(asked.headers['authorization'], 'Bearer key-of-the-test')
            self.assertNotIn('apiKey', asked.query)

    def test_refusals(self):
        def body(status, text):
            return Answer.of({'status': status, 'request_id': 'x', 'error': text})
        self.vendor.serve('/v2/aggs/ticker/NONE/*', {'status': 'OK', 'resultsCount': 0})
        self.vendor.serve('/v3/reference/tickers/NONE', Answer.of({'status': 'NOT_FOUND', 'message': 'Ticker not found.'}, 404))
        self.problem(self.bars('NONE', interval='1d', start='2023-01-03', end='2023-01-10'), 404, 'unknown_symbol')
        for number, fault in enumerate([Fault(status=429, headers={'Retry-After': '1'}), Fault(status=401), Fault(status=500),
                                        Fault(html=True), Fault(truncate=0.5), Fault(reset=True)]):
            self.vendor.serve('/v2/aggs/*', body('OK', ''))
            self.vendor.fail('/v2/aggs/', fault)
            answer = self.bars(f'FAIL{number}', interval='1d', start='2023-01-03', end='2023-01-10')
            self.assertEqual(answer.status, 503, (fault, answer.body))
            self.vendor.heal()

    @NEEDS_RECORDINGS
    def test_recorded_bars(self):
        path = RECORDINGS / 'polygon/recorded/aggs-AAPL-day-2023-01-01-2023-01-10.json'
        self.vendor.serve('/v2/aggs/ticker/AAPL/range/1/day/*', recording(path))
        told = json.loads(path.read_text())['response']['bodyJson']['results']
        rows = self.rows(self.bars('AAPL', interval='1d', start='2023-01-01', end='2023-01-11'))
        self.assertEqual([row[1:] for row in rows], [tuple(row[key] for key in 'ohlcv') for row in told])
        self.assertEqual(rows[0][0], '2023-01-03T00:00:00Z')

    @NEEDS_RECORDINGS
    def test_recorded_adjusted_bars_are_brought_back(self):
        self.vendor.serve('/v3/reference/splits', {'status': 'OK', 'results': [
            {'ticker': 'ADJ', 'execution_date': '2020-08-31', 'split_from': 1, 'split_to': 4},
            {'ticker': 'ADJ', 'execution_date': '2014-06-09', 'split_from': 1, 'split_to': 7}]})
        body = json.loads((RECORDINGS / 'polygon/rest/v2_aggs_ticker_AAPL_range_1_day_2005-04-01_2005-04-04.json').read_text())
        self.vendor.serve('/v2/aggs/ticker/ADJ/*', body | {'ticker': 'ADJ'})
        rows = self.rows(self.bars('ADJ', interval='1d', start='2005-04-01', end='2005-04-05', adjustment='raw'))
        for row, told in zip(rows, body['results'], strict=True):
            for found, key in zip(row[1:5], 'ohlc', strict=True):
                self.assertAlmostEqual(found, told[key] * 28, 9)
            self.assertAlmostEqual(row[5], told['v'] / 28, 3)

    @NEEDS_RECORDINGS
    def test_recorded_quotes(self):
        rest = RECORDINGS / 'polygon/rest'
        path = '/v2/snapshot/locale/us/markets/stocks/tickers/AAPL'
        self.vendor.serve(path, recording(rest / 'v2_snapshot_locale_us_markets_stocks_tickers_AAPL.json'))
        quote = self.quote('AAPL').json
        self.assertEqual((quote['bid'], quote['ask'], quote['bid_size'], quote['ask_size']), (159.98, 159.99, 300, 500))
        self.assertEqual((quote['last'], quote['last_size'], quote['prev_close'], quote['volume']), (159.99, 200, 163.64, 68840127))
        self.assertTrue(quote['as_of'].startswith('2022-04-29T17:05:48.40764'), quote)
        # The same vendor without snapshots: last trade, then the previous session.
        self.vendor.clear()
        self.vendor.serve('/v2/last/trade/AAPL', recording(rest / 'v2_last_trade_AAPL.json'))
        self.assertEqual(self.quote('AAPL').json['last'], 166.25)
        self.vendor.clear()
        self.vendor.serve('/v2/aggs/ticker/AAPL/prev', recording(rest / 'v2_aggs_ticker_AAPL_prev.json'))
        quote = self.quote('AAPL').json
        self.assertEqual((quote['last'], quote['volume'], quote['as_of']), (156.8, 95595226, '2022-04-26T20:00:00Z'))


class Alpaca(VendorCase):
    vendor_name = 'alpaca'

    @classmethod
    def settings_for(cls, url):
        return {'ALPACA_KEY_ID': 'id-of-the-test', 'ALPACA_SECRET_KEY': 'secret-of-the-test', 'ALPACA_DATA_BASE_URL': url}

    def test_bars_in_pages_and_their_split(self):
        def page(asked):
            rows = [('2020-08-27', 508.57, 509.94, 495.33, 500.04, 38888096), ('2020-08-28', 504.05, 505.77, 498.31, 499.23, 46907479),
                    ('2020-08-31', 127.58, 131.0, 126.0, 129.04, 225702688), ('2020-09-01', 132.76, 134.8, 130.53, 134.18, 152470142)]
            rows = rows[2:] if 'page_token' in asked.query else rows[:2]
            return {'bars': {'AAPL': [dict(zip('ohlcv', row[1:])) | {'t': row[0] + 'T04:00:00Z'} for row in rows]},
                    'next_page_token': None if 'page_token' in asked.query else 'QUFQTHxEfA=='}
        self.vendor.serve('/v2/stocks/bars', page, where={'symbols': 'AAPL', 'adjustment': 'raw', 'feed': 'iex'})
        self.vendor.serve('/v1/corporate-actions', {'corporate_actions': {'forward_splits': [
            {'symbol': 'AAPL', 'ex_date': '2020-08-31', 'new_rate': 4, 'old_rate': 1}]}, 'next_page_token': None})
        answer = self.bars('AAPL', interval='1d', start='2020-08-27', end='2020-09-02', adjustment='raw')
        self.assertEqual([row[4] for row in self.rows(answer)], [500.04, 499.23, 129.04, 134.18])
        answer = self.bars('AAPL', interval='1d', start='2020-08-27', end='2020-09-02', adjustment='split')
        self.assertEqual([row[4] for row in self.rows(answer)], [125.01, 124.8075, 129.04, 134.18])
        for asked in self.vendor.asked:
            self.assertEqual(asked.headers['apca-api-key-id'], 'id-of-the-test')
            self.assertEqual(asked.headers['apca-api-secret-key'], 'secret-of-the-test')

    def test_refusals(self):
        self.vendor.serve('/v2/stocks/bars', Answer.of({'message': 'invalid symbol: NONE'}, 400), where={'symbols': 'NONE'})
        self.problem(self.bars('NONE', interval='1d', start='2023-01-03', end='2023-01-10'), 404, 'unknown_symbol')
        self.vendor.serve('/v2/stocks/bars', Answer.of({'message': 'subscription does not permit querying recent SIP data'}, 403),
                          where={'symbols': 'SIP'})
        self.assertEqual(self.bars('SIP', interval='1m', start='2023-01-03', end='2023-01-04').status, 503)

    @NEEDS_RECORDINGS
    def test_recorded_bars(self):
        rest = RECORDINGS / 'alpaca/rest'
        self.vendor.serve('/v2/stocks/bars', recording(rest / 'py-historical_stock_data--get_bars_desc.json'), where={'symbols': 'TSLA'})
        # Newest first, and with a token that leads to the same page: cut to what was asked for.
        rows = self.rows(self.bars('TSLA', interval='1d', start='2023-09-25', end='2023-09-28', limit=3))
        self.assertEqual(rows[0], ('2023-09-25T00:00:00Z', 243.38, 247.1, 238.31, 246.99, 104668716))
        self.assertEqual(rows[2], ('2023-09-27T00:00:00Z', 244.262, 245.33, 234.58, 240.5, 136616287))
        self.vendor.serve('/v1beta3/crypto/us/bars', recording(rest / 'py-historical_crypto_data--get_crypto_bars.json'))
        answer = self.get('/api/v1/market/crypto/bars/BTC-USD?interval=1d&start=2022-03-09&end=2022-03-10')
        self.assertEqual(self.rows(answer), [('2022-03-09T00:00:00Z', 161.51, 163.41, 159.41, 162.95, 88496480)])

    @NEEDS_RECORDINGS
    def test_recorded_quotes(self):
        rest = RECORDINGS / 'alpaca/rest'
        self.vendor.serve('/v2/stocks/snapshots', recording(rest / 'go-marketdata-Snapshot.json'))
        quote = self.quote('AAPL').json
        self.assertEqual((quote['bid'], quote['ask'], quote['bid_size'], quote['ask_size']), (133.54, 133.55, 900, 700))
        self.assertEqual((quote['last'], quote['last_size'], quote['prev_close'], quote['volume']), (133.55, 200, 131.46, 25094213))
        self.assertTrue(quote['as_of'].startswith('2021-05-03T14:45:50.532316'), quote)
        self.vendor.serve('/v1beta3/crypto/us/latest/quotes', recording(rest / 'py-historical_crypto_data--get_crypto_latest_quote.json'))
        answer = self.get('/api/v1/market/crypto/quotes/BTC-USD')
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual((answer.json['bid'], answer.json['ask'], answer.json['ask_size']), (40517.08, 40765.93, 1.5516))


del VendorCase

if __name__ == '__main__':
    unittest.main()
