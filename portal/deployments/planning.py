"""Planning a deployment: the form with today's values, and the form that plans a deletion."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import errors
from portal.deployments import filling, review
from portal.deployments.filling import Sheet
from portal.deployments.forms import LONGEST_NAME, PlanForm
from portal.identity import client, current_actor, haven
from portal.redirects import go
from services.domain.access import Permission
from services.domain.errors import Conflict, Invalid, NotFound, NotNow, Refused, Unsafe
from services.domain.operation import Operation
from services.usecases.deployment_shapes import DeploymentForm, PlanRequest, StackForm

area = Blueprint("planning", __name__, url_prefix="/environments/<environment>/deployments")
_PLANNED = "CloudFormation works the plan out; nothing is executed."


@area.get("/new")
def new(environment: str) -> ResponseReturnValue:
    """Every parameter, filled in with today's value, with a shape's, or with an earlier deployment's."""
    args = request.args
    form = haven().deployments.form(current_actor(), environment, args.get("blueprint", "")[:LONGEST_NAME])
    earlier = _earlier(environment, args.get("follows", ""), args.get("as", ""))
    whole = bool(args.get("whole")) or (bool(args.get("blueprint")) and form.blueprint != form.environment.blueprint)
    only = [name for name in args.getlist("stacks") if name in {stack.name for stack in form.stacks}]
    return _page(filling.begun(form, whole=whole, only=only, earlier=earlier))


@area.post("/new")
def plan(environment: str) -> ResponseReturnValue:
    """Have it worked out. The form again with everything typed and what is wrong, or on to the plan's own page."""
    data = request.form
    form = haven().deployments.form(current_actor(), environment, data.get("blueprint", "")[:LONGEST_NAME])
    earlier = _earlier(environment, data.get("follows", ""), data.get("as", ""))
    sheet = filling.sent(form, data.to_dict(flat=False), earlier=earlier)
    if not PlanForm().validate_on_submit() or not sheet.fine:
        return errors.rejected(_page(sheet))
    try:
        made = haven().deployments.plan(current_actor(), sheet.request(), client=client())
    except (Invalid, Conflict, Unsafe, NotNow) as problem:
        fields: Mapping[str, str] = getattr(problem, "fields", {})
        return errors.rejected(_page(sheet.refused(fields), problem), problem)
    return _onwards(environment, made)


@area.get("/delete")
def delete(environment: str) -> ResponseReturnValue:
    """Which stacks go; the review that follows says what is lost with them."""
    form = haven().deployments.form(current_actor(), environment)
    return _deletion(form, [stack.name for stack in _there(form)], {})


@area.post("/delete")
def plan_deletion(environment: str) -> ResponseReturnValue:
    """Have the deletion worked out: nothing is deleted before its review."""
    form = haven().deployments.form(current_actor(), environment)
    known = [stack.name for stack in _there(form)]
    chosen = [name for name in known if name in request.form.getlist("stacks")]
    typed = {name: request.form.get(f"retain:{name}", "").strip() for name in known}
    if not PlanForm().validate_on_submit() or not chosen:
        return errors.rejected(_deletion(form, chosen, typed, {"stacks": "Choose one stack at least."}))
    retain = {name: _ids(typed[name]) for name in chosen if typed[name]}
    wanted = PlanRequest(
        environment,
        stacks=() if len(chosen) == len(known) else chosen,
        delete=True,
        retain=retain,
    )
    try:
        made = haven().deployments.plan(current_actor(), wanted, client=client())
    except (Invalid, Conflict, Unsafe, NotNow) as problem:
        fields: Mapping[str, str] = getattr(problem, "fields", {})
        return errors.rejected(_deletion(form, chosen, typed, fields, problem), problem)
    return _onwards(environment, made)


def _onwards(environment: str, made: Operation) -> ResponseReturnValue:
    flash(_PLANNED)
    if which := made.wants("plan"):
        return go(url_for("deployments.reviewing.show", environment=environment, plan=which))
    return go(url_for("operations.show", id=made.id))


def _earlier(environment: str, id: str, how: str) -> PlanRequest | None:
    """What an earlier plan is come back to by (`back`), undone by (`undo`), or tried once more with (`again`). Raises
    NotFound for a plan of another environment; Conflict for one that left nothing to deploy."""
    if not id:
        return None
    found = haven().deployments.back_to(current_actor(), id[:LONGEST_NAME], undo=how == "undo")
    if found.environment != environment:
        raise NotFound(f"{environment} has no plan {id[:40]}.")
    return replace(found, what=_unprefixed(found.what)) if how == "again" else found


def _unprefixed(what: str) -> str:
    return what.partition(": ")[2] or what


def _there(form: DeploymentForm) -> Sequence[StackForm]:
    """The stacks that can be deleted."""
    return [stack for stack in form.stacks if stack.status]


def _ids(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.replace(",", " ").split()))


def _page(sheet: Sheet, problem: Refused | NotNow | None = None) -> str:
    return render_template(
        "deployments/new.html",
        sheet=sheet,
        how=request.values.get("as", "")[:8],
        environment=sheet.form.environment.name,
        trouble=errors.describe(problem) if problem else None,
        may_deploy=current_actor().may(Permission.DEPLOY),
        who_may=review.who_may(),
        stale_after=haven().settings.stale_after,
    )


def _deletion(
    form: DeploymentForm,
    chosen: list[str],
    retain: Mapping[str, str],
    wrong: Mapping[str, str] | None = None,
    problem: Refused | NotNow | None = None,
) -> str:
    return render_template(
        "deployments/delete.html",
        there=_there(form),
        environment=form.environment.name,
        chosen=chosen,
        retain=retain,
        wrong=wrong or {},
        trouble=errors.describe(problem) if problem else None,
        may_deploy=current_actor().may(Permission.DEPLOY),
        who_may=review.who_may(),
    )
