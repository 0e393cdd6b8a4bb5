"""What the tests of the command line share: the program, a data folder of its own, small price files."""
import datetime
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

PROGRAM = os.environ['ZIGGY_PROGRAM']
SOURCE = pathlib.Path(__file__).resolve().parents[3]
REFERENCE = pathlib.Path(os.environ.get('ZIGGY_FIXTURES', SOURCE.parent / 'shared/fixtures'))
LOG_KEYS = {'timestamp', 'level', 'logger', 'message'}


def needs_reference_data(test):
    return unittest.skipUnless((REFERENCE / 'README.md').exists(), 'no reference data beside this checkout')(test)


def daily(count, start=datetime.date(2020, 1, 1), first=100.0, step=lambda i: ((i * 7919) % 13 - 6) / 4):
    """A walk that is the same at every run: date, open, high, low, close, volume."""
    price, rows = first, []
    day = start
    for i in range(count):
        opened = price
        price = round(max(1.0, price + step(i)), 2)
        rows.append((day.isoformat(), opened, max(opened, price) + 0.5, min(opened, price) - 0.5, price, 1000 + i))
        day += datetime.timedelta(days=1)
    return rows


def csv_text(rows, header='Date,Open,High,Low,Close,Volume'):
    return header + '\n' + ''.join(','.join(str(value) for value in row) + '\n' for row in rows)


class CliCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.home = pathlib.Path(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def environment(self, **settings):
        kept = {key: value for key, value in os.environ.items() if key in ('PATH', 'HOME', 'LANG', 'TZ')}
        return {**kept, 'DATA_DIR': str(self.home / 'data'), **settings}

    def ziggy(self, *arguments, code=0, **settings):
        """Runs the program in the empty folder; every line on stderr is ours, in our format, or the one clear line."""
        done = subprocess.run([PROGRAM, *map(str, arguments)], cwd=self.home, env=self.environment(**settings),
                              capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, code, f'{arguments}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}')
        return done

    def ziggy_json(self, *arguments, **settings):
        return json.loads(self.ziggy(*arguments, '--json', **settings).stdout)

    def write(self, name, text):
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path
