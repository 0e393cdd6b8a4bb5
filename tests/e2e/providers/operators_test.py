#!/usr/bin/env python3
"""What operators see and do: breakers, incidents (listed, sent, signed), pins, quarantine, samples over a restart, metrics."""
import hashlib
import hmac
import http.server
import json
import re
import threading
import time

import unittest

from failover_test import BARS, FailoverCase

JSON = {'Content-Type': 'application/json'}


class Receiver:
    """Takes webhooks on loopback; refuses the first try, as a receiver that restarts would."""

    def __init__(self):
        self.taken, self.tries = [], 0
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                outer.tries += 1
                if outer.tries > 1:
                    outer.taken.append((dict(self.headers), body))
                self.send_response(204 if outer.tries > 1 else 503)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f'http://127.0.0.1:{self.server.server_address[1]}/hook?token=hidden'

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Incidents(FailoverCase):
    @classmethod
    def setUpClass(cls):
        cls.receiver = Receiver()
        cls.more_settings = {**FailoverCase.more_settings, 'ALERT_WEBHOOK_URL': cls.receiver.url}
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        try:
            super().tearDownClass()
        finally:
            cls.receiver.close()

    def incident(self):
        found = [one for one in self.get('/api/v1/incidents').json['items']
                 if (one['provider'], one['operation'], one['kind']) == ('polygon', 'quotes', 'breaker_open')]
        return found[0] if found else None

    def told(self, event):
        for headers, body in self.receiver.taken:
            told = json.loads(body)
            if headers['X-Ziggy-Event'] == event and told['kind'] == 'breaker_open':
                return headers, body, told
        return None

    def test_a_breaker_that_opens_is_an_incident_until_it_closes(self):
        self.stand_in.fail({'vendor': 'polygon', 'route': 'quotes', 'fault': 'status', 'status': 503})
        for _ in range(6):
            self.assertEqual(self.quote().status, 200)
        self.wait_for(self.incident, 12)
        opened = self.incident()
        self.assertEqual((opened['state'], opened['severity'], opened['closed_at']), ('open', 'critical', None))
        self.assertIn('breaker open', opened['reason'])
        self.assertIn(self.get('/api/v1/providers/polygon').json['state'], ('degraded', 'down'))
        self.wait_for(lambda: self.told('incident.opened'), 10)
        headers, body, told = self.told('incident.opened')
        self.assertEqual(told['id'], opened['id'])
        signature = dict(part.split('=') for part in headers['X-Ziggy-Signature'].split(','))
        key = (self.home / 'data' / 'webhook.key').read_bytes()
        self.assertEqual(signature['v1'], hmac.new(key, signature['t'].encode() + b'.' + body, hashlib.sha256).hexdigest())
        self.assertLess(abs(time.time() - int(signature['t'])), 60)
        self.assertEqual((self.home / 'data' / 'webhook.key').stat().st_mode & 0o077, 0)

        self.stand_in.heal()

        def is_closed():
            self.quote()  # canaries ride along with real requests
            return self.operation('polygon', 'quotes')['breaker']['state'] == 'closed'
        self.wait_for(is_closed, 20)
        self.wait_for(lambda: self.incident()['state'] == 'closed', 12)
        closed = self.incident()
        self.assertEqual(closed['id'], opened['id'])
        self.assertTrue(closed['closing'])
        self.wait_for(lambda: self.told('incident.closed'), 10)
        self.assertEqual(self.told('incident.closed')[2]['id'], opened['id'])
        metrics = self.get('/metrics').body.decode()
        self.assertRegex(metrics, r'ziggy_webhook_sent_total [2-9]')
        self.assertIn('ziggy_circuit_breaker_opened_total{name="polygon.quotes"} 1\n', metrics)
        self.assertRegex(metrics, r'ziggy_provider_calls_total\{provider="polygon",operation="quotes",outcome="unavailable"\} [5-9]')
        self.assertRegex(metrics, r'ziggy_http_client_results_total\{result="answer"\} \d\d')
        self.assertNotIn('hidden', metrics + (self.home / 'log').read_text())


class Deeds(FailoverCase):
    more_settings = {**FailoverCase.more_settings, 'PROVIDER_BUDGETS': 'alpaca=200/minute'}

    def logged(self, event, **fields):
        for line in (self.home / 'log').read_text().splitlines():
            entry = json.loads(line)
            if entry['message'] == event and fields.items() <= entry.items():
                return entry
        return None

    def post(self, name, verb, correlation_id='op-1'):
        answer = self.ask('POST', f'/api/v1/circuit-breakers/{name}/{verb}', headers={'X-Correlation-ID': correlation_id})
        self.assertEqual(answer.status, 200, answer.body)
        return answer.json

    def test_a_pin_puts_a_vendor_first_and_is_taken_again(self):
        answer = self.ask('PUT', '/api/v1/providers/quotes/pin', '{"provider": "yahoo"}', {**JSON, 'X-Correlation-ID': 'pin-1'})
        self.assertEqual((answer.status, answer.json), (200, {'operation': 'quotes', 'provider': 'yahoo'}))
        self.assertEqual(self.quote().json['provider'], 'yahoo')
        self.assertEqual(self.bars().json['provider'], 'polygon')
        shown = self.operation('yahoo', 'quotes')
        self.assertEqual((shown['rank'], shown['pinned'], shown['configured_rank']), (1, True, 3))
        self.wait_for(lambda: self.logged('operator_pinned_provider', operation='quotes', provider='yahoo', correlation_id='pin-1', level='info'))
        self.stand_in.fail({'vendor': 'yahoo', 'route': 'quotes', 'fault': 'status', 'status': 503})
        body = self.quote().json
        self.assertEqual((body['provider'], body['fallback_from'][0]['provider']), ('polygon', 'yahoo'))
        self.stand_in.heal()
        self.assertEqual(self.ask('DELETE', '/api/v1/providers/quotes/pin', headers={'X-Correlation-ID': 'pin-2'}).status, 204)
        self.assertEqual(self.quote().json['provider'], 'polygon')
        self.problem(self.ask('DELETE', '/api/v1/providers/quotes/pin'), 404, 'not_found')
        self.wait_for(lambda: self.logged('operator_unpinned_provider', correlation_id='pin-2'))

    def test_breakers_are_held_open_closed_and_let_go(self):
        held = self.post('polygon.quotes', 'open', 'op-open')
        self.assertEqual((held['state'], held['forced'], held['retry_in_ms']), ('open', True, None))
        body = self.quote().json
        self.assertEqual((body['provider'], body['fallback_from']), ('alpaca', []))
        self.assertIsNone(self.operation('polygon', 'quotes')['rank'])
        self.assertIn('operator', self.operation('polygon', 'quotes')['reason'])
        held = self.post('polygon.quotes', 'close', 'op-close')
        self.assertEqual((held['state'], held['forced']), ('closed', True))
        self.stand_in.fail({'vendor': 'polygon', 'route': 'quotes', 'fault': 'status', 'status': 503})
        for _ in range(8):
            self.assertEqual(self.quote().status, 200)
        self.assertEqual(self.operation('polygon', 'quotes')['breaker']['state'], 'closed', 'held, whatever happens')
        self.stand_in.heal()
        free = self.post('polygon.quotes', 'reset', 'op-reset')
        self.assertEqual((free['state'], free['forced'], free['failures']), ('closed', False, 0))
        for event, id in (('operator_opened_breaker', 'op-open'), ('operator_closed_breaker', 'op-close'), ('operator_reset_breaker', 'op-reset')):
            self.wait_for(lambda: self.logged(event, breaker='polygon.quotes', correlation_id=id, level='info'))

    def test_nobody_can_be_asked_when_all_are_held_open(self):
        for vendor in ('polygon', 'alpaca', 'yahoo'):
            self.post(f'{vendor}.quotes', 'open')
            self.post(f'{vendor}.bars', 'open')
        answer, took = self.timed('/api/v1/market/quotes/' + self.symbol())
        self.assertIn('circuit_open', self.problem(answer, 503, 'provider_unavailable')['detail'])
        self.assertLess(took, 1)

    def test_pages_of_other_sites_can_do_nothing(self):
        for method, path, body in (('POST', '/api/v1/circuit-breakers/polygon.quotes/open', None),
                                   ('PUT', '/api/v1/providers/quotes/pin', '{"provider": "yahoo"}'), ('DELETE', '/api/v1/providers/quotes/pin', None)):
            self.problem(self.ask(method, path, body, {**JSON, 'Origin': 'https://evil.example'}), 403, 'forbidden')
        own = f'http://{self.host}:{self.port}'
        self.assertEqual(self.ask('POST', '/api/v1/circuit-breakers/polygon.quotes/reset', headers={'Origin': own}).status, 200)
        self.assertFalse(self.operation('yahoo', 'quotes')['pinned'])

    def test_wrong_bodies_over_the_wire(self):
        pin = '/api/v1/providers/quotes/pin'
        self.problem(self.ask('PUT', pin, '{"provider": "yahoo"'), 415, 'unsupported_media_type')
        self.problem(self.ask('PUT', pin, '{"provider": "yahoo"', JSON), 400, 'malformed_request')
        self.problem(self.ask('PUT', pin, '{"provider": "nobody"}', JSON), 422, 'validation_failed')
        self.problem(self.ask('PUT', pin, '{"provider": "' + 'a' * 9000 + '"}', JSON), 413, 'payload_too_large')
        self.problem(self.ask('PUT', '/api/v1/providers/candles/pin', '{"provider": "yahoo"}', JSON), 404, 'not_found')
        self.problem(self.ask('POST', pin), 405, 'method_not_allowed')

    def test_refused_answers_are_kept_for_a_look(self):
        symbol = self.symbol()
        self.stand_in.fail({'vendor': 'polygon', 'route': 'bars', 'fault': 'negative_price'})
        asked = self.get(BARS.format(symbol), X_Correlation_ID='quarantine-1')
        self.assertEqual((asked.status, asked.json['provider']), (200, 'alpaca'))

        def rows():
            return [row for row in self.get('/api/v1/admin/quarantine').json['items'] if row['symbol'] == symbol]
        self.wait_for(rows)
        row = rows()[0]
        self.assertEqual((row['provider'], row['operation'], row['interval']), ('polygon', 'bars', '1d'), row)
        self.assertTrue(row['rule'] and row['detail'] and row['sample'], row)
        self.assertGreaterEqual(row['row_count'], 1)
        self.assertGreaterEqual(self.operation('polygon', 'bars')['windows']['1m']['violations'], 1)

    def test_doubled_rows_do_no_harm(self):
        symbol = self.symbol()
        self.stand_in.fail({'vendor': '*', 'route': 'bars', 'fault': 'duplicate'})
        answer = self.bars(symbol)
        if answer.status == 200:
            times = [bar['t'] for bar in answer.json['bars']]
            self.assertEqual(times, sorted(set(times)))
            self.assertGreater(len(times), 5)
        else:
            self.problem(answer, 503, 'provider_unavailable')

    def test_a_budget_is_shown(self):
        self.assertEqual(self.operation('alpaca', 'quotes')['budget']['limit'], 200)
        self.assertIsNone(self.operation('polygon', 'quotes')['budget'])
        self.assertRegex(self.get('/metrics').body.decode(), r'ziggy_provider_budget_left\{provider="alpaca"\} \d+\n')

    def test_zz_what_was_measured_survives_a_restart(self):
        for _ in range(5):
            self.assertEqual(self.quote().status, 200)
        self.ask('PUT', '/api/v1/providers/crypto/pin', '{"provider": "yahoo"}', JSON)
        before = self.operation('polygon', 'quotes')['windows']['24h']
        self.assertEqual(self.stop(), 0)
        type(self).start()
        after = self.operation('polygon', 'quotes')['windows']['24h']
        self.assertEqual(after['calls'], before['calls'])
        self.assertEqual(after['outcomes'], before['outcomes'])
        self.assertIsNotNone(after['p95_ms'])
        self.assertTrue(self.operation('yahoo', 'crypto')['pinned'])
        history = self.get('/api/v1/providers/polygon/history').json['items']
        quotes = [one for one in history if one['operation'] == 'quotes']
        self.assertEqual(sum(one['calls'] for one in quotes), before['calls'])
        self.assertTrue(all(re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:00Z', one['minute']) for one in quotes), quotes)


if __name__ == '__main__':
    unittest.main()
