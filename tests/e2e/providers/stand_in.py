"""The three vendors as a process of their own (tests/stand_ins), and a server that is pointed at them."""
import http.client
import json
import os
import pathlib
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'http'))
from server import ServerCase  # noqa: E402

PROGRAM = os.environ['ZIGGY_STAND_IN']
VENDORS = ('polygon', 'alpaca', 'yahoo')


class StandIn:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.PIPE, text=True)
        self.ports = json.loads(self.process.stdout.readline())
        self.port = self.ports['port']

    def close(self):
        self.process.terminate()
        code = self.process.wait(20)
        self.process.stdout.close()
        assert code == 0, code

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=10)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def fail(self, *steps):
        """From now on, until heal(): each step a dict as in a script, `at` and `fault` at least."""
        status, body = self.ask('POST', '/control/faults', json.dumps({'steps': [{'at': 0, **step} for step in steps]}))
        assert status == 204, body

    def heal(self):
        assert self.ask('DELETE', '/control/faults')[0] == 204

    def counts(self):
        return json.loads(self.ask('GET', '/control/counts')[1])

    def cut(self):
        assert self.ask('POST', '/control/stream/cut')[0] == 204

    def settings(self, **more):
        at = {vendor: f'127.0.0.1:{self.ports[vendor]}/{vendor}' for vendor in VENDORS}
        return {'POLYGON_BASE_URL': f"http://{at['polygon']}", 'POLYGON_STREAM_URL': f"ws://{at['polygon']}",
                'POLYGON_API_KEY': 'stand-in', 'ALPACA_DATA_BASE_URL': f"http://{at['alpaca']}",
                'ALPACA_STREAM_URL': f"ws://{at['alpaca']}", 'ALPACA_KEY_ID': 'stand-in', 'ALPACA_SECRET_KEY': 'stand-in',
                'YAHOO_BASE_URL': f"http://{at['yahoo']}", 'PROVIDERS_PRICES': ','.join(VENDORS),
                'PROVIDERS_QUOTES': ','.join(VENDORS), 'PROVIDERS_CRYPTO': ','.join(VENDORS), **more}


class StandInCase(ServerCase):
    """A server over stand-ins. `stand_in_arguments` and `more_settings` are the subclass's to say."""
    arguments = ()
    stand_in_arguments = ()
    more_settings = {}

    @classmethod
    def setUpClass(cls):
        cls.stand_in = StandIn(*cls.stand_in_arguments)
        cls.settings = cls.stand_in.settings(**cls.more_settings)
        try:
            super().setUpClass()
        except BaseException:
            cls.stand_in.close()
            raise

    @classmethod
    def tearDownClass(cls):
        try:
            super().tearDownClass()
        finally:
            cls.stand_in.close()

    def timed(self, target):
        began = time.monotonic()
        answer = self.get(target)
        return answer, time.monotonic() - began
