#!/usr/bin/env python3
"""Runs the demo under load and reports whether memory and descriptors stay flat.

Starts build/ziggy on a free loopback port with a data folder of its own, keeps a few clients asking for
quotes and bars, samples the server's memory and open descriptors, and prints one JSON object: the slope
after warm-up (the last two thirds of the run). Exit 1 if an answer was wrong or the server went away.
"""
import argparse
import http.client
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGETS = ['/api/v1/market/quotes/AAPL', '/api/v1/market/bars/MSFT?limit=200', '/api/v1/market/bars/SPX?limit=500',
           '/api/v1/market/status', '/api/v1/market/quotes?symbols=AAPL,MSFT,NOPE', '/health']


def resident_kib(pid):
    status = pathlib.Path(f'/proc/{pid}/status').read_text()
    return int(re.search(r'VmRSS:\s+(\d+)', status).group(1))


def descriptors(pid):
    return sum(1 for _ in pathlib.Path(f'/proc/{pid}/fd').iterdir())


def slope_per_hour(samples):
    """Least squares over (seconds, value)."""
    n = len(samples)
    mean_t = sum(t for t, _ in samples) / n
    mean_v = sum(v for _, v in samples) / n
    spread = sum((t - mean_t) ** 2 for t, _ in samples)
    return 3600 * sum((t - mean_t) * (v - mean_v) for t, v in samples) / spread if spread else 0.0


def client(host, port, until, counts):
    connection = http.client.HTTPConnection(host, port, timeout=10)
    i = 0
    while time.monotonic() < until:
        connection.request('GET', TARGETS[i % len(TARGETS)])
        answer = connection.getresponse()
        answer.read()
        counts['requests'] += 1
        if answer.status != 200:
            counts['wrong'] += 1
        i += 1
        time.sleep(0.002)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--minutes', type=float, default=30)
    parser.add_argument('--program', default=str(ROOT / 'build/ziggy'))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        log = open(pathlib.Path(data) / 'log', 'wb')
        server = subprocess.Popen([arguments.program, 'serve', '--demo', '--port', '0', '--data-dir', data],
                                  stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            host, port = re.search(r'http://([\d.]+):(\d+)', server.stdout.readline()).groups()
            start = time.monotonic()
            until = start + arguments.minutes * 60
            counts = {'requests': 0, 'wrong': 0}
            threads = [threading.Thread(target=client, args=(host, int(port), until, counts)) for _ in range(4)]
            for thread in threads:
                thread.start()
            memory, files = [], []
            while time.monotonic() < until and server.poll() is None:
                now = time.monotonic() - start
                memory.append((now, resident_kib(server.pid)))
                files.append((now, descriptors(server.pid)))
                time.sleep(min(5, arguments.minutes * 60 / 60))
            for thread in threads:
                thread.join()
            alive = server.poll() is None
        finally:
            server.terminate()
            server.wait(30)
    warm = len(memory) // 3
    print(json.dumps({'minutes': arguments.minutes, **counts, 'alive': alive, 'memory_kib_first': memory[warm][1],
                      'memory_kib_last': memory[-1][1], 'memory_kib_per_hour': round(slope_per_hour(memory[warm:]), 1),
                      'descriptors_last': files[-1][1], 'descriptors_per_hour': round(slope_per_hour(files[warm:]), 2)}))
    return 0 if alive and not counts['wrong'] else 1


if __name__ == '__main__':
    sys.exit(main())
