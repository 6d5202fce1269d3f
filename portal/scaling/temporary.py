"""Temporary edits: their own page, and what a person may do before they end: extend, end now, keep."""

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import errors
from portal.identity import client, current_actor, haven
from portal.redirects import go
from portal.scaling.forms import EditForm
from portal.scaling.until import ends
from services.domain.access import Permission
from services.domain.errors import Conflict, Invalid, NotFound, NotNow, Unsafe
from services.domain.scaling.change import difference
from services.domain.scaling.temporary import Edit

area = Blueprint("temporary", __name__, url_prefix="/edits/<id>")

WAYS = ("extend", "end", "keep")


@area.get("")
def show(environment: str, service: str, id: str) -> ResponseReturnValue:
    """One that is still to end."""
    what = request.args.get("what", "")
    return _page(_own(environment, service, id), EditForm(formdata=None), what if what in WAYS else "")


@area.post("/extend", defaults={"what": "extend"})
@area.post("/end", defaults={"what": "end"})
@area.post("/keep", defaults={"what": "keep"})
def act(environment: str, service: str, id: str, what: str) -> ResponseReturnValue:
    """Move its end, have it taken back now, or make it permanent."""
    edit, form = _own(environment, service, id), EditForm()
    if not form.validate_on_submit():
        return errors.rejected(_page(edit, form, what))
    reason, seen, desk = (form.reason.data or "").strip(), form.version.data or 0, haven().temporary_edits
    did: dict[str, tuple[Callable[[], Edit], str]] = {
        "extend": (
            lambda: desk.extend(current_actor(), id, seen, _end(form, edit), reason, client=client()),
            "Extended.",
        ),
        "end": (lambda: desk.end(current_actor(), id, seen, reason, client=client()), "It is taken back now."),
        "keep": (lambda: desk.keep(current_actor(), id, seen, reason, client=client()), "It stays for good."),
    }
    go_on, said = did[what]
    try:
        made = go_on()
    except (Invalid, Conflict, Unsafe, NotNow) as problem:
        for field, text in getattr(problem, "fields", {}).items():
            if field in form:
                form[field].errors = [*form[field].errors, text]
        return errors.rejected(_page(_again(edit), form, what, problem), problem)
    if what == "end" and made.revert:
        return go(url_for("operations.show", id=made.revert))
    flash(said)
    return go(url_for("scaling.service", environment=environment, service=service))


def _end(form: EditForm, edit: Edit) -> datetime:
    """Its new end: spans count from where it would have ended, and from now when that is over."""
    now = haven().clock.now()
    return ends(form.lasts.data, form.until.data or "", max(now, edit.until)) or now


def _own(environment: str, service: str, id: str) -> Edit:
    found = haven().temporary_edits.live(current_actor(), environment)
    edit = next((each for each in found if each.id == id and each.service == service), None)
    if edit is None:
        raise NotFound(f"{service} has no temporary edit {id[:40]} that is still to end.")
    return edit


def _again(edit: Edit) -> Edit:
    """As it stands after a refusal."""
    try:
        return _own(edit.environment, edit.service, edit.id)
    except (NotFound, NotNow):
        return edit


def _page(edit: Edit, form: EditForm, what: str = "", problem: Exception | None = None) -> str:
    return render_template(
        "scaling/edit.html",
        edit=edit,
        rows=difference(edit.change, edit.before),
        form=form,
        what=what,
        trouble=errors.describe(problem) if isinstance(problem, (Invalid, Conflict, Unsafe, NotNow)) else None,
        environment=edit.environment,
        service=edit.service,
        unsafe=isinstance(problem, Unsafe),
        may_change=current_actor().may(Permission.CHANGE_SCALING),
    )
