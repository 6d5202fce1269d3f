"""Freeze windows on an environment's page: announcing one, and taking one back."""

from flask import Blueprint, flash, url_for
from flask.typing import ResponseReturnValue

from portal import errors
from portal.environments import showing
from portal.environments.editing import explain
from portal.environments.forms import FreezeForm
from portal.identity import client, current_actor, haven
from portal.redirects import go
from services.domain.errors import Invalid, NotNow

area = Blueprint("freezing", __name__, url_prefix="/<environment>/freezes")


@area.post("")
def add(environment: str) -> ResponseReturnValue:
    """Announce one."""
    found = haven().environments.get(current_actor(), environment)
    form = FreezeForm()
    if not form.validate_on_submit():
        return errors.rejected(showing.page_of(found, form))
    try:
        made = haven().freezes.add(current_actor(), form.window(environment), client=client())
    except (Invalid, NotNow) as problem:
        explain(form, problem)
        return errors.rejected(showing.page_of(found, form, problem.message), problem)
    flash(f"The change freeze “{made.name}” is announced.")
    return go(url_for("environments.show", environment=environment) + "#freezes")


@area.post("/<id>/remove")
def remove(environment: str, id: str) -> ResponseReturnValue:
    """Take one back, whether it is on or still to come."""
    gone = haven().freezes.remove(current_actor(), id, client=client())
    flash(f"The change freeze “{gone.name}” is taken back.")
    return go(url_for("environments.show", environment=environment) + "#freezes")
