#!/usr/bin/env python3
"""A day against three vendors that fail in turn, two at once, then all three, in every way there is. No request fails
while any of them works, and each answer says truly where it came from. `ZIGGY_DAY_REQUESTS=10000` is the long form."""
import concurrent.futures
import datetime
import json
import os
import random
import re
import statistics
import time
import unittest

from stand_in import VENDORS, StandInCase

REQUESTS = int(os.environ.get('ZIGGY_DAY_REQUESTS', '600'))
IS_LONG = REQUESTS >= 5000
THREADS = 8
# How a vendor can be down. A 403 is no failure: it is taken for the plan's word and remembered for an hour.
FAULTS = (
    {'fault': 'status', 'status': 503}, {'fault': 'refuse'}, {'fault': 'reset'}, {'fault': 'html'}, {'fault': 'truncate'},
    {'fault': 'empty'}, {'fault': 'hang'}, {'fault': 'trickle'}, {'fault': 'status', 'status': 429, 'retry_after': 1},
    {'fault': 'status', 'status': 500}, {'fault': 'wrong_symbol'}, {'fault': 'negative_price'},
)
# Who is down, phase by phase.
DAY = ((), ('polygon',), ('alpaca',), ('yahoo',), ('polygon', 'alpaca'), ('alpaca', 'yahoo'), ('polygon', 'yahoo'), ())


class ScriptedDay(StandInCase):
    stand_in_arguments = ('--exchange-hours',)
    more_settings = {'CACHE_TTL_SECONDS': '0', 'PROVIDER_TIMEOUT_MS': '700', 'PROVIDER_BUDGETS': '', 'LOG_LEVEL': 'warning'}

    def targets(self, count, salt):
        """Distinct symbols and ranges: quotes one by one and in tens, bars of several intervals, coins."""
        dice = random.Random(salt)
        now = datetime.datetime.now(datetime.timezone.utc)
        for i in range(count):
            symbol = f'T{salt}X{i}'
            kind = i % 6
            if kind == 0:
                yield 'quote', f'/api/v1/market/quotes/{symbol}'
            elif kind == 1:
                yield 'quotes', '/api/v1/market/quotes?symbols=' + ','.join(f'{symbol}N{k}' for k in range(10))
            elif kind == 2:
                yield 'quote', f'/api/v1/market/crypto/quotes?symbols=C{i % 26}{salt}-USD'
            else:
                days = dice.randrange(3, 20)
                end = now - datetime.timedelta(days=dice.randrange(1, 8))
                start = end - datetime.timedelta(days=days)
                interval = ('1d', '5m', '30m')[kind - 3]
                yield 'bars', (f'/api/v1/market/bars/{symbol}?interval={interval}&adjustment=raw&limit=2000'
                               f'&start={start:%Y-%m-%dT%H:%M:00Z}&end={end:%Y-%m-%dT%H:%M:00Z}')

    def ask_one(self, kind, target):
        answer, seconds = self.timed(target)
        return kind, target, answer, seconds

    def provenance(self, kind, answer):
        body = answer.json
        if 'quotes' in body:
            self.assertFalse(body.get('errors'), body)
            return list(body['quotes'].values())
        return [body]

    def check(self, phase, down, results):
        up = set(VENDORS) - set(down)
        for kind, target, answer, seconds in results:
            self.assertEqual(answer.status, 200, f'phase {phase}, {down} down: {target}: {answer.body}')
            for part in self.provenance(kind, answer):
                self.assertIs(part['stale'], False, (target, part))
                self.assertIn(part['provider'], up, f'phase {phase}, {down} down: {target}: {answer.body[:400]}')
                for tried in part['fallback_from']:
                    self.assertIn(tried['provider'], down, (target, part['fallback_from']))
            self.assertLess(seconds, 10, target)

    def run_phase(self, phase, down, count):
        """Every kind of fault has its turn within the phase."""
        results = []
        used = FAULTS if down else ({},)
        share = max(6, count // len(used))
        for turn, fault in enumerate(used):
            self.change_over()
            if down:
                # Not all in the same way at once.
                self.stand_in.fail(*({**FAULTS[(turn + k * 5) % len(FAULTS)], 'vendor': vendor} for k, vendor in enumerate(down)))
            with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
                part = list(pool.map(lambda pair: self.ask_one(*pair), self.targets(share, f'{phase}T{turn}')))
            self.check(f'{phase}.{turn}', down, part)
            results += part
        return results

    def change_over(self):
        """Who was down is well again. In the long form nobody helps it back: its breakers may be open when the others fail. In
        the short one an operator resets them, so that each fault is met by real requests and not by an open breaker."""
        self.stand_in.heal()
        if IS_LONG:
            return
        for breaker in self.get('/api/v1/circuit-breakers').json['items']:
            if breaker['state'] != 'closed':
                self.assertEqual(self.ask('POST', f"/api/v1/circuit-breakers/{breaker['name']}/reset").status, 200)

    def agree(self, results):
        """The figures are those of the vendor that was up, whoever it was: asked again directly, of one that never adjusts."""
        checked = 0
        for kind, target, answer, _ in results[::23]:
            match = re.match(r'/api/v1/market/bars/(\w+)\?interval=(\w+).*&start=([^&]+)&end=([^&]+)', target)
            if kind != 'bars' or not match:
                continue
            symbol, interval, start, end = match.groups()
            frame = {'1d': '1Day', '5m': '5Min', '30m': '30Min'}[interval]
            path = f'/alpaca/v2/stocks/bars?symbols={symbol}&timeframe={frame}&start={start}&end={end}&limit=10000'
            rows = json.loads(self.stand_in.ask('GET', path, headers={
                'APCA-API-KEY-ID': 'stand-in', 'APCA-API-SECRET-KEY': 'stand-in'})[1])['bars'].get(symbol, [])
            truth = {row['t'][:10] if interval == '1d' else row['t']: row['c'] for row in rows}
            got = {bar['t'][:10] if interval == '1d' else bar['t']: bar['c'] for bar in answer.json['bars']}
            shared = truth.keys() & got.keys()
            self.assertGreaterEqual(len(shared), len(truth) - 2, (target, sorted(truth)[:3], sorted(got)[:3]))
            for time_of in shared:
                self.assertAlmostEqual(got[time_of], truth[time_of], delta=truth[time_of] * 1e-5, msg=target)
            checked += len(shared)
        self.assertGreater(checked, 0)

    def test_the_day(self):
        times = {}
        results = []
        asked = 0
        for phase, down in enumerate(DAY):
            part = self.run_phase(phase, down, REQUESTS // len(DAY))
            seconds = sorted(each[3] for each in part)
            times[phase] = seconds
            asked += len(part)
            providers = {}
            for kind, _, answer, _ in part:
                for each in self.provenance(kind, answer):
                    providers[each['provider']] = providers.get(each['provider'], 0) + 1
            print(f'phase {phase}: down {"+".join(down) or "nobody":16} {len(part):6} requests, p50 '
                  f'{statistics.median(seconds) * 1000:6.1f} ms, p99 {seconds[int(len(seconds) * 0.99)] * 1000:7.1f} ms, '
                  f'worst {seconds[-1] * 1000:7.1f} ms; answered by {providers}')
            results += part
        self.stand_in.heal()
        self.agree(results)
        self.assertGreaterEqual(asked, REQUESTS * 0.9)
        self.the_dead_hour()
        self.recovery()
        self.report()

    def the_dead_hour(self):
        """All three at once: an answer all the same, and in time."""
        self.stand_in.fail({'fault': 'status', 'status': 503})
        for kind, target in self.targets(12, 'dead'):
            answer, seconds = self.timed(target)
            self.assertIn(answer.status, (200, 503), answer.body)
            if answer.status == 503:
                self.assertIn(answer.json['code'], ('provider_unavailable', 'circuit_open'), answer.body)
            elif 'quotes' in answer.json:
                self.assertTrue(answer.json['errors'], answer.body)
            else:
                self.assertIs(answer.json['stale'], True, answer.body)
            self.assertLess(seconds, 10)
        self.stand_in.heal()

    def wait_until_closed(self):
        """Until each vendor is asked first again for what it was asked before; after how many seconds."""
        began = time.monotonic()
        came = {}

        def all_closed():
            salt = f'{time.monotonic_ns() // 1000}'
            self.get(f'/api/v1/market/quotes/R{salt}')
            self.get(f'/api/v1/market/bars/R{salt}?interval=1d&limit=3')
            self.get(f'/api/v1/market/crypto/quotes?symbols=R{salt[-8:]}-USD')
            for each in self.get('/api/v1/providers').json['providers']:
                for name, operation in each['operations'].items():
                    if each['name'] in VENDORS and operation['breaker']['state'] == 'closed':
                        came.setdefault((each['name'], name), time.monotonic() - began)
            return all((vendor, name) in came for vendor in VENDORS for name in ('quotes', 'bars', 'crypto'))
        self.wait_for(all_closed, seconds=330)
        return came

    def recovery(self):
        """Back in their places by themselves, as requests come."""
        for (vendor, operation), seconds in sorted(self.wait_until_closed().items()):
            print(f'recovered: {vendor:8} {operation:7} after {seconds:5.1f} s')

    def report(self):
        for each in self.get('/api/v1/providers').json['providers']:
            for name, operation in each['operations'].items():
                hour = operation['windows']['1h']
                print(f"rank {operation['rank']}: {each['name']:8} {name:7} calls {hour['calls']:6} success {hour['success_rate']} "
                      f"outcomes {hour['outcomes']}; {operation['reason']}")
        for incident in self.get('/api/v1/incidents?limit=500').json['items']:
            print(f"incident: {incident['opened_at']} to {incident['closed_at']} {incident['provider']} {incident['operation']} "
                  f"{incident['kind']}: {incident['reason']}")
        counts = self.stand_in.counts()
        print('asked of vendors:', {vendor: counts[vendor]['requests'] for vendor in VENDORS})


if __name__ == '__main__':
    unittest.main()
