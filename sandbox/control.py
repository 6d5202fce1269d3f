"""The sandbox's own API, under its own path: time, zones, tasks, trouble, load. JSON in, JSON out.

Only from this machine: the Host header must be loopback and a body must say it is JSON, so that no page in a browser
can reach it, neither by a name that resolves to 127.0.0.1 nor by a form.
"""

import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from sandbox import orders
from sandbox.cloudformation import orders as failing
from sandbox.fields import Bad, Body
from sandbox.wire import buffer_body

PREFIX = "/haven-sandbox/"
LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
log = logging.getLogger("sandbox.control")
Handler = Callable[[Body], Any]
ROUTES: dict[tuple[str, str], Handler] = {
    ("GET", "status"): orders.status,
    ("GET", "pending"): orders.pending,
    ("GET", "calls"): orders.calls,
    ("GET", "trouble"): orders.troubles,
    ("POST", "speed"): orders.speed,
    ("POST", "clock"): orders.turn_clock,
    ("POST", "zone"): orders.zone,
    ("POST", "task"): orders.task,
    ("POST", "failover"): orders.failover,
    ("POST", "maintenance"): orders.maintenance,
    ("POST", "service-update"): orders.service_update,
    ("POST", "trouble"): orders.trouble,
    ("DELETE", "trouble"): orders.calm,
    ("POST", "load"): orders.load,
    ("DELETE", "load"): orders.ordinary_load,
    ("POST", "limits"): orders.limits,
    ("GET", "failure"): failing.pending,
    ("POST", "failure"): failing.fail,
    ("DELETE", "failure"): failing.relent,
}


def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The control API as WSGI."""
    status, said = answer(environ)
    body = json.dumps(said).encode() + b"\n"
    start_response(
        f"{status} {HTTPStatus(status).phrase}",
        [("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")],
    )
    return [body]


def answer(environ: dict[str, Any]) -> tuple[int, Any]:
    """HTTP status and JSON value for a request."""
    host = environ.get("HTTP_HOST", "")
    name = host if host.endswith("]") else host.rpartition(":")[0] or host
    if name not in LOOPBACK:
        return 403, {"error": "only loopback may talk to the sandbox's control API"}
    path = environ.get("PATH_INFO", "")[len(PREFIX) :].rstrip("/")
    method = environ.get("REQUEST_METHOD", "GET")
    handler = ROUTES.get((method, path))
    if handler is None:
        known = sorted(m for m, p in ROUTES if p == path)
        if known:
            return 405, {"error": f"{path} takes {', '.join(known)}"}
        return 404, {"error": f"there is no {path or 'such path'}; try status"}
    try:
        return 200, handler(_body(environ, method))
    except Bad as problem:
        return 400, {"error": str(problem)}
    except Exception:
        log.exception("%s %s failed", method, path)
        return 500, {"error": "the sandbox failed; see its log"}


def _body(environ: dict[str, Any], method: str) -> Body:
    if method == "GET":
        return Body({})
    raw = buffer_body(environ)
    if not raw and method == "DELETE":
        return Body({})
    if environ.get("CONTENT_TYPE", "").partition(";")[0].strip() != "application/json":
        raise Bad("send JSON, with Content-Type: application/json")
    try:
        given = json.loads(raw)
    except ValueError as problem:
        raise Bad(f"this is not JSON: {problem}") from None
    if not isinstance(given, dict):
        raise Bad("send one JSON object")
    return Body(given)
