"""Planning a deployment: the form with today's values, and the form that plans a deletion."""

from collections.abc import Mapping

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import errors
from portal.deployments import filling, review
from portal.deployments.filling import Sheet
from portal.deployments.forms import LONGEST_NAME, PlanForm
from portal.identity import client, current_actor, haven
from portal.redirects import go
from services.domain.access import Permission
from services.domain.deployment.plan import Plan
from services.domain.errors import Conflict, Invalid, NotFound, NotNow, Refused, Unsafe
from services.domain.operation import Operation
from services.usecases.deployment_shapes import DeploymentForm, PlanRequest

area = Blueprint("planning", __name__, url_prefix="/environments/<environment>/deployments")
_PLANNED = "CloudFormation works the plan out; nothing is executed."


@area.get("/new")
def new(environment: str) -> ResponseReturnValue:
    """Every parameter, filled in with today's value, with a shape's, or with an earlier deployment's."""
    args = request.args
    form = haven().deployments.form(current_actor(), environment, args.get("blueprint", "")[:LONGEST_NAME])
    plan = _earlier(environment, args.get("follows", ""))
    whole = bool(args.get("whole")) or (bool(args.get("blueprint")) and form.blueprint != form.environment.blueprint)
    only = [name for name in args.getlist("stacks") if name in {stack.name for stack in form.stacks}]
    return _page(filling.begun(form, whole=whole, only=only, plan=plan, what=_what(plan, args.get("as", ""))))


@area.post("/new")
def plan(environment: str) -> ResponseReturnValue:
    """Have it worked out. The form again with everything typed and what is wrong, or on to the plan's own page."""
    data = request.form
    form = haven().deployments.form(current_actor(), environment, data.get("blueprint", "")[:LONGEST_NAME])
    sheet = filling.sent(form, data.to_dict(flat=False), plan=_earlier(environment, data.get("follows", "")))
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
    return _deletion(form, [stack.name for stack in form.stacks], {})


@area.post("/delete")
def plan_deletion(environment: str) -> ResponseReturnValue:
    """Have the deletion worked out: nothing is deleted before its review."""
    form = haven().deployments.form(current_actor(), environment)
    known = [stack.name for stack in form.stacks]
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
        lift_policy=(),
        what=f"deletion of {environment}" if len(chosen) == len(known) else "deletion of stacks",
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


def _earlier(environment: str, id: str) -> Plan | None:
    """The plan that is rolled back to or repeated. Raises NotFound for one of another environment."""
    if not id:
        return None
    found = haven().deployments.review(current_actor(), id[:LONGEST_NAME]).plan
    if found.environment != environment:
        raise NotFound(f"{environment} has no plan {id[:40]}.")
    return found


def _what(plan: Plan | None, how: str) -> str:
    if plan is None:
        return ""
    if how == "rollback":
        return f"rollback to {plan.what or 'a deployment'} of {plan.requested_at:%d %b %H:%M}"[:80]
    return plan.what[:80]


def _ids(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text.replace(",", " ").split()))


def _page(sheet: Sheet, problem: Refused | NotNow | None = None) -> str:
    return render_template(
        "deployments/new.html",
        sheet=sheet,
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
        form=form,
        environment=form.environment.name,
        chosen=chosen,
        retain=retain,
        wrong=wrong or {},
        trouble=errors.describe(problem) if problem else None,
        may_deploy=current_actor().may(Permission.DEPLOY),
        who_may=review.who_may(),
    )
