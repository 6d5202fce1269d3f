"""What every page says above its content: operations that run, and pauses that hold."""

from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from portal import live
from portal.identity import current_actor, haven
from portal.operations import verdict
from services.domain.access import Actor
from services.domain.errors import HavenError
from services.domain.operation import Operation, State
from services.domain.pause import EVERYWHERE, Pause
from services.domain.status import Status

area = Blueprint("banners", __name__)
area.add_app_template_global(lambda: told(request.path), "banners_told")

MOST = 3
LONGEST = 300


@dataclass(frozen=True)
class Banner:
    """One line, with the place it leads to."""

    status: Status
    text: str
    href: str
    word: str


@dataclass(frozen=True)
class Told:
    """What one page shows: it does not tell of itself."""

    banners: tuple[Banner, ...]
    page: str

    @property
    def version(self) -> str:
        """Changes when what is shown does."""
        return live.token(self.banners, self.page)


@area.get("/banners")
@live.polled
def fragment() -> ResponseReturnValue:
    """The banners alone, for the page `on`; 204 while they are what it shows."""
    made = told(request.args.get("on", "")[:LONGEST])
    return live.answer(made.version, lambda: render_template("layouts/_banners.html", told=made))


def told(page: str) -> Told:
    """For the person who asks."""
    return Told(tuple(banner for banner in banners(current_actor()) if banner.href != page), page)


def banners(actor: Actor) -> tuple[Banner, ...]:
    """Pauses first, then operations, the oldest first. That Haven's database is away is said elsewhere; here it only
    leaves out what is not known."""
    desk = haven()
    found: list[Banner] = []
    try:
        found += [paused(pause) for pause in desk.pauses.current(actor)]
        found += [running(operation) for operation in desk.operations.live(actor)]
    except HavenError:
        return tuple(found)
    if len(found) > MOST:
        rest = len(found) - MOST + 1
        more = Banner(Status.CHANGING, f"{rest} more operations and pauses.", url_for("operations.overview"), "See all")
        return (*found[: MOST - 1], more)
    return tuple(found)


def paused(pause: Pause) -> Banner:
    """A pause that holds."""
    where = "everywhere" if pause.environment == EVERYWHERE else f"for {pause.environment}"
    text = f"Automation paused {where} until {pause.until:%Y-%m-%d %H:%M} UTC by {pause.by}: {pause.reason}"
    return Banner(Status.PAUSED, text, url_for("operations.overview"), "Pauses")


def running(operation: Operation) -> Banner:
    """An operation that is not over."""
    what = verdict.title(operation)
    said = {
        State.AWAITING_APPROVAL: "waits for a second person.",
        State.REQUESTED: "is about to begin.",
        State.RUNNING: "is running.",
        State.STUCK: "is stuck; a person must look.",
    }.get(operation.state, f"is {operation.state}.")
    href = url_for("operations.show", id=operation.id)
    waits = operation.state in (State.AWAITING_APPROVAL, State.STUCK)
    return Banner(verdict.STATUS[operation.state], f"{what}, {said}", href, "Decide" if waits else "Watch")
