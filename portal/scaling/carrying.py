"""Carrying live edits into the template: the parameters that change, the lines that do it, and asking for it."""

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from portal import errors
from portal.identity import client, current_actor, haven
from portal.redirects import go
from portal.scaling.forms import ReasonForm
from services.domain.access import GRANTS, Permission
from services.domain.errors import Conflict, Invalid, NotAllowed, NotNow, Refused
from services.domain.wording import listed

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
    """Ask for the change set: a worker has CloudFormation work it out. On to the operation's own page."""
    form = ReasonForm()
    if not form.validate_on_submit():
        return errors.rejected(_page(environment, service, form))
    reason = (form.reason.data or "").strip()
    try:
        made = haven().carrying.request(current_actor(), environment, service, reason, client=client())
    except NotAllowed:
        raise
    except (Refused, NotNow) as problem:
        if isinstance(problem, Invalid):
            form.reason.errors = [*form.reason.errors, *problem.fields.values()]
        return errors.rejected(_page(environment, service, form, problem), problem)
    return go(url_for("operations.show", id=made.id))


def _page(environment: str, service: str, form: ReasonForm, problem: Refused | NotNow | None = None) -> str:
    prepared = haven().carrying.prepare(current_actor(), environment, service)
    return render_template(
        "scaling/carry.html",
        prepared=prepared,
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
