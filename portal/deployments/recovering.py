"""What is done about a stack whose rollout failed: each act says what it does before it is asked for."""

from flask import Blueprint, g, render_template, url_for
from flask.typing import ResponseReturnValue
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from portal import errors
from portal.deployments import review
from portal.deployments.forms import RecoverForm
from portal.deployments.recoveries import BY_SLUG, Recovery, failed
from portal.identity import client, current_actor, haven
from portal.redirects import go
from services.domain.access import Permission
from services.domain.errors import Conflict, Invalid, NotFound, NotNow, Refused, Unsafe
from services.usecases.deployment_shapes import Progressing

area = Blueprint("recovering", __name__, url_prefix="/operations/<id>/recover/<stack>/<act>")


@area.get("")
def show(id: str, stack: str, act: str) -> ResponseReturnValue:
    """What it would do, and the form."""
    progressing, recovery = _found(id, stack, act)
    return _page(progressing, stack, recovery, RecoverForm(formdata=None))


@area.post("")
def ask(id: str, stack: str, act: str) -> ResponseReturnValue:
    """Ask for it. The form again with everything typed and what is wrong, or on to the recovery's own page."""
    progressing, recovery = _found(id, stack, act)
    form = RecoverForm()
    fine = form.validate_on_submit()
    if recovery.danger and not form.named(_stack_name(progressing, stack)):
        fine = False
    if not fine:
        return errors.rejected(_page(progressing, stack, recovery, form))
    environment = progressing.plan.environment
    wanted = form.command(environment, stack, recovery.act, failed(progressing, stack) if recovery.skips else ())
    try:
        operation = haven().deployments.recover(current_actor(), wanted, client=client())
    except (Invalid, Conflict, Unsafe, NotNow) as problem:
        for name, text in getattr(problem, "fields", {}).items():
            if name in form:
                form[name].errors = [*form[name].errors, text]
        return errors.rejected(_page(progressing, stack, recovery, form, problem), problem)
    return go(url_for("operations.show", id=operation.id))


def _found(id: str, stack: str, act: str) -> tuple[Progressing, Recovery]:
    progressing = haven().deployments.progress(current_actor(), id)
    if act not in BY_SLUG or stack not in {each.name for each in progressing.plan.stacks}:
        raise NotFound("There is no such way of recovering it.")
    g.environment = progressing.plan.environment
    return progressing, BY_SLUG[act]


def _stack_name(progressing: Progressing, stack: str) -> str:
    return next(each.stack_name for each in progressing.plan.stacks if each.name == stack)


def _page(
    progressing: Progressing, stack: str, recovery: Recovery, form: RecoverForm, problem: Refused | NotNow | None = None
) -> str:
    names = failed(progressing, stack) if recovery.skips else ()
    form.skip.choices = [SelectChoice(name, name) for name in names]
    allowed = recovery.act in progressing.recoveries.get(stack, ())
    return render_template(
        "deployments/recover.html",
        operation=progressing.operation,
        plan=progressing.plan,
        stack=stack,
        stack_name=_stack_name(progressing, stack),
        rollout=progressing.rollouts.get(stack),
        recovery=recovery,
        allowed=allowed,
        skippable=names,
        form=form,
        trouble=errors.describe(problem) if problem else None,
        may_deploy=current_actor().may(Permission.DEPLOY),
        who_may=review.who_may(),
    )
