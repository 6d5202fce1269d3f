"""A plan's own page: what it would do and how dangerous that is, and asking for its deployment."""

from contextlib import suppress

from flask import Blueprint, Response, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import errors, live
from portal.deployments import lengths, money, review
from portal.deployments.forms import DeployForm, deploy_form
from portal.identity import client, current_actor, haven
from portal.redirects import go
from services.domain.deployment.plan import PlanState
from services.domain.errors import Conflict, Invalid, NotFound, NotNow, Refused, Unsafe
from services.usecases.deployment_shapes import Reviewed

area = Blueprint("reviewing", __name__, url_prefix="/environments/<environment>/deployments/<plan>")

EVERY = {PlanState.PREPARING: 2, PlanState.READY: 10, PlanState.ASKED: 10}
"""Seconds between two polls, by where the plan stands; what is over does not change."""
_DISCARDED = "The plan is put aside. Its change sets are deleted within minutes; nothing else is touched."
_MOVED = "The plan is not the one you saw. What stands below is how it is now: look again before you ask again."


@area.get("")
def show(environment: str, plan: str) -> ResponseReturnValue:
    """The review."""
    found = _reviewed(environment, plan)
    form = deploy_form(found.to_confirm, formdata=None)
    form.fingerprint.data = found.plan.fingerprint
    return _page(found, form)


@area.get("/standing")
@live.polled
def standing(environment: str, plan: str) -> ResponseReturnValue:
    """Whether it still stands: nothing while it does. A page that only waits is asked for anew; one on which somebody
    may be typing is told."""
    found = _reviewed(environment, plan)
    version = _version(found)
    if request.args.get("v") == version:
        return live.answer(version, str)
    if request.args.get("waits") or found.plan.state not in (PlanState.READY, PlanState.ASKED):
        return Response(headers={"HX-Refresh": "true"})
    page = review.make(found, current_actor())
    every = EVERY.get(found.plan.state)
    return render_template("deployments/_standing.html", page=page, version=version, every=every, moved=True)


@area.post("")
def ask(environment: str, plan: str) -> ResponseReturnValue:
    """The request. Shown again with everything typed and what is wrong, or on to the operation's own page."""
    found = _reviewed(environment, plan)
    form = deploy_form(found.to_confirm)
    checks = review.make(found, current_actor()).overridable
    form.offer(checks)
    if not form.validate_on_submit():
        return errors.rejected(_page(found, form))
    if form.fingerprint.data != found.plan.fingerprint:
        form.fingerprint.data = found.plan.fingerprint
        moved = Conflict(_MOVED)
        return errors.rejected(_page(found, form, moved), moved)
    try:
        operation = haven().deployments.request(current_actor(), form.command(plan, checks), client=client())
    except (Invalid, Conflict, Unsafe, NotNow) as problem:
        _tell(form, problem)
        with suppress(Refused, NotNow):
            found = _reviewed(environment, plan)
        form.fingerprint.data = found.plan.fingerprint
        return errors.rejected(_page(found, form, problem), problem)
    return go(url_for("operations.show", id=operation.id))


@area.post("/discard")
def discard(environment: str, plan: str) -> ResponseReturnValue:
    """Put the plan aside. On to what else was planned and deployed, or the review again with what is in the way."""
    found = _reviewed(environment, plan)
    try:
        haven().deployments.discard(current_actor(), plan, client=client())
    except (Conflict, NotNow) as problem:
        with suppress(Refused, NotNow):
            found = _reviewed(environment, plan)
        form = deploy_form(found.to_confirm, formdata=None)
        form.fingerprint.data = found.plan.fingerprint
        return errors.rejected(_page(found, form, problem), problem)
    flash(_DISCARDED)
    return go(url_for("deployments.index", environment=environment))


def _tell(form: DeployForm, problem: Refused | NotNow) -> None:
    """What the use case found wrong, beside the field it names."""
    for name, text in getattr(problem, "fields", {}).items():
        fields = form.names if name == "confirm" else [form[name]] if name in form else []
        for field in fields:
            field.errors = [*field.errors, text]


def _reviewed(environment: str, plan: str) -> Reviewed:
    found = haven().deployments.review(current_actor(), plan)
    if found.environment.name != environment:
        raise NotFound(f"{environment} has no plan {plan[:40]}.")
    return found


def _version(found: Reviewed) -> str:
    operation = found.operation
    stands = (operation.id, operation.state) if operation else ()
    return live.token(found.plan.id, found.plan.version, found.plan.state, found.void_because, stands)


def _page(found: Reviewed, form: DeployForm, problem: Refused | NotNow | None = None) -> str:
    page = review.make(found, current_actor())
    return render_template(
        "deployments/show.html",
        page=page,
        plan=found.plan,
        environment=found.environment.name,
        form=form,
        trouble=errors.describe(problem) if problem else None,
        title=review.title(found.plan),
        version=_version(found),
        every=EVERY.get(found.plan.state),
        moved=False,
        usd=money.usd,
        more=money.more,
        span=lengths.span,
        stale_after=haven().settings.stale_after,
    )
