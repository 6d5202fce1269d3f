"""A snapshot's parts as a graph: each is read by itself, waits only for what it needs, and fails alone.

A part that could not be read keeps its last known facts with the time they were read, and a gap that says why and
since when. A part that needs it goes on with those facts; only when there are none is it a gap as well, one that
names its cause.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from services.aws.errors import NotAsked, gap_of
from services.domain.snapshot import Gap, Reading

T = TypeVar("T")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Known(Generic[T]):
    """A part's facts with how they were read. Before the first success `facts` is the empty value."""

    facts: T
    reading: Reading

    def stale(self, code: str, why: str, now: datetime) -> "Known[T]":
        """The same facts after failing to read them again now."""
        before = self.reading.gap
        gap = Gap(self.reading.part, code, why, before.since if before else now)
        return Known(self.facts, replace(self.reading, gap=gap))


class PartRead(Generic[T]):
    """The reading of one part within a running event loop, started at once.

    `read` fetches fresh facts; `last` is what was known before; `seconds` is how long it may take from now, counting
    the waiting for other parts; `now` is when the snapshot is taken.
    """

    def __init__(self, last: Known[T], read: Callable[[], Awaitable[T]], *, seconds: float, now: datetime) -> None:
        self.part = last.reading.part
        self._last = last
        self._read = read
        self._seconds = seconds
        self._now = now
        self._task = asyncio.create_task(self._settle(), name=str(self.part))

    async def outcome(self) -> Known[T]:
        """The facts with their reading, fresh or carried over. Never raises for what reading raised."""
        return await asyncio.shield(self._task)

    async def known(self) -> T:
        """The facts for another part to build on; NotAsked, naming this part, when there never were any."""
        outcome = await self.outcome()
        if outcome.reading.read_at is None:
            gap = outcome.reading.gap
            code, why = (gap.code, gap.why) if gap else ("Unknown", "")
            raise NotAsked(code, f"Not read, because {self.part} could not be read: {why}")
        return outcome.facts

    async def _settle(self) -> Known[T]:
        try:
            async with asyncio.timeout(self._seconds):
                facts = await self._read()
        except Exception as error:
            code, why = gap_of(error)
            if code == "UnexpectedAnswer" and not isinstance(error, NotAsked):
                log.exception("The part %r could not be read", str(self.part))
            return self._last.stale(code, why, self._now)
        return Known(facts, Reading(self.part, self._now))
