"""One failover of the history: its page, its file, and saying that somebody has looked at it."""

from flask import Blueprint, Response, flash, g, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import errors
from portal.failovers import export, incident
from portal.failovers.forms import CommentForm
from portal.failovers.preview import seconds
from portal.identity import client, current_actor, haven
from portal.redirects import go
from portal.topology.forms import written
from services.domain.access import Permission
from services.domain.budget import Budget, month_of
from services.domain.errors import Conflict, Invalid, NotFound, NotNow
from services.domain.failover.episode import Episode
from services.usecases.failover_history import Moment

area = Blueprint("incidents", __name__, url_prefix="/failovers/<id>")
_MONTHS = 24


@area.get("")
def show(id: str) -> ResponseReturnValue:
    """Its record and everything around it."""
    return _page(id, CommentForm(formdata=None))


@area.get("/record.json")
def record(id: str) -> ResponseReturnValue:
    """The same as a file."""
    found = haven().failover_history.incident(current_actor(), id)
    text = export.incident_json(found, haven().clock.now())
    name = f"failover-{found.episode.environment}-{found.episode.number}.json"
    return attachment(text, "application/json", name)


@area.post("/acknowledgement")
def acknowledge(id: str) -> ResponseReturnValue:
    """Somebody has looked at it."""
    form = CommentForm()
    if not form.validate_on_submit():
        return errors.rejected(_page(id, form))
    try:
        haven().failover_history.acknowledge(current_actor(), id, (form.comment.data or "").strip(), client=client())
    except (Invalid, Conflict, NotNow) as problem:
        for field, text in getattr(problem, "fields", {}).items():
            if field in form:
                form[field].errors = [*form[field].errors, text]
        return errors.rejected(_page(id, form, problem.message), problem)
    flash("Acknowledged.")
    return go(url_for("failovers.incidents.show", id=id))


def attachment(text: str, kind: str, name: str) -> Response:
    """A file to keep, never one to open in place."""
    response = Response(text, mimetype=kind)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _page(id: str, form: CommentForm, refusal: str = "") -> str:
    actor = current_actor()
    found = haven().failover_history.incident(actor, id)
    g.environment = found.episode.environment
    return render_template(
        "failovers/incident.html",
        page=incident.make(
            found,
            request.args.getlist("source"),
            _budget(found.episode),
            every=request.args.get("moments") == "all",
        ),
        episode=found.episode,
        form=form,
        refusal=refusal,
        may_acknowledge=actor.may(Permission.RUN_FAILOVERS),
        seconds=seconds,
        source_words=incident.SOURCE_WORDS,
        address=_address,
    )


def _budget(episode: Episode) -> Budget | None:
    """The budget of its month; None when that is too long ago to be summed up here, or cannot be had."""
    month = month_of(episode.started_at)
    try:
        months = haven().failover_history.months(current_actor(), episode.environment, _MONTHS)
    except (NotFound, NotNow):
        return None
    return next((each.budget for each in months if each.budget.month == month), None)


def _address(moment: Moment, environment: str) -> str:
    """Where a moment belongs; empty when nowhere, or where this person may not look."""
    kind, _, which = moment.link.partition(":")
    if kind == "operation" and which:
        return url_for("operations.show", id=which)
    if kind == "snapshot" and which:
        return url_for("topology.index", environment=environment, at=written(moment.at))
    if kind == "ledger" and which.isdigit() and current_actor().may(Permission.READ_LEDGER):
        return f"{url_for('ledger.index', before=int(which) + 1)}#entry-{which}"
    return ""
