"""The failovers of one environment or of all: what can be failed over, and the history with its files."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from portal.failovers import asking, export, forms, incidents, page
from portal.failovers.months import Chart, chart
from portal.failovers.page import Targets
from portal.failovers.preview import seconds
from portal.identity import current_actor, haven
from portal.operations.pausing import pause_form
from services.domain.access import Permission
from services.domain.errors import NotNow
from services.domain.failover.episode import Episode
from services.domain.failover.targets import targets as targets_of
from services.domain.operation import Operation
from services.domain.pause import Pause
from services.usecases.failover_history import MOST, Filter, Month
from services.usecases.snapshots import Current

area = Blueprint("failovers", __name__)
area.register_blueprint(asking.area)
area.register_blueprint(incidents.area)

MOST_SHOWN = 200
_AWAY = "Haven's own database does not answer; what is kept there cannot be shown until it does."


@area.get("/failovers")
@area.get("/environments/<environment>/failovers")
def index(environment: str = "") -> ResponseReturnValue:
    """Targets, then the history."""
    actor, now = current_actor(), haven().clock.now()
    asked = forms.wanted(request.args, environment)
    seen = [haven().snapshots.current(actor, environment)] if environment else list(haven().snapshots.fleet(actor))
    live = _live(environment)
    episodes, away = _episodes(asked)
    targets = [_targets(each, episodes if not forms.query(asked) else None, live, now) for each in seen]
    return render_template(
        "failovers/index.html",
        environment=environment,
        targets=targets,
        headline=page.headline(targets, live),
        rows=page.history(episodes),
        away=away,
        asked=asked,
        query={k: v for k, v in forms.query(asked).items() if not (environment and k == "environment")},
        export_query=forms.query(asked),
        choices=page.choices(),
        chart=_chart(environment),
        sums=[] if environment else [(each.environment.name, _month(each.environment.name)) for each in seen],
        may_ask=actor.may(Permission.RUN_FAILOVERS),
        may_pause=actor.may(Permission.PAUSE_AUTOMATION),
        pauses=_pauses(environment),
        pause_form=pause_form(environment),
        seconds=seconds,
        most=MOST_SHOWN,
        stale_after=haven().settings.stale_after,
    )


@area.get("/failovers.csv")
def as_csv() -> ResponseReturnValue:
    """The history, filtered, for a spreadsheet."""
    asked = forms.wanted(request.args)
    return incidents.attachment(export.as_csv(_every(asked)), "text/csv", f"{_name(asked)}.csv")


@area.get("/failovers.json")
def as_json() -> ResponseReturnValue:
    """The history, filtered, for a program."""
    asked = forms.wanted(request.args)
    text = export.as_json(_every(asked), forms.query(asked), haven().clock.now())
    return incidents.attachment(text, "application/json", f"{_name(asked)}.json")


def _every(asked: Filter) -> Sequence[Episode]:
    """All that fit, newest first, however many: read in parts of what one list holds. A part begins with the moment the
    one before ended with, for several failovers may have begun in it."""
    found: dict[str, Episode] = {}
    while True:
        part = haven().failover_history.page(current_actor(), asked, MOST)
        fresh = [episode for episode in part if episode.id not in found]
        found |= {episode.id: episode for episode in fresh}
        if len(part) < MOST or not fresh:
            return list(found.values())
        asked = replace(asked, until=part[-1].started_at + timedelta(microseconds=1))


def _name(asked: Filter) -> str:
    return f"failovers-{asked.environment}" if asked.environment else "failovers"


def _episodes(asked: Filter) -> tuple[Sequence[Episode], str]:
    try:
        return haven().failover_history.page(current_actor(), asked, MOST_SHOWN), ""
    except NotNow:
        return (), _AWAY


def _targets(current: Current, episodes: Sequence[Episode] | None, live: Sequence[Operation], now: datetime) -> Targets:
    """One environment's targets; `episodes` is the whole history when that is at hand already."""
    environment, snapshot = current.environment, current.snapshot
    if snapshot is None:
        return Targets(environment, (), reading=True, from_memory=current.from_memory)
    memory = current.from_memory
    try:
        found = haven().failovers.targets(current_actor(), environment.name)
    except NotNow:
        found, memory = targets_of(snapshot), True
    if episodes is None:
        episodes, _ = _episodes(Filter(environment=environment.name))
    own = [episode for episode in episodes if episode.environment == environment.name]
    mine = [operation for operation in live if operation.environment == environment.name]
    stale_after = timedelta(seconds=haven().settings.stale_after)
    rows = page.target_rows(found, own, mine, snapshot, now, stale_after)
    return Targets(environment, rows, from_memory=memory)


def _live(environment: str) -> Sequence[Operation]:
    try:
        return haven().operations.live(current_actor(), environment or None)
    except NotNow:
        return ()


def _pauses(environment: str) -> Sequence[Pause]:
    try:
        held = haven().pauses.current(current_actor())
    except NotNow:
        return ()
    return [pause for pause in held if not environment or pause.environment in ("*", environment)]


def _chart(environment: str) -> Chart | None:
    """The year of one environment; None for all of them, or when it cannot be had."""
    try:
        return chart(haven().failover_history.months(current_actor(), environment)) if environment else None
    except NotNow:
        return None


def _month(environment: str) -> Month | None:
    try:
        months = haven().failover_history.months(current_actor(), environment, 1)
    except NotNow:
        return None
    return months[-1] if months else None
