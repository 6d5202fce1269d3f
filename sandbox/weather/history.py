"""What the world was like, minute by minute since the sandbox started, and what it is assumed to have been before.

A thing counts from when it first was as it should be (a service with its tasks running, a database available): before
that it is assumed to have always been so, which gives charts a past, and gives alarms of a stack just being deployed
nothing to complain about. Until then it has no data at all.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

from sandbox import state
from sandbox.clock import clock
from sandbox.weather import world
from sandbox.weather.world import CacheNode, Database, Group, Service, World

KEPT = 5000
SETTLING = 5  # minutes
YOUNG = 2
"""Minutes in which a target group has no past: its first target alone was not there always."""
_READY: dict[type, Callable[[Any, World], bool]] = {
    Service: lambda s, _: s.count >= s.floor,
    Group: lambda g, w: g.count >= max((s.floor for s in w.services.values() if g.id in s.groups), default=1),
    Database: lambda d, _: d.status == "available",
    CacheNode: lambda c, _: c.status == "available",
}


def _size(thing: Any) -> int:
    """What grows while a stack is being made; 0 of what does not."""
    if isinstance(thing, Service):
        return thing.floor
    return thing.count if isinstance(thing, Group) else 0


class History:
    """One account and region."""

    def __init__(self) -> None:
        self._minutes: list[int] = []
        self._worlds: list[World] = []
        self.first: dict[tuple[str, Any], tuple[int, Any]] = {}
        """(kind, key) -> (minute it first was ready, what it was then)."""

    def record(self, minute: int, now: World) -> None:
        """Say how the world was during a minute; minutes come in order."""
        if not self._worlds or self._worlds[-1] != now:
            self._minutes.append(minute)
            self._worlds.append(now)
            del self._minutes[:-KEPT], self._worlds[:-KEPT]
        for kind in fields(now):
            for key, thing in getattr(now, kind.name).items():
                ready = _READY.get(type(thing))
                if ready is None or ready(thing, now):
                    self._ready(minute, (kind.name, key), thing)

    def _ready(self, minute: int, key: tuple[str, Any], thing: Any) -> None:
        known = self.first.setdefault(key, (minute, thing))
        # A stack makes the service first and what scales it a little later: the load is sized for both.
        if minute - known[0] <= SETTLING and _size(thing) > _size(known[1]):
            self.first[key] = (known[0], thing)

    def at(self, minute: int) -> World | None:
        """The recorded world of a minute; None before the first record."""
        place = bisect_right(self._minutes, minute) - 1
        return self._worlds[place] if place >= 0 else None

    def thing(self, kind: str, key: Any, minute: int) -> Any:
        """A thing of the world in a minute; None if it was not there or was never ready."""
        first = self.first.get((kind, key))
        if first is None:
            return None
        if minute < first[0]:
            young = kind == "groups" and int(clock.time() // 60) - first[0] < YOUNG
            return None if young else first[1]
        then = self.at(minute)
        return None if then is None else getattr(then, kind).get(key)

    @property
    def last(self) -> int:
        """The minute of the last record that differed from the one before it."""
        return self._minutes[-1] if self._minutes else 0

    @property
    def latest(self) -> World | None:
        """The last recorded world."""
        return self._worlds[-1] if self._worlds else None


_histories: dict[tuple[str, str], History] = {}
_read_at: dict[tuple[str, str], int] = {}
_held: set[tuple[str, str]] = set()


def of(account: str, region: str, *, ended: bool = False) -> History:
    """The history of an account and region, up to date. Call it under the lock. With `ended`, at the end of a minute,
    that minute is recorded too: its last change counts, whether anybody looked in between or not."""
    place = (account, region)
    found = _histories.setdefault(place, History())
    if place not in _held and _read_at.get(place) != state.changes():
        minute, now = int(clock.time() // 60), world.read(account, region)
        if ended and found.last < minute:
            found.record(minute - 1, now)
        found.record(minute, now)
        _read_at[place] = state.changes()
    return found


@contextmanager
def held(account: str, region: str) -> Iterator[None]:
    """For many looks at one moment: the world is read now and not again until the end, whatever the looks cause, for
    to read it takes much longer than to look. Call it under the lock."""
    of(account, region)
    _held.add((account, region))
    try:
        yield
    finally:
        _held.discard((account, region))


def _load(kept: dict[tuple[str, str], History]) -> None:
    _histories.clear()
    _histories.update(kept)
    _read_at.clear()


state.register("history", lambda: dict(_histories), _load)
