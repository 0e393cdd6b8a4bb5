#!/usr/bin/env python3
"""Checks the layers of the house and writes the room map into ARCHITECTURE.md.

  check_rooms.py [--root DIR]            check; exit 1 and name every breach
  check_rooms.py [--root DIR] --write    also bring the room map up to date

The configure step refuses a use upward, sideways or misspelled (cmake/ZiggyRoom.cmake). What CMake
cannot see is checked here: a room's files include only rooms that the room lists (public links would
leak the others), a room lists only what it includes, nobody reaches into another room's src folder,
and the things that only one room may know stay in that room.
"""
import argparse
import pathlib
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.M)
ROOM_CALL = re.compile(r'ziggy_room\(\s*(\w+)(.*?)\n?\)', re.S)
SECTION = re.compile(r'\b(SOURCES|ROOMS|LIBS|PUBLIC_LIBS|TESTS)\b')
MAP_BEGIN = '<!-- room map: written by tools/check_rooms.py -->'
MAP_END = '<!-- end of room map -->'

# Rooms that are plain code: no Asio, no coroutine.
PLAIN = {'base', 'domain', 'quant', 'matching', 'store', 'backtest'}
# What only one room may include, and the public headers it hides.
ONLY_IN = [
    (re.compile(r'^boost/beast'), {'net'}, 'Beast is hidden inside net'),
    (re.compile(r'^(soci/|sqlite3\.h|libpq-fe\.h)'), {'store'}, 'SQL is hidden inside store'),
    (re.compile(r'^boost/json'), {'api', 'standin'}, 'public JSON is api\'s'),
    (re.compile(r'^simdjson'), {'feed'}, 'vendors\' JSON is feed\'s'),
    (re.compile(r'^hiredis'), {'net'}, 'the Redis client is hidden inside net'),
    (re.compile(r'^curl/'), {'net'}, 'the vendor client is hidden inside net'),
    (re.compile(r'^openssl/'), {'net', 'auth', 'lab'}, 'hashes and keys are hidden inside net, auth and lab'),
]


def floors(root):
    text = (root / 'cmake/ZiggyRoom.cmake').read_text()
    table = re.search(r'set\(ZIGGY_FLOORS(.*?)\)', text, re.S).group(1)
    return {name: int(floor) for name, floor in re.findall(r'(\w+):(\d+)', table)}


def rooms(root):
    """name -> (listed rooms, public libraries and libraries) as the CMake files say."""
    found = {}
    for file in sorted((root / 'src').glob('*/CMakeLists.txt')):
        text = re.sub(r'#.*', '', file.read_text())
        match = ROOM_CALL.search(text)
        if not match:
            continue
        parts = SECTION.split(match.group(2))
        sections = {}
        for key, body in zip(parts[1::2], parts[2::2]):
            sections.setdefault(key, []).extend(body.split())
        found[file.parent.name] = (match.group(1), sections)
    return found


def code_files(folder):
    return sorted(f for pattern in ('*.hpp', '*.cpp', '*.h') for f in folder.rglob(pattern))


def without_comments(text):
    """The code itself: no comments, no macro definitions (ZIGGY_CO_TRY only names a keyword)."""
    text = re.sub(r'^[ \t]*#\s*define(?:[^\n]*\\\n)*[^\n]*', '', text, flags=re.M)
    return re.sub(r'//[^\n]*|/\*.*?\*/', '', text, flags=re.S)


def check(root):
    problems = []
    table = floors(root)
    laid_out = rooms(root)
    for folder, (name, sections) in laid_out.items():
        room = root / 'src' / folder
        listed = set(sections.get('ROOMS', []))
        if name != folder:
            problems.append(f'src/{folder}/CMakeLists.txt lays out a room called {name}')
        if name not in table:
            problems.append(f'room {name} stands on no floor')
            continue
        for used in sorted(listed):
            if used not in table:
                problems.append(f'room {name} lists {used}, which is no room')
            elif table[used] >= table[name]:
                problems.append(f'room {name} (floor {table[name]}) lists {used} (floor {table[used]}): arrows point down only')
        readme = room / 'README.md'
        if not readme.exists():
            problems.append(f'room {name} has no README.md')
        elif len(readme.read_text().splitlines()) > 40:
            problems.append(f'src/{name}/README.md is longer than 40 lines')
        included = set()
        for file in code_files(room):
            where = file.relative_to(root)
            text = file.read_text(errors='replace')
            is_test = 'tests' in file.relative_to(room).parts
            for include in INCLUDE.findall(text):
                problems.extend(check_include(name, table, listed, included, where, include, is_test))
            if name in PLAIN and not is_test:
                code = without_comments(text)
                if re.search(r'\bco_(await|return|yield)\b', code) or re.search(r'#\s*include\s*[<"]boost/asio', code):
                    problems.append(f'{where}: {name} neither includes Asio nor holds a coroutine')
            if not is_test and name != 'base' and re.search(r'\bsystem_clock::now\s*\(|\bgetenv\s*\(', without_comments(text)):
                problems.append(f'{where}: only apps reads the wall clock or the environment')
        for unused in sorted(listed - included):
            problems.append(f'room {name} lists {unused} but includes nothing of it')
    return problems


def check_include(room, table, listed, included, where, include, is_test):
    match = re.match(r'ziggy/(\w+)/', include)
    if match and match.group(1) in table:
        other = match.group(1)
        if other == room:
            return
        included.add(other)
        if other not in listed:
            yield f'{where}: includes {include}, but room {room} does not list {other}'
    elif re.search(r'(^|/)src/', include) or include.startswith('../'):
        yield f'{where}: includes {include}: another folder\'s inside is private'
    for pattern, owners, why in ONLY_IN:
        if pattern.match(include) and room not in owners and not is_test:
            yield f'{where}: includes {include}: {why}'


def room_map(root):
    table = floors(root)
    lines = ['| floor | room | uses |', '|---|---|---|']
    laid_out = rooms(root)
    for name in sorted(laid_out, key=lambda room: (table.get(room, 99), room)):
        uses = ', '.join(f'`{used}`' for used in sorted(laid_out[name][1].get('ROOMS', []), key=lambda r: (table.get(r, 99), r)))
        lines.append(f'| {table.get(name, "?")} | [`{name}`](src/{name}/README.md) | {uses or "–"} |')
    return '\n'.join(lines)


def map_in(text):
    match = re.search(re.escape(MAP_BEGIN) + r'\n(.*?)\n?' + re.escape(MAP_END), text, re.S)
    return match and match.group(1)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--root', type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    parser.add_argument('--write', action='store_true', help='bring the room map in ARCHITECTURE.md up to date')
    arguments = parser.parse_args()
    root = arguments.root
    problems = check(root)
    page = root / 'ARCHITECTURE.md'
    text = page.read_text() if page.exists() else ''
    old, new = map_in(text), room_map(root)
    if old is None:
        problems.append('ARCHITECTURE.md has no place for the room map')
    elif old != new and arguments.write:
        begin = text.index(MAP_BEGIN) + len(MAP_BEGIN) + 1
        page.write_text(text[:begin] + new + '\n' + text[text.index(MAP_END):])
    elif old != new:
        problems.append('the room map in ARCHITECTURE.md is stale: run tools/check_rooms.py --write')
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f'{len(rooms(root))} rooms, {len(problems)} problems')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(main())
