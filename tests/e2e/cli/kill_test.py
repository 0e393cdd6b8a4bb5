#!/usr/bin/env python3
"""kill -9 during an import of a million bars: what was reported as stored is there, and a second import completes it.

ZIGGY_KILLS says how many imports are killed on each engine (3 unless said); the seed is printed.
"""
import os
import random
import re
import signal
import subprocess
import sys
import time
import unittest

from support import PROGRAM, SOURCE, CliCase

sys.path.insert(0, str(SOURCE / 'tests/support'))
from private_postgres import PROGRAMS, PrivatePostgres  # noqa: E402

KILLS = int(os.environ.get('ZIGGY_KILLS', '3'))
BARS = 1_000_000
SEED = int(os.environ.get('ZIGGY_SEED', random.SystemRandom().randrange(1 << 32)))


def write_million(path):
    """A minute apart, prices that move by cents; the same for every run."""
    price = 10_000
    with open(path, 'w') as file:
        file.write('Date,Open,High,Low,Close,Volume\n')
        for i in range(BARS):
            opened, price = price, max(1000, price + (i * 7919) % 11 - 5)
            file.write(f'{1262304000 + 60 * i},{opened / 100},{max(opened, price) / 100},{min(opened, price) / 100},{price / 100},{i % 997}\n')


class Kill(CliCase):
    def bars(self, **settings):
        """How many bars the store holds, as the program exports them; 0 when it knows nothing of the symbol."""
        done = subprocess.run([PROGRAM, 'export', 'bars', '--symbol', 'MILLION', '--interval', '1m'], cwd=self.home,
                              env=self.environment(**settings), capture_output=True, timeout=120)
        return max(0, done.stdout.count(b'\n') - 1) if done.returncode == 0 else 0

    def whole_import(self, data, **settings):
        start = time.monotonic()
        answer = self.ziggy_json('import', 'bars', data, **settings)['files'][0]
        return answer, time.monotonic() - start

    def kill_many(self, settings_of_run):
        print(f'seed {SEED}', flush=True)
        rng = random.Random(SEED)
        data = self.home / 'MILLION_1m.csv'
        write_million(data)
        whole, seconds = self.whole_import(data, **settings_of_run('whole'))
        self.assertEqual(whole['inserted'], BARS)
        caught = 0
        for i in range(KILLS):
            settings = settings_of_run(f'killed{i}')
            reported = self.import_killed_after(data, rng.uniform(0.05, 1.0) * seconds, settings)
            self.ziggy('migrate', **settings)  # a kill can come before the tables are there
            self.ziggy('db', 'check', **settings)
            stored = self.bars(**settings)
            self.assertGreaterEqual(stored, reported)
            caught += stored < BARS
            again, _ = self.whole_import(data, **settings)
            self.assertEqual((again['inserted'], again['unchanged'], again['replaced']), (BARS - stored, stored, 0))
            self.assertEqual(self.bars(**settings), BARS)
        print(f'{KILLS} imports killed, {caught} of them before their end', flush=True)

    def import_killed_after(self, data, seconds, settings):
        """Runs an import, kills it, and returns how many bars it had reported as stored."""
        with open(self.home / 'progress', 'w+') as progress:
            process = subprocess.Popen([PROGRAM, 'import', 'bars', str(data)], cwd=self.home, env=self.environment(**settings),
                                       stdout=subprocess.DEVNULL, stderr=progress)
            time.sleep(seconds)
            process.send_signal(signal.SIGKILL)
            process.wait()
            progress.seek(0)
            counts = re.findall(r'(\d+) of \d+ bars stored', progress.read())
        return int(counts[-1]) if counts else 0

    def test_on_sqlite(self):
        self.kill_many(lambda name: {'DATA_DIR': str(self.home / name)})

    @unittest.skipUnless(PROGRAMS.exists(), 'no PostgreSQL here')
    def test_on_postgresql(self):
        with PrivatePostgres() as server:
            self.kill_many(lambda name: {'DATABASE_URL': server.create_database()})


if __name__ == '__main__':
    unittest.main()
