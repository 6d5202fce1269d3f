"""The list of operations with the pause switch, drawn for its own page and for a pause that was refused."""

from collections.abc import Sequence

from flask import render_template, request

from portal.identity import current_actor, haven
from portal.operations import page
from portal.operations.forms import PauseForm
from services.domain.access import Permission
from services.domain.environment import NAME
from services.domain.errors import NotNow
from services.domain.operation import Operation

MOST = 100


def render(form: PauseForm, refusal: str = "") -> str:
    """The page; while the database is away it shows what runs as far as this process knows, and says so."""
    actor, asked = current_actor(), request.args.get("environment", "")
    environment = asked if NAME.fullmatch(asked) else ""
    live = haven().operations.live(actor, environment or None)
    pauses = haven().pauses.current(actor)
    recent, away = _recent(environment)
    return render_template(
        "operations/index.html",
        environment=environment,
        live=page.listing(live),
        recent=page.listing([operation for operation in recent if not operation.live]),
        headline=page.headline(live, pauses),
        pauses=pauses,
        away=away,
        form=form,
        refusal=refusal,
        may_pause=actor.may(Permission.PAUSE_AUTOMATION),
        most=MOST,
    )


def _recent(environment: str) -> tuple[Sequence[Operation], bool]:
    try:
        return haven().operations.recent(current_actor(), environment=environment or None, limit=MOST), False
    except NotNow:
        return (), True
