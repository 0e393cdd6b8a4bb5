#!/usr/bin/env python3
"""The market routes of the demo, as a client sees them."""
import csv
import gzip
import io
import os
import pathlib
import subprocess
import unittest

from server import PROGRAM, ServerCase

SIMULATED = 'SPY QQQ AAPL MSFT NVDA AMZN GOOGL META TSLA JPM BTC-USD ETH-USD'.split()
PROVENANCE = {'provider', 'as_of', 'age_ms', 'stale', 'fallback_from'}


class Market(ServerCase):
    def test_a_quote_has_every_field(self):
        for symbol in SIMULATED:
            quote = self.get(f'/api/v1/market/quotes/{symbol}').json
            self.assertEqual(quote['symbol'], symbol)
            for field in ('bid', 'ask', 'bid_size', 'ask_size', 'last', 'last_size', 'prev_close', 'change', 'change_pct', 'volume',
                          'market_state', *PROVENANCE):
                self.assertIn(field, quote)
            self.assertLessEqual(quote['bid'], quote['ask'])
            self.assertEqual((quote['provider'], quote['stale'], quote['fallback_from']), ('sim', False, []))
            self.assertTrue(quote['as_of'].endswith('Z'))

    def test_lower_case_means_the_same_symbol(self):
        self.assertEqual(self.get('/api/v1/market/quotes/aapl').json['symbol'], 'AAPL')

    def test_quotes_move_at_least_twice_a_second(self):
        seen = set()
        import time
        end = time.monotonic() + 3
        while time.monotonic() < end:
            seen.add(self.get('/api/v1/market/quotes/MSFT').json['as_of'])
            time.sleep(0.05)
        self.assertGreaterEqual(len(seen), 6)

    def test_many_quotes_name_the_unknown_ones(self):
        body = self.get('/api/v1/market/quotes?symbols=AAPL,MSFT,NOPE').json
        self.assertEqual(set(body['quotes']), {'AAPL', 'MSFT'})
        self.assertEqual(body['errors']['NOPE']['code'], 'unknown_symbol')

    def test_crypto_has_routes_of_its_own(self):
        self.assertEqual(self.get('/api/v1/market/crypto/quotes/BTC-USD').json['symbol'], 'BTC-USD')
        body = self.get('/api/v1/market/crypto/quotes?symbols=BTC-USD,ETH-USD,AAPL').json
        self.assertEqual(set(body['quotes']), {'BTC-USD', 'ETH-USD'})
        self.assertEqual(body['errors']['AAPL']['code'], 'unknown_symbol')
        week = self.get('/api/v1/market/crypto/bars/BTC-USD?start=2024-03-01&end=2024-03-08').json['bars']
        self.assertEqual(len(week), 7, 'open around the clock, weekends too')
        for path in ('quotes/AAPL', 'bars/AAPL'):
            refusal = self.get(f'/api/v1/market/crypto/{path}')
            self.assertEqual((refusal.status, refusal.json['code']), (404, 'unknown_symbol'))

    def test_bars_obey_start_end_and_limit(self):
        body = self.get('/api/v1/market/bars/SPX?start=2010-01-04&end=2010-02-01').json
        times = [bar['t'] for bar in body['bars']]
        self.assertEqual((times[0], times[-1], len(times)), ('2010-01-04T00:00:00Z', '2010-01-29T00:00:00Z', 19))
        self.assertEqual((body['symbol'], body['interval'], body['adjustment']), ('SPX', '1d', 'split'))
        for field in PROVENANCE:
            self.assertIn(field, body)
        for bar in body['bars']:
            self.assertTrue(bar['l'] <= min(bar['o'], bar['c']) <= max(bar['o'], bar['c']) <= bar['h'])

    def test_pages_join_without_seam(self):
        whole = self.get('/api/v1/market/bars/SPX?start=2010-01-01&end=2011-01-01').json
        self.assertIsNone(whole['next_cursor'])
        bars, cursor, pages = [], '', 0
        while cursor is not None:
            body = self.get(f'/api/v1/market/bars/SPX?start=2010-01-01&end=2011-01-01&limit=50{cursor and "&cursor=" + cursor}').json
            bars += body['bars']
            cursor = body['next_cursor']
            pages += 1
        self.assertEqual(bars, whole['bars'])
        self.assertEqual(pages, 6)

    def test_the_last_bars_come_without_a_start(self):
        body = self.get('/api/v1/market/bars/SPX?limit=3').json
        self.assertEqual([bar['t'][:10] for bar in body['bars']], ['2020-04-15', '2020-04-16', '2020-04-17'])

    def test_csv_has_the_same_bars(self):
        query = '/api/v1/market/bars/SPX?start=2010-01-04&end=2010-02-01'
        answer = self.get(query + '&format=csv')
        self.assertEqual(answer.headers['content-type'].split(';')[0], 'text/csv')
        rows = list(csv.reader(io.StringIO(answer.body.decode())))
        bars = self.get(query).json['bars']
        self.assertEqual(len(rows), len(bars) + 1)
        self.assertEqual([float(value) for value in rows[1][1:5]], [bars[0][key] for key in 'ohlc'])

    def test_every_interval_of_a_simulated_symbol_answers(self):
        for interval in ('1s', '1m', '5m', '15m', '30m', '1h', '4h', '1d', '1w', '1mo'):
            body = self.get(f'/api/v1/market/bars/AAPL?interval={interval}&limit=20').json
            self.assertEqual(len(body['bars']), 20, interval)
            times = [bar['t'] for bar in body['bars']]
            self.assertEqual(times, sorted(set(times)))

    def test_fifty_thousand_bars_are_the_limit(self):
        self.assertEqual(len(self.get('/api/v1/market/bars/AAPL?interval=1m&limit=50000').json['bars']), 50000)
        self.problem(self.get('/api/v1/market/bars/AAPL?limit=50001'), 422, 'validation_failed')

    def test_status_and_calendar(self):
        status = self.get('/api/v1/market/status').json
        self.assertTrue(status['is_open'])
        for field in ('session', 'next_open', 'next_close', 'timestamp'):
            self.assertIn(field, status)
        sessions = self.get('/api/v1/market/calendar?start=2024-11-25&end=2024-12-02').json
        items = sessions.get('items', sessions.get('sessions'))
        self.assertEqual([item['date'] for item in items], ['2024-11-25', '2024-11-26', '2024-11-27', '2024-11-29'])
        self.assertEqual(items[-1]['close'], '2024-11-29T18:00:00Z')

    def test_symbols_coverage_and_actions(self):
        names = [item['symbol'] for item in self.get('/api/v1/market/symbols?query=aap').json['items']]
        self.assertIn('AAPL', names)
        coverage = self.get('/api/v1/market/coverage/SPX')
        self.assertEqual(coverage.status, 200)
        self.assertIn('2000-01-03', coverage.body.decode())
        self.assertEqual(self.get('/api/v1/market/corporate-actions/SPX').status, 200)
        strategies = {item['name'] for item in self.get('/api/v1/strategies').json['items']}
        self.assertEqual(strategies, {'sma_cross', 'rsi_reversion', 'macd', 'donchian_breakout', 'buy_and_hold'})

    def test_an_import_beside_the_server_is_noticed_and_beats_the_simulator(self):
        rows = ['Date,Open,High,Low,Close,Volume'] + [f'2021-03-{day:02d},10,12,9,11,100' for day in range(1, 20)]
        (self.home / 'TSLA.csv').write_text('\n'.join(rows) + '\n')
        subprocess.run([PROGRAM, 'import', 'bars', 'TSLA.csv', '--data-dir', str(self.home / 'data')], cwd=self.home, check=True,
                       capture_output=True)
        self.wait_for(lambda: self.get('/api/v1/market/bars/TSLA').json['provider'] != 'sim')
        body = self.get('/api/v1/market/bars/TSLA').json
        self.assertEqual((len(body['bars']), body['stale']), (19, True))
        self.wait_for(lambda: self.get('/api/v1/market/quotes/TSLA').json['last'] == 11)
        self.assertTrue(self.get('/api/v1/market/quotes/TSLA').json['stale'])

    def test_imports_leave_the_running_server_its_database(self):
        # The importer must see that somebody else still uses the file, or it takes its log away.
        for symbol, price in (('JPM', 20), ('META', 30), ('NVDA', 40)):
            rows = ['Date,Open,High,Low,Close,Volume'] + [f'2021-03-{day:02d},{price},{price},{price},{price},1' for day in range(1, 9)]
            (self.home / f'{symbol}.csv').write_text('\n'.join(rows) + '\n')
            subprocess.run([PROGRAM, 'import', 'bars', f'{symbol}.csv', '--data-dir', str(self.home / 'data')], cwd=self.home,
                           check=True, capture_output=True)
            self.wait_for(lambda: self.get(f'/api/v1/market/quotes/{symbol}').json['last'] == price)
            self.assertEqual(len(self.get(f'/api/v1/market/bars/{symbol}').json['bars']), 8)
        open_files = [os.readlink(entry) for entry in pathlib.Path(f'/proc/{self.server.pid}/fd').iterdir()]
        self.assertEqual([name for name in open_files if 'ziggy.db' in name and name.endswith('(deleted)')], [])

    def test_etag_gzip_and_head(self):
        target = '/api/v1/market/calendar?start=2024-01-01&end=2024-12-31'
        answer = self.get(target)
        again = self.get(target, If_None_Match=answer.headers['etag'])
        self.assertEqual((again.status, again.body), (304, b''))
        packed = self.get(target, Accept_Encoding='gzip')
        self.assertEqual(packed.headers['content-encoding'], 'gzip')
        self.assertEqual(gzip.decompress(packed.body), answer.body)
        head = self.ask('HEAD', target)
        self.assertEqual((head.status, head.body, head.headers['content-length']), (200, b'', str(len(answer.body))))

    def test_documents_and_pages(self):
        document = self.get('/openapi.json').json
        self.assertTrue(document['openapi'].startswith('3.1'))
        for path in ('/api/v1/market/quotes/{symbol}', '/api/v1/market/bars/{symbol}', '/api/v1/strategies', '/health/ready'):
            self.assertIn(path, document['paths'])
        for path in ('/docs', '/'):
            page = self.get(path)
            self.assertEqual((page.status, page.headers['content-type'].split(';')[0]), (200, 'text/html'))
        for path in ('/health', '/health/live', '/health/ready'):
            self.assertEqual(self.get(path).status, 200)
        self.assertEqual(self.get('/health').json['status'], 'OK')
        self.assertIn(b'# TYPE', self.get('/metrics').body)


if __name__ == '__main__':
    unittest.main()
