"""The fleet: the page, and the fragment it polls."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import identity, live
from portal.fleet.page import Fleet, Show, fleet, known
from portal.fleet.search import LONGEST
from services.usecases.snapshots import Current

area = Blueprint("fleet", __name__)
EVERY = 5
"""Seconds between two polls."""


@dataclass(frozen=True)
class Ask:
    """What this request wants to see, and what there is to see."""

    query: str
    show: Show
    seen: Sequence[Current]
    now: datetime
    stale_after: timedelta

    @property
    def version(self) -> str:
        """Changes whenever the page does, and costs no judging: a snapshot's time stands for all that is in it."""
        facts = (known(each, self.now, self.stale_after) for each in self.seen)
        return live.token(self.query, self.show, *facts)

    def page(self) -> Fleet:
        """The page, judged."""
        return fleet(self.seen, self.query, self.show, self.now, self.stale_after)


@area.get("/")
def index() -> ResponseReturnValue:
    """Every environment."""
    return _render("fleet/index.html", _ask())


@area.get("/fleet/live")
@live.polled
def fragment() -> ResponseReturnValue:
    """The same, alone."""
    ask = _ask()
    return live.answer(ask.version, lambda: _render("fleet/_fleet.html", ask))


def _ask() -> Ask:
    haven = identity.haven()
    return Ask(
        query=request.args.get("q", "")[:LONGEST].strip(),
        show=Show.of(request.args.get("show", "")),
        seen=haven.snapshots.fleet(identity.current_actor()),
        now=haven.clock.now(),
        stale_after=timedelta(seconds=haven.settings.stale_after),
    )


def _render(template: str, ask: Ask) -> str:
    page = ask.page()
    return render_template(
        template,
        fleet=page,
        version=ask.version,
        every=EVERY,
        stale_after=ask.stale_after.total_seconds(),
        here=f"{url_for('fleet.fragment')}?{urlencode(page.asked)}",
    )
