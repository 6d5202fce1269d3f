"""The sandbox as a WSGI application: control API first, then trouble and limits, then moto under one lock."""

import logging
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from sandbox import calls, control, state, wire
from sandbox.clock import LOCK
from sandbox.quicker import hasten
from sandbox.weather import trouble

log = logging.getLogger("sandbox.wsgi")


class Dispatcher(DomainDispatcherApplication):
    """moto's, which looks for the service of a host among all its modules and patterns anew for each request: a quarter
    of the time of a small answer. A host's service never changes."""

    def __init__(self, create_app: Any) -> None:
        super().__init__(create_app)
        self._services: dict[str, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """The module that answers for a host."""
        if host is None:
            return None
        if host not in self._services:
            self._services[host] = super().get_backend_for_host(host)
        return self._services[host]


class Inner:
    """moto with its gaps mended, without injected trouble; whatever it cannot do is answered as AWS would."""

    def __init__(self, moto: Any = None) -> None:
        if moto is None:
            from sandbox.gaps import mend

            hasten()
            mend()
            moto = Dispatcher(create_backend_app)
        self._moto = moto

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        call = wire.identify(environ)
        if call is not None and call.operation is None and call.protocol != "rest-xml":
            return refuse(call, unknown(call), start_response)
        if environ.get("PATH_INFO", "").startswith("/moto-api"):
            return refuse(None, wire.Answer("NotFound", "Not Found", 404), start_response)
        name = f"{call.service}:{call.operation}" if call else environ.get("PATH_INFO", "")
        started: list[Any] = []
        try:
            body = list(self._moto(environ, lambda *given: started.__setitem__(slice(None), given)))
            if call is not None and _is_page(started):  # Flask's own: moto has no route for a REST operation
                raise NotImplementedError("no route")
        except wire.Answer as answer:
            return refuse(call, answer, start_response)
        except NotImplementedError as problem:
            log.warning("not in this sandbox: %s (%s)", name, problem)
            return refuse(call, wire.Answer("NotImplemented", f"{name} is not in this sandbox.", 501), start_response)
        except Exception:
            log.exception("%s failed", name)
            return refuse(call, wire.Answer("InternalFailure", "An internal error occurred.", 500), start_response)
        start_response(started[0], started[1])
        return body


def _is_page(started: list[Any]) -> bool:
    """Whether an answer is an error page for people, which no AWS API gives."""
    kinds = [value for name, value in started[1] if name.lower() == "content-type"]
    return started[0][:3] in ("404", "405") and any(kind.startswith("text/html") for kind in kinds)


@cache
def inner_application() -> Any:
    """The one `Inner` of this process: what the sandbox's own parts talk to."""
    return Inner()


def unknown(call: wire.Call) -> wire.Answer:
    """How AWS answers an operation it does not have."""
    if call.protocol in ("query", "ec2"):
        return wire.Answer("InvalidAction", "Could not find operation for this API version.")
    return wire.Answer("UnknownOperationException", "The requested operation is not supported.", 404)


def refuse(call: wire.Call | None, answer: wire.Answer, start_response: Any) -> list[bytes]:
    """Send an AWS error."""
    status, headers, body = wire.error(call, answer)
    start_response(f"{status} {HTTPStatus(status).phrase}", headers)
    return [body]


class Application:
    """What the loopback port serves."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith(control.PREFIX):
            return control.application(environ, start_response)
        calls.arrived(wire.identify(environ))
        answer = trouble.intervene(environ, start_response)
        if answer is not None:
            return answer
        with LOCK:
            chunks = list(inner_application()(environ, start_response))
            state.touched_by(wire.identify(environ))
        state.promised(wire.identify(environ))
        return chunks
