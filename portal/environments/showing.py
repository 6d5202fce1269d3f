"""Rendering one environment's page: the part a check changes, which it polls meanwhile, and the rest around it."""

from flask import render_template

from portal import live
from portal.environments import page
from portal.environments.forms import FreezeForm
from portal.identity import current_actor, haven
from services.domain.access import Permission
from services.domain.environment import Environment
from services.domain.freeze import Freeze
from services.domain.pause import EVERYWHERE

EVERY = 2
"""Seconds between two polls, while a check is under way."""


def page_of(environment: Environment, form: FreezeForm, refusal: str = "") -> str:
    """The whole page, with the form for a freeze as it was sent and what was refused."""
    actor, desk = current_actor(), haven()
    on = [each for each in desk.freezes.current(actor) if _holds(each, environment.name)]
    to_come = [each for each in desk.freezes.upcoming(actor) if _holds(each, environment.name)]
    made = live_of(environment)
    return render_template(
        "environments/show.html",
        environment=environment,
        page=made,
        version=version(made),
        every=EVERY,
        freezes=[(each, True) for each in on] + [(each, False) for each in to_come],
        freeze_form=form,
        refusal=refusal,
        budget=page.budget_minutes(environment.slo_target),
        manages=actor.may(Permission.MANAGE_ENVIRONMENTS),
        reads_ledger=actor.may(Permission.READ_LEDGER),
    )


def live_of(environment: Environment) -> page.Live:
    """What a check changes, as data."""
    found = haven().environment_checks.latest(current_actor(), environment.name)
    return page.live(environment, found, haven().clock.now())


def fragment_of(made: page.Live) -> str:
    """What a check changes, alone: the same for everybody who may see it."""
    return render_template(
        "environments/_live.html", environment=made.environment, page=made, version=version(made), every=EVERY
    )


def version(made: page.Live) -> str:
    """Changes whenever that part does."""
    return live.token(made)


def _holds(freeze: Freeze, name: str) -> bool:
    return freeze.environment in (name, EVERYWHERE)
