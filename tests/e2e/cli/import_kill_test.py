#!/usr/bin/env python3
"""`ziggy import bars`, killed: what it reported as stored is there, and importing again completes it. ZIGGY_KILLS sets how
often (4 if unset)."""
import os
import random
import re
import signal
import subprocess
import unittest

from support import PROGRAM, CliCase

ROWS = 300_000
KILLS = int(os.environ.get('ZIGGY_KILLS', '4'))


def minutes(count):
    rows = ['time,open,high,low,close,volume']
    for i in range(count):
        day, minute = divmod(i, 1440)
        price = 100 + i % 97 / 4
        rows.append(f'{1420070400 + day * 86400 + minute * 60},{price},{price + 1},{price - 1},{price + 0.25},{i}')
    return '\n'.join(rows) + '\n'


class ImportKill(CliCase):
    def kill_an_import(self, data, delay):
        """Starts an import, kills it after its first report and a delay; answers the last number it reported."""
        running = subprocess.Popen([PROGRAM, 'import', 'bars', data], cwd=self.home, env=self.environment(), text=True,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        first = running.stderr.readline()
        try:
            running.wait(delay)
        except subprocess.TimeoutExpired:
            running.send_signal(signal.SIGKILL)
        rest = running.communicate()[1]
        reported = re.findall(r': (\d+) of \d+ bars stored', first + rest)
        self.assertTrue(reported, first + rest)
        return int(reported[-1])

    def exported(self):
        return self.ziggy('export', 'bars', '--symbol', 'LONG', '--interval', '1m').stdout.splitlines()[1:]

    def test_what_was_reported_is_there_and_a_second_import_completes_it(self):
        data = self.write('LONG.csv', minutes(ROWS))
        whole = None
        for kill in range(KILLS):
            for file in (self.home / 'data').glob('*'):
                file.unlink()
            reported = self.kill_an_import(data, random.Random(kill).uniform(0, 0.1))
            left = self.exported()
            self.assertGreaterEqual(len(left), reported)
            again = self.ziggy_json('import', 'bars', data)['files'][0]
            self.assertEqual((again['inserted'], again['unchanged'], again['replaced']), (ROWS - len(left), len(left), 0))
            completed = self.exported()
            self.assertEqual(completed[:len(left)], left)
            whole = whole or completed
            self.assertEqual(completed, whole)
            self.assertEqual(len(completed), ROWS)


if __name__ == '__main__':
    unittest.main()
