"""The loopback server: HTTP/1.1 with connections kept alive, one thread per connection."""

import logging
import socket
from http import HTTPStatus
from io import BytesIO
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

from sandbox.claims import HOST
from sandbox.endpoints import serving
from sandbox.wsgi import Application

BODY_LIMIT = 32 * 1024 * 1024
log = logging.getLogger("sandbox.server")


class Handler(MotoRequestHandler):
    """Answers requests one after the other on a kept connection.

    werkzeug's own handler closes after each answer because it cannot know whether the body was read. Here it always
    is, before the application runs, so the next request starts where it should.
    """

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each small answer waits for the client's delayed acknowledgement
    wbufsize = 64 * 1024
    timeout = 300  # of an idle connection

    def run_wsgi(self) -> None:
        environ = self.make_environ()
        body = self._body(environ)
        if body is None:
            self.close_connection = True
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            return
        environ["wsgi.input"] = BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
            started[:] = [status, headers]

        try:
            answer = b"".join(self.server.app(environ, start_response))
        except Exception:
            log.exception("%s %s failed", self.command, self.path)
            started[:], answer = ["500 Internal Server Error", []], b""
        serving.keep_up()  # who reads the answer finds endpoints as it says
        self._send(started[0], started[1], answer)

    def _body(self, environ: dict[str, Any]) -> bytes | None:
        if environ.get("wsgi.input_terminated"):  # chunked
            body: bytes = environ["wsgi.input"].read(BODY_LIMIT + 1)
            return body if len(body) <= BODY_LIMIT else None
        try:
            length = int(environ.get("CONTENT_LENGTH") or 0)
        except ValueError:
            return None
        return self.rfile.read(length) if 0 <= length <= BODY_LIMIT else None

    def _send(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, phrase = status.partition(" ")
        bare = int(code) < 200 or int(code) in (204, 304)
        self.send_response(int(code), phrase)
        names = {name.lower() for name, _ in headers}
        for name, value in headers:
            if name.lower() != "connection":
                self.send_header(name, value)
        if not bare and "content-length" not in names:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body and not bare and self.command != "HEAD":
            self.wfile.write(body)
        self.wfile.flush()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        log.debug("%s %s %s", self.command, self.path, code)


def serve(listening: socket.socket) -> BaseWSGIServer:
    """A server on a claimed socket, which it takes over; not yet serving."""
    with listening:
        return make_server(
            HOST,
            listening.getsockname()[1],
            Application(),
            threaded=True,
            request_handler=Handler,
            fd=listening.fileno(),
        )
