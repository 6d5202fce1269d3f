"""Carrying live edits into the template: the parameters that change, the lines that do it, and the change set."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from portal import errors
from portal.identity import client, current_actor, haven
from portal.scaling.forms import ReasonForm
from services.domain.access import GRANTS, Permission
from services.domain.errors import Conflict, Invalid, NotAllowed, NotNow, Refused
from services.domain.wording import listed
from services.usecases.carrying import ChangeSet

area = Blueprint("carrying", __name__, url_prefix="/carry")


@area.get("")
def show(environment: str, service: str) -> ResponseReturnValue:
    """What would be deployed; nothing is."""
    try:
        return _page(environment, service, ReasonForm(formdata=None))
    except Conflict as problem:
        return errors.rejected(_nothing(environment, service, problem), problem)


@area.post("")
def make(environment: str, service: str) -> ResponseReturnValue:
    """Have CloudFormation work out the change set. It is shown at once: it has a page in AWS, not here."""
    form = ReasonForm()
    if not form.validate_on_submit():
        return errors.rejected(_page(environment, service, form))
    reason = (form.reason.data or "").strip()
    try:
        made = haven().carrying.create_change_set(current_actor(), environment, service, reason, client=client())
    except NotAllowed:
        raise
    except (Refused, NotNow) as problem:
        if isinstance(problem, Invalid):
            form.reason.errors = [*form.reason.errors, *problem.fields.values()]
        return errors.rejected(_page(environment, service, form, problem), problem)
    return _page(environment, service, form, made=made)


def _page(
    environment: str,
    service: str,
    form: ReasonForm,
    problem: Refused | NotNow | None = None,
    made: ChangeSet | None = None,
) -> str:
    prepared = made.prepared if made else haven().carrying.prepare(current_actor(), environment, service)
    return render_template(
        "scaling/carry.html",
        prepared=prepared,
        made=made,
        form=form,
        trouble=errors.describe(problem) if problem else None,
        environment=environment,
        service=service,
        may_deploy=current_actor().may(Permission.DEPLOY),
        who_may=listed([role for role, granted in GRANTS.items() if Permission.DEPLOY in granted]),
        stale_after=haven().settings.stale_after,
    )


def _nothing(environment: str, service: str, problem: Conflict) -> str:
    return render_template(
        "scaling/no_template.html", trouble=errors.describe(problem), environment=environment, service=service
    )
