"""Seeing how services scale: every service of an environment, and one service with its charts and reasons."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import live
from portal.identity import current_actor, haven
from portal.scaling import overview, page, windows
from portal.scaling.changing import area as changing
from portal.scaling.history import WORDS, History, history
from services.domain.access import Permission
from services.domain.errors import NotNow
from services.usecases.scalings import ServiceScaling

area = Blueprint("scaling", __name__)
area.register_blueprint(changing)

EVERY = 5
"""Seconds between two polls."""


@area.get("/environments/<environment>/scaling")
def index(environment: str) -> ResponseReturnValue:
    """Every service, one row each."""
    return _index("scaling/index.html", environment)


@area.get("/environments/<environment>/live/scaling")
@live.polled
def rows(environment: str) -> ResponseReturnValue:
    """The same, alone."""
    return _index("scaling/_rows.html", environment, fragment=True)


@area.get("/environments/<environment>/scaling/<service>")
def service(environment: str, service: str) -> ResponseReturnValue:
    """One service: state, why, charts, policies, schedules."""
    return _service("scaling/service.html", environment, service)


@area.get("/environments/<environment>/scaling/<service>/live")
@live.polled
def fragment(environment: str, service: str) -> ResponseReturnValue:
    """The same, alone; 204 while it shows what it would show again."""
    return _service("scaling/_live.html", environment, service, fragment=True)


def _index(template: str, environment: str, fragment: bool = False) -> ResponseReturnValue:
    actor = current_actor()
    current = haven().snapshots.current(actor, environment)
    here, snapshot = url_for("scaling.rows", environment=environment), current.snapshot
    if snapshot is None:
        given = {"environment": current.environment, "here": here, "every": EVERY}
        return _answer(fragment, "unread", template, lambda: {"page": None}, **given)
    now = haven().clock.now()
    seconds = haven().settings.stale_after
    fresh = page.freshness_of(snapshot, now, timedelta(seconds=seconds))
    minute = now.replace(second=0, microsecond=0)
    # What polls ask is cheap: all else on the page comes with a new snapshot, or is a minute old at most.
    edits, running = haven().temporary_edits.live(actor, environment), haven().operations.live(actor, environment)
    version = live.token(snapshot.taken_at, fresh, minute, edits, [each.id for each in running])

    def made() -> dict[str, Any]:
        found = haven().scalings.services(actor, environment)
        tasks = haven().scalings.tasks(actor, environment, minute - timedelta(hours=3), minute)
        return {"page": overview.make(current.environment, found, snapshot, now, fresh, tasks)}

    given = {"environment": current.environment, "here": here, "every": EVERY, "stale_after": seconds}
    return _answer(fragment, version, template, made, **given)


def _service(template: str, environment: str, service: str, fragment: bool = False) -> ResponseReturnValue:
    actor = current_actor()
    current = haven().snapshots.current(actor, environment)
    window, kind = windows.chosen(request.args.get("window", "")), page.kind_of(request.args.get("kind", ""))
    here = url_for("scaling.fragment", environment=environment, service=service, window=window.key, kind=kind or None)
    snapshot = current.snapshot
    if snapshot is None:
        given = {"service": service, "environment": current.environment, "here": here, "every": EVERY}
        return _answer(fragment, "unread", template, lambda: {"page": None}, **given)
    seen, now = haven().scalings.service(actor, environment, service), haven().clock.now()
    seconds = haven().settings.stale_after
    fresh = page.freshness_of(snapshot, now, timedelta(seconds=seconds))
    may_change = actor.may(Permission.CHANGE_SCALING)
    minute = now.replace(second=0, microsecond=0)
    version = live.token(seen, fresh, minute, may_change, window.key, kind)

    def made() -> dict[str, Any]:
        drawn = _history(seen, window, now)
        price = haven().replays.task_hour(seen.environment, snapshot, seen.service)
        return {
            "page": page.make(seen, snapshot, now, fresh, drawn.measured if drawn else None, price, kind),
            "history": drawn,
        }

    given = {"service": service, "environment": current.environment, "here": here, "every": EVERY}
    more = {"may_change": may_change, "window": window, "windows": windows.ALL, "stale_after": seconds}
    more |= {"kind": kind, "kinds": page.KINDS, "letters": WORDS}
    return _answer(fragment, version, template, made, **given, **more)


def _history(seen: ServiceScaling, window: windows.Window, now: datetime) -> History | None:
    """The charts; None while what is kept cannot be read."""
    until = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    try:
        found = haven().scalings.measurements(
            current_actor(), seen.environment.name, seen.service.name, until - window.span, until
        )
    except NotNow:
        return None
    return history(seen.service, found, window)


def _answer(
    fragment: bool, version: str, template: str, made: Callable[[], dict[str, Any]], **given: Any
) -> ResponseReturnValue:
    """The page, or its live part when that is not shown already."""
    if not fragment:
        return render_template(template, version=version, **made(), **given)
    return live.answer(version, lambda: render_template(template, version=version, **made(), **given))
