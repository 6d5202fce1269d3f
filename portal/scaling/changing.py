"""Changing a service's scaling: the form, its preview with the guards and a replay, and asking for it."""

from contextlib import suppress
from dataclasses import replace

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import errors
from portal.identity import client, current_actor, haven
from portal.redirects import go
from portal.scaling import carrying, preview, records, temporary
from portal.scaling.filling import sheet
from portal.scaling.forms import ConfirmForm
from portal.scaling.places import own_state
from portal.scaling.preview import STEP
from portal.scaling.showing import (
    Carried,
    filled_in,
    form_page,
    now,
    preview_page,
    previewed,
    refused_page,
    replayed,
    service_or_none,
)
from services.domain.errors import Conflict, Invalid, NotNow, Refused, Unsafe
from services.domain.scaling.change import ScalingChange
from services.usecases.scaling_documents import read_change, read_state
from services.usecases.scalings import ScalingPreview, ScalingRequest

area = Blueprint("changing", __name__, url_prefix="/environments/<environment>/scaling/<service>")
area.register_blueprint(records.area)
area.register_blueprint(temporary.area)
area.register_blueprint(carrying.area)

_HIGHEST = 1_000_000


@area.get("/change")
def form(environment: str, service: str) -> ResponseReturnValue:
    """Every editable value, filled in with today's."""
    seen = haven().scalings.service(current_actor(), environment, service)
    opened = own_state(seen)
    if opened is None:
        return render_template("scaling/unregistered.html", seen=seen, environment=environment, service=service)
    return form_page(environment, service, filled_in(environment, service, opened), seen)


@area.post("/change")
def again(environment: str, service: str) -> ResponseReturnValue:
    """The form once more with what was wanted: on the state it was opened on, or on what there is now."""
    carried = _carried()
    seen = haven().scalings.service(current_actor(), environment, service)
    opened = carried.opened
    if request.form.get("rebase"):
        opened = own_state(seen) or opened
    return form_page(environment, service, filled_in(environment, service, opened, carried.change), seen)


@area.post("/preview")
def look(environment: str, service: str) -> ResponseReturnValue:
    """What it would do and whether it is safe."""
    if "change" in request.form:
        carried = _carried()
        carried = replace(carried, change=_nearest(carried))
    else:
        opened = read_state(request.form.get("opened", ""))
        made = sheet(opened, now(), data=request.form, prefix=service)
        if not made.check():
            return errors.rejected(form_page(environment, service, made, service_or_none(environment, service)))
        carried = Carried(made.change(now()), opened)
    try:
        found = previewed(environment, service, carried)
    except (Invalid, NotNow, Conflict) as problem:
        return errors.rejected(refused_page(environment, service, carried, problem), problem)
    page = preview_page(found, carried, ConfirmForm(formdata=None))
    return errors.rejected(page, Conflict("")) if found.conflicts else page


@area.post("/replay")
def replay(environment: str, service: str) -> ResponseReturnValue:
    """Recorded load against today's scaling and the proposed one: a part of the preview, or a page of its own."""
    carried = _carried()
    made = replayed(environment, service, carried.change)
    template = "scaling/_replay.html" if request.headers.get("HX-Request") == "true" else "scaling/replay.html"
    return render_template(template, replay=made, carried=carried, environment=environment, service=service)


@area.post("/apply")
def apply(environment: str, service: str) -> ResponseReturnValue:
    """The request. Shown again with everything typed and what is wrong, or on to the operation's own page."""
    carried, filled = _carried(), ConfirmForm()
    try:
        found = previewed(environment, service, carried)
    except (Invalid, Conflict) as problem:
        return errors.rejected(refused_page(environment, service, carried, problem), problem)
    filled.offer(found.overridable)
    fine = filled.validate_on_submit()
    if not _named(found, filled) or not fine:
        return errors.rejected(preview_page(found, carried, filled))
    try:
        made = haven().scalings.request(current_actor(), _request(found, carried, filled), client=client())
    except (Invalid, Conflict, Unsafe, NotNow) as problem:
        for field, text in getattr(problem, "fields", {}).items():
            if field in filled:
                filled[field].errors = [*filled[field].errors, text]
        with suppress(Refused, NotNow):
            found = previewed(environment, service, carried)
        return errors.rejected(preview_page(found, carried, filled, problem), problem)
    return go(url_for("operations.show", id=made.id))


def _carried() -> Carried:
    """What the form brought. Raises Invalid for anything that this portal did not write."""
    read = request.form.get
    reverts = read("reverts", "")
    return Carried(read_change(read("change", "")), read_state(read("opened", "")), reverts[:64])


def _nearest(carried: Carried) -> ScalingChange:
    """The change, with the bound that a guard named when its button was pressed."""
    change = carried.change
    for name in ("minimum", "maximum"):
        text = request.form.get(f"use-{name}", "")
        if text.isdecimal() and int(text) < _HIGHEST:
            change = preview.using(change, carried.opened, name, int(text))
    return change


def _named(found: ScalingPreview, filled: ConfirmForm) -> bool:
    """A step down of more than half is confirmed by typing the service's name; then it counts as let pass."""
    if STEP not in {check.key for check in found.overridable}:
        return True
    if (filled.typed_name.data or "").strip() == found.service.name:
        return True
    said = f"Type {found.service.name}: this lowers something by more than half."
    filled.typed_name.errors = [*filled.typed_name.errors, said]
    return False


def _request(found: ScalingPreview, carried: Carried, filled: ConfirmForm) -> ScalingRequest:
    known = {check.key for check in found.overridable}
    ticked = [key for key in filled.overrides.data or [] if key in known and key != STEP]
    why = (filled.override_reason.data or "").strip()
    if STEP in known:
        why = why or f"Confirmed by typing {found.service.name}."
        ticked.append(STEP)
    return ScalingRequest(
        environment=found.environment.name,
        service=found.service.name,
        change=carried.change,
        opened=carried.opened,
        reason=(filled.reason.data or "").strip(),
        ticket=(filled.ticket.data or "").strip(),
        overrides=tuple(ticked),
        override_reason=why if ticked else "",
        reverts=carried.reverts,
    )
