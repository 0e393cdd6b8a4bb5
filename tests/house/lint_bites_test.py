#!/usr/bin/env python3
"""The profiles of clang-format-19 and clang-tidy-19 are valid, and report a known-bad file."""
import pathlib
import subprocess
import sys
import unittest

SOURCE = pathlib.Path(sys.argv.pop(1)).resolve()
BAD = SOURCE / 'tests/house/known_bad.cpp'


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, cwd=SOURCE)


class LintBites(unittest.TestCase):
    def test_every_configured_check_exists(self):
        done = run('clang-tidy-19', '--verify-config', f'--config-file={SOURCE / ".clang-tidy"}')
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn('No config errors detected', done.stdout + done.stderr)

    def test_the_known_bad_file_is_reported(self):
        done = run('clang-tidy-19', '--quiet', f'--config-file={SOURCE / ".clang-tidy"}', str(BAD), '--', '-std=c++23')
        self.assertNotEqual(done.returncode, 0)
        for check in ('cppcoreguidelines-avoid-reference-coroutine-parameters', 'modernize-use-override',
                      'readability-identifier-naming', 'modernize-use-nullptr', 'bugprone-use-after-move'):
            self.assertIn(check, done.stdout)

    def test_the_known_bad_file_is_not_formatted(self):
        self.assertNotEqual(run('clang-format-19', '--dry-run', '-Werror', str(BAD)).returncode, 0)


if __name__ == '__main__':
    unittest.main()
