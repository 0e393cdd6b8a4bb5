#!/usr/bin/env python3
"""`ziggy fetch bars` against stand-ins of the vendors: what it says before it starts, gaps, resuming, budgets."""
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import unittest
import urllib.request

from support import PROGRAM, CliCase

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'providers'))
from stand_in import StandIn  # noqa: E402

IS_LONG = os.environ.get('ZIGGY_LONG_TESTS') == '1'
MINUTES = ('fetch', 'bars', '--symbols', 'AAPL', '--interval', '1m', '--from', '2024-01-02', '--to', '2024-03-01')


class FetchCase(CliCase):
    stand_in_arguments = ('--exchange-hours',)
    # One vendor, so that every bar's way can be counted; a chunk of slow pages must not time out.
    vendors = {'PROVIDERS_PRICES': 'polygon', 'PROVIDERS_QUOTES': 'polygon', 'PROVIDERS_CRYPTO': 'polygon', 'PROVIDER_TIMEOUT_MS': '10000'}

    def setUp(self):
        super().setUp()
        self.stand_in = StandIn(*self.stand_in_arguments)
        self.addCleanup(self.stand_in.close)

    def environment(self, **settings):
        return super().environment(**{**self.stand_in.settings(**self.vendors), **settings})

    def fetch(self, symbols, start, end, *more, code=0, interval='1d', **settings):
        return self.ziggy('fetch', 'bars', '--symbols', symbols, '--interval', interval, '--from', start, '--to', end, *more, code=code, **settings)

    def fetch_json(self, *arguments, **settings):
        return json.loads(self.fetch(*arguments, '--json', **settings).stdout)

    def asked(self, vendor='polygon', route='bars'):
        return self.stand_in.counts()[vendor]['routes'][route]['requests']

    def start(self, *arguments, **settings):
        process = subprocess.Popen([PROGRAM, *arguments], cwd=self.home, env=self.environment(**settings),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

        def end():
            if process.poll() is None:
                process.kill()
            process.wait(20)
            process.stdout.close()
            process.stderr.close()
        self.addCleanup(end)
        return process

    def wait_for(self, condition, seconds=20):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.02)
        self.fail('it did not happen in time')


class Usage(FetchCase):
    def test_wrong_usage_is_exit_2(self):
        good = {'--symbols': 'AAPL', '--interval': '1d', '--from': '2024-01-02', '--to': '2024-02-01'}
        for name, value in (('--symbols', 'A A'), ('--symbols', ','), ('--interval', '2d'), ('--from', 'yesterday'), ('--to', '2023-01-01'),
                            ('--from', None), ('--symbols', None), ('--symbols', ','.join(f'S{n}' for n in range(1001)))):
            given = [word for pair in {**good, name: value}.items() if pair[1] is not None for word in pair]
            with self.subTest(name=name, value=str(value)[:20]):
                done = self.ziggy('fetch', 'bars', *given, code=2)
                self.assertEqual(done.stdout, '')
                self.assertTrue(done.stderr.strip())
        self.ziggy('fetch', code=2)
        self.assertEqual(self.stand_in.counts()['polygon']['requests'], 0)
        self.assertIn('--symbols', self.ziggy('fetch', 'bars', '--help').stdout)

    def test_no_vendor_with_a_key_is_an_error_in_words(self):
        done = self.fetch('AAPL', '2024-01-02', '2024-02-01', code=1, POLYGON_API_KEY='')
        error = json.loads(done.stderr.splitlines()[-1])
        self.assertEqual((error['level'], error['code']), ('error', 'configuration'))
        self.assertIn('PROVIDERS_PRICES', error['message'])

    def test_an_unknown_symbol_is_named_and_the_others_are_fetched(self):
        done = self.fetch('AAPL,NOSUCHX,MSFT', '2024-01-02', '2024-02-01', code=1)
        self.assertIn('NOSUCHX', done.stderr.splitlines()[-1])
        self.assertRegex(done.stdout, r'(?m)^AAPL: inserted \d+')
        self.assertRegex(done.stdout, r'(?m)^MSFT: inserted \d+')
        failed = json.loads(self.fetch('NOSUCHX', '2024-01-02', '2024-02-01', '--json', code=1).stdout)
        self.assertEqual(failed['results'][0]['error']['code'], 'unknown_symbol')

    def test_vendors_that_are_all_dead_are_named(self):
        self.stand_in.fail({'vendor': '*', 'fault': 'status', 'status': 503})
        done = self.fetch('AAPL', '2024-01-02', '2024-02-01', code=1)
        self.assertIn('AAPL', done.stderr.splitlines()[-1])
        self.assertIn('polygon', done.stderr.splitlines()[-1])


class Gaps(FetchCase):
    def test_only_what_is_missing_is_fetched(self):
        first = self.fetch_json('AAPL', '2024-02-01', '2024-03-01')
        self.assertEqual((first['plan']['expected'], first['plan']['missing']), (20, 20))  # Presidents' Day is none
        result = first['results'][0]
        self.assertEqual((result['inserted'], result['still_missing'], result['error']), (20, 0, None))
        self.assertEqual(result['providers'], ['polygon'])
        before = self.asked()
        again = self.fetch('AAPL', '2024-02-01', '2024-03-01')
        self.assertIn('nothing to fetch', again.stderr)
        self.assertIn('AAPL: complete, 20 bars are stored', again.stdout)
        self.assertEqual(self.asked(), before)
        wider = self.fetch_json('AAPL', '2024-01-02', '2024-04-01')
        self.assertEqual((wider['plan']['expected'], wider['plan']['missing'], wider['plan']['ranges']), (61, 41, 2))
        result = wider['results'][0]
        self.assertEqual((result['inserted'], result['unchanged'], result['replaced']), (41, 0, 0))
        rows = self.ziggy('export', 'bars', '--symbol', 'AAPL').stdout.splitlines()
        self.assertEqual(len(rows), 62)

    def test_another_vendor_takes_over(self):
        self.stand_in.fail({'vendor': 'polygon', 'fault': 'html'})
        result = self.fetch_json('AAPL', '2024-02-01', '2024-03-01', PROVIDERS_PRICES='polygon,alpaca')['results'][0]
        self.assertEqual((result['inserted'], result['providers']), (20, ['alpaca']))


class Resuming(FetchCase):
    def test_the_plan_stands_there_before_anything_is_asked(self):
        self.stand_in.fail({'vendor': 'polygon', 'route': 'bars', 'fault': 'delay', 'ms': 3000})
        process = self.start(*MINUTES, PROVIDER_BUDGETS='polygon=1000/minute')
        lines = []
        while not lines or 'expected' not in lines[-1]:
            lines.append(process.stderr.readline())
            self.assertTrue(lines[-1], lines)
        self.assertLessEqual(self.asked(), 1)
        self.assertIsNone(process.poll())
        self.assertRegex(lines[-1], r'^1 symbol, 1m: 15990 bars expected, 15990 missing in 4 ranges; about \d+ requests, '
                         r'polygon allows 1000 in 60 s, \d+ now for back-fills; about \d+ (s|min)$')

    def test_a_killed_fetch_goes_on_where_it_was(self):
        whole = self.fetch_json('AAPL', '2024-01-02', '2024-03-01', interval='1m', DATA_DIR=str(self.home / 'other'))
        self.assertEqual((whole['plan']['ranges'], whole['results'][0]['inserted']), (4, 15990))
        needed = self.asked()
        self.stand_in.fail({'vendor': 'polygon', 'route': 'bars', 'fault': 'delay', 'ms': 800})
        process = self.start(*MINUTES)
        self.wait_for(lambda: self.asked() >= needed + needed // 2 + 1)
        process.send_signal(signal.SIGKILL)
        process.wait(20)
        self.stand_in.heal()
        killed = self.asked() - needed
        rest = self.fetch_json('AAPL', '2024-01-02', '2024-03-01', interval='1m')
        result = rest['results'][0]
        self.assertEqual((result['error'], result['still_missing'], result['unchanged']), (None, 0, 0))
        self.assertLess(result['missing'], 15990, 'the chunks that had come were there')
        self.assertEqual(result['inserted'], result['missing'])
        self.assertLessEqual(self.asked() - needed - killed, needed - killed + 1, 'no more than the one that was under way is asked twice')
        export = ('export', 'bars', '--symbol', 'AAPL', '--interval', '1m')
        self.assertEqual(self.ziggy(*export).stdout, self.ziggy(*export, DATA_DIR=str(self.home / 'other')).stdout)


class Budget(FetchCase):
    stand_in_arguments = ('--exchange-hours', '--page-max', '2000')
    vendors = {**FetchCase.vendors, 'PROVIDERS_QUOTES': 'polygon,alpaca', 'PROVIDER_BUDGETS': 'polygon=5/minute', 'CACHE_TTL_SECONDS': '0'}

    def quote(self, url, number):
        with urllib.request.urlopen(f'{url}/api/v1/market/quotes/ZQ{chr(65 + number % 26)}', timeout=20) as answer:
            return json.loads(answer.read())

    def test_never_more_than_the_vendor_allows_and_quotes_go_on(self):
        server = self.start('serve', '--port', '0')
        url = re.search(r'http://\S+', server.stdout.readline()).group(0)
        fetch = self.start(*MINUTES, '--json')
        self.wait_for(lambda: self.asked() >= 2)
        end = time.monotonic() + (200 if IS_LONG else 8)
        quotes, providers = 0, set()
        while time.monotonic() < end and fetch.poll() is None:
            answer = self.quote(url, quotes)
            self.assertFalse(answer['stale'], answer)
            providers.add(answer['provider'])
            quotes += 1
            time.sleep(1 if IS_LONG else 0.2)
        self.assertGreater(quotes, 10)
        self.assertEqual(providers, {'polygon', 'alpaca'}, 'a share of the budget is for who waits; then the next vendor answers')
        counts = self.stand_in.counts()['polygon']
        self.assertLessEqual(counts['per_window_max'], 5)
        self.assertGreaterEqual(counts['requests'], 4)
        if IS_LONG:
            self.assertGreater(counts['requests'], 9, 'it goes on in the next minutes')
            self.assertEqual(fetch.wait(600), 0, 'and comes to an end')
            self.assertEqual(json.loads(fetch.stdout.read())['results'][0]['inserted'], 15990)
            self.assertLessEqual(self.stand_in.counts()['polygon']['per_window_max'], 5)
        else:
            self.assertIsNone(fetch.poll(), 'it waits for the next minute')
        server.send_signal(signal.SIGTERM)
        self.assertEqual(server.wait(20), 0)


if __name__ == '__main__':
    unittest.main()
