#!/usr/bin/env python3
"""The same answers of Yahoo, read by Ziggy and by yahoo-finance2: both must see the same figures. Exits 77 (skipped), saying why, where the
client is not installed."""
import json
import pathlib
import struct
import sys
import time
import unittest
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'http'), str(HERE.parents[1] / 'stand_ins')]
from client import Client, needs  # noqa: E402

needs('yahoo-finance2')
from replay import Answer, Replay, recording  # noqa: E402
from server import ServerCase  # noqa: E402

RECORDINGS = HERE.parents[3] / 'shared/fixtures/providers/yahoo'

META = {'currency': 'USD', 'symbol': 'ACME', 'exchangeName': 'NMS', 'instrumentType': 'EQUITY', 'firstTradeDate': 345479400,
        'regularMarketTime': 1739998801, 'gmtoffset': -18000, 'timezone': 'EST', 'exchangeTimezoneName': 'America/New_York',
        'regularMarketPrice': 244.87, 'chartPreviousClose': 75.1, 'priceHint': 2, 'dataGranularity': '1d', 'range': '', 'validRanges': ['1d'],
        'currentTradingPeriod': {name: {'timezone': 'EST', 'start': 1740042000, 'end': 1740061800, 'gmtoffset': -18000}
                                 for name in ('pre', 'regular', 'post')}}
OWN_CHART = {'chart': {'error': None, 'result': [{
    'meta': META, 'timestamp': [1598535000, 1598621400, 1598880600, 1598967000],
    'events': {'splits': {'1598880600': {'date': 1598880600, 'numerator': 4, 'denominator': 1, 'splitRatio': '4:1'}},
               'dividends': {'1598621400': {'date': 1598621400, 'amount': 0.205}}},
    'indicators': {'quote': [{'open': [127.14250183105469, 126.01249694824219, 127.58000183105469, None],
                              'high': [127.48500061035156, 126.44249725341797, 131, None],
                              'low': [123.8324966430664, 124.57749938964844, 126, None],
                              'close': [125.01000213623047, 124.80750274658203, 129.0399932861328, None],
                              'volume': [155552400, 187630000, 225702700, None]}], 'adjclose': [{'adjclose': [1, 1, 1, None]}]}}]}}
OWN_QUOTE = {'quoteResponse': {'error': None, 'result': [
    {'language': 'en-US', 'region': 'US', 'quoteType': 'EQUITY', 'symbol': 'ACME', 'marketState': 'CLOSED', 'regularMarketPrice': 244.6,
     'regularMarketTime': 1739566800, 'regularMarketPreviousClose': 241.53, 'bid': 244.44, 'ask': 253.37, 'bidSize': 2, 'askSize': 1,
     'regularMarketVolume': 40896227, 'exchange': 'NMS', 'fullExchangeName': 'NasdaqGS', 'currency': 'USD', 'triggerable': True}]}}


def as_float(value):
    return struct.unpack('f', struct.pack('f', value))[0]


class YahooFinance2(ServerCase):
    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.vendor = Replay().__enter__()
        cls.vendor.serve('/quote/AAPL', Answer(200, b'<html>', {'Set-Cookie': 'A3=x; Domain=.yahoo.com; Path=/; Expires=Tue, 17 Feb 2099 00:39:40 GMT'}))
        cls.vendor.serve('/v1/test/getcrumb', 'haT3oykhHqZ')
        cls.settings = {'YAHOO_BASE_URL': cls.vendor.url, 'PROVIDERS_PRICES': 'yahoo', 'PROVIDERS_QUOTES': 'yahoo', 'PROVIDERS_CRYPTO': 'yahoo',
                        'CACHE_TTL_SECONDS': '0', 'ENVIRONMENT': 'development', 'AUTH_ENABLED': 'false'}
        cls.client = Client('yahoo.mjs', VENDOR=cls.vendor.url)
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        cls.client.close()
        super().tearDownClass()
        cls.vendor.__exit__()

    def compare_bars(self, symbol, start, end):
        theirs = self.client.ask({'chart': [symbol, {'period1': start, 'period2': end, 'interval': '1d'}]})['value']
        query = urllib.parse.urlencode({'start': start, 'end': end, 'limit': 1000, 'adjustment': 'split'})
        ours = self.get(f'/api/v1/market/bars/{urllib.parse.quote(symbol)}?{query}').json['bars']
        whole = [row for row in theirs['quotes'] if row['close'] is not None and row['date'][:10] < end]
        self.assertTrue(whole)
        self.assertEqual([bar['t'][:10] for bar in ours], [row['date'][:10] for row in whole])
        for bar, row in zip(ours, whole):
            for our_name, their_name in (('o', 'open'), ('h', 'high'), ('l', 'low'), ('c', 'close')):
                self.assertEqual(as_float(bar[our_name]), as_float(row[their_name]), row)
            self.assertEqual(bar['v'], row['volume'])
        actions = self.get(f'/api/v1/market/corporate-actions/{urllib.parse.quote(symbol)}').json
        events = theirs.get('events') or {}
        self.compare_actions(actions, events)

    def compare_actions(self, actions, events):
        found = actions['items']
        splits = {entry['ex_date']: entry['value'] for entry in found if entry['kind'] == 'split'}
        self.assertEqual(splits, {one['date'][:10]: one['numerator'] / one['denominator'] for one in events.get('splits', [])})
        paid = {entry['ex_date']: entry['value'] for entry in found if entry['kind'] == 'dividend'}
        expected = {}
        for one in events.get('dividends', []):
            later = [split['numerator'] / split['denominator'] for split in events.get('splits', []) if split['date'] > one['date']]
            expected[one['date'][:10]] = one['amount'] * (later[0] if later else 1)
        self.assertEqual(paid, expected)

    def compare_quote(self, symbol):
        theirs = self.client.ask({'quote': [symbol]})['value']
        ours = self.get(f'/api/v1/market/quotes/{urllib.parse.quote(symbol)}').json
        lot = 100 if theirs['quoteType'] in ('EQUITY', 'ETF') else 1
        self.assertEqual((ours['last'], ours['prev_close'], ours['volume']),
                         (theirs['regularMarketPrice'], theirs.get('regularMarketPreviousClose'), theirs.get('regularMarketVolume')))
        at = theirs['regularMarketTime']  # a date; seconds where the client knows too little of the quote
        at = at.replace('.000Z', 'Z') if isinstance(at, str) else time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime(at))
        self.assertEqual(ours['as_of'], at)
        for our_name, their_name, unit in (('bid', 'bid', 1), ('ask', 'ask', 1), ('bid_size', 'bidSize', lot), ('ask_size', 'askSize', lot)):
            value = theirs.get(their_name)
            self.assertEqual(ours[our_name], value * unit if value else None)

    def test_own(self):
        self.vendor.serve('/v8/finance/chart/ACME', OWN_CHART)
        self.vendor.serve('/v7/finance/quote', OWN_QUOTE, {'symbols': 'ACME'})
        self.compare_bars('ACME', '2020-08-27', '2020-09-02')
        self.compare_quote('ACME')

    @unittest.skipUnless(RECORDINGS.exists(), 'no recordings beside this checkout')
    def test_ten_recorded_answers(self):
        for name, symbol, start, end in (('chart-AAPL-2020-08-31-to-2020-11-07', 'AAPL', '2020-08-31', '2020-11-07'),
                                         ('historical-via-chart-MSFT-dividends-2021-02-01-to-2022-01-31.csv', 'MSFT', '2021-02-01', '2022-01-31'),
                                         ('chart-BTC-USD-2020-01-01-to-2020-01-03', 'BTC-USD', '2020-01-01', '2020-01-03'),
                                         ('chart-EURUSD_X-2020-01-01-to-2020-01-03', 'EURUSD=X', '2020-01-01', '2020-01-03'),
                                         ('chart-GOOG-2020-01-01-to-2020-01-03', 'GOOG', '2020-01-01', '2020-01-03'),
                                         ('chart-QQQ-2020-01-01-to-2020-01-03', 'QQQ', '2020-01-01', '2020-01-03')):
            with self.subTest(name):
                self.vendor.serve(f'/v8/finance/chart/{symbol}', recording(RECORDINGS / 'chart' / f'{name}.json'))
                self.compare_bars(symbol, start, end)
        for name, symbol in (('AAPL-BABA', 'AAPL'), ('AMZN', 'AMZN'), ('BTC-USD', 'BTC-USD'), ('GC_F', 'GC=F')):
            with self.subTest(name):
                self.vendor.serve('/v7/finance/quote', recording(RECORDINGS / 'quote' / f'quote-{name}.json'))
                self.compare_quote(symbol)


if __name__ == '__main__':
    unittest.main()
