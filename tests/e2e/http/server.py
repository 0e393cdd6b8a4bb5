"""A `ziggy serve --demo` of its own for each test class: free port, empty data folder, log kept and checked."""
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import unittest

PROGRAM = os.environ['ZIGGY_PROGRAM']


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


class ServerCase(unittest.TestCase):
    arguments = ('--demo',)
    settings = {}
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.home = pathlib.Path(cls.folder.name)
        cls.start()

    @classmethod
    def start(cls):
        environment = {key: value for key, value in os.environ.items() if key in ('PATH', 'HOME', 'LANG')}
        cls.log = open(cls.home / 'log', 'ab')
        cls.server = subprocess.Popen([PROGRAM, 'serve', *cls.arguments, '--port', '0', '--data-dir', str(cls.home / 'data')],
                                      cwd=cls.home, env={**environment, 'LOG_FORMAT': 'json', **cls.settings},
                                      stdout=subprocess.PIPE, stderr=cls.log, text=True)
        line = cls.server.stdout.readline()
        found = re.search(r'http://([\d.]+):(\d+)', line)
        if not found:
            raise RuntimeError(f'no address in {line!r}; {(cls.home / "log").read_text()[-2000:]}')
        cls.host, cls.port = found.group(1), int(found.group(2))

    @classmethod
    def stop(cls):
        cls.server.send_signal(signal.SIGTERM)
        code = cls.server.wait(20)
        cls.server.stdout.close()
        cls.log.close()
        return code

    @classmethod
    def tearDownClass(cls):
        code = cls.stop()
        log = (cls.home / 'log').read_text()
        cls.folder.cleanup()
        assert code == 0, f'exit code {code}: {log[-2000:]}'
        for line in log.splitlines():
            entry = json.loads(line)  # every line on stderr is ours, in our format
            assert {'timestamp', 'level', 'logger', 'message'} <= entry.keys(), line

    def tearDown(self):
        self.assertIsNone(self.server.poll(), 'the server is gone')
        self.assertEqual(self.get('/health/live').status, 200)

    def ask(self, method, target, body=None, headers=None):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=20)
        try:
            connection.request(method, target, body=body, headers=headers or {})
            answer = connection.getresponse()
            return Answer(answer.status, dict((k.lower(), v) for k, v in answer.getheaders()), answer.read())
        finally:
            connection.close()

    def get(self, target, **headers):
        return self.ask('GET', target, headers={name.replace('_', '-'): value for name, value in headers.items()})

    def raw(self, sent, close_writing=False, seconds=20):
        """Sends bytes and returns all that comes back until the server closes."""
        with socket.create_connection((self.host, self.port), timeout=seconds) as connection:
            try:
                connection.sendall(sent)
                if close_writing:
                    connection.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass
            received = b''
            try:
                while chunk := connection.recv(65536):
                    received += chunk
            except ConnectionResetError:
                pass
            return received

    def problem(self, answer, status, code):
        """The one error shape: RFC 9457 with our additions."""
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.headers['content-type'].split(';')[0], 'application/problem+json')
        body = answer.json
        self.assertEqual((body['status'], body['code']), (status, code), body)
        for key in ('type', 'title', 'detail', 'instance', 'correlation_id'):
            self.assertIn(key, body)
        self.assertEqual(body['correlation_id'], answer.headers['x-correlation-id'])
        return body

    def wait_for(self, condition, seconds=10):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.05)
        self.fail('it did not happen in time')
