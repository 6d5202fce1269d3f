"""The pause switch, per environment and for all of Haven."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from services.domain.access import Actor, Permission
from services.domain.environment import NAME
from services.domain.errors import Invalid, NotFound, NotNow
from services.domain.pause import EVERYWHERE, LONGEST, Pause
from services.ports import Clock, Entry, UnitOfWork
from services.usecases.words import checked_reason

SHORTEST = timedelta(minutes=1)


class Pauses:
    """Setting and lifting pauses. A pause holds what changes something that runs, never what only looks or executes
    nothing (`Step.harmless`), and always has an end."""

    def __init__(self, unit: UnitOfWork, clock: Clock, new_id: Callable[[], str]) -> None:
        self._unit, self._clock, self._new_id = unit, clock, new_id
        self._last_known: Sequence[Pause] = ()

    def current(self, actor: Actor) -> Sequence[Pause]:
        """Those that hold now, longest first; what was seen last while Haven's database is away."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        now = self._clock.now()
        with suppress(NotNow):  # then what was seen last
            self.remember()
        held = [pause for pause in self._last_known if pause.lifted_at is None and pause.at <= now < pause.until]
        return sorted(held, key=lambda pause: pause.until, reverse=True)

    def remember(self) -> None:
        """Look at what holds now, so that it can be said while the database is away."""
        with self._unit(readonly=True) as store:
            self._last_known = store.pauses.current(self._clock.now())

    def pause(self, actor: Actor, environment: str, until: datetime, reason: str, *, client: str = "") -> Pause:
        """Hold one environment, or EVERYWHERE, until a time at most 7 days away. Raises Invalid, NotFound."""
        actor.require(Permission.PAUSE_AUTOMATION)
        reason, now = checked_reason(reason), self._clock.now()
        if not now + SHORTEST <= until <= now + LONGEST:
            words = "A pause ends one minute to seven days from now."
            raise Invalid(words, {"until": words})
        pause = Pause(self._new_id(), environment, until, actor.name, now, reason)
        with self._unit() as store:
            known = NAME.fullmatch(environment) and store.environments.get(environment)
            if environment != EVERYWHERE and not known:
                raise NotFound(f"There is no environment {environment[:32]}.")
            store.pauses.add(pause)
            detail = {"until": until.isoformat(timespec="seconds"), "pause": pause.id}
            where = "everywhere" if environment == EVERYWHERE else environment
            store.ledger.append(Entry(now, actor.name, "pause automation", "done", where, reason, detail, client[:256]))
        return pause

    def lift(self, actor: Actor, id: str, *, client: str = "") -> None:
        """End one now. Raises NotFound when it is over already."""
        actor.require(Permission.PAUSE_AUTOMATION)
        now = self._clock.now()
        with self._unit() as store:
            lifted = store.pauses.lift(id[:64], actor.name, now)
            if lifted is None:
                raise NotFound("There is no such pause, or it is over already.")
            where = "everywhere" if lifted.environment == EVERYWHERE else lifted.environment
            store.ledger.append(
                Entry(now, actor.name, "lift pause", "done", where, "", {"pause": lifted.id}, client[:256])
            )
