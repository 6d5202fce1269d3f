"""`/healthz` and `/readyz`: no login, no cookie, plain text, and nothing in them that a stranger should not read."""

from http import HTTPStatus

from flask import Blueprint, Response, current_app
from flask.typing import ResponseReturnValue
from jinja2 import TemplateError

from portal import identity

area = Blueprint("probes", __name__)
PLAIN = "text/plain"
RETRY = {"Retry-After": "5"}


@area.get("/healthz")
def alive() -> ResponseReturnValue:
    """The process answers. Asks nothing of anybody else: restarting Haven would not mend a database."""
    return Response("alive\n", mimetype=PLAIN)


@area.get("/readyz")
def ready() -> ResponseReturnValue:
    """200 when pages can be served, else 503 with a line for each thing that is missing."""
    problems = [*identity.haven().ready()]
    try:
        current_app.jinja_env.get_template("layouts/base.html")
    except (TemplateError, OSError) as error:
        problems.append(f"templates do not load: {error}")
    if problems:
        return Response("".join(f"{problem}\n" for problem in problems), HTTPStatus.SERVICE_UNAVAILABLE, RETRY, PLAIN)
    return Response("ready\n", mimetype=PLAIN)
