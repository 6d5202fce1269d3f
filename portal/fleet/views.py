"""The fleet: the page, and the fragment it polls."""

from datetime import timedelta
from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import identity, live
from portal.fleet.page import Fleet, Show, fleet
from portal.fleet.search import LONGEST

area = Blueprint("fleet", __name__)
EVERY = 5
"""Seconds between two polls."""


@area.get("/")
def index() -> ResponseReturnValue:
    """Every environment."""
    page, version = _page()
    return render_template("fleet/index.html", **_context(page, version))


@area.get("/fleet/live")
@live.polled
def fragment() -> ResponseReturnValue:
    """The same, alone."""
    page, version = _page()
    return live.answer(version, lambda: render_template("fleet/_fleet.html", **_context(page, version)))


def _page() -> tuple[Fleet, str]:
    """The fleet as asked for, and its version: the same facts, judged the same, make the same version."""
    haven = identity.haven()
    query, show = request.args.get("q", "")[:LONGEST].strip(), Show.of(request.args.get("show", ""))
    seen = haven.snapshots.fleet(identity.current_actor())
    page = fleet(seen, query, show, haven.clock.now(), timedelta(seconds=haven.settings.stale_after))
    facts = [(r.environment, r.status, r.sentence, r.why, r.read_at, r.memory, r.picture.words) for r in page.all_rows]
    return page, live.token(query, show, facts)


def _context(page: Fleet, version: str) -> dict[str, object]:
    return {
        "fleet": page,
        "version": version,
        "every": EVERY,
        "stale_after": identity.haven().settings.stale_after,
        "here": f"{url_for('fleet.fragment')}?{urlencode(page.asked)}",
    }
