"""A private PostgreSQL server for a test: a cluster in a temporary folder, on loopback and a free port, stopped and
removed at the end, also when this process dies. As root it runs as the user postgres, since initdb refuses root."""
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PROGRAMS = pathlib.Path('/usr/lib/postgresql/15/bin')


class PrivatePostgres:
    """`with PrivatePostgres() as server: url = server.create_database()`"""

    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='ziggy-postgres-'))
        if os.geteuid() == 0:
            shutil.chown(self.folder, 'postgres', 'postgres')
        self.log = open(self.folder / 'log', 'ab')
        self._start('initdb', '-D', 'cluster', '-U', 'ziggy', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8',
                    '--no-sync', '--no-instructions', wait=True)
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            self.port = probe.getsockname()[1]
        self.server = self._start('postgres', '-D', 'cluster', '-h', '127.0.0.1', '-p', str(self.port), '-k',
                                  str(self.folder), '-c', 'fsync=off', '-c', 'max_connections=50')
        for _ in range(1000):
            if subprocess.run([PROGRAMS / 'pg_isready', '-q', '-h', '127.0.0.1', '-p', str(self.port)]).returncode == 0:
                break
            if self.server.poll() is not None:
                raise RuntimeError((self.folder / 'log').read_text())
            time.sleep(0.01)
        self.databases = 0
        return self

    def __exit__(self, *_):
        self.server.send_signal(signal.SIGINT)
        self.server.wait(timeout=30)
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def create_database(self):
        """The URL of a new empty database."""
        self.databases += 1
        name = f'test_{self.databases}'
        subprocess.run([PROGRAMS / 'createdb', '-h', '127.0.0.1', '-p', str(self.port), '-U', 'ziggy', name], check=True)
        return f'postgresql://ziggy@127.0.0.1:{self.port}/{name}'

    def _start(self, program, *arguments, wait=False):
        user = ['--reuid=postgres', '--regid=postgres', '--clear-groups'] if os.geteuid() == 0 else []
        child = subprocess.Popen(['setpriv', *user, '--pdeathsig', 'QUIT', PROGRAMS / program, *arguments],
                                 cwd=self.folder, stdout=self.log, stderr=self.log)
        if wait and child.wait() != 0:
            raise RuntimeError((self.folder / 'log').read_text())
        return child
