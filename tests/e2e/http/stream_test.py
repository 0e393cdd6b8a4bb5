#!/usr/bin/env python3
"""WS /ws/market/{symbol}: snapshot first, then live quotes with seq; refusals."""
import base64
import json
import os
import socket
import struct
import unittest

from server import ServerCase


class Socket:
    """A small WebSocket client: text frames, no extensions."""

    def __init__(self, host, port, path):
        self.connection = socket.create_connection((host, port), timeout=10)
        key = base64.b64encode(os.urandom(16)).decode()
        self.connection.sendall((f'GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
                                 f'Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n').encode())
        self.buffer = b''
        while b'\r\n\r\n' not in self.buffer:
            chunk = self.connection.recv(4096)
            if not chunk:
                break
            self.buffer += chunk
        head, _, self.buffer = self.buffer.partition(b'\r\n\r\n')
        self.status = int(head.split(b' ')[1])

    def exactly(self, count):
        while len(self.buffer) < count:
            chunk = self.connection.recv(65536)
            if not chunk:
                raise ConnectionError('closed')
            self.buffer += chunk
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def frame(self):
        first, second = self.exactly(2)
        size = second & 127
        if size == 126:
            size = struct.unpack('!H', self.exactly(2))[0]
        elif size == 127:
            size = struct.unpack('!Q', self.exactly(8))[0]
        return first & 15, self.exactly(size)

    def message(self):
        while True:
            opcode, payload = self.frame()
            if opcode == 1:
                return json.loads(payload)
            if opcode == 8:
                raise ConnectionError(struct.unpack('!H', payload[:2])[0])

    def send(self, payload, opcode=1, masked=True):
        mask = os.urandom(4)
        size = len(payload)
        head = bytes([0x80 | opcode, (0x80 if masked else 0) | min(size, 126)]) + (struct.pack('!H', size) if size > 125 else b'')
        body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)) if masked else payload
        self.connection.sendall(head + (mask if masked else b'') + body)

    def close(self):
        self.connection.close()


class Stream(ServerCase):
    def open(self, path='/ws/market/AAPL'):
        ws = Socket(self.host, self.port, path)
        self.addCleanup(ws.close)
        return ws

    def test_snapshot_then_quotes_in_sequence(self):
        ws = self.open()
        self.assertEqual(ws.status, 101)
        first = ws.message()
        self.assertEqual((first['type'], first['channel'], first['symbol']), ('snapshot', 'market', 'AAPL'))
        self.assertIn('last', first)
        last = first['seq']
        for _ in range(6):
            quote = ws.message()
            self.assertEqual(quote['type'], 'quote')
            self.assertEqual(quote['seq'] - quote.get('skipped', 0) - 1, last)
            self.assertLessEqual(quote['bid'], quote['ask'])
            self.assertIn('ts', quote)
            last = quote['seq']

    def test_the_simulator_pushes_by_itself_and_needs_no_upstream(self):
        ws = self.open()
        ws.message()
        metrics = self.get('/metrics').body.decode()
        self.assertIn('ziggy_stream_subscribers', metrics)
        self.assertIn('\nziggy_live_symbols 0\n', metrics)
        self.assertIn('ziggy_health_check_status{check="streams"} 0', metrics)

    def test_two_listeners_see_the_same_sequence(self):
        one, two = self.open(), self.open()
        seen = [{}, {}]
        for into, ws in zip(seen, (one, two)):
            ws.message()
            for _ in range(8):
                quote = ws.message()
                into[quote['seq']] = quote['last']
        shared = seen[0].keys() & seen[1].keys()
        self.assertGreaterEqual(len(shared), 2)
        for seq in shared:
            self.assertEqual(seen[0][seq], seen[1][seq])

    def test_ping_is_answered(self):
        ws = self.open()
        ws.send(b'{"type":"ping"}')
        for _ in range(20):
            if ws.message()['type'] == 'pong':
                return
        self.fail('no pong')

    def test_wrong_messages_are_answered_or_closed(self):
        for payload, opcode, masked in [(b'not json', 1, True), (b'{"type":"dance"}', 1, True), (b'\xff\xfe', 1, True), (b'x', 3, True),
                                        (b'{}', 1, False), (b'a' * 126, 9, True)]:
            with self.subTest(payload[:10]):
                ws = self.open()
                ws.message()
                ws.send(payload, opcode, masked)
                with self.assertRaises(ConnectionError):
                    for _ in range(200):
                        message = ws.message()
                        if message['type'] == 'error':
                            raise ConnectionError('answered')

    def test_an_unknown_symbol_is_refused_at_the_upgrade(self):
        self.assertEqual(self.open('/ws/market/NOPE').status, 404)
        self.assertEqual(self.open('/ws/market/A%20B').status, 422)

    def test_without_an_upgrade_it_is_an_error(self):
        self.assertIn(self.get('/ws/market/AAPL').status, (400, 426))


if __name__ == '__main__':
    unittest.main()
