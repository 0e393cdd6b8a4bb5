"""A private PostgreSQL server on a loopback port, stopped and removed at the end."""
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import time

BINARIES = next((path for path in sorted(pathlib.Path('/usr/lib/postgresql').glob('*/bin'), reverse=True)), None)


class PostgreSQL:
    def __enter__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='ziggy-e2e-'))
        # The server refuses to run as root: it gets the system's postgres user then.
        self.user = 'postgres' if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        if os.getuid() == 0:
            entry = pwd.getpwnam('postgres')
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        self.run('initdb', '-D', 'cluster', '-U', 'ziggy', '-A', 'trust', '--no-sync', '--encoding=UTF8', '--locale=C')
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            self.port = probe.getsockname()[1]
        self.log = open(self.folder / 'log', 'wb')
        self.server = subprocess.Popen(self.command('postgres', '-D', 'cluster', '-h', '127.0.0.1', '-p', str(self.port),
                                                    '-k', str(self.folder)), cwd=self.folder, stdout=self.log, stderr=self.log)
        for _ in range(200):
            if subprocess.run([BINARIES / 'pg_isready', '-q', '-h', '127.0.0.1', '-p', str(self.port)]).returncode == 0:
                break
            time.sleep(0.05)
        return self

    def __exit__(self, *_):
        self.server.terminate()
        try:
            self.server.wait(20)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, program, *arguments):
        prefix = ['setpriv', '--reuid', 'postgres', '--regid', 'postgres', '--clear-groups'] if os.getuid() == 0 else []
        return [*prefix, str(BINARIES / program), *arguments]

    def run(self, program, *arguments):
        subprocess.run(self.command(program, *arguments), cwd=self.folder, check=True, capture_output=True)

    def url(self, database):
        subprocess.run([BINARIES / 'createdb', '-h', '127.0.0.1', '-p', str(self.port), '-U', 'ziggy', database], check=True)
        return f'postgresql://ziggy@127.0.0.1:{self.port}/{database}'
