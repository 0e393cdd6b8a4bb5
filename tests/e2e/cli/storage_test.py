#!/usr/bin/env python3
"""`ziggy migrate` and `ziggy db check`, on a SQLite file and on a private PostgreSQL server."""
import sqlite3
import sys
import unittest

from support import SOURCE, CliCase, csv_text, daily

sys.path.insert(0, str(SOURCE / 'tests/support'))
from private_postgres import PrivatePostgres  # noqa: E402


class Storage(CliCase):
    def database(self):
        return self.home / 'data' / 'prices.db'

    def setting(self):
        return {'DATABASE_URL': f'sqlite:///{self.database()}'}

    def test_migrate_applies_once_and_status_says_so(self):
        before = self.ziggy_json('migrate', '--status', **self.setting())
        self.assertGreater(before['pending'], 0)
        self.assertEqual(before['engine'], 'sqlite')
        self.assertFalse(self.database().exists(), 'looking creates nothing')
        done = self.ziggy_json('migrate', **self.setting())
        self.assertEqual(done['pending'], 0)
        self.assertEqual(len(done['applied']), before['pending'])
        self.assertEqual(self.ziggy_json('migrate', **self.setting())['applied'], [])
        text = self.ziggy('migrate', '--status', **self.setting()).stdout
        self.assertIn('0001', text)
        self.assertNotIn('pending', text)

    def test_a_database_of_a_newer_program_is_refused(self):
        self.ziggy('migrate', **self.setting())
        with sqlite3.connect(self.database()) as file:
            file.execute("INSERT INTO schema_migrations VALUES (9999, 'later', 'x', '2030-01-01T00:00:00Z')")
        refused = self.ziggy('migrate', code=1, **self.setting())
        self.assertIn('newer program', refused.stderr)

    def test_check_is_quiet_about_a_whole_database_and_names_what_is_broken(self):
        self.assertIn('there is no database', self.ziggy('db', 'check', code=1, **self.setting()).stderr)
        self.assertFalse(self.database().parent.exists(), 'looking creates nothing')
        self.database().parent.mkdir()
        self.database().touch()
        self.assertIn('ziggy migrate', self.ziggy('db', 'check', code=1, **self.setting()).stderr)
        self.ziggy('migrate', **self.setting())
        self.assertTrue(self.ziggy_json('db', 'check', **self.setting())['ok'])
        with sqlite3.connect(self.database()) as file:
            file.execute("INSERT INTO symbols (symbol) VALUES ('SPY')")
            file.execute("INSERT INTO market_data (id, symbol, interval, version) VALUES (1, 'SPY', '1d', 1)")
            file.execute("INSERT INTO market_data_blocks VALUES (1, 0, 0, 1, 2, 1.0, 2.0, 0.0, 'file', x'00')")
        broken = self.ziggy('db', 'check', code=1, **self.setting())
        self.assertIn('BAD', broken.stdout)
        self.assertIn('SPY', broken.stderr)

    def test_a_password_in_the_url_is_never_shown(self):
        for command in (['migrate'], ['db', 'check']):
            refused = self.ziggy(*command, code=1, DATABASE_URL='postgresql://ann:hunter2@127.0.0.1:1/prices')
            self.assertNotIn('hunter2', refused.stdout + refused.stderr)
            self.assertIn('postgresql://127.0.0.1:1/prices', refused.stderr)

    def test_a_file_comes_back_from_postgresql_and_again_changes_nothing(self):
        data = self.write('WALK.csv', csv_text(daily(3000)))
        with PrivatePostgres() as server:
            setting = {'DATABASE_URL': server.create_database()}
            self.assertEqual(self.ziggy_json('migrate', **setting)['engine'], 'postgresql')
            self.ziggy('import', 'bars', data, **setting)
            first = self.ziggy('export', 'bars', '--symbol', 'WALK', **setting).stdout
            self.assertEqual(len(first.strip().splitlines()), 3001)
            self.ziggy('import', 'bars', data, **setting)
            self.assertEqual(self.ziggy('export', 'bars', '--symbol', 'WALK', **setting).stdout, first)
            self.assertTrue(self.ziggy_json('db', 'check', **setting)['ok'])
        on_sqlite = self.setting()
        self.ziggy('import', 'bars', data, **on_sqlite)
        self.assertEqual(self.ziggy('export', 'bars', '--symbol', 'WALK', **on_sqlite).stdout, first)


if __name__ == '__main__':
    unittest.main()
