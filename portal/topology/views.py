"""The topology page and the fragment it polls."""

from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import live
from portal.identity import current_actor, haven
from portal.topology import failing_over, forms, page, timeline
from portal.topology.forms import Ask
from portal.topology.page import Compared, Page
from portal.topology.timeline import Timeline
from services.domain.access import Actor, Permission
from services.domain.errors import NotFound, NotNow
from services.domain.history import changes
from services.domain.snapshot import Snapshot
from services.ports import Kept
from services.usecases.snapshots import Current

area = Blueprint("topology", __name__, url_prefix="/environments/<environment>/topology")


@area.get("")
def index(environment: str) -> ResponseReturnValue:
    """The picture, now or at a past time, with a node's panel open or not."""
    ask, actor = _ask(), current_actor()
    current = haven().snapshots.current(actor, environment)
    return _render("topology/index.html", actor, current, ask)


@area.get("/live")
@live.polled
def fragment(environment: str) -> ResponseReturnValue:
    """The live part alone; 204 while it shows what it would show again."""
    ask, actor = _ask(), current_actor()
    current = haven().snapshots.current(actor, environment)
    return live.answer(_version(actor, current, ask), lambda: _render("topology/_live.html", actor, current, ask))


def _render(template: str, actor: Actor, current: Current, ask: Ask) -> str:
    made = _page(actor, current, ask)
    asks = ask.live and made.panel is not None and actor.may(Permission.RUN_FAILOVERS)
    return render_template(
        template,
        page=made,
        ask=ask,
        fails_over=failing_over.leads(made.panel.node) if asks and made.panel else None,
        version=_version(actor, current, ask),
        written=forms.written,
        address=address,
    )


def address(environment: str, ask: Ask, endpoint: str = "topology.index", **changes: object) -> str:
    """Where the same request stands with some of its values changed; what is empty is left out of the address."""
    asked: dict[str, object] = {"node": ask.node, "at": ask.at, "against": ask.against} | changes
    query: dict[str, Any] = {
        name: forms.written(value) if isinstance(value, datetime) else str(value)
        for name, value in asked.items()
        if value
    }
    return url_for(endpoint, environment=environment, **query)


def _ask() -> Ask:
    return forms.read(request.args, haven().clock.now())


def _stale_after() -> timedelta:
    return timedelta(seconds=haven().settings.stale_after)


def _version(actor: Actor, current: Current, ask: Ask) -> str:
    """The past does not change, so its version is its time. Who may fail over sees a link that others do not."""
    facts = page.facts_of_token(current.snapshot, haven().clock.now(), _stale_after()) if ask.live else ("past",)
    return live.token(ask, actor.may(Permission.RUN_FAILOVERS), current.from_memory, *facts)


def _page(actor: Actor, current: Current, ask: Ask) -> Page:
    name = current.environment.name
    shown: Kept | None = None
    snapshot = current.snapshot
    if ask.at is not None:
        shown, snapshot = haven().snapshots.at(actor, name, ask.at)
    strip = _timeline(actor, name, ask, shown)
    return page.make(
        current.environment,
        snapshot,
        now=haven().clock.now(),
        stale_after=_stale_after(),
        node=ask.node,
        from_memory=current.from_memory,
        past=ask.at,
        seen_until=shown.until if shown else None,
        timeline=strip,
        compared=_compared(actor, name, ask, snapshot),
        just=_just(actor, name, strip, snapshot) if ask.at is not None and ask.against is None else None,
    )


def _timeline(actor: Actor, name: str, ask: Ask, shown: Kept | None) -> Timeline | None:
    """The day's kept snapshots; None while Haven's own database is away."""
    settings, now = haven().settings, haven().clock.now()
    since, until = timeline.window(now, ask.at)
    try:
        kept = haven().snapshots.kept(actor, name, since, until)
    except NotNow:
        return None
    return timeline.make(kept, since, until, shown.number if shown else None, timedelta(seconds=4 * settings.tick))


def _compared(actor: Actor, name: str, ask: Ask, snapshot: Snapshot | None) -> Compared | None:
    """The asked time against the other, earlier first."""
    if ask.against is None or snapshot is None:
        return None
    _, other = haven().snapshots.at(actor, name, ask.against)
    before, after = sorted((other, snapshot), key=lambda each: each.taken_at)
    return Compared(before.taken_at, after.taken_at, changes(before, after))


def _just(actor: Actor, name: str, strip: Timeline | None, snapshot: Snapshot | None) -> Compared | None:
    """What changed to make a past snapshot."""
    if strip is None or strip.before is None or snapshot is None:
        return None
    try:
        _, before = haven().snapshots.number(actor, name, strip.before.number)
    except NotFound:
        return None
    return Compared(before.taken_at, snapshot.taken_at, changes(before, snapshot))
