"""The pages of changing a service's scaling, drawn: the form, the preview of what was typed, the replay in it."""

from dataclasses import dataclass
from datetime import datetime

from flask import render_template, request

from portal import errors
from portal.identity import current_actor, haven
from portal.scaling import preview, replaying
from portal.scaling.filling import sheet
from portal.scaling.forms import ConfirmForm
from portal.scaling.places import resource_label, today
from portal.scaling.preview import PreviewPage
from portal.scaling.replaying import ReplayPage
from portal.scaling.sheet import Sheet
from services.domain.access import Permission
from services.domain.errors import HavenError, Invalid, NotFound, NotNow, Refused
from services.domain.scaling.change import ScalingChange, ScalingState
from services.domain.snapshot import Snapshot
from services.usecases.scaling_documents import change_text, state_text
from services.usecases.scalings import ScalingPreview, ServiceScaling


@dataclass(frozen=True)
class Carried:
    """What travels from page to page as text: the change, the state it was made on, and the change it takes back."""

    change: ScalingChange
    opened: ScalingState
    reverts: str = ""

    @property
    def change_text(self) -> str:
        """For a hidden field."""
        return change_text(self.change)

    @property
    def opened_text(self) -> str:
        """For a hidden field."""
        return state_text(self.opened)


def form_page(
    environment: str, service: str, made: Sheet, seen: ServiceScaling | None, problem: HavenError | None = None
) -> str:
    """The form."""
    return render_template(
        "scaling/change.html",
        sheet=made,
        seen=seen,
        today=today(seen.service if seen else None, seen.edited if seen else (), snapshot_or_none(environment)),
        opened_text=state_text(made.opened),
        environment=environment,
        service=service,
        trouble=errors.describe(problem) if problem else None,
        may_change=current_actor().may(Permission.CHANGE_SCALING),
        who_may=preview.who_may(),
        stale_after=haven().settings.stale_after,
    )


def refused_page(environment: str, service: str, carried: Carried, problem: HavenError) -> str:
    """The form again, filled in with what was wanted: it cannot even be previewed."""
    made = filled_in(environment, service, carried.opened, carried.change)
    until = getattr(problem, "fields", {}).get("until")
    if until:
        made.until.until.errors = [until]
    return form_page(environment, service, made, service_or_none(environment, service), problem)


def preview_page(
    found: ScalingPreview, carried: Carried, filled: ConfirmForm, problem: Refused | NotNow | None = None
) -> str:
    filled.offer(found.overridable)
    environment, service = found.environment.name, found.service.name
    around = today(found.service, found.edited, snapshot_or_none(environment))
    made: PreviewPage = preview.make(found, current_actor(), now(), around)
    return render_template(
        "scaling/preview.html",
        page=made,
        carried=carried,
        form=filled,
        replay=None if found.conflicts else replayed(environment, service, carried.change),
        trouble=errors.describe(problem) if problem else None,
        environment=environment,
        service=service,
        stale_after=haven().settings.stale_after,
    )


def previewed(environment: str, service: str, carried: Carried) -> ScalingPreview:
    return haven().scalings.preview(current_actor(), environment, service, carried.change, carried.opened)


def replayed(environment: str, service: str, change: ScalingChange) -> ReplayPage | HavenError:
    """The replay of the days asked for; what is wrong when it cannot be had."""
    days = replaying.chosen(request.form.get("days", ""))
    lost = bool(request.form.get("zone_lost"))
    try:
        compared = haven().replays.compare(current_actor(), environment, service, change, days=days, zone_lost=lost)
    except (Invalid, NotNow) as problem:
        return problem
    return replaying.make(compared, days)


def filled_in(environment: str, service: str, opened: ScalingState, wanted: ScalingChange | None = None) -> Sheet:
    label = resource_label(snapshot_or_none(environment), service)
    return sheet(opened, now(), wanted=wanted, label=label, prefix=service)


def service_or_none(environment: str, service: str) -> ServiceScaling | None:
    """The service as it is, None while it cannot be had: what was typed is worth more than what stands beside it."""
    try:
        return haven().scalings.service(current_actor(), environment, service)
    except NotNow:
        return None


def snapshot_or_none(environment: str) -> Snapshot | None:
    try:
        return haven().snapshots.current(current_actor(), environment).snapshot
    except (NotFound, NotNow):
        return None


def now() -> datetime:
    return haven().clock.now()
