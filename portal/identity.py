"""Who is asking. The cookie carries one opaque token, signed; whose it is only the server knows."""

from typing import TYPE_CHECKING, cast

from flask import Flask, current_app, request, session
from flask_login import LoginManager, current_user, login_user, logout_user

from portal import live
from services.domain.access import Actor
from services.domain.errors import NotAllowed

if TYPE_CHECKING:
    from services.bootstrap import Haven


class Person:
    """A logged-in user as flask-login wants one. Its id is the session's token, never the name."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, actor: Actor, token: str) -> None:
        self.actor = actor
        self.token = token

    def get_id(self) -> str:
        """What flask-login puts into the cookie."""
        return self.token


def haven() -> "Haven":
    """The use cases of the running application."""
    return cast("Haven", current_app.extensions["haven"])


def register(app: Flask) -> None:
    """Load the person of each request from the server-side session."""
    # Templates ask `shell()`; a context processor would make even the page about an absent database ask it.
    manager = LoginManager(app, add_context_processor=False)
    # The session's own limits decide; an address that changes behind a proxy must not end it.
    manager.session_protection = None

    def load(token: str) -> Person | None:
        actor = haven().access.authenticate(token, touch=not live.is_polled())
        return Person(actor, token) if actor else None

    manager.user_loader(load)


def person() -> Person | None:
    """The logged-in person of this request, None when there is none. Asked for once a request."""
    user = current_user._get_current_object() if current_user else None
    return user if isinstance(user, Person) else None


def current_actor() -> Actor:
    """The actor of this request; raises NotAllowed when nobody is logged in."""
    who = person()
    if who is None:
        raise NotAllowed("Nobody is logged in.")
    return who.actor


def client() -> str:
    """The address the request came from, as far as the trusted proxies tell."""
    return request.remote_addr or ""


def enter(token: str) -> None:
    """Begin the browser's session under a fresh token; whatever the cookie held before is forgotten (fixation)."""
    actor = haven().access.authenticate(token)
    if actor is None:
        raise NotAllowed("The session ended before it began. Log in again.")
    session.clear()
    login_user(Person(actor, token))


def leave() -> None:
    """End the session on the server and empty the cookie."""
    try:
        who = person()
        if who is not None:
            haven().access.log_out(who.token)
    finally:
        # Whatever the server could do, this browser holds no token any more.
        logout_user()
        session.clear()
