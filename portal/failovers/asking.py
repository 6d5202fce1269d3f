"""Asking for a failover: the preview, and the request under it."""

from http import HTTPStatus

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import errors
from portal.failovers import forms, preview
from portal.failovers.forms import Chosen, RequestForm
from portal.identity import client, current_actor, haven
from portal.redirects import go
from services.domain.errors import Conflict, Invalid, NotNow, Refused, Unsafe
from services.domain.snapshot import Snapshot
from services.usecases.failovers import Preview

area = Blueprint("asking", __name__, url_prefix="/environments/<environment>/failovers/new")

_MOVED = "The primary is not where you saw it. What stands below was read since: look again before you ask again."


@area.get("")
def new(environment: str) -> ResponseReturnValue:
    """What it would do and whether it is safe; the form, for those who may ask."""
    asked = forms.chosen(request.args)
    current = haven().snapshots.current(current_actor(), environment)
    awaited = request.headers.get("HX-Request") == "true"
    if current.snapshot is None:
        here = render_template("failovers/reading.html", environment=current.environment, asked=asked)
        return ("", HTTPStatus.NO_CONTENT) if awaited else here
    if awaited:
        return Response(headers={"HX-Refresh": "true"})
    seen = _preview(environment, asked)
    form = RequestForm(seen, formdata=None)
    form.saw(seen)
    return _page(seen, asked, form)


@area.post("")
def ask(environment: str) -> ResponseReturnValue:
    """The request. Shown again with everything typed and what is wrong, or on to the operation's own page."""
    asked = forms.chosen(request.form)
    seen = _preview(environment, asked)
    form = RequestForm(seen)
    if not form.validate_on_submit():
        form.saw(seen)
        return errors.rejected(_page(seen, asked, form))
    wanted = form.command(seen, asked)
    if not form.saw(seen):
        refusal: Refused | NotNow = Conflict(_MOVED)
        return errors.rejected(_page(seen, asked, form, refusal), refusal)
    try:
        operation = haven().failovers.request(current_actor(), wanted, client=client())
    except (Invalid, Conflict, Unsafe, NotNow) as problem:
        for field, text in getattr(problem, "fields", {}).items():
            if field in form:
                form[field].errors = [*form[field].errors, text]
        again = _again(environment, asked, seen)
        form.saw(again)
        return errors.rejected(_page(again, asked, form, problem), problem)
    return go(url_for("operations.show", id=operation.id))


def _preview(environment: str, asked: Chosen) -> Preview:
    what = (asked.kind, asked.target, asked.to, asked.shard)
    return haven().failovers.preview(current_actor(), environment, *what)


def _again(environment: str, asked: Chosen, seen: Preview) -> Preview:
    """The world after a refusal; what was seen before while it cannot be had."""
    try:
        return _preview(environment, asked)
    except (Refused, NotNow):
        return seen


def _snapshot(environment: str) -> Snapshot | None:
    return haven().snapshots.current(current_actor(), environment).snapshot


def _page(seen: Preview, asked: Chosen, form: RequestForm, refusal: Refused | NotNow | None = None) -> str:
    made = preview.make(seen, _snapshot(seen.environment.name), current_actor())
    return render_template(
        "failovers/new.html",
        page=made,
        asked=asked,
        form=form,
        refusal=refusal,
        trouble=errors.describe(refusal) if refusal else None,
        expected=preview.expected,
        seconds=preview.seconds,
        left=preview.left,
        stale_after=haven().settings.stale_after,
    )
