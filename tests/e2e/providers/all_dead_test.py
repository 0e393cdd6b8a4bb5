#!/usr/bin/env python3
"""All three vendors dead, in every way: what is stored is served and marked, what is not is a 503 that names each vendor's
reason, and nothing hangs."""
import concurrent.futures
import time
import unittest

from stand_in import VENDORS, StandInCase

# The longest that anybody waits: each vendor's time-out once, and a little for the machine.
PATIENCE = 5.0
WAYS = ({'fault': 'refuse'}, {'fault': 'status', 'status': 503}, {'fault': 'html'}, {'fault': 'hang'}, {'fault': 'trickle'},
        {'fault': 'truncate'}, {'fault': 'empty'}, {'fault': 'negative_price'}, {'fault': 'status', 'status': 429, 'retry_after': 2})


class AllDead(StandInCase):
    stand_in_arguments = ('--exchange-hours',)
    more_settings = {'CACHE_TTL_SECONDS': '0', 'PROVIDER_TIMEOUT_MS': '500', 'LOG_LEVEL': 'warning'}

    def tearDown(self):
        self.stand_in.heal()
        for breaker in self.get('/api/v1/circuit-breakers').json['items']:
            self.ask('POST', f"/api/v1/circuit-breakers/{breaker['name']}/reset")
        super().tearDown()

    def test_what_is_stored_is_served_stale_with_its_age(self):
        target = '/api/v1/market/bars/AAPL?interval=1d&limit=20'
        fresh = self.get(target)
        self.assertEqual(fresh.status, 200, fresh.body)
        self.assertFalse(fresh.json['stale'])
        self.assertEqual(fresh.json['provider'], 'polygon')
        for way in WAYS:
            self.stand_in.heal()
            self.stand_in.fail(way)
            answer, seconds = self.timed(target)
            self.assertEqual(answer.status, 200, (way, answer.body))
            self.assertIs(answer.json['stale'], True, (way, answer.body[-400:]))
            self.assertGreater(answer.json['age_ms'], 0)
            self.assertEqual(answer.json['provider'], 'polygon', 'who told it when it was stored')
            self.assertEqual(answer.json['bars'], fresh.json['bars'], way)
            # Who was tried and why it failed, or that its breaker kept it from being asked.
            named = {each['provider'] for each in answer.json['fallback_from']}
            self.assertLessEqual(named, set(VENDORS))
            self.assertLess(seconds, PATIENCE, way)

    def test_what_is_not_stored_is_a_503_that_names_each_vendor(self):
        for number, way in enumerate(WAYS):
            self.stand_in.heal()
            self.stand_in.fail(way)
            for target in (f'/api/v1/market/quotes/Q{number}', f'/api/v1/market/bars/B{number}?interval=1d&limit=5',
                           f'/api/v1/market/crypto/bars/C{number}-USD?interval=1h&limit=5'):
                answer, seconds = self.timed(target)
                body = self.problem(answer, 503, 'provider_unavailable')
                for vendor in VENDORS:
                    self.assertRegex(body['detail'], rf'{vendor} \([a-z_]+\)', (way, target))
                self.assertLess(seconds, PATIENCE, (way, target))

    def test_many_symbols_say_which_and_why(self):
        self.stand_in.fail({'fault': 'status', 'status': 503})
        answer, seconds = self.timed('/api/v1/market/quotes?symbols=M1,M2,M3')
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(set(answer.json['errors']), {'M1', 'M2', 'M3'})
        for error in answer.json['errors'].values():
            self.assertEqual(error['code'], 'provider_unavailable', answer.body)
        self.assertLess(seconds, PATIENCE)

    def test_a_crowd_does_not_make_it_hang(self):
        self.stand_in.fail({'fault': 'hang'})
        began = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            answers = list(pool.map(lambda n: self.timed(f'/api/v1/market/quotes/H{n}'), range(48)))
        for answer, seconds in answers:
            self.problem(answer, 503, 'provider_unavailable')
            self.assertLess(seconds, PATIENCE)
        self.assertLess(time.monotonic() - began, 2 * PATIENCE)

    def test_the_unknown_is_unknown_and_no_outage(self):
        self.problem(self.get('/api/v1/market/quotes/NOSUCHTHING'), 404, 'unknown_symbol')
        for each in self.get('/api/v1/providers').json['providers']:
            self.assertEqual(each['operations']['quotes']['breaker']['failures'], 0, each['name'])

    def test_they_come_back(self):
        self.stand_in.fail({'fault': 'refuse'})
        self.problem(self.get('/api/v1/market/quotes/BACK'), 503, 'provider_unavailable')
        self.stand_in.heal()
        self.wait_for(lambda: self.get('/api/v1/market/quotes/BACK').status == 200, seconds=20)


if __name__ == '__main__':
    unittest.main()
