#!/usr/bin/env python3
"""Live ticks of a vendor through the whole program: one socket upstream for all who listen, and a hole that heals.

The market and the server's clock run twenty times as fast as ours, so that a minute's bar takes three seconds."""
import datetime
import json
import os
import subprocess
import urllib.request

from server import ServerCase
from stream_test import Socket
import unittest

MINUTE = datetime.timedelta(minutes=1)


def instant(text):
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))


class Live(ServerCase):
    arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.vendor = subprocess.Popen([os.environ['ZIGGY_STAND_IN'], '--speed', '20'], stdout=subprocess.PIPE, text=True)
        port = json.loads(cls.vendor.stdout.readline())['port']
        cls.upstream = f'http://127.0.0.1:{port}'
        cls.settings = {'PROVIDERS_PRICES': 'polygon,alpaca', 'PROVIDERS_QUOTES': 'polygon,alpaca', 'PROVIDERS_CRYPTO': 'polygon,alpaca',
                        'POLYGON_API_KEY': 'stand-in', 'ALPACA_KEY_ID': 'stand-in', 'ALPACA_SECRET_KEY': 'stand-in',
                        'POLYGON_BASE_URL': f'{cls.upstream}/polygon', 'ALPACA_DATA_BASE_URL': f'{cls.upstream}/alpaca',
                        'POLYGON_STREAM_URL': f'ws://127.0.0.1:{port}/polygon', 'ALPACA_STREAM_URL': f'ws://127.0.0.1:{port}/alpaca',
                        'PROVIDER_BUDGETS': 'polygon=1000/minute,alpaca=1000/minute', 'SIM_SPEED': '20'}
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        try:
            super().tearDownClass()
        finally:
            cls.vendor.terminate()
            cls.vendor.wait(10)
            cls.vendor.stdout.close()

    def counts(self, vendor='polygon'):
        with urllib.request.urlopen(f'{self.upstream}/control/counts', timeout=10) as answer:
            return json.load(answer)[vendor]

    def fail_streams(self, seconds):
        steps = [{'at': 0, 'for': seconds, 'route': 'stream', 'fault': 'drop'}]
        request = urllib.request.Request(f'{self.upstream}/control/faults', json.dumps({'steps': steps}).encode(), method='POST')
        urllib.request.urlopen(request, timeout=10).close()

    def listen(self, symbol):
        ws = Socket(self.host, self.port, f'/ws/market/{symbol}')
        self.addCleanup(ws.close)
        ws.connection.settimeout(60)  # a vendor is tried again after seconds
        self.assertEqual(ws.status, 101)
        self.assertEqual(ws.message()['type'], 'snapshot')
        return ws

    def read_until(self, ws, messages, wanted, most=20_000):
        for _ in range(most):
            message = ws.message()
            messages.append(message)
            if wanted(message):
                return
        self.fail('it did not come')

    def test_1_all_who_listen_share_one_subscription(self):
        sockets = [self.listen('BTC-USD') for _ in range(5)]
        for ws in sockets:
            seen = []
            self.read_until(ws, seen, lambda message: {'quote', 'trade'} <= {each['type'] for each in seen})
            self.assertEqual({each['provider'] for each in seen}, {'polygon'})
        self.wait_for(lambda: '\nziggy_live_vendor_serving{vendor="polygon"} 1\n' in self.get('/metrics').body.decode())
        counts = self.counts()
        self.assertEqual(counts['streams_open'], 1)
        self.assertEqual(self.counts('alpaca')['streams_opened'], 0)

    def test_2_a_hole_is_announced_and_healed_before_later_bars(self):
        ws = self.listen('BTC-USD')
        seen = []
        is_bar = lambda message: message['type'] == 'bar' and message['interval'] == '1m'  # noqa: E731
        self.read_until(ws, seen, is_bar)
        self.fail_streams(5)
        self.read_until(ws, seen, lambda message: message['type'] == 'gap' and message['healed'])
        self.read_until(ws, seen, is_bar)

        bars = [instant(each['t']) for each in seen if is_bar(each) and 'phase' not in each]
        self.assertEqual(bars, [bars[0] + i * MINUTE for i in range(len(bars))])
        gaps = [each for each in seen if each['type'] == 'gap']
        self.assertEqual([gap['healed'] for gap in gaps[:2]], [False, True])
        self.assertEqual((gaps[0]['from'], gaps[0]['to']), (gaps[1]['from'], gaps[1]['to']))
        self.assertNotIn('seq', gaps[0])
        between = [each['t'] for each in seen[seen.index(gaps[0]):seen.index(gaps[1])] if is_bar(each)]
        self.assertEqual(len(between), (instant(gaps[0]['to']) - instant(gaps[0]['from'])) // MINUTE)
        last = None
        for each in seen:
            if 'seq' not in each:
                continue
            if last is not None:
                self.assertEqual(each['seq'] - each.get('skipped', 0) - 1, last)
            last = each['seq']
        # What was told can be read; the vendor's clock, which started first, is a little ahead of the server's.
        told = {each['t'] for each in seen if is_bar(each)}
        start = bars[0].isoformat().replace('+00:00', 'Z')
        answer = lambda: self.get(f'/api/v1/market/crypto/bars/BTC-USD?interval=1m&start={start}').json  # noqa: E731
        self.wait_for(lambda: told <= {bar['t'] for bar in answer()['bars']})


if __name__ == '__main__':
    unittest.main()
