"""The web door: HTTP in, HTML out."""

import json
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from flask import Flask, Response, g, request
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from jinja2 import StrictUndefined

from portal import assets, errors, filters, identity, security, shell
from portal.deployments.views import area as deployments
from portal.design.views import area as design
from portal.drift.views import area as drift
from portal.environments.views import area as environments
from portal.failovers.views import area as failovers
from portal.fleet.views import area as fleet
from portal.ledger.views import area as ledger
from portal.operations.banner import area as banners
from portal.operations.views import area as operations
from portal.probes.views import area as probes
from portal.scaling.views import area as scaling
from portal.session.views import area as session
from portal.templates_of_stacks.views import area as templates
from portal.topology.views import area as topology
from portal.upgrade.views import area as upgrade
from portal.users.views import area as users

if TYPE_CHECKING:
    from services.bootstrap import Haven

log = structlog.get_logger("haven.portal")

AREAS = (
    probes,
    session,
    fleet,
    topology,
    scaling,
    failovers,
    deployments,
    drift,
    upgrade,
    operations,
    banners,
    ledger,
    environments,
    templates,
    users,
    design,
)

PUBLIC = frozenset({"assets.file", "probes.alive", "probes.ready", "session.login", "session.enter"})
"""Endpoints that need no login. Everything else does, whether its author thought of it or not."""

HTMX = {
    # A strict content security policy allows neither eval nor injected styles.
    "allowEval": False,
    "includeIndicatorStyles": False,
    "historyCacheSize": 0,
    "selfRequestsOnly": True,
    "timeout": 10_000,
    "responseHandling": [
        {"code": "204", "swap": False},
        {"code": "[23]..", "swap": True},
        {"code": "422", "swap": True},
        # Trouble never takes the place of what is on the page; it is said above it.
        {"code": "[45]..", "swap": True, "target": "#notice", "swapOverride": "innerHTML", "error": True},
    ],
}


def create_app(haven: "Haven") -> Flask:
    """The Flask application over the given use cases. Raises Misconfigured when the cookie key cannot be had."""
    app = Flask(__name__, static_folder=None)
    app.extensions["haven"] = haven
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals["htmx_config"] = json.dumps(HTMX)
    security.register(app, haven.settings)
    errors.register(app)
    _log_requests(app)
    assets.register(app)
    filters.register(app, haven.clock)
    shell.register(app)
    CSRFProtect(app)
    identity.register(app)
    for area in AREAS:
        app.register_blueprint(area)
    app.before_request(_require_login)
    return app


def _require_login() -> ResponseReturnValue | None:
    if request.endpoint in PUBLIC or request.endpoint is None:
        return None
    return None if identity.person() else errors.unauthorized()


def _log_requests(app: Flask) -> None:
    """One line a request, with who asked; never the query, which may hold what somebody typed."""

    @app.before_request
    def _start() -> None:
        g.started = time.monotonic()

    @app.after_request
    def _end(response: Response) -> Response:
        if request.endpoint == "assets.file" or response.status_code == HTTPStatus.NO_CONTENT:
            return response
        took = (time.monotonic() - g.get("started", time.monotonic())) * 1000
        told = {"request_id": g.get("request_id", ""), "method": request.method, "path": request.path}
        log.info("request", **told, status=response.status_code, ms=round(took, 1))
        return response
