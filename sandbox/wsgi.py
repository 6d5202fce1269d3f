"""The sandbox as a WSGI application: control API first, then trouble and limits, then moto under one lock."""

from collections.abc import Iterable
from functools import cache
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from sandbox.clock import LOCK


@cache
def inner_application() -> Any:
    """moto with its gaps mended, without injected trouble: what the sandbox's own parts talk to."""
    from sandbox.gaps import mend

    mend()
    return DomainDispatcherApplication(create_backend_app)


class Application:
    """What the loopback port serves."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        from sandbox import control
        from sandbox.weather import trouble

        if environ.get("PATH_INFO", "").startswith(control.PREFIX):
            return control.application(environ, start_response)
        answer = trouble.intervene(environ, start_response)
        if answer is not None:
            return answer
        with LOCK:
            return list(inner_application()(environ, start_response))
