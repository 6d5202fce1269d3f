"""The one file that knows status codes: what went wrong becomes a page, or a fragment for htmx."""

import math
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import urlsplit

import structlog
from flask import Flask, Response, g, make_response, render_template, request, url_for
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from portal import identity
from portal.redirects import local_path
from services.domain.errors import (
    Conflict,
    HavenError,
    Invalid,
    Misconfigured,
    NotAllowed,
    NotFound,
    NotNow,
    OutcomeUnknown,
    Unsafe,
)
from services.domain.status import Status

log = structlog.get_logger("haven.portal")

STATUS: dict[type[HavenError], HTTPStatus] = {
    NotFound: HTTPStatus.NOT_FOUND,
    NotAllowed: HTTPStatus.FORBIDDEN,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    Conflict: HTTPStatus.CONFLICT,
    Unsafe: HTTPStatus.CONFLICT,
    NotNow: HTTPStatus.SERVICE_UNAVAILABLE,
    OutcomeUnknown: HTTPStatus.SERVICE_UNAVAILABLE,
    Misconfigured: HTTPStatus.INTERNAL_SERVER_ERROR,
}


@dataclass(frozen=True)
class Trouble:
    """What the page says: code, state, one strong sentence, why, and what to do."""

    code: int
    status: Status
    title: str
    why: str
    what_now: str = ""


_TITLES = {
    HTTPStatus.BAD_REQUEST: "Haven could not read this request.",
    HTTPStatus.NOT_FOUND: "There is no such page.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address cannot be used that way.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "That is more than any form here holds.",
}

_UNCONFIRMED = "Haven's own database does not answer. Until it is back, your role cannot be confirmed and you only see."
_GONE = "The address may be mistyped, or what it named is no longer there."


def describe(error: HavenError) -> Trouble:
    """An understood error in the portal's words. Who has to act next decides the tone."""
    code = next(status for kind, status in STATUS.items() if isinstance(error, kind))
    if isinstance(error, NotFound):
        return Trouble(code, Status.UNKNOWN, "There is no such thing.", error.message)
    if isinstance(error, NotAllowed):
        return Trouble(code, Status.PAUSED, "Your role may not do this.", error.message, "The attempt was recorded.")
    if isinstance(error, Invalid):
        why = " ".join([error.message, *(text for text in error.fields.values() if text not in error.message)])
        return Trouble(code, Status.DEGRADED, "Something in the request is missing or wrong.", why, "Nothing was done.")
    if isinstance(error, Unsafe):
        return Trouble(code, Status.DEGRADED, "Doing this now would harm.", error.message, "Nothing was done.")
    if isinstance(error, Conflict):
        return Trouble(code, Status.DEGRADED, "Something stands in the way.", error.message, "Nothing was done.")
    if isinstance(error, OutcomeUnknown):
        return Trouble(
            code, Status.UNKNOWN, "It may or may not have been done.", error.message, "Look before asking again."
        )
    if isinstance(error, NotNow):
        wait = f"Nothing was done. Try again in {math.ceil(error.retry_after)} s."
        return Trouble(code, Status.STALE, "Haven cannot do this just now.", error.message, wait)
    return Trouble(code, Status.DOWN, "Haven is not set up right.", error.message, "Haven's operator has to mend this.")


def register(app: Flask) -> None:
    """Turn every error into an answer in Haven's language, and give each request an id."""
    app.before_request(_name_request)
    app.after_request(_tell_request)
    app.register_error_handler(HavenError, _understood)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _bug)


def _name_request() -> None:
    g.request_id = secrets.token_hex(8)


def _tell_request(response: Response) -> Response:
    response.headers["X-Request-Id"] = g.get("request_id", "")
    return response


def _understood(error: HavenError) -> Response:
    if isinstance(error, NotAllowed):
        away = _record_denied()
        if away is not None:
            # Whose session is remembered only is a viewer meanwhile, whatever their role: nobody is told they may not.
            return _understood(NotNow(_UNCONFIRMED, away.retry_after))
    elif isinstance(error, Misconfigured):
        log.error("misconfigured", request_id=g.request_id, why=error.message)
    response = _answer(describe(error))
    if isinstance(error, NotNow):
        response.headers["Retry-After"] = _retry_after(error)
    return response


def _forged(error: CSRFError) -> Response:
    log.warning("csrf refused", request_id=g.request_id, why=error.description, path=request.path)
    why = "The form was opened before you logged in, or in another session: Haven cannot tell that it came from you."
    what_now = "Nothing was done and nothing is lost: go back, reload the form, and send it again."
    return _answer(Trouble(HTTPStatus.BAD_REQUEST, Status.PAUSED, "This form is too old to be trusted.", why, what_now))


def _http(error: HTTPException) -> Response:
    code = error.code or HTTPStatus.INTERNAL_SERVER_ERROR
    if code < HTTPStatus.BAD_REQUEST:
        return make_response(error.get_response())
    title = _TITLES.get(HTTPStatus(code), HTTPStatus(code).phrase + ".")
    why = _GONE if code == HTTPStatus.NOT_FOUND else error.description or ""
    response = _answer(Trouble(code, Status.UNKNOWN, title, why))
    if code == HTTPStatus.METHOD_NOT_ALLOWED:
        response.headers["Allow"] = dict(error.get_headers()).get("Allow", "")
    return response


def _bug(error: Exception) -> Response:
    log.error("bug", exc_info=error, request_id=g.request_id, path=request.path)
    why = f"This is a mistake in Haven. Its log tells more under request {g.request_id}."
    return _answer(Trouble(HTTPStatus.INTERNAL_SERVER_ERROR, Status.DOWN, "Haven failed to answer.", why))


def rejected(page: str, error: HavenError | None = None) -> Response:
    """A form shown again, with everything typed still in it, under the status of what was wrong (422 by itself)."""
    trouble = describe(error) if error else None
    response = make_response(page, trouble.code if trouble else HTTPStatus.UNPROCESSABLE_ENTITY)
    if isinstance(error, NotNow):
        response.headers["Retry-After"] = _retry_after(error)
    return response


def _retry_after(error: NotNow) -> str:
    return str(max(1, math.ceil(error.retry_after)))


def unauthorized() -> Response:
    """Nobody is logged in: a person is sent to the login page and back, a polling page is told and left as it is."""
    if _wants_fragment():
        # The page the fragment belongs to is where the person returns, not the fragment.
        here = urlsplit(request.headers.get("HX-Current-URL", ""))
        back = local_path(f"{here.path}?{here.query}" if here.query else here.path)
        return make_response(render_template("errors/_ended.html", back=back), HTTPStatus.UNAUTHORIZED)
    target = request.full_path.rstrip("?") if request.method == "GET" else ""
    where = url_for("session.login", next=target) if target and target != "/" else url_for("session.login")
    response = make_response("", HTTPStatus.SEE_OTHER)
    response.headers["Location"] = where
    return response


def _wants_fragment() -> bool:
    return request.headers.get("HX-Request") == "true"


def _answer(trouble: Trouble) -> Response:
    template = "errors/_trouble.html" if _wants_fragment() else "errors/trouble.html"
    try:
        page = render_template(template, trouble=trouble, request_id=g.request_id)
    except Exception:
        # The page that says what is wrong is itself broken: say it in plain words rather than not at all.
        log.exception("error page failed", request_id=g.request_id)
        return Response(f"{trouble.title} {trouble.why}\n", trouble.code, mimetype="text/plain")
    return make_response(page, trouble.code)


def _record_denied() -> NotNow | None:
    """A denied act belongs in the ledger; that the ledger is away must not let it pass. Returns why it is away."""
    who = identity.person()
    if who is None:
        return None
    try:
        identity.haven().access.denied(who.actor, f"{request.method} {request.path}", identity.client())
    except HavenError as problem:
        log.warning("denied act not recorded", request_id=g.request_id, why=problem.message)
        return problem if isinstance(problem, NotNow) else None
    return None
