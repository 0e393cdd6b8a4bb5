#!/usr/bin/env python3
"""Yahoo through the whole program: recordings played back over HTTP, figures derived here by another way."""
import datetime
import json
import pathlib
import struct
import sys
import unittest
import urllib.parse

from server import ServerCase

HERE = pathlib.Path(__file__).resolve()
sys.path.insert(0, str(HERE.parents[2] / 'stand_ins'))
from replay import Answer, Fault, Replay, recording  # noqa: E402

RECORDINGS = HERE.parents[4] / 'shared/fixtures/providers/yahoo'
UTC = datetime.timezone.utc
NEW_YORK = {'symbol': 'AAPL', 'instrumentType': 'EQUITY', 'gmtoffset': -18000, 'exchangeTimezoneName': 'America/New_York'}
INTERVALS = {'1m': '1m', '1h': '1h', '60m': '1h', '1d': '1d'}


def as_float(value):
    return struct.unpack('f', struct.pack('f', value))[0]


def simplest(value):
    """The decimal with the fewest digits that is the same float; a double that is no float stays."""
    if abs(as_float(value) - value) > abs(value) * 1e-15:
        return value
    for digits in range(1, 18):
        text = f'{value:.{digits}g}'
        if as_float(float(text)) == as_float(value):
            return float(text)


def chart(rows, meta=NEW_YORK, splits=(), dividends=()):
    """Rows of (time, open, high, low, close, volume)."""
    columns = list(zip(*rows)) or [()] * 6
    events = {'splits': {str(at): {'date': at, 'numerator': new, 'denominator': old, 'splitRatio': f'{new}:{old}'} for at, new, old in splits},
              'dividends': {str(at): {'date': at, 'amount': amount} for at, amount in dividends}}
    quote = dict(zip(('open', 'high', 'low', 'close', 'volume'), columns[1:]))
    return {'chart': {'result': [{'meta': meta, 'timestamp': columns[0], 'events': events, 'indicators': {'quote': [quote]}}], 'error': None}}


def open_of(day):
    """09:30 in New York's summer."""
    return int(datetime.datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) + 13 * 3600 + 1800


def error(code, description, wrapper='chart'):
    return {wrapper: {'result': None, 'error': {'code': code, 'description': description}}}


class YahooCase(ServerCase):
    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.vendor = Replay()
        cls.vendor.__enter__()
        cls.settings = {'YAHOO_BASE_URL': cls.vendor.url, 'PROVIDERS_PRICES': 'yahoo', 'PROVIDERS_QUOTES': 'yahoo', 'PROVIDERS_CRYPTO': 'yahoo',
                        'CACHE_TTL_SECONDS': '0', 'ENVIRONMENT': 'development', 'AUTH_ENABLED': 'false'}
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.vendor.__exit__()

    def setUp(self):
        self.vendor.clear()
        self.vendor.serve('/v1/test/getcrumb', 'haT3oykhHqZ')

    def bars(self, symbol, **query):
        return self.get(f'/api/v1/market/bars/{symbol}?{urllib.parse.urlencode(query)}')


class Own(YahooCase):
    """Small cases in the shapes of the recordings."""

    def serve_the_split(self, symbol='AAPL'):
        adjusted = chart([(open_of('2020-08-27'), 127.14250183105469, 127.48500061035156, 123.8324966430664, 125.01000213623047, 155552400),
                          (open_of('2020-08-28'), 126.01249694824219, 126.44249725341797, 124.57749938964844, 124.80750274658203, 187630000),
                          (open_of('2020-08-31'), 127.58000183105469, 131, 126, 129.0399932861328, 225702700),
                          (open_of('2020-09-01'), None, None, None, None, None)],
                         meta=NEW_YORK | {'symbol': symbol}, splits=[(open_of('2020-08-31'), 4, 1)], dividends=[(open_of('2020-08-07'), 0.205)])
        self.vendor.serve(f'/v8/finance/chart/{symbol}', adjusted)

    def test_raw_split_and_all_around_a_split(self):
        self.serve_the_split()
        closes = {}
        for adjustment in ('raw', 'split', 'all'):
            body = self.bars('AAPL', start='2020-08-27', end='2020-09-02', adjustment=adjustment).json
            self.assertEqual([bar['t'][:10] for bar in body['bars']], ['2020-08-27', '2020-08-28', '2020-08-31'])
            self.assertEqual(body['provider'], 'yahoo')
            closes[adjustment] = [bar['c'] for bar in body['bars']]
        self.assertEqual(closes['raw'], [500.04, 499.23, 129.04])
        self.assertEqual(closes['split'], [125.01, 124.8075, 129.04])
        raw = self.bars('AAPL', start='2020-08-28', end='2020-08-29', adjustment='raw').json['bars']
        self.assertEqual([(bar['o'], bar['h'], bar['l'], bar['c'], bar['v']) for bar in raw], [(504.05, 505.77, 498.31, 499.23, 46907500)])

    def test_asks_as_yahoo_wants_it(self):
        self.serve_the_split('BRK-B')
        self.assertEqual(self.bars('BRK.B', start='2020-08-28', end='2020-08-29').status, 200)
        asked = [asked for asked in self.vendor.asked if asked.query.get('interval') == '1d'][0]
        self.assertEqual(asked.path, '/v8/finance/chart/BRK-B')
        self.assertEqual((asked.query['events'], asked.query['includePrePost']), ('div|split', 'false'))
        self.assertIn('Mozilla', asked.headers['user-agent'])
        self.assertNotIn('crumb', asked.query)

    def test_a_quote_comes_with_cookie_and_crumb(self):
        self.vendor.serve('/', Answer(404, b'', {'Set-Cookie': ['A1=one; Domain=.yahoo.com; Secure', 'A3=three; Path=/']}))
        one = {'symbol': 'AAPL', 'quoteType': 'EQUITY', 'marketState': 'REGULAR', 'regularMarketPrice': 244.6, 'regularMarketTime': 1739566800,
               'regularMarketPreviousClose': 241.53, 'bid': 244.44, 'ask': 253.37, 'bidSize': 2, 'askSize': 1, 'regularMarketVolume': 40896227}
        self.crumb = 'haT3oykhHqZ'

        def quotes(asked):
            if asked.query.get('crumb') != self.crumb or asked.headers.get('cookie') != 'A1=one; A3=three':
                return Answer.of(error('Unauthorized', 'Invalid Crumb', 'finance'), 401)
            return {'quoteResponse': {'result': [dict(one, symbol=name) for name in asked.query['symbols'].split(',') if name != 'NOPE'], 'error': None}}

        self.vendor.serve('/v7/finance/quote', quotes)
        self.vendor.serve('/v1/test/getcrumb', lambda _: self.crumb)
        quote = self.get('/api/v1/market/quotes/AAPL').json
        self.assertEqual({key: quote[key] for key in ('last', 'prev_close', 'bid', 'ask', 'bid_size', 'ask_size', 'volume', 'as_of', 'provider')},
                         {'last': 244.6, 'prev_close': 241.53, 'bid': 244.44, 'ask': 253.37, 'bid_size': 200, 'ask_size': 100, 'volume': 40896227,
                          'as_of': '2025-02-14T21:00:00Z', 'provider': 'yahoo'})
        self.crumb = 'another'
        many = self.get('/api/v1/market/quotes?symbols=MSFT,BRK.B,NOPE').json
        self.assertEqual(set(many['quotes']), {'MSFT', 'BRK.B'})
        self.assertEqual(many['errors']['NOPE']['code'], 'unknown_symbol')


class Faulty(YahooCase):
    """A server for each fault, since what fails is not asked again at once."""

    def said(self):
        entries = [json.loads(line) for line in (self.home / 'log').read_text().splitlines()]
        return [entry['code'] for entry in entries if entry['message'] == 'provider_failed']

    def test_each_fault_has_its_error(self):
        chart_of_day = chart([(open_of('2020-08-28'), 1, 2, 1, 2, 10)])
        crumb = Fault(status=401, body=error('Unauthorized', 'Invalid Crumb', 'finance'))
        for fault, code in ((Fault(status=429, headers={'Retry-After': '7'}), 'provider_quota'),
                            (Fault(status=403), 'not_entitled'),
                            (Fault(status=500), 'provider_unavailable'),
                            (crumb, 'provider_unavailable'),
                            (Fault(html=True), 'bad_payload'),
                            (Fault(truncate=0.5), 'bad_payload'),
                            (Fault(cut=True), None),
                            (Fault(reset=True), 'provider_unavailable')):
            with self.subTest(fault):
                self.vendor.clear()
                self.vendor.serve('/v8/finance/chart/AAPL', chart_of_day)
                self.vendor.fail('/', fault)
                self.stop()
                (self.home / 'log').write_text('')
                self.start()
                body = self.problem(self.bars('AAPL', start='2020-08-28', end='2020-08-29'), 503, 'provider_unavailable')
                self.assertIn('yahoo', body['detail'])
                self.problem(self.get('/api/v1/market/quotes/AAPL'), 503, 'provider_unavailable')
                self.wait_for(lambda: len(self.said()) >= 2)
                if code:
                    self.assertEqual(set(self.said()), {code})
                self.assertNotIn('crumb=', (self.home / 'log').read_text())

    def test_an_unknown_symbol(self):
        self.vendor.fail('/v8/', Fault(status=404, body=error('Not Found', 'No data found, symbol may be delisted')))
        self.problem(self.bars('GONE', start='2020-08-28', end='2020-08-29'), 404, 'unknown_symbol')


def derived_bars(path):
    """Symbol, interval and split-adjusted bars of a recording, without Ziggy."""
    data = json.loads(path.read_text())
    result = data['response']['bodyJson']['chart']['result'][0]
    interval = INTERVALS[urllib.parse.parse_qs(urllib.parse.urlsplit(data['request']['url']).query)['interval'][0]]
    quote = result['indicators']['quote'][0]
    bars = []
    for row, at in enumerate(result.get('timestamp', [])):
        prices = [quote[name][row] for name in ('open', 'high', 'low', 'close')]
        if any(price is None for price in prices):
            continue
        time = datetime.datetime.fromtimestamp(at + (result['meta']['gmtoffset'] if interval == '1d' else 0), UTC)
        name = time.strftime('%Y-%m-%dT00:00:00Z' if interval == '1d' else '%Y-%m-%dT%H:%M:%SZ')
        bars.append((name, *map(simplest, prices), quote['volume'][row] or 0))
    return result['meta']['symbol'], interval, bars


@unittest.skipUnless(RECORDINGS.exists(), 'no recordings beside this checkout')
class Recorded(YahooCase):
    def test_every_chart(self):
        for path in sorted((RECORDINGS / 'chart').glob('*.json')):
            with self.subTest(path.name):
                symbol, interval, expected = derived_bars(path)
                self.vendor.serve(f'/v8/finance/chart/{symbol}', recording(path))
                range_of = {name: urllib.parse.parse_qs(urllib.parse.urlsplit(json.loads(path.read_text())['request']['url']).query)[name][0]
                            for name in ('period1', 'period2')}
                start, end = (datetime.datetime.fromtimestamp(int(range_of[name]), UTC) for name in ('period1', 'period2'))
                end += datetime.timedelta(days=1)  # a coin's day may begin where the recording ends
                answer = self.bars(urllib.parse.quote(symbol), interval=interval, start=start.strftime('%Y-%m-%d'), end=end.strftime('%Y-%m-%d'), limit=1000)
                if not expected:
                    # An empty chart is no error of Yahoo's.
                    self.assertNotEqual(answer.json.get('code'), 'unknown_symbol', answer.body)
                    continue
                self.assertEqual(answer.status, 200, answer.body)
                got = [tuple(bar[key] for key in 'tohlcv') for bar in answer.json['bars']]
                self.assertEqual(got, expected)

    def test_every_quote(self):
        seen = 0
        for path in sorted((RECORDINGS / 'quote').glob('*.json')):
            data = json.loads(path.read_text())
            asked = urllib.parse.parse_qs(urllib.parse.urlsplit(data['request']['url']).query)['symbols'][0].split(',')
            results = {one['symbol']: one for one in data['response']['bodyJson']['quoteResponse']['result']}
            self.vendor.serve('/v7/finance/quote', recording(path))
            for symbol in asked:
                with self.subTest(f'{path.name} {symbol}'):
                    answer = self.get('/api/v1/market/quotes/' + urllib.parse.quote(symbol))
                    theirs = results.get(symbol)
                    if not theirs or 'regularMarketPrice' not in theirs:
                        self.problem(answer, 404, 'unknown_symbol')
                        continue
                    self.assertEqual(answer.status, 200, answer.body)
                    quote = answer.json
                    is_pre = theirs['marketState'] == 'PRE'
                    price, at, before = ('preMarketPrice', 'preMarketTime', 'regularMarketPrice') if is_pre else (
                        'regularMarketPrice', 'regularMarketTime', 'regularMarketPreviousClose')
                    self.assertEqual(quote['last'], theirs[price])
                    self.assertEqual(quote['prev_close'], theirs.get(before))
                    self.assertEqual(quote['bid'], theirs.get('bid') or None)
                    self.assertEqual(quote['ask'], theirs.get('ask') or None)
                    self.assertEqual(quote['as_of'], datetime.datetime.fromtimestamp(theirs[at], UTC).strftime('%Y-%m-%dT%H:%M:%SZ'))
                    seen += 1
        self.assertEqual(seen, 17)

    def test_every_error(self):
        for path in sorted((RECORDINGS / 'errors').glob('*.json')):
            with self.subTest(path.name):
                answer = recording(path)
                self.vendor.serve('/v8/finance/chart/GONE', answer)
                got = self.bars('GONE', start='2020-01-01', end='2020-01-03')
                if path.name.startswith('2021-historical'):  # "Data doesn't exist for startDate": nothing there, and no fault
                    self.assertEqual((got.status, got.json['bars']), (200, []))
                    continue
                body = self.problem(got, 404, 'unknown_symbol' if answer.status == 404 else 'not_found')
                self.assertNotIn('yahoo.com', body['detail'])


if __name__ == '__main__':
    unittest.main()
