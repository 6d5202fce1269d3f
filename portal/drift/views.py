"""The pages about drift: what differs, looking now, accepting a difference and taking that back."""

from datetime import timedelta

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import errors, live
from portal.drift import page
from portal.drift.forms import AcceptForm, PlaceForm
from portal.identity import client, current_actor, haven, person
from portal.redirects import go
from services.domain.access import GRANTS, Permission
from services.domain.deployment.drift import DRIFT, Judged
from services.domain.errors import Conflict, Invalid, NotFound, NotNow
from services.domain.wording import listed
from services.usecases.drifts import AcceptRequest, DriftOverview

area = Blueprint("drift", __name__, url_prefix="/environments/<environment>/drift")

EVERY = 5
"""Seconds between two polls."""


@area.get("")
def index(environment: str) -> ResponseReturnValue:
    """State first, then stack by stack what differs."""
    return _index("drift/index.html", environment)


@area.get("/live")
@live.polled
def fragment(environment: str) -> ResponseReturnValue:
    """The same, alone; 204 while it shows what it would show again."""
    return _index("drift/_live.html", environment, fragment=True)


@area.post("/look")
def look(environment: str) -> ResponseReturnValue:
    """Have a worker look now."""
    try:
        haven().drifts.request(current_actor(), environment, client=client())
    except (Conflict, NotNow) as problem:
        return errors.rejected(_page(environment, problem), problem)
    return go(url_for("drift.index", environment=environment))


@area.get("/accept")
def accepting(environment: str) -> ResponseReturnValue:
    """One difference, and why it might be meant."""
    current_actor().require(Permission.DEPLOY)
    form = AcceptForm(formdata=None)
    form.stack.data, form.resource.data, form.path.data = (request.args.get(name, "") for name in _PLACE)
    found = _difference(haven().drifts.overview(current_actor(), environment), form)
    form.actual.data = found.difference.actual if found.difference else ""
    return _accept_page(environment, form, found)


@area.post("/accept")
def accept(environment: str) -> ResponseReturnValue:
    """Say that it is meant."""
    form = AcceptForm()
    if not form.validate_on_submit():
        return errors.rejected(_again(environment, form))
    stack, resource, path = (form[name].data or "" for name in _PLACE)
    asked = AcceptRequest(environment, stack, resource, path, form.actual.data or "", (form.reason.data or "").strip())
    try:
        haven().drifts.accept(current_actor(), asked, client=client())
    except Invalid as problem:
        form.reason.errors = [*form.reason.errors, *problem.fields.values()]
        return errors.rejected(_again(environment, form), problem)
    except NotFound as problem:
        # What was on the page is there no more: what there is now says more than an error would.
        return errors.rejected(_page(environment, problem), problem)
    flash(f"Accepted: {path} of {resource}, until it changes again.")
    return go(url_for("drift.index", environment=environment))


@area.post("/take-back")
def take_back(environment: str) -> ResponseReturnValue:
    """Let an accepted difference count as drift again."""
    form = PlaceForm()
    if not form.validate_on_submit():
        return errors.rejected(_page(environment, None))
    stack, resource, path = (form[name].data or "" for name in _PLACE)
    try:
        haven().drifts.take_back(current_actor(), environment, stack, resource, path, client=client())
    except NotFound as problem:
        return errors.rejected(_page(environment, problem), problem)
    flash(f"Taken back: {path} of {resource} counts as drift again.")
    return go(url_for("drift.index", environment=environment))


_PLACE = ("stack", "resource", "path")


def _index(template: str, environment: str, fragment: bool = False) -> ResponseReturnValue:
    overview = haven().drifts.overview(current_actor(), environment)
    made = page.make(overview, haven().clock.now(), _every())
    who = person()
    # Its forms carry this browser's own token, so that a rendering serves nobody else.
    version = live.token(who.token if who else "", made)
    if not fragment:
        return _rendered(template, made, version)
    return live.answer(version, lambda: _rendered(template, made, version))


def _page(environment: str, problem: Conflict | NotNow | NotFound | None) -> str:
    """The page after a refusal."""
    made = page.make(haven().drifts.overview(current_actor(), environment), haven().clock.now(), _every())
    return _rendered("drift/index.html", made, "refused", errors.describe(problem) if problem else None)


def _rendered(template: str, made: page.DriftPage, version: str, trouble: errors.Trouble | None = None) -> str:
    actor = current_actor()
    return render_template(
        template,
        page=made,
        environment=made.environment,
        version=version,
        every=EVERY,
        here=url_for("drift.fragment", environment=made.environment.name),
        trouble=trouble,
        may_look=actor.may(Permission.LOOK_FOR_DRIFT),
        may_accept=actor.may(Permission.DEPLOY),
        who_may_look=_roles(Permission.LOOK_FOR_DRIFT),
        who_may_accept=_roles(Permission.DEPLOY),
        stale_after=int(2 * _every().total_seconds()),
    )


def _again(environment: str, form: AcceptForm) -> str:
    """The form again, with what was typed; or the page, when what it is about is gone."""
    try:
        found = _difference(haven().drifts.overview(current_actor(), environment), form)
    except NotFound as problem:
        return _page(environment, problem)
    return _accept_page(environment, form, found)


def _accept_page(environment: str, form: AcceptForm, found: Judged) -> str:
    return render_template(
        "drift/accept.html",
        environment=environment,
        form=form,
        row=page.row(form.stack.data or "", found),
        who_may_accept=_roles(Permission.DEPLOY),
    )


def _difference(overview: DriftOverview, form: PlaceForm) -> Judged:
    """The difference a form is about. Raises NotFound when it is not drift, or not any more."""
    place = tuple(form[name].data or "" for name in _PLACE)
    for stack in overview.stacks:
        for each in stack.judged:
            at = (stack.stack, each.resource.logical_id, each.difference.path if each.difference else "")
            if each.difference is not None and each.verdict == DRIFT and at == place:
                return each
    raise NotFound(f"{place[2][:80]} of {place[1][:80]} does not differ so any more.")


def _every() -> timedelta:
    return timedelta(seconds=haven().settings.drift_every)


def _roles(permission: Permission) -> str:
    return listed([role for role, granted in GRANTS.items() if permission in granted])
