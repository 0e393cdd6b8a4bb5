#!/usr/bin/env python3
"""The vendors' sockets are cut again and again while a market runs sixty times as fast: the client behind the server sees
every hole announced and healed, and in the end a complete sequence of minute bars. `ZIGGY_CUTS=50` is the long form."""
import datetime
import json
import os
import tempfile
import time
import unittest

from stand_in import ServerCase
from stream_test import Socket

CUTS = int(os.environ.get('ZIGGY_CUTS', '5'))
# Streams wait longer after each loss, up to a minute; half of that on average, for two vendors that take turns.
SECONDS_MAX = 60 + 35 * CUTS
MINUTE = datetime.timedelta(minutes=1)


class Listener(Socket):
    """One that answers pings, since it stays."""

    def frame(self):
        opcode, payload = super().frame()
        if opcode == 9:
            self.send(payload, opcode=10)
        return opcode, payload


def moment(text):
    return datetime.datetime.fromisoformat(text.replace('Z', '+00:00'))


class StreamCuts(ServerCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.NamedTemporaryFile('w', suffix='.json', delete=False) as file:
            # Yahoo, which is polled and tells quotes only, must not be what is left.
            json.dump({'steps': [{'at': 0, 'vendor': 'yahoo', 'fault': 'refuse'}, {'at': '3s', 'every': '2500ms', 'route': 'stream', 'fault': 'drop'}]}, file)
        cls.addClassCleanup(os.unlink, file.name)
        cls.arguments = ('--demo', '--chaos', file.name)
        cls.settings = {'SIM_SPEED': '60', 'LOG_LEVEL': 'info'}
        super().setUpClass()

    def losses(self):
        return (self.home / 'log').read_text().count('"message":"stream_lost"')

    def listen(self, ws):
        """Minute bars and gaps in the order in which they came, until enough cuts have been and the last hole is healed."""
        heard = []
        open_gaps = 0
        end = time.monotonic() + SECONDS_MAX
        while time.monotonic() < end:
            try:
                message = ws.message()
            except TimeoutError:
                continue
            if message['type'] == 'gap':
                open_gaps += -1 if message['healed'] else 1
                heard.append(message)
            elif message['type'] == 'bar' and message['interval'] == '1m':
                heard.append(message)
                if open_gaps == 0 and self.losses() >= CUTS:
                    return heard
        self.fail(f'{self.losses()} cuts and {open_gaps} open gaps after {SECONDS_MAX} s')

    def test_no_minute_is_missing_after_healing(self):
        ws = Listener(self.host, self.port, '/ws/market/AAPL')
        self.addCleanup(ws.close)
        ws.connection.settimeout(5)
        self.assertEqual(ws.message()['type'], 'snapshot')
        heard = self.listen(ws)
        bars = {}
        announced = []
        for message in heard:
            if message['type'] == 'gap':
                if not message['healed']:
                    announced.append((moment(message['from']), moment(message['to'])))
                continue
            at = moment(message['t'])
            if bars and at > max(bars) + MINUTE:
                # Out of the row: whoever listens has been told before.
                hole = (max(bars) + MINUTE, at)
                self.assertTrue(any(start <= hole[0] and hole[1] <= end for start, end in announced), (hole, announced[-3:]))
            bars[at] = message
        first, last = min(bars), max(bars)
        self.assertEqual(len(bars), (last - first) // MINUTE + 1, 'a minute is missing')
        self.assertGreaterEqual(len(announced), 1)
        healed = [message for message in heard if message['type'] == 'gap' and message['healed']]
        self.assertEqual(len(healed), len(announced))
        # And they are the market's: asked again by REST, of whoever answers.
        rows = self.get(f"/api/v1/market/bars/AAPL?interval=1m&adjustment=raw&limit=5000&start={first:%Y-%m-%dT%H:%M:%SZ}"
                        f"&end={last + MINUTE:%Y-%m-%dT%H:%M:%SZ}").json['bars']
        self.assertEqual([row['t'] for row in rows], [f'{at:%Y-%m-%dT%H:%M:%SZ}' for at in sorted(bars)])
        for row in rows:
            self.assertAlmostEqual(row['c'], bars[moment(row['t'])]['c'], delta=row['c'] * 1e-5)
        print(f'{self.losses()} cuts, {len(announced)} holes announced and healed, {len(bars)} minutes complete, told by '
              f'{sorted({bar["provider"] for bar in bars.values()})}')


if __name__ == '__main__':
    unittest.main()
