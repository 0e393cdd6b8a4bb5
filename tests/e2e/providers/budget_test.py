#!/usr/bin/env python3
"""A back-fill with many pages beside a busy server, both over one small budget: the vendor never counts more than it allows,
people still get through, and nothing is missing at the end. `ZIGGY_BUDGET_PERIOD=minute` is the long form: five a minute,
as Polygon's free plan has it."""
import datetime
import json
import os
import subprocess
import threading
import time
import unittest

from stand_in import StandInCase

PERIOD = os.environ.get('ZIGGY_BUDGET_PERIOD', 'second')
SECONDS = {'second': 1, 'minute': 60}[PERIOD]
PROGRAM = os.environ['ZIGGY_PROGRAM']
SYMBOLS = ('FILLA', 'FILLB') if SECONDS == 1 else ('FILLA',)


class Budget(StandInCase):
    stand_in_arguments = ('--exchange-hours', '--page-max', '120', '--count-window', str(SECONDS))
    more_settings = {'CACHE_TTL_SECONDS': '0', 'PROVIDER_BUDGETS': f'polygon=5/{PERIOD}', 'PROVIDER_TIMEOUT_MS': '2000'}

    def ask_for_quotes(self, done, answers):
        number = 0
        while not done.is_set():
            number += 1
            answers.append(self.get(f'/api/v1/market/quotes/Q{number}'))
            time.sleep(SECONDS / 4)

    def test_pages_of_a_back_fill_pay_too(self):
        today = datetime.datetime.now(datetime.timezone.utc).date()
        monday = today - datetime.timedelta(days=today.weekday() + 7)
        dates = [str(monday + datetime.timedelta(days=days)) for days in (0, 3)]
        done = threading.Event()
        answers = []
        people = threading.Thread(target=self.ask_for_quotes, args=(done, answers))
        people.start()
        began = time.monotonic()
        try:
            filled = subprocess.run(
                [PROGRAM, 'fetch', 'bars', '--symbols', ','.join(SYMBOLS), '--interval', '1m', '--from', dates[0],
                 '--to', dates[1], '--json', '--data-dir', str(self.home / 'data')],
                cwd=self.home, capture_output=True, text=True, timeout=1200,
                env={'PATH': os.environ['PATH'], **self.settings, 'PROVIDERS_PRICES': 'polygon'})
        finally:
            done.set()
            people.join()
        took = time.monotonic() - began
        self.assertEqual(filled.returncode, 0, filled.stderr)
        counts = self.stand_in.counts()['polygon']
        providers = [answer.json['provider'] for answer in answers if answer.status == 200]
        print(f"{counts['requests']} requests of Polygon in {took:.1f} s, at most {counts['per_window_max']} in any {PERIOD}; "
              f"{len(answers)} quotes beside, {providers.count('polygon')} by Polygon itself, {providers.count('alpaca')} by Alpaca")
        self.assertLessEqual(counts['per_window_max'], 5)
        # It paid for pages, so it took longer than the budget of so many requests without people could last.
        self.assertGreater(counts['routes']['bars']['requests'], 3 * 390 * len(SYMBOLS) / 120)
        self.assertGreater(took, SECONDS * (counts['requests'] / 5 - 2))
        self.assertEqual(len(providers), len(answers), [answer.body for answer in answers if answer.status != 200])
        self.assertTrue(all(not answer.json['stale'] for answer in answers))
        self.assertGreater(providers.count('polygon'), 0, 'a share of the budget is for people')
        for each in json.loads(filled.stdout)['results']:
            self.assertEqual(each['still_missing'], 0, each)
            self.assertGreaterEqual(each['expected'], 600, 'two sessions at least, however the holidays fall')
            self.assertEqual(each['inserted'], each['expected'])
            target = f"/api/v1/market/bars/{each['symbol']}?interval=1m&start={dates[0]}&end={dates[1]}&limit=5000&adjustment=raw"
            self.stand_in.fail({'fault': 'refuse'})  # what is stored, from here on; the server notices it within a moment
            self.wait_for(lambda: self.get(target).status == 200)
            self.assertEqual(len(self.get(target).json['bars']), each['expected'])


if __name__ == '__main__':
    unittest.main()
