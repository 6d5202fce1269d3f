"""Changes of a service's scaling as they are remembered, and the way to take one back."""

from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal import errors
from portal.identity import current_actor, haven
from portal.operations import verdict
from portal.scaling.forms import ConfirmForm
from portal.scaling.showing import Carried, preview_page, previewed
from services.domain.access import Permission
from services.domain.errors import Conflict, Invalid, NotFound
from services.domain.operation import State
from services.domain.scaling.difference import Row
from services.domain.status import Status
from services.usecases.scalings import ChangeRecord

area = Blueprint("records", __name__, url_prefix="/changes")

MOST = 200


@dataclass(frozen=True)
class Shown:
    """A change as it is listed: its state in a word, and what it changed in a sentence."""

    record: ChangeRecord
    status: Status
    word: str
    said: str


@area.get("")
def index(environment: str, service: str) -> ResponseReturnValue:
    """All of them, newest first."""
    seen = haven().scalings.service(current_actor(), environment, service)
    found = haven().scalings.changes(current_actor(), environment, service, limit=MOST)
    return render_template(
        "scaling/changes.html",
        seen=seen,
        rows=[shown(record) for record in found],
        environment=environment,
        service=service,
        most=MOST,
        may_change=current_actor().may(Permission.CHANGE_SCALING),
    )


@area.get("/<id>")
def show(environment: str, service: str, id: str) -> ResponseReturnValue:
    """One of them."""
    return _record(environment, service, _own(environment, service, id))


@area.get("/<id>/revert")
def revert(environment: str, service: str, id: str) -> ResponseReturnValue:
    """The preview of taking it back, which is itself a change."""
    record = _own(environment, service, id)
    try:
        change, opened = haven().scalings.reverting(current_actor(), id)
        carried = Carried(change, opened, id)
        return preview_page(previewed(environment, service, carried), carried, ConfirmForm(formdata=None))
    except (Conflict, Invalid) as problem:
        return errors.rejected(_record(environment, service, record, problem), problem)


def shown(record: ChangeRecord) -> Shown:
    """A record for a list."""
    operation = record.operation
    told = [f"{row.label} {row.before} → {row.after}" for row in record.rows]
    if record.change.desired_once is not None:
        told.insert(0, f"Desired count {record.change.desired_once}, once")
    return Shown(
        record, verdict.STATUS[operation.state], str(operation.state).capitalize(), "; ".join(told) or "nothing"
    )


def _own(environment: str, service: str, id: str) -> ChangeRecord:
    """The record, if it is one of this service's."""
    record = haven().scalings.change(current_actor(), id)
    if (record.operation.environment, record.operation.target) != (environment, service):
        raise NotFound(f"{service} has no change {id[:40]}.")
    return record


def _record(environment: str, service: str, record: ChangeRecord, problem: Conflict | Invalid | None = None) -> str:
    return render_template(
        "scaling/change_record.html",
        shown=shown(record),
        record=record,
        rows=_marked(record),
        environment=environment,
        service=service,
        trouble=errors.describe(problem) if problem else None,
        may_change=current_actor().may(Permission.CHANGE_SCALING),
        succeeded=record.operation.state is State.SUCCEEDED,
    )


def _marked(record: ChangeRecord) -> list[Row]:
    once = record.change.desired_once
    made = [Row("desired", "Desired count, once", "as policies had it", str(once))] if once is not None else []
    return [*made, *record.rows]
