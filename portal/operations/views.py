"""Operations: the list, and each one's live page with what people may do to it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from flask import Blueprint, flash, g, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from portal import errors, live
from portal.failovers.preview import left, seconds
from portal.identity import client, current_actor, haven, person
from portal.operations import deploying, index, page, pausing
from portal.operations.forms import ApproveForm, ReasonForm
from portal.redirects import go
from services.domain.errors import Conflict, Invalid, NotFound, NotNow
from services.domain.failover.episode import Episode
from services.domain.operation import Operation, State
from services.domain.pause import Pause, holding
from services.usecases.deployment_shapes import Progressing, Reviewed
from services.usecases.failover_history import Filter
from services.usecases.operations import OperationView

area = Blueprint("operations", __name__)
area.register_blueprint(pausing.area)

EVERY = 2
"""Seconds between two polls."""
_AROUND = timedelta(minutes=2)
SETTLED = timedelta(seconds=30)
"""After its end an operation's world is looked at this much later: a snapshot needs to have been taken of it."""
WAYS = ("decline", "resume", "done", "give-up")
"""What is done with a reason."""


@area.get("/operations")
def overview() -> ResponseReturnValue:
    """What runs, what ran, and the pause switch."""
    return index.render(pausing.pause_form())


@area.get("/operations/<id>")
def show(id: str) -> ResponseReturnValue:
    """One operation."""
    return _page("operations/show.html", haven().operations.view(current_actor(), id))


@area.get("/operations/<id>/live")
@live.polled
def fragment(id: str) -> ResponseReturnValue:
    """The live part alone; 204 while it shows what it would show again."""
    view = haven().operations.view(current_actor(), id)
    return live.answer(_version(view), lambda: _page("operations/_live.html", view))


@area.post("/operations/<id>/approve")
def approve(id: str) -> ResponseReturnValue:
    """The second person says yes to what was seen."""
    form = ApproveForm()
    if not form.validate_on_submit():
        return errors.rejected(_again(id, "approve", form, "What you saw is not named. Look again, then approve."))
    seen = form.version.data or 0

    def act() -> Operation:
        return haven().operations.approve(current_actor(), id, seen, client=client())

    return _act(id, "approve", form, act, "Approved.")


@area.post("/operations/<id>/cancel")
def cancel(id: str) -> ResponseReturnValue:
    """Withdraw it, while that is possible."""

    def act() -> Operation:
        return haven().operations.cancel(current_actor(), id, client=client())

    return _act(id, "cancel", FlaskForm(), act, "Cancelled; nothing was touched.")


@area.post("/operations/<id>/decline", defaults={"what": "decline"})
@area.post("/operations/<id>/resume", defaults={"what": "resume"})
@area.post("/operations/<id>/done", defaults={"what": "done"})
@area.post("/operations/<id>/give-up", defaults={"what": "give-up"})
def with_reason(id: str, what: str) -> ResponseReturnValue:
    """Decline, or resolve what is stuck; each with its reason."""
    form, desk = ReasonForm(prefix=what), haven().operations
    if not form.validate_on_submit():
        return errors.rejected(_again(id, what, form))
    did: dict[str, tuple[Callable[..., Operation], str]] = {
        "decline": (desk.decline, "Declined; nothing was touched."),
        "resume": (desk.resume, "It is watched on."),
        "done": (desk.mark_done, "Marked as done."),
        "give-up": (desk.give_up, "Given up."),
    }
    act, said = did[what]
    reason = (form.reason.data or "").strip()
    return _act(id, what, form, lambda: act(current_actor(), id, reason, client=client()), said)


def _act(id: str, what: str, form: FlaskForm, act: Callable[[], object], said: str) -> ResponseReturnValue:
    """One act: done and back to the page, or the page again with what is wrong and everything typed."""
    try:
        act()
    except (Invalid, Conflict, NotNow) as problem:
        for text in getattr(problem, "fields", {}).values():
            if "reason" in form:
                form.reason.errors = [*form.reason.errors, text]
        return errors.rejected(_again(id, what, form, problem.message), problem)
    flash(said)
    return go(url_for("operations.show", id=id))


def _again(id: str, what: str, form: FlaskForm, refusal: str = "") -> str:
    return _page("operations/show.html", haven().operations.view(current_actor(), id), what, form, refusal)


def _version(view: OperationView) -> str:
    """Changes whenever the page does. The forms on it carry a session's token, so that it is of one session."""
    who, operation = person(), view.operation
    newest = max((event.at for event in view.events), default=None)
    taken = view.snapshot.taken_at if view.snapshot else None
    old = taken is None or haven().clock.now() - taken > _stale_after()
    heard = (len(view.trail), len(view.events), newest)
    how_far = deploying.version(_progressing(operation), haven().clock.now(), _reviewed(operation))
    return live.token(who.token if who else "", operation.version, heard, taken, old, view.from_memory, how_far)


def _stale_after() -> timedelta:
    return timedelta(seconds=haven().settings.stale_after)


def _page(template: str, view: OperationView, sent: str = "", form: FlaskForm | None = None, refusal: str = "") -> str:
    view, operation = _as_it_was(view), view.operation
    g.environment = operation.environment
    pause, episode = _pause(view), _episode(operation)
    made = page.make(
        view,
        current_actor(),
        haven().clock.now(),
        _stale_after(),
        pause=pause,
        episode=episode,
        progressing=_progressing(operation),
        reviewed=_reviewed(operation),
    )
    forms = {name: ReasonForm(prefix=name, formdata=None) for name in WAYS}
    return render_template(
        template,
        page=made,
        version=_version(view),
        every=EVERY,
        forms=forms | ({sent: form} if sent in forms and form else {}),
        refusal=refusal,
        seconds=seconds,
        left=left,
        shown_events=page.SHOWN_EVENTS,
        stale_after=haven().settings.stale_after,
    )


def _as_it_was(view: OperationView) -> OperationView:
    """An operation that is over is shown with the world right after its end, not with today's."""
    ended = view.operation.finished_at
    if ended is None or view.from_memory:
        return view
    try:
        _, snapshot = haven().snapshots.at(current_actor(), view.operation.environment, ended + SETTLED)
    except NotFound:
        # Too long ago for the kept snapshots: then rather the request alone than another day's world.
        return replace(view, snapshot=None)
    except NotNow:
        return view
    return replace(view, snapshot=snapshot)


def _progressing(operation: Operation) -> Progressing | None:
    """How far its stacks are, asked for once a request; None for any other operation, and while it cannot be had."""
    if not deploying.is_deploying(operation):
        return None
    if "progressing" not in g:
        try:
            g.progressing = haven().deployments.progress(current_actor(), operation.id)
        except (NotFound, NotNow):
            g.progressing = None
    known: Progressing | None = g.progressing
    return known


def _reviewed(operation: Operation) -> Reviewed | None:
    """The plan that a second person has to weigh, asked for once a request; None where nobody has to."""
    plan = operation.wants("plan")
    if not deploying.is_deploying(operation) or operation.state is not State.AWAITING_APPROVAL or not plan:
        return None
    if "reviewed" not in g:
        try:
            g.reviewed = haven().deployments.review(current_actor(), plan)
        except (NotFound, NotNow):
            g.reviewed = None
    known: Reviewed | None = g.reviewed
    return known


def _pause(view: OperationView) -> Pause | None:
    """What holds it, if anything does: never what changes nothing that runs."""
    operation = view.operation
    changes = any(step.acts and not step.harmless for step in view.steps)
    if not operation.live or operation.irreversible or not changes:
        return None
    try:
        return holding(haven().pauses.current(current_actor()), operation.environment, haven().clock.now())
    except NotNow:
        return None


def _episode(operation: Operation) -> Episode | None:
    """Its line in the history, once there is one."""
    if operation.sent_at is None:
        return None
    wanted = Filter(operation.environment, operation.target, since=operation.sent_at - _AROUND)
    try:
        found = haven().failover_history.page(current_actor(), wanted, 20)
    except (NotFound, NotNow):
        return None
    return next((episode for episode in found if episode.operation_id == operation.id), None)
