"""Environments: the list, one with its access and stacks, a new one, and asking for a check."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from flask import Blueprint, flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import errors, live
from portal.environments import editing, freezing, page, showing
from portal.environments.forms import EnvironmentForm, FreezeForm
from portal.identity import client, current_actor, haven
from portal.redirects import go
from services.domain.access import Permission
from services.domain.environment import Environment
from services.domain.errors import Conflict, Invalid, NotFound, NotNow

area = Blueprint("environments", __name__, url_prefix="/environments")
area.register_blueprint(editing.area)
area.register_blueprint(freezing.area)


@area.get("")
def index() -> ResponseReturnValue:
    """Every environment, the archived ones too."""
    actor, desk = current_actor(), haven()
    rows = page.listing(
        desk.environments.all(actor, archived=True),
        desk.snapshots.fleet(actor),
        desk.environment_checks.overview(actor),
        desk.clock.now(),
        timedelta(seconds=desk.settings.stale_after),
    )
    manages = actor.may(Permission.MANAGE_ENVIRONMENTS)
    return render_template("environments/index.html", rows=rows, said=page.headline(rows), manages=manages)


@area.get("/new")
def new() -> ResponseReturnValue:
    """The form for a new one; `like` fills it in from another environment, `prefix` with stacks that were found."""
    blueprints = haven().environments.blueprints(current_actor())
    form = EnvironmentForm(blueprints, _filled(), formdata=None)
    return _new(form)


@area.post("")
def create() -> ResponseReturnValue:
    """Register it, and have its access checked."""
    actor, desk = current_actor(), haven()
    form = EnvironmentForm(desk.environments.blueprints(actor))
    if not form.validate_on_submit():
        return errors.rejected(_new(form))
    made = form.environment(desk.clock.now())
    try:
        desk.environments.register(actor, made, client=client())
    except (Invalid, Conflict, NotNow) as problem:
        editing.explain(form, problem)
        return errors.rejected(_new(form, problem.message), problem)
    with suppress(Conflict, NotNow):  # then it is asked for on its page
        desk.environment_checks.request(actor, made.name, client=client())
    flash(f"{made.name} is looked after now; a worker reads it with its next tick.")
    return go(url_for("environments.show", environment=made.name))


@area.get("/<environment>")
def show(environment: str) -> ResponseReturnValue:
    """One environment."""
    found = haven().environments.get(current_actor(), environment)
    return showing.page_of(found, FreezeForm(formdata=None))


@area.get("/<environment>/access")
@live.polled
def fragment(environment: str) -> ResponseReturnValue:
    """What a check changes, alone; 204 while it shows what it would show again."""
    made = showing.live_of(haven().environments.get(current_actor(), environment))
    return live.answer(showing.version(made), lambda: showing.fragment_of(made))


@area.post("/<environment>/check")
def check(environment: str) -> ResponseReturnValue:
    """Have a worker look which rights there are."""
    haven().environment_checks.request(current_actor(), environment, client=client())
    return go(url_for("environments.show", environment=environment))


def _new(form: EnvironmentForm, refusal: str = "") -> str:
    return render_template("environments/new.html", form=form, refusal=refusal)


def _filled() -> Environment:
    """What the form begins with."""
    now, prefix = haven().clock.now(), request.args.get("prefix", "")[:64]
    plain = Environment("", "", "us-east-1", "multi-az", prefix, True, 99.95, now)
    try:
        like = haven().environments.get(current_actor(), request.args.get("like", "")[:32])
    except NotFound:
        return plain
    return replace(like, name=prefix.lower(), stack_prefix=prefix, archived=False, protected=True)
