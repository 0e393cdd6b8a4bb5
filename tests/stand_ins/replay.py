#!/usr/bin/env python3
"""Plays recorded answers of vendors back over HTTP, fails by script, and counts who asked for what.

In a test:

    with Replay() as vendor:
        vendor.serve('/v8/finance/chart/AAPL', recording(FIXTURES / 'yahoo/chart/x.json'))
        vendor.serve('/v7/finance/quote', lambda asked: Answer.of({...}), where={'symbols': 'AAPL'})
        vendor.fail('/v8/', Fault(status=429, headers={'Retry-After': '7'}), times=1)
        …  # ask vendor.url; vendor.asked lists what came in

On its own: `replay.py MAPPING [--port P]` prints `http://127.0.0.1:PORT` and serves until it is stopped. MAPPING is JSON:
`[{"path": "/v8/finance/chart/AAPL", "where": {"interval": "1d"}, "file": "recording.json"}, …]`, files beside it.

A path ending in `*` serves all that begins so; the latest match wins. What nobody serves is a 404 with an empty object.
"""
import argparse
import dataclasses
import http.server
import json
import pathlib
import socket
import struct
import threading
import time
import urllib.parse


@dataclasses.dataclass
class Answer:
    status: int = 200
    body: bytes = b''
    headers: dict = dataclasses.field(default_factory=dict)

    @staticmethod
    def of(value, status=200, **headers):
        """JSON of a value, or a text as it is."""
        if isinstance(value, bytes):
            return Answer(status, value, headers)
        if isinstance(value, str):
            return Answer(status, value.encode(), {'Content-Type': 'text/plain; charset=utf-8', **headers})
        return Answer(status, json.dumps(value).encode(), {'Content-Type': 'application/json;charset=utf-8', **headers})


@dataclasses.dataclass
class Asked:
    method: str
    path: str  # without the query, unescaped
    query: dict  # the first value of each parameter
    headers: dict  # names in lower case
    target: str  # as sent
    body: bytes = b''
    at: float = 0


@dataclasses.dataclass
class Fault:
    """What happens instead of the answer: a status, a page, an answer cut off in the middle (of its stated length), a reset, after a
    delay; a delay alone is followed by the right answer."""
    status: int = 0
    body: object = None
    headers: dict = dataclasses.field(default_factory=dict)
    html: bool = False
    truncate: float = 0  # send this share of the right body under a Content-Length that fits: broken JSON
    cut: bool = False  # half of the body, then the connection ends before the stated length
    reset: bool = False
    delay: float = 0


def recording(path, **changes):
    """A recorded answer: {"response": {"status", "headers", "bodyJson" | "bodyText" | "body"}}, or any JSON as a body of its own."""
    data = json.loads(pathlib.Path(path).read_text())
    response = data.get('response') if isinstance(data, dict) else None
    if not isinstance(response, dict):
        return dataclasses.replace(Answer.of(data), **changes)
    kept = {}
    for name, value in (response.get('headers') or {}).items():
        if name.lower() in ('content-type', 'location', 'retry-after', 'set-cookie'):
            kept[name] = value[0] if isinstance(value, list) and len(value) == 1 else value
    for key in ('bodyJson', 'bodyText', 'body'):
        if key in response:
            answer = Answer.of(response[key], response.get('status', 200), **kept)
            break
    else:
        answer = Answer(response.get('status', 200), b'', kept)
    return dataclasses.replace(answer, **changes)


class Replay:
    def __init__(self, port=0):
        self.routes = []
        self.faults = []
        self.asked = []
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def do_GET(self):
                outer._handle(self)

            do_POST = do_HEAD = do_GET

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass  # clients give up; that is what many tests are about

        self.server = Server(('127.0.0.1', port), Handler)
        self.port = self.server.server_address[1]
        self.url = f'http://127.0.0.1:{self.port}'
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    def serve(self, path, answer, where=None):
        """`answer` is an Answer, a value for JSON, a text, or a function of Asked that gives one of them."""
        with self.lock:
            self.routes.append((path, where or {}, answer))

    def clear(self):
        with self.lock:
            self.routes.clear()
            self.faults.clear()
            self.asked.clear()

    def fail(self, path, fault, times=None):
        """The next `times` requests below `path` (all without) meet `fault`."""
        with self.lock:
            self.faults.append([path, fault, times])

    def heal(self):
        with self.lock:
            self.faults.clear()

    def count(self, path=''):
        with self.lock:
            return sum(asked.path.startswith(path) for asked in self.asked)

    def _fault_for(self, path):
        for entry in self.faults:
            if path.startswith(entry[0]) and entry[2] != 0:
                if entry[2] is not None:
                    entry[2] -= 1
                return entry[1]
        return None

    def _answer_for(self, asked):
        for path, where, answer in reversed(self.routes):
            fits = asked.path.startswith(path[:-1]) if path.endswith('*') else asked.path == path
            if fits and all(asked.query.get(key) == value for key, value in where.items()):
                return answer
        return Answer.of({}, 404)

    def _handle(self, handler):
        parts = urllib.parse.urlsplit(handler.path)
        query = {key: values[0] for key, values in urllib.parse.parse_qs(parts.query, keep_blank_values=True).items()}
        body = handler.rfile.read(int(handler.headers.get('Content-Length') or 0))
        asked = Asked(handler.command, urllib.parse.unquote(parts.path), query, {name.lower(): value for name, value in handler.headers.items()},
                      handler.path, body, time.monotonic())
        with self.lock:
            self.asked.append(asked)
            fault = self._fault_for(asked.path)
            answer = self._answer_for(asked)
        if callable(answer):
            answer = answer(asked)
        if not isinstance(answer, Answer):
            answer = Answer.of(answer)
        if fault:
            time.sleep(fault.delay)
            if fault.reset:
                # With no time to linger the socket is reset rather than closed.
                handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                handler.connection.close()
                handler.close_connection = True
                return
            if fault.html:
                answer = Answer(fault.status or 200, b'<!DOCTYPE html><html><body>Will be right back</body></html>', {'Content-Type': 'text/html'})
            elif fault.status:
                answer = Answer.of(fault.body if fault.body is not None else {}, fault.status, **fault.headers)
            elif fault.truncate:
                answer = dataclasses.replace(answer, body=answer.body[:int(len(answer.body) * fault.truncate)])
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            for one in value if isinstance(value, list) else [value]:
                handler.send_header(name, one)
        handler.send_header('Content-Length', str(len(answer.body)))
        handler.end_headers()
        if handler.command == 'HEAD':
            return
        if fault and fault.cut:
            handler.wfile.write(answer.body[:len(answer.body) // 2])
            handler.close_connection = True
            return
        handler.wfile.write(answer.body)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('mapping', type=pathlib.Path)
    parser.add_argument('--port', type=int, default=0)
    options = parser.parse_args()
    with Replay(options.port) as vendor:
        for entry in json.loads(options.mapping.read_text()):
            vendor.serve(entry['path'], recording(options.mapping.parent / entry['file']), entry.get('where'))
        print(vendor.url, flush=True)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            pass


if __name__ == '__main__':
    main()
