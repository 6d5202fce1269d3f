"""A road to the sandbox on which answers get lost, and which counts what went over it."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

WRITES = ("RebootDBInstance", "FailoverDBCluster", "TestFailover")


class Road(ThreadingHTTPServer):
    """Passes every request on. With `loses` an irreversible one is passed on and its answer lost: `cut` breaks off the
    connection, `silent` says nothing until `let_go`; `before` loses the request itself."""

    daemon_threads = True

    def __init__(self, sandbox: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.onward = urlsplit(sandbox).netloc
        self.loses = ""
        self.let_go = threading.Event()
        self.arrived: list[str] = []
        self.passed: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Road

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        action = parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]
        loses = self.server.loses if action in WRITES else ""
        if action in WRITES:
            self.server.arrived.append(action)
        if loses != "before":
            status, headers, answer = self._onward(body)
            if action in WRITES:
                self.server.passed.append(action)
        if loses:
            if loses == "silent":
                self.server.let_go.wait(30)
            self.close_connection = True
            return
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in ("transfer-encoding", "content-length", "connection", "date", "server"):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def _onward(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        connection = http.client.HTTPConnection(self.server.onward, timeout=60)
        try:
            connection.request("POST", self.path, body, dict(self.headers.items()))
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def road_to(sandbox: str) -> Iterator[Road]:
    """A road that is open for the block."""
    with Road(sandbox) as road:
        thread = threading.Thread(target=road.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield road
        finally:
            road.let_go.set()
            road.shutdown()
            thread.join(10)
