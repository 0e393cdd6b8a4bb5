#!/usr/bin/env python3
"""Vendors that fail in every way they can, and what a client sees of it: the next vendor's answer. (All of them
dead: all_dead_test.py.)"""
import itertools
import unittest

from stand_in import VENDORS, StandInCase

BARS = '/api/v1/market/bars/{}?start=2024-05-20&end=2024-06-01'
FAULTS = (({'fault': 'status', 'status': 503}, 'provider_unavailable'), ({'fault': 'hang'}, 'provider_timeout'),
          ({'fault': 'html'}, 'bad_payload'), ({'fault': 'truncate'}, 'bad_payload'), ({'fault': 'empty'}, 'bad_payload'),
          ({'fault': 'wrong_symbol'}, 'bad_payload'), ({'fault': 'refuse'}, 'provider_unavailable'),
          ({'fault': 'negative_price'}, 'bad_payload'), ({'fault': 'trickle'}, 'provider_timeout'),
          ({'fault': 'status', 'status': 429}, 'provider_quota'))


class FailoverCase(StandInCase):
    more_settings = {'CACHE_TTL_SECONDS': '0', 'PROVIDER_TIMEOUT_MS': '400'}
    numbers = itertools.count()

    def setUp(self):
        self.stand_in.heal()
        for breaker in self.get('/api/v1/circuit-breakers').json['items']:
            self.ask('POST', f'/api/v1/circuit-breakers/{breaker["name"]}/reset')

    def symbol(self):
        """One that nobody has asked for: no cache and no store can know it."""
        number = next(self.numbers)
        return 'ZQ' + chr(65 + number // 26) + chr(65 + number % 26)

    def quote(self, symbol=None):
        return self.get(f'/api/v1/market/quotes/{symbol or self.symbol()}')

    def bars(self, symbol=None):
        return self.get(BARS.format(symbol or self.symbol()))

    def operation(self, provider, name):
        return self.get(f'/api/v1/providers/{provider}').json['operations'][name]


class Failover(FailoverCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for operation in ('bars', 'quotes'):  # or the ranking would soon ask another one first
            pinned = cls.ask(cls, 'PUT', f'/api/v1/providers/{operation}/pin', '{"provider": "polygon"}', {'Content-Type': 'application/json'})
            assert pinned.status == 200, pinned.body

    def test_an_answer_says_where_it_comes_from(self):
        for answer in (self.quote(), self.bars()):
            self.assertEqual(answer.status, 200, answer.body)
            body = answer.json
            self.assertEqual((body['provider'], body['stale'], body['fallback_from']), ('polygon', False, []))
            self.assertGreaterEqual(body['age_ms'], 0)
            self.assertRegex(body['as_of'], r'^\d{4}-\d\d-\d\dT.*Z$')

    def test_each_fault_is_named_and_the_next_vendor_answers(self):
        for ask, route in ((self.quote, 'quotes'), (self.bars, 'bars')):
            for fault, code in FAULTS:
                with self.subTest(route=route, **fault):
                    self.setUp()
                    self.stand_in.fail({'vendor': 'polygon', 'route': route, **fault})
                    answer = ask()
                    self.assertEqual(answer.status, 200, answer.body)
                    body = answer.json
                    self.assertEqual((body['provider'], body['stale']), ('alpaca', False), body['fallback_from'])
                    self.assertEqual([(miss['provider'], miss['code']) for miss in body['fallback_from']], [('polygon', code)])
                    self.assertTrue(body['fallback_from'][0]['detail'])
                    self.assertNotIn('stand-in', answer.body.decode(), 'the key')

    def test_two_at_once(self):
        self.stand_in.fail({'vendor': 'polygon', 'fault': 'refuse'}, {'vendor': 'alpaca', 'fault': 'html'})
        body = self.quote().json
        self.assertEqual(body['provider'], 'yahoo')
        self.assertEqual([(miss['provider'], miss['code']) for miss in body['fallback_from']],
                         [('polygon', 'provider_unavailable'), ('alpaca', 'bad_payload')])

    def test_many_quotes_are_filled_symbol_by_symbol(self):
        self.stand_in.fail({'vendor': 'polygon', 'route': 'quotes', 'fault': 'status', 'status': 500})
        symbols = [self.symbol() for _ in range(5)]
        body = self.get('/api/v1/market/quotes?symbols=' + ','.join(symbols)).json
        self.assertEqual((list(body['quotes']), body['errors']), (symbols, {}))
        for quote in body['quotes'].values():
            self.assertEqual((quote['provider'], quote['stale'], quote['fallback_from'][0]['provider']), ('alpaca', False, 'polygon'))

    def test_a_symbol_that_nobody_knows_blames_nobody(self):
        self.problem(self.quote('NOSUCH'), 404, 'unknown_symbol')
        for vendor in VENDORS:
            self.assertEqual(self.operation(vendor, 'quotes')['breaker']['failures'], 0, vendor)

    def test_an_open_breaker_is_passed_over_at_once(self):
        self.stand_in.fail({'vendor': 'polygon', 'route': 'quotes', 'fault': 'status', 'status': 503})
        for _ in range(5):
            self.assertEqual(self.quote().json['provider'], 'alpaca')
        self.assertEqual(self.operation('polygon', 'quotes')['breaker']['state'], 'open')
        before = self.stand_in.counts()['polygon']['routes']['quotes']['requests']
        for _ in range(10):
            body = self.quote().json
            self.assertEqual((body['provider'], body['fallback_from']), ('alpaca', []))
        self.assertEqual(self.stand_in.counts()['polygon']['routes']['quotes']['requests'], before)

    def test_a_429_is_believed_for_as_long_as_it_says(self):
        self.stand_in.fail({'vendor': 'polygon', 'route': 'quotes', 'fault': 'status', 'status': 429, 'retry_after': 40})
        body = self.quote().json
        self.assertEqual([(miss['provider'], miss['code']) for miss in body['fallback_from']], [('polygon', 'provider_quota')])
        breaker = self.operation('polygon', 'quotes')['breaker']
        self.assertEqual((breaker['state'], breaker['forced'], breaker['failures']), ('open', False, 0))
        self.assertTrue(30_000 < breaker['retry_in_ms'] <= 40_000, breaker)
        self.assertEqual(self.quote().json['fallback_from'], [])
        self.assertEqual(self.operation('polygon', 'bars')['breaker']['state'], 'closed')


class Refused(FailoverCase):
    def test_a_refused_key_is_no_failure_and_is_not_tried_with_every_request(self):
        for status, operation, ask, code in ((401, 'quotes', self.quote, 'credentials_rejected'), (403, 'bars', self.bars, 'not_entitled')):
            with self.subTest(status):
                self.stand_in.fail({'vendor': 'polygon', 'fault': 'status', 'status': status})
                body = ask().json
                self.assertEqual(body['provider'], 'alpaca')
                self.assertEqual([(miss['provider'], miss['code']) for miss in body['fallback_from']], [('polygon', code)])
                before = self.stand_in.counts()['polygon']['requests']
                body = ask().json
                self.assertEqual((body['provider'], body['fallback_from']), ('alpaca', []))
                self.assertEqual(self.stand_in.counts()['polygon']['requests'], before)
                breaker = self.operation('polygon', operation)['breaker']
                self.assertEqual((breaker['state'], breaker['failures']), ('closed', 0))
                self.stand_in.heal()


class Unconfigured(FailoverCase):
    more_settings = {**FailoverCase.more_settings, 'ALPACA_KEY_ID': '', 'ALPACA_SECRET_KEY': ''}

    def test_a_vendor_without_a_key_never_scores(self):
        for _ in range(12):
            self.assertEqual(self.quote().status, 200)
        shown = self.get('/api/v1/providers/alpaca').json
        self.assertEqual((shown['state'], shown['configured']), ('not_configured', False))
        self.assertIn('ALPACA', shown['missing'])
        self.assertEqual(self.stand_in.counts()['alpaca']['requests'], 0)
        for operation in shown['operations'].values():
            self.assertEqual((operation['rank'], operation['score']), (None, None))
            for window in operation['windows'].values():
                self.assertEqual((window['calls'], window['success_rate']), (0, None))
        refused = self.ask('PUT', '/api/v1/providers/bars/pin', '{"provider": "alpaca"}', {'Content-Type': 'application/json'})
        self.problem(refused, 422, 'validation_failed')


if __name__ == '__main__':
    unittest.main()
