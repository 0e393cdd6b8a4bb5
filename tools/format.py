#!/usr/bin/env python3
"""Formats every C++ file with clang-format-19, or says with --check which are not formatted."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = ('src', 'apps', 'tests', 'bench', 'fuzz')


def main():
    check = '--check' in sys.argv[1:]
    # What is in the tree, not what lies about in it; the known-bad file of the lint test is bad on purpose.
    listed = subprocess.run(['git', '-C', str(ROOT), 'ls-files', '--cached', '--others', '--exclude-standard', '--', *FOLDERS],
                            capture_output=True, text=True)
    files = [name for name in listed.stdout.split('\n')
             if name.endswith(('.hpp', '.cpp')) and 'known_bad' not in name and (ROOT / name).exists()]
    if listed.returncode != 0 or not files:
        print('no files to format: is this a git checkout?', file=sys.stderr)
        return 1
    mode = ['--dry-run', '-Werror'] if check else ['-i']
    run = subprocess.run(['clang-format-19', *mode, *files], cwd=ROOT)
    print(f'{len(files)} files, {"all formatted" if run.returncode == 0 else "some are not formatted: run ./dev fmt"}')
    return 1 if run.returncode else 0


if __name__ == '__main__':
    sys.exit(main())
