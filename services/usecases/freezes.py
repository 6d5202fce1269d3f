"""Change freezes: announcing windows in which nothing is to be changed, and taking them back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.domain.access import Actor, Permission
from services.domain.environment import NAME
from services.domain.errors import Invalid, NotFound
from services.domain.freeze import Freeze
from services.domain.pause import EVERYWHERE
from services.ports import Clock, Entry, Store, UnitOfWork
from services.usecases.words import reason_problem

NAME_LEAST, NAME_MOST = 3, 60
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(days=90)
FURTHEST = timedelta(days=730)
"""How far ahead a freeze may end."""
BACKDATED = timedelta(days=1)
"""How long ago a freeze may have begun when it is announced: no history is made up afterwards."""


@dataclass(frozen=True)
class Window:
    """A change freeze as somebody wants it. `environment` is a name, or EVERYWHERE; both times have a zone."""

    name: str
    environment: str
    starts: datetime
    ends: datetime
    reason: str


def problems(window: Window, now: datetime) -> dict[str, str]:
    """What is wrong with a window, by field (`name`, `starts`, `ends`, `reason`); empty when nothing is."""
    found: dict[str, str] = {}
    name = window.name.strip()
    if not (NAME_LEAST <= len(name) <= NAME_MOST and name.isprintable()):
        found["name"] = f"A name of {NAME_LEAST} to {NAME_MOST} characters on one line."
    found |= {field: "A time with its zone." for field in ("starts", "ends") if getattr(window, field).tzinfo is None}
    if not found.keys() & {"starts", "ends"}:
        if window.starts < now - BACKDATED:
            found["starts"] = "A change freeze begins at most a day ago."
        if window.ends <= now:
            found["ends"] = "A change freeze ends after now."
        elif not SHORTEST <= window.ends - window.starts <= LONGEST:
            found["ends"] = f"A change freeze ends one minute to {LONGEST.days} days after it begins."
        elif window.ends > now + FURTHEST:
            found["ends"] = "A change freeze ends at most two years from now."
    if problem := reason_problem(window.reason):
        found["reason"] = problem
    return found


class Freezes:
    """Announcing change freezes and taking them back. One that is on makes a check fail, which admins may override."""

    def __init__(self, unit: UnitOfWork, clock: Clock, new_id: Callable[[], str]) -> None:
        self._unit, self._clock, self._new_id = unit, clock, new_id

    def current(self, actor: Actor) -> Sequence[Freeze]:
        """Those that are on, earliest begun first."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            return store.freezes.current(self._clock.now())

    def upcoming(self, actor: Actor) -> Sequence[Freeze]:
        """Those announced that have not begun, soonest first."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            return store.freezes.upcoming(self._clock.now())

    def add(self, actor: Actor, window: Window, *, client: str = "") -> Freeze:
        """Announce one. Raises Invalid with what to mend by field, NotFound for an unknown environment."""
        actor.require(Permission.MANAGE_ENVIRONMENTS)
        now = self._clock.now()
        if found := problems(window, now):
            raise Invalid(" ".join(dict.fromkeys(found.values())), found)
        freeze = Freeze(
            id=self._new_id(),
            environment=window.environment,
            starts=window.starts.astimezone(UTC),
            ends=window.ends.astimezone(UTC),
            name=window.name.strip(),
            reason=window.reason.strip(),
            by=actor.name,
            at=now,
        )
        with self._unit() as store:
            known = NAME.fullmatch(freeze.environment) and store.environments.get(freeze.environment)
            if freeze.environment != EVERYWHERE and not known:
                raise NotFound(f"There is no environment {freeze.environment[:32]}.")
            store.freezes.add(freeze)
            _note(store, actor, "add change freeze", freeze, now, freeze.reason, client)
        return freeze

    def remove(self, actor: Actor, id: str, *, client: str = "") -> Freeze:
        """Take one back, whether it is on or still to come. Raises NotFound when it is over already."""
        actor.require(Permission.MANAGE_ENVIRONMENTS)
        now = self._clock.now()
        with self._unit() as store:
            removed = store.freezes.remove(id[:64], actor.name, now)
            if removed is None:
                raise NotFound("There is no such change freeze, or it is over already.")
            _note(store, actor, "remove change freeze", removed, now, "", client)
        return removed


def _note(store: Store, actor: Actor, action: str, freeze: Freeze, now: datetime, reason: str, client: str) -> None:
    where = "everywhere" if freeze.environment == EVERYWHERE else freeze.environment
    detail = {
        "freeze": freeze.id,
        "name": freeze.name,
        "from": freeze.starts.isoformat(timespec="seconds"),
        "until": freeze.ends.isoformat(timespec="seconds"),
    }
    store.ledger.append(Entry(now, actor.name, action, "done", where, reason, detail, client[:256]))
