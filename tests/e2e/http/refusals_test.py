#!/usr/bin/env python3
"""Bad input of every kind gets the documented answer or a clean close, and the server lives."""
import re
import socket
import time
import unittest

from server import ServerCase


class Refusals(ServerCase):
    def test_wrong_parameters_are_named(self):
        for target, field in [
            ('/api/v1/market/bars/AAPL?interval=2d', 'interval'), ('/api/v1/market/bars/AAPL?limit=0', 'limit'),
            ('/api/v1/market/bars/AAPL?limit=ten', 'limit'), ('/api/v1/market/bars/AAPL?limit=-1', 'limit'),
            ('/api/v1/market/bars/AAPL?start=yesterday', 'start'), ('/api/v1/market/bars/AAPL?end=2020-13-01', 'end'),
            ('/api/v1/market/bars/AAPL?adjustment=half', 'adjustment'), ('/api/v1/market/bars/AAPL?format=xml', 'format'),
            ('/api/v1/market/bars/AAPL?cursor=garbage', 'cursor'), ('/api/v1/market/bars/A%20B', 'symbol'),
            ('/api/v1/market/quotes/' + 'A' * 40, 'symbol'), ('/api/v1/market/quotes?symbols=', 'symbols'),
            ('/api/v1/market/calendar?start=x', 'start'),
        ]:
            with self.subTest(target):
                body = self.problem(self.get(target), 422, 'validation_failed')
                self.assertIn(field, [error['field'] for error in body['errors']])
                for error in body['errors']:
                    self.assertTrue(error['code'] and error['message'])

    def test_what_cannot_be_decoded_is_malformed(self):
        for query in ('cursor=%00', 'limit=%zz', 'limit=%f', 'symbols=%FF'):
            self.problem(self.get('/api/v1/market/bars/AAPL?' + query), 400, 'malformed_request')

    def test_all_wrong_parameters_come_at_once(self):
        body = self.problem(self.get('/api/v1/market/bars/AAPL?interval=2d&limit=x&start=y&adjustment=z'), 422, 'validation_failed')
        self.assertEqual({error['field'] for error in body['errors']}, {'interval', 'limit', 'start', 'adjustment'})

    def test_start_after_end_is_refused(self):
        self.problem(self.get('/api/v1/market/bars/AAPL?start=2021-01-01&end=2020-01-01'), 422, 'validation_failed')

    def test_unknown_things_are_not_found(self):
        self.problem(self.get('/api/v1/market/quotes/NOPE'), 404, 'unknown_symbol')
        self.problem(self.get('/api/v1/market/bars/NOPE'), 404, 'unknown_symbol')
        for path in ('/nope', '/api/v1/market', '/api/v1/market/bars', '/api/v1/market/bars/AAPL/more', '/%2e%2e/etc/passwd'):
            self.problem(self.get(path), 404, 'not_found')

    def test_another_method_is_told_the_right_ones(self):
        answer = self.ask('DELETE', '/api/v1/market/status')
        self.problem(answer, 405, 'method_not_allowed')
        self.assertIn('GET', answer.headers['allow'])

    def test_correlation_ids_are_kept_or_made(self):
        self.assertEqual(self.get('/health/live', X_Correlation_ID='abc-1.2_3').headers['x-correlation-id'], 'abc-1.2_3')
        self.assertEqual(self.get('/nope', X_Correlation_ID='abc').json['correlation_id'], 'abc')
        for wrong in ('', 'a b', 'x' * 65, '"quoted"', '\u00e4'.encode().decode('latin-1')):
            made = self.get('/health/live', X_Correlation_ID=wrong).headers['x-correlation-id']
            self.assertRegex(made, r'^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$')

    def test_large_heads_and_bodies(self):
        head = b'GET /health/live HTTP/1.1\r\nHost: x\r\nX-Big: ' + b'a' * 200_000 + b'\r\n\r\n'
        self.assertIn(b' 431 ', self.raw(head).split(b'\r\n')[0])
        many = b'GET /health/live HTTP/1.1\r\nHost: x\r\n' + b''.join(b'X-%d: y\r\n' % i for i in range(20000)) + b'\r\n'
        self.assertIn(b' 431 ', self.raw(many).split(b'\r\n')[0])
        body = b'POST /api/v1/market/status HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n'
        self.assertRegex(self.raw(body).split(b'\r\n')[0], rb' (413|405) ')

    def test_garbage_is_refused(self):
        for sent in (b'\x00\x01\x02\r\n\r\n', b'GET\r\n\r\n', b'GET / HTTP/9.9\r\n\r\n', b'GET / HTTP/1.1\r\nNo colon\r\n\r\n',
                     b'GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n', b'\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03' + bytes(64),
                     b'GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
                     b'GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
                     b'GET /health/live HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na'):
            with self.subTest(sent[:40]):
                answer = self.raw(sent, close_writing=True)
                self.assertTrue(answer == b'' or re.match(rb'HTTP/1\.[01] (400|431|501|505) ', answer), answer[:100])

    def test_a_half_closed_connection_is_answered_and_closed(self):
        answer = self.raw(b'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n', close_writing=True)
        self.assertTrue(answer.startswith(b'HTTP/1.1 200 '))
        self.assertEqual(self.raw(b'GET /health/li', close_writing=True).split(b' ')[0] in (b'', b'HTTP/1.1'), True)

    def test_pipelined_requests_are_answered_in_order(self):
        request = b'GET /api/v1/market/quotes/%s HTTP/1.1\r\nHost: x\r\n%s\r\n'
        sent = b''.join(request % (symbol, b'') for symbol in (b'AAPL', b'MSFT', b'NOPE', b'SPY'))
        answer = self.raw(sent + request % (b'QQQ', b'Connection: close\r\n'))
        self.assertEqual(re.findall(rb'"(?:symbol|instance)":"([^"]+)"', answer),
                         [b'AAPL', b'MSFT', b'/api/v1/market/quotes/NOPE', b'SPY', b'QQQ'])

    def test_a_trickling_client_is_let_go_and_nobody_waits_for_it(self):
        with socket.create_connection((self.host, self.port), timeout=60) as slow:
            start = time.monotonic()
            try:
                for byte in b'GET /health/live HTTP/1.1\r\nX-Slow: ' + b'a' * 400:
                    slow.send(bytes([byte]))
                    if time.monotonic() - start > 2:
                        self.assertEqual(self.get('/health/live').status, 200)
                    time.sleep(0.2)
                    if time.monotonic() - start > 40:
                        self.fail('a client may trickle for ever')
            except (BrokenPipeError, ConnectionResetError):
                pass

    def test_a_client_that_never_reads_costs_nobody_else_anything(self):
        with socket.create_connection((self.host, self.port), timeout=10) as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.setblocking(False)
            request = b'GET /api/v1/market/bars/AAPL?interval=1m&limit=50000 HTTP/1.1\r\nHost: x\r\n\r\n'
            try:
                for _ in range(50):
                    deaf.send(request)
            except (BlockingIOError, BrokenPipeError, ConnectionResetError):
                pass
            for _ in range(20):
                self.assertEqual(self.get('/api/v1/market/quotes/AAPL').status, 200)


if __name__ == '__main__':
    unittest.main()
