#!/usr/bin/env python3
"""`ziggy serve --demo --chaos FILE`: a demo whose vendors fail on schedule, and scripts that are refused."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from stand_in import ServerCase

PROGRAM = os.environ['ZIGGY_PROGRAM']
EXAMPLE = pathlib.Path(__file__).resolve().parents[3] / 'docs' / 'chaos-example.json'


class Refusals(unittest.TestCase):
    def serve(self, script, *more):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder, 'chaos.json')
            if script is not None:
                file.write_text(script)
            return subprocess.run([PROGRAM, 'serve', *more, '--chaos', 'chaos.json', '--port', '0', '--data-dir', 'data'],
                                  cwd=folder, capture_output=True, text=True, timeout=30,
                                  env={'PATH': os.environ['PATH'], 'LOG_FORMAT': 'json'})

    def test_a_broken_script_names_its_line_or_step(self):
        for script, message in (('{"steps": [\n  {"at": 0,\n  }]}', 'chaos.json: line 3: no JSON'),
                                ('{"steps": [{"at": 0, "fault": "slow"}]}', 'chaos.json: step 1: fault must be one of'),
                                (None, 'chaos.json')):
            done = self.serve(script, '--demo')
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(message, done.stderr)
            self.assertEqual(done.stdout, '')

    def test_only_a_demo_has_chaos(self):
        done = self.serve('{"steps": []}')
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn('--demo', done.stderr)


class Chaos(ServerCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.NamedTemporaryFile('w', suffix='.json', delete=False) as file:
            # The first two hang together from the first second on; the third never fails.
            json.dump({'speed': 10, 'steps': [
                {'at': '3s', 'for': '300s', 'vendor': 'polygon', 'fault': 'refuse'},
                {'at': '3s', 'for': '300s', 'vendor': 'alpaca', 'fault': 'status', 'status': 503}]}, file)
        cls.script = file.name
        cls.addClassCleanup(os.unlink, file.name)
        cls.arguments = ('--demo', '--chaos', file.name)
        cls.settings = {'CACHE_TTL_SECONDS': '0', 'PROVIDER_TIMEOUT_MS': '500'}
        super().setUpClass()

    def test_vendors_fail_and_answers_go_on(self):
        said = self.server.stdout.readline()
        self.assertIn('stand-ins', said)
        self.assertIn(self.script, said)
        seen = set()

        def fails_over():
            answer = self.get('/api/v1/market/quotes/AAPL')
            self.assertEqual(answer.status, 200, answer.body)
            self.assertFalse(answer.json['stale'], answer.body)
            seen.add(answer.json['provider'])
            return answer.json['provider'] == 'yahoo'
        self.wait_for(fails_over)
        self.assertLessEqual(seen, {'polygon', 'alpaca', 'yahoo'})
        for event in ('vendors_are_stand_ins', 'vendor_fault_began'):  # the log is written a moment later
            self.wait_for(lambda: event in (self.home / 'log').read_text())

    def test_nothing_made_up_is_kept_beside_real_data(self):
        self.assertEqual(self.get('/api/v1/market/bars/AAPL?interval=1d&limit=10').status, 200)
        self.assertFalse((self.home / 'data' / 'ziggy.db').exists())
        self.assertTrue((self.home / 'data' / 'rehearsal' / 'ziggy.db').exists())


class Example(ServerCase):
    arguments = ('--demo', '--chaos', str(EXAMPLE))

    def test_the_example_of_the_documentation_runs(self):
        self.assertEqual(self.get('/api/v1/market/quotes/AAPL').json['provider'], 'polygon')


if __name__ == '__main__':
    unittest.main()
