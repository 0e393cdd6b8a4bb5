#!/usr/bin/env python3
"""`ziggy backtest` through the front door: figures, files, refusals."""
import csv
import datetime
import json
import unittest

from support import REFERENCE, CliCase, csv_text, daily, needs_reference_data

METRICS = {
    'Exposure Time [%]': 'exposure_pct', 'Equity Final [$]': 'equity_final', 'Equity Peak [$]': 'equity_peak',
    'Return [%]': 'return_pct', 'Buy & Hold Return [%]': 'buy_hold_return_pct', 'Return (Ann.) [%]': 'return_ann_pct',
    'Volatility (Ann.) [%]': 'volatility_ann_pct', 'CAGR [%]': 'cagr_pct', 'Sharpe Ratio': 'sharpe',
    'Sortino Ratio': 'sortino', 'Calmar Ratio': 'calmar', 'Alpha [%]': 'alpha_pct', 'Beta': 'beta',
    'Max. Drawdown [%]': 'max_drawdown_pct', 'Avg. Drawdown [%]': 'avg_drawdown_pct',
    'Max. Drawdown Duration': 'max_drawdown_duration_s', 'Avg. Drawdown Duration': 'avg_drawdown_duration_s',
    '# Trades': 'num_trades', 'Win Rate [%]': 'win_rate_pct', 'Best Trade [%]': 'best_trade_pct',
    'Worst Trade [%]': 'worst_trade_pct', 'Avg. Trade [%]': 'avg_trade_pct',
    'Max. Trade Duration': 'max_trade_duration_s', 'Avg. Trade Duration': 'avg_trade_duration_s',
    'Profit Factor': 'profit_factor', 'Expectancy [%]': 'expectancy_pct', 'SQN': 'sqn', 'Kelly Criterion': 'kelly',
    'Duration': 'duration_s',
}
EVERY_METRIC = set(METRICS.values()) | {'start', 'end', 'var_95_pct', 'turnover', 'costs', 'ambiguous_fills'}


class Backtest(CliCase):
    def run_sma(self, data, *flags, fast=10, slow=30):
        return self.ziggy_json('backtest', '--strategy', 'sma_cross', '--data', data, '--param', f'fast={fast}',
                               '--param', f'slow={slow}', '--cash', 10000, *flags)

    def test_a_small_run_has_the_figures_worked_out_by_hand(self):
        # Closes 10 10 9 12 14 10 6 6: sma(1) crosses sma(2), strictly, up at bar 3 and down at bar 5.
        closes = [10, 10, 9, 12, 14, 10, 6, 6]
        opens = [10, 10, 10, 10, 12, 14, 10, 6]
        rows = [(f'2020-01-{i + 1:02d}', opens[i], max(opens[i], closes[i]), min(opens[i], closes[i]), closes[i], 1)
                for i in range(len(closes))]
        answer = self.run_sma(self.write('TINY.csv', csv_text(rows)), '--finalize', fast=1, slow=2)
        # Buys 833 at the open of bar 4 (12), sells and goes short at the open of bar 6 (10): 10000 - 833*2 = 8334;
        # short 833 at 10, closed at the last bar's open, 6: 8334 + 833*4 = 11666.
        self.assertEqual([trade['size'] for trade in answer['trades']], [833, -833])
        self.assertEqual(answer['metrics']['equity_final'], 11666)
        self.assertEqual(answer['metrics']['num_trades'], 2)
        self.assertEqual(answer['metrics']['win_rate_pct'], 50)

    def test_every_metric_of_the_contract_is_there(self):
        answer = self.run_sma(self.write('WALK.csv', csv_text(daily(400))))
        self.assertEqual(EVERY_METRIC - set(answer['metrics']), set())
        self.assertLessEqual(answer['metrics']['max_drawdown_pct'], 0)
        self.assertIn('manifest', answer)

    def test_the_same_run_gives_the_same_trades(self):
        data = self.write('WALK.csv', csv_text(daily(400)))
        self.assertEqual(self.run_sma(data), self.run_sma(data))

    def test_cutting_the_data_never_changes_past_trades(self):
        rows = daily(300)
        whole = self.run_sma(self.write('WHOLE.csv', csv_text(rows)), fast=5, slow=20)['trades']
        part = self.run_sma(self.write('PART.csv', csv_text(rows[:200])), fast=5, slow=20)['trades']
        self.assertGreater(len(part), 2)
        self.assertEqual(whole[:len(part)], part)

    def test_one_bar_of_an_hour_is_a_history_too(self):
        data = self.write('ONE.csv', 'Date,Open,High,Low,Close,Volume\n2024-01-02 09:00:00,1,2,1,2,5\n')
        metrics = self.run_sma(data)['metrics']
        self.assertEqual((metrics['num_trades'], metrics['return_pct'], metrics['sharpe']), (0, 0, None))

    def test_report_and_trades_are_written(self):
        data = self.write('WALK.csv', csv_text(daily(400)))
        self.ziggy('backtest', '--strategy', 'sma_cross', '--data', data, '--report', 'out.html', '--trades', 'out.csv')
        page = (self.home / 'out.html').read_text()
        self.assertIn('<html', page)
        self.assertNotIn('http://', page.replace('http://www.w3.org/', ''))
        self.assertNotIn('https://', page)
        answer = json.loads(self.ziggy('backtest', '--strategy', 'sma_cross', '--data', data, '--json').stdout)
        with open(self.home / 'out.csv', newline='') as file:
            self.assertEqual(len(list(csv.DictReader(file))), len(answer['trades']))

    def test_a_report_that_cannot_be_written_fails_before_the_run(self):
        data = self.write('WALK.csv', csv_text(daily(40)))
        (self.home / 'folder').mkdir()
        for flag in ('--report', '--trades'):
            for place, reason in (('none/out', 'there is no folder none'), ('folder', 'is a folder')):
                with self.subTest(f'{flag} {place}'):
                    refused = self.ziggy('backtest', '--strategy', 'buy_and_hold', '--data', data, flag, place, code=1)
                    self.assertEqual(refused.stdout, '')
                    self.assertIn(reason, refused.stderr)
                    self.assertNotIn('internal', refused.stderr)

    def test_the_adjustment_is_chosen_and_written_down(self):
        # Two for one on the third day, a dividend of 5 on the fourth; 100 100 50 50.
        rows = [('2020-01-06', 100, 100, 100, 100, 1, 0, 0), ('2020-01-07', 100, 100, 100, 100, 1, 0, 0),
                ('2020-01-08', 50, 50, 50, 50, 1, 0, 2), ('2020-01-09', 50, 50, 50, 50, 1, 5, 0)]
        data = self.write('SPLIT.csv', csv_text(rows, 'Date,Open,High,Low,Close,Volume,Dividends,Stock Splits'))
        self.ziggy('import', 'bars', data)
        for source in (('--data', data), ('--symbol', 'SPLIT')):
            for flags, name, kept in (((), 'split', 0), (('--adjustment', 'raw'), 'raw', -50),
                                      (('--adjustment', 'all'), 'all', 100 / 0.9 - 100)):
                with self.subTest(f'{source[0]} {name}'):
                    answer = self.ziggy_json('backtest', '--strategy', 'buy_and_hold', *source, *flags)
                    self.assertEqual(answer['manifest']['data']['adjustment'], name)
                    self.assertAlmostEqual(answer['metrics']['buy_hold_return_pct'], kept, places=6)
        self.ziggy('backtest', '--strategy', 'buy_and_hold', '--data', data, '--adjustment', 'none', code=2)
        self.assertIn('raw (nothing), split, or all', ' '.join(self.ziggy('backtest', '--help').stdout.split()))

    def test_weeks_are_made_of_stored_days(self):
        self.ziggy('import', 'bars', self.write('WALK.csv', csv_text(daily(70, datetime.date(2020, 1, 6)))))
        run = ('backtest', '--strategy', 'buy_and_hold', '--symbol', 'WALK', '--interval')
        self.assertEqual(self.ziggy_json(*run, '1w')['manifest']['data']['bars'], 10)
        # Hours cannot be told from days: it says what there is.
        self.assertIn('make them: 1d', self.ziggy(*run, '1h', code=1).stderr)
        exported = self.ziggy('export', 'bars', '--symbol', 'WALK', '--interval', '1w').stdout
        self.assertEqual(len(exported.splitlines()), 11)

    def test_all_strategies_run(self):
        data = self.write('WALK.csv', csv_text(daily(400)))
        for name in ('sma_cross', 'rsi_reversion', 'macd', 'donchian_breakout', 'buy_and_hold'):
            with self.subTest(name):
                self.assertIn('metrics', self.ziggy_json('backtest', '--strategy', name, '--data', data))

    def test_wrong_usage_is_refused(self):
        data = self.write('WALK.csv', csv_text(daily(50)))
        for arguments, code, word in [
            (['--strategy', 'sma_crss', '--data', data], None, 'sma_cross'),
            (['--strategy', 'sma_cross', '--data', data, '--param', 'fast=30', '--param', 'slow=10'], None, 'fast'),
            (['--strategy', 'sma_cross', '--data', data, '--param', 'quick=3'], None, 'quick'),
            (['--strategy', 'sma_cross', '--data', data, '--cash', '-1'], None, 'cash'),
            (['--strategy', 'sma_cross', '--data', data, '--margin', '0'], None, 'margin'),
            (['--strategy', 'sma_cross', '--data', 'absent.csv'], 1, 'absent.csv'),
            (['--strategy', 'sma_cross'], 2, ''),
            (['--strategy', 'sma_cross', '--data', data, '--symbol', 'SPX'], 2, ''),
            (['--strategy', 'sma_cross', '--symbol', 'NOPE'], 1, 'NOPE'),
        ]:
            with self.subTest(arguments):
                done = self.ziggy('backtest', *arguments, code=code) if code else self.refused('backtest', *arguments)
                self.assertIn(word, done.stderr)
                self.assertEqual(done.stdout, '')

    def refused(self, *arguments):
        for code in (1, 2):
            try:
                return self.ziggy(*arguments, code=code)
            except AssertionError as error:
                last = error
        raise last

    @needs_reference_data
    def test_reference_runs_agree(self):
        folder = REFERENCE / 'references/backtestingpy/generated'
        for run in json.loads((folder / 'index-give.json').read_text())['runs']:
            with self.subTest(run['name']):
                broker, flags = run['broker'], []
                for name in ('commission', 'spread', 'margin'):
                    if name in broker:
                        flags += [f'--{name}', broker[name]]
                flags += ['--finalize'] if broker.get('finalize_trades') else []
                flags += ['--long-only'] if 'long_only' in run['name'] else []
                answer = self.run_sma(REFERENCE / 'ohlcv/backtestingpy' / run['data'], *flags,
                                      fast=run['strategy_params']['n1'], slow=run['strategy_params']['n2'])
                for name, expected in run['stats'].items():
                    if name not in METRICS:
                        continue
                    expected = float(expected.rstrip('s')) if isinstance(expected, str) else expected
                    actual = answer['metrics'][METRICS[name]]
                    self.assertLessEqual(abs(actual - expected), 1e-6 * abs(expected), f'{name}: {actual} {expected}')
                self.check_trades(answer['trades'], folder / f'{run["name"]}.trades.csv')

    def check_trades(self, trades, file):
        with open(file, newline='') as lines:
            expected = list(csv.DictReader(lines))
        self.assertEqual(len(trades), len(expected))
        for trade, row in zip(trades, expected):
            self.assertEqual(trade['size'], int(row['Size']))
            self.assertEqual(trade['entry_bar'], int(row['EntryBar']))
            self.assertEqual(trade['exit_bar'], int(row['ExitBar']))
            self.assertAlmostEqual(trade['entry_price'], float(row['EntryPrice']), delta=1e-9)
            self.assertAlmostEqual(trade['exit_price'], float(row['ExitPrice']), delta=1e-9)

    @needs_reference_data
    def test_hourly_data_works_as_it_is(self):
        answer = self.run_sma(REFERENCE / 'ohlcv/backtestingpy/EURUSD.csv', '--margin', 0.05, '--spread', 0.0001)
        self.assertGreater(answer['metrics']['num_trades'], 50)


if __name__ == '__main__':
    unittest.main()
