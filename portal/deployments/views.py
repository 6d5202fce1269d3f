"""Deployments: the history of one environment or of all, its files, and two plans side by side."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from flask import Blueprint, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal.deployments import (
    comparing,
    export,
    forms,
    lengths,
    money,
    planning,
    records,
    recovering,
    review,
    reviewing,
)
from portal.deployments.forms import LONGEST_NAME, Asked
from portal.deployments.records import Row
from portal.failovers.incidents import attachment
from portal.identity import current_actor, haven
from services.domain.access import Permission
from services.domain.errors import Invalid, NotFound, NotNow
from services.domain.operation import Operation
from services.usecases.deployment_shapes import DeploymentRecord, Reviewed

area = Blueprint("deployments", __name__)
area.register_blueprint(planning.area)
area.register_blueprint(recovering.area)
area.register_blueprint(reviewing.area)

SHOWN = 50
_PART = 200
_MOST_PARTS = 50
_AWAY = "Haven's own database does not answer; what is kept there cannot be shown until it does."
KINDS = ("plan", "deploy", "recover")


@area.get("/deployments")
@area.get("/environments/<environment>/deployments")
def index(environment: str = "") -> ResponseReturnValue:
    """What waits, what runs, then the history."""
    actor = current_actor()
    asked, wrong = _asked(environment)
    if environment:
        _known(environment)
    found, away = _history(asked, SHOWN + 1)
    plans, live = _plans(environment), _live(environment)
    shown = found[:SHOWN]
    rows = records.rows(shown, asked.origin)
    standing = _standing(asked)
    return render_template(
        "deployments/index.html",
        environment=environment,
        asked=asked,
        query={name: value for name, value in asked.query.items() if not (environment and name == "environment")},
        export_query=asked.query,
        wrong=wrong,
        away=away,
        rows=rows,
        older=forms.written(shown[-1].at) if len(found) > SHOWN else "",
        standing=standing,
        ways={name: _way(row, rows) for name, row in standing.items()},
        plans=plans,
        live=live,
        headline=records.headline(rows, plans, asked.before, live),
        comparable=_comparable(rows, plans),
        may_deploy=actor.may(Permission.DEPLOY),
        who_may=review.who_may(),
        title=review.title,
        span=lengths.span,
    )


@area.get("/deployments.csv")
def as_csv() -> ResponseReturnValue:
    """The history, filtered, for a spreadsheet."""
    asked = forms.asked(request.args, haven().clock.now())
    return attachment(export.as_csv(_every(asked)), "text/csv", f"{_name(asked)}.csv")


@area.get("/deployments.json")
def as_json() -> ResponseReturnValue:
    """The history, filtered, for a program."""
    asked = forms.asked(request.args, haven().clock.now())
    text = export.as_json(_every(asked), asked.query, haven().clock.now())
    return attachment(text, "application/json", f"{_name(asked)}.json")


@area.get("/deployments/compare")
def compare() -> ResponseReturnValue:
    """Two plans, where they differ first."""
    first, second = (request.args.get(name, "")[:LONGEST_NAME] for name in ("first", "second"))
    found = comparing.compared(*haven().deployments.compare(current_actor(), first, second))
    g.environment = found.second.environment.name
    return render_template(
        "deployments/compare.html",
        compared=found,
        environment=found.second.environment.name,
        title=review.title,
        usd=money.usd,
        every=bool(request.args.get("all")),
    )


def _known(environment: str) -> None:
    """Raises NotFound for an environment that there is not; while the database is away nobody knows, and it is shown
    as far as it can be."""
    with suppress(NotNow):
        haven().environments.get(current_actor(), environment)


def _asked(environment: str) -> tuple[Asked, str]:
    """The filter; a time that cannot be read, or is to come, is said beside its field, and the rest holds."""
    now = haven().clock.now()
    try:
        return forms.asked(request.args, now, environment), ""
    except Invalid as problem:
        kept = {name: value for name, value in request.args.items() if name not in problem.fields}
        return forms.asked(kept, now, environment), problem.fields.get("before", problem.message)


def _standing(asked: Asked) -> Mapping[str, Row]:
    """What was in force at the time that was asked for, of one stack or of all, however long before it came."""
    if asked.before is None:
        return {}
    actor = current_actor()
    found: list[DeploymentRecord] = []
    try:
        known = [asked.environment] if asked.environment else [each.name for each in haven().environments.all(actor)]
        for name in known:
            found += haven().deployments.in_force(actor, name, asked.before)
    except (NotFound, NotNow):
        return {}
    return records.standing([each for each in found if asked.stack in ("", *each.stacks)])


def _way(row: Row, shown: Sequence[Row]) -> str:
    """Where more is told of what was in force: its own page, its line below, or the history of that time."""
    record, line = row.record, f"d-{row.key}"
    if record.operation is not None:
        return url_for("operations.show", id=record.operation.id)
    if row.key in {each.key for each in shown}:
        return f"#{line}"
    name, stack, after = record.environment, record.stacks[0], forms.written(record.at + timedelta(seconds=1))
    return url_for("deployments.index", environment=name, stack=stack, before=after, _anchor=line)


def _history(asked: Asked, most: int) -> tuple[Sequence[DeploymentRecord], str]:
    try:
        return _part(asked, most), ""
    except NotNow:
        return (), _AWAY


def _part(asked: Asked, most: int) -> Sequence[DeploymentRecord]:
    return haven().deployments.history(
        current_actor(), asked.environment, stack=asked.stack, who=asked.who, before=asked.before, limit=most
    )


def _every(asked: Asked) -> Sequence[Row]:
    """All that fit, newest first: read in parts, each beginning where the one before ended."""
    found: list[DeploymentRecord] = []
    upto: datetime | None = asked.before
    for _ in range(_MOST_PARTS):
        part = _part(replace(asked, before=upto), _PART)
        fresh = [record for record in part if record not in found[-_PART:]]
        found += fresh
        if len(part) < _PART or not fresh:
            break
        upto = part[-1].at + timedelta(microseconds=1)
    return records.rows(found, asked.origin)


def _name(asked: Asked) -> str:
    return f"deployments-{asked.environment}" if asked.environment else "deployments"


def _plans(environment: str) -> Sequence[Reviewed]:
    """Plans that are not over, newest first."""
    actor = current_actor()
    try:
        names = [environment] if environment else [each.name for each in haven().environments.all(actor)]
        found = [plan for name in names for plan in haven().deployments.plans(actor, name)]
    except NotNow:
        return ()
    return sorted(found, key=lambda each: each.plan.requested_at, reverse=True)


def _live(environment: str) -> Sequence[Operation]:
    try:
        found = haven().operations.live(current_actor(), environment or None)
    except NotNow:
        return ()
    return [each for each in found if each.kind in KINDS]


def _comparable(rows: Sequence[Row], plans: Sequence[Reviewed]) -> Sequence[tuple[str, str]]:
    """Plans that can be laid side by side: (id, words), newest first."""
    known = {each.plan.id: each.plan for each in plans if each.plan.prepared_at}
    known |= {row.record.plan.id: row.record.plan for row in rows if row.record.plan}
    ordered = sorted(known.values(), key=lambda plan: plan.requested_at, reverse=True)
    return [(plan.id, f"{plan.requested_at:%d %b %H:%M} {review.title(plan)}") for plan in ordered]
