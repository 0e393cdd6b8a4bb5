#!/usr/bin/env python3
"""Breaks each rule of the house on purpose, in a small house made for it, and expects the refusal.

Two kinds of rule: those that the configure step refuses (a use upward, sideways, misspelled, not laid
out, on no floor; g++) and those that tools/check_rooms.py refuses (includes).
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(sys.argv.pop(1)).resolve()
PAGE = '# map\n<!-- room map: written by tools/check_rooms.py -->\n\n<!-- end of room map -->\n'


class House:
    """A house of three rooms: base, domain (uses base) and net (uses base)."""

    def __init__(self, folder):
        self.root = pathlib.Path(folder)
        (self.root / 'cmake').mkdir()
        (self.root / 'tools').mkdir()
        shutil.copy(SOURCE / 'cmake/ZiggyRoom.cmake', self.root / 'cmake')
        shutil.copy(SOURCE / 'tools/check_rooms.py', self.root / 'tools')
        self.write('ARCHITECTURE.md', PAGE)
        self.room('base', [])
        self.room('domain', ['base'])
        self.room('net', ['base'])
        self.check('--write')

    def write(self, path, text):
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def room(self, name, uses, listed=None, extra=''):
        includes = ''.join(f'#include "ziggy/{used}/{used}.hpp"\n' for used in uses)
        self.write(f'src/{name}/include/ziggy/{name}/{name}.hpp', f'#pragma once\n{includes}')
        self.write(f'src/{name}/src/{name}.cpp', f'#include "ziggy/{name}/{name}.hpp"\n{extra}')
        self.write(f'src/{name}/README.md', f'# {name}\n')
        listed = uses if listed is None else listed
        rooms = f'  ROOMS {" ".join(listed)}\n' if listed else ''
        self.write(f'src/{name}/CMakeLists.txt', f'ziggy_room({name}\n  SOURCES src/{name}.cpp\n{rooms})\n')

    def check(self, *arguments):
        return subprocess.run([sys.executable, str(self.root / 'tools/check_rooms.py'), '--root', str(self.root), *arguments],
                              capture_output=True, text=True)

    def configure(self, order):
        lines = ['cmake_minimum_required(VERSION 3.25)', 'project(house LANGUAGES CXX)', 'include(cmake/ZiggyRoom.cmake)',
                 'add_library(ziggy_flags INTERFACE)']
        lines += [f'add_subdirectory(src/{room})' for room in order]
        self.write('CMakeLists.txt', '\n'.join(lines) + '\n')
        return subprocess.run(['cmake', '-S', str(self.root), '-B', str(self.root / 'build'), '-G', 'Ninja',
                               '-DCMAKE_CXX_COMPILER=clang++-19'], capture_output=True, text=True)


class RulesBite(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.house = House(self.folder.name)

    def tearDown(self):
        self.folder.cleanup()

    def refused_by_configure(self, order, reason):
        run = self.house.configure(order)
        self.assertNotEqual(run.returncode, 0, run.stdout)
        self.assertIn(reason, ' '.join(run.stderr.split()))

    def refused_by_check(self, reason):
        run = self.house.check()
        self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
        self.assertIn(reason, run.stderr)

    def test_a_sound_house_is_accepted(self):
        self.assertEqual(self.house.configure(['base', 'domain', 'net']).returncode, 0)
        run = self.house.check()
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_a_use_upward_is_refused(self):
        self.house.room('base', ['domain'])
        self.refused_by_configure(['base', 'domain'], 'room base (floor 0) may not use domain (floor 1)')
        self.refused_by_check('arrows point down only')

    def test_a_use_sideways_is_refused(self):
        self.house.room('net', ['base', 'domain'])
        self.refused_by_configure(['base', 'domain', 'net'], 'room net (floor 1) may not use domain (floor 1)')
        self.refused_by_check('arrows point down only')

    def test_a_misspelled_room_is_refused(self):
        self.house.room('net', ['base'], listed=['bsae'])
        self.refused_by_configure(['base', 'net'], "uses 'bsae', which is no room")

    def test_a_room_that_is_not_laid_out_is_refused(self):
        self.house.room('quant', ['domain'])
        self.refused_by_configure(['base', 'quant'], 'uses domain, which is not laid out yet')

    def test_a_room_on_no_floor_is_refused(self):
        self.house.room('attic', ['base'])
        self.refused_by_configure(['base', 'attic'], 'stands on no floor')
        self.refused_by_check('stands on no floor')

    def test_an_include_that_is_not_listed_is_refused(self):
        self.house.room('quant', ['base', 'domain'], listed=['domain'])
        self.refused_by_check('room quant does not list base')

    def test_a_listed_room_that_is_not_included_is_refused(self):
        self.house.room('quant', ['domain'], listed=['domain', 'base'])
        self.refused_by_check('room quant lists base but includes nothing of it')

    def test_the_inside_of_another_room_is_refused(self):
        self.house.room('quant', ['domain'], extra='#include "../../domain/src/domain.cpp"\n')
        self.refused_by_check("another folder's inside is private")

    def test_beast_outside_net_is_refused(self):
        self.house.room('quant', ['domain'], extra='#include <boost/beast/http.hpp>\n')
        self.refused_by_check('Beast is hidden inside net')

    def test_sql_outside_store_is_refused(self):
        self.house.room('net', ['base'], extra='#include <sqlite3.h>\n')
        self.refused_by_check('SQL is hidden inside store')

    def test_public_json_outside_api_is_refused(self):
        self.house.room('net', ['base'], extra='#include <boost/json.hpp>\n')
        self.refused_by_check("public JSON is api's")

    def test_a_coroutine_in_a_plain_room_is_refused(self):
        self.house.room('quant', ['domain'], extra='auto f() { co_return; }\n')
        self.refused_by_check('neither includes Asio nor holds a coroutine')

    def test_the_wall_clock_outside_apps_is_refused(self):
        self.house.room('net', ['base'], extra='auto t = std::chrono::system_clock::now();\n')
        self.refused_by_check('only apps reads the wall clock')

    def test_a_room_without_readme_is_refused(self):
        (self.house.root / 'src/net/README.md').unlink()
        self.refused_by_check('room net has no README.md')

    def test_a_long_readme_is_refused(self):
        self.house.write('src/net/README.md', 'line\n' * 41)
        self.refused_by_check('longer than 40 lines')

    def test_a_stale_room_map_is_refused(self):
        self.house.room('quant', ['domain'])
        self.refused_by_check('the room map in ARCHITECTURE.md is stale')
        self.assertEqual(self.house.check('--write').returncode, 0)
        self.assertEqual(self.house.check().returncode, 0)

    def test_gcc_is_refused_and_told_why(self):
        compiler = shutil.which('g++')
        if not compiler:
            self.skipTest('no g++ here')
        run = subprocess.run(['cmake', '-S', str(SOURCE), '-B', str(self.house.root / 'gcc'), '-G', 'Ninja',
                              f'-DCMAKE_CXX_COMPILER={compiler}', '-DCMAKE_C_COMPILER=clang-19'], capture_output=True, text=True)
        self.assertNotEqual(run.returncode, 0)
        self.assertIn('miscompiles co_await', ' '.join(run.stderr.split()))


if __name__ == '__main__':
    unittest.main()
