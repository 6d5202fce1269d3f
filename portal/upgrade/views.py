"""The page of the guided path, and the button that has a stage worked out."""

from datetime import timedelta

from flask import Blueprint, flash, render_template, url_for
from flask.typing import ResponseReturnValue

from portal import errors, live
from portal.deployments import review
from portal.deployments.forms import PlanForm
from portal.deployments.money import more, usd
from portal.identity import client, current_actor, haven, person
from portal.redirects import go
from portal.upgrade import page
from services.domain.access import Permission
from services.domain.errors import Conflict, Invalid, NotNow, Unsafe
from services.domain.snapshot import Part
from services.usecases.upgrades import UpgradePath

area = Blueprint("upgrade", __name__, url_prefix="/environments/<environment>/upgrade")

EVERY = 5
"""Seconds between two polls."""


@area.get("")
def index(environment: str) -> ResponseReturnValue:
    """How far it is, what is next, and every stage."""
    return _answer("upgrade/index.html", environment)


@area.get("/live")
@live.polled
def fragment(environment: str) -> ResponseReturnValue:
    """The same, alone; 204 while it shows what it would show again."""
    return _answer("upgrade/_live.html", environment, fragment=True)


@area.post("/<step>")
def plan(environment: str, step: str) -> ResponseReturnValue:
    """Have the stage worked out; on to its plan, where it is reviewed."""
    actor = current_actor()
    actor.require(Permission.DEPLOY)
    if not PlanForm().validate_on_submit():
        return go(url_for("upgrade.index", environment=environment))
    try:
        made = haven().upgrades.plan(actor, environment, step, client=client())
    except (Conflict, Invalid, Unsafe, NotNow) as problem:
        return errors.rejected(_page("upgrade/index.html", environment, problem), problem)
    flash("CloudFormation works the stage out; nothing is executed.")
    return go(url_for("deployments.reviewing.show", environment=environment, plan=made.wants("plan")))


def _answer(template: str, environment: str, fragment: bool = False) -> ResponseReturnValue:
    if not fragment:
        return _page(template, environment)
    found = _path(environment)
    made = page.make(found, haven().clock.now(), _stale_after()) if found else None
    version = _version(made)
    return live.answer(version, lambda: _rendered(template, environment, made, version))


def _page(template: str, environment: str, problem: Conflict | Invalid | Unsafe | NotNow | None = None) -> str:
    found = _path(environment)
    made = page.make(found, haven().clock.now(), _stale_after()) if found else None
    trouble = errors.describe(problem) if problem else None
    return _rendered(template, environment, made, "refused" if problem else _version(made), trouble)


def _path(environment: str) -> UpgradePath | None:
    """The path; None while the environment was never read. Raises NotFound, NotNow when the database is away."""
    snapshot = haven().snapshots.current(current_actor(), environment).snapshot
    if snapshot is None or snapshot.reading(Part.STACKS).read_at is None:
        return None
    return haven().upgrades.path(current_actor(), environment)


def _version(made: page.UpgradePage | None) -> str:
    """Its forms carry this browser's own token, so that a rendering serves nobody else. How old the facts are is
    counted by the browser; only that they became stale is news."""
    who = person()
    if made is None:
        return live.token(who.token if who else "", "unread")
    stages = [
        (each.step.name, each.status, each.word, each.changes, each.kept, each.mends, each.price, each.plan, each.took)
        for each in made.stages
    ]
    return live.token(who.token if who else "", made.said, stages, made.path.left, made.path.trend[:-1], made.stale)


def _rendered(
    template: str,
    environment: str,
    made: page.UpgradePage | None,
    version: str,
    trouble: errors.Trouble | None = None,
) -> str:
    return render_template(
        template,
        page=made,
        environment=environment,
        version=version,
        every=EVERY,
        here=url_for("upgrade.fragment", environment=environment),
        trouble=trouble,
        may_deploy=current_actor().may(Permission.DEPLOY),
        who_may=review.who_may(),
        stale_after=int(_stale_after().total_seconds()),
        usd=usd,
        more=more,
    )


def _stale_after() -> timedelta:
    return timedelta(seconds=haven().settings.stale_after)
