"""What the fleet's page shows, from snapshots already at hand. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from portal.fleet.cards import Card, cards
from portal.fleet.row import Row, Standing, row
from portal.fleet.search import search
from services.domain.snapshot import Part
from services.domain.status import Status, freshness
from services.domain.wording import capital, counted
from services.usecases.snapshots import Current


class Show(StrEnum):
    """Which environments are asked for."""

    ALL = "all"
    NEEDS = "needs"
    STEADY = "steady"

    @classmethod
    def of(cls, word: str) -> "Show":
        """The choice a query parameter names; anything else means all."""
        return cls(word) if word in set(cls) else cls.ALL

    def takes(self, standing: "Standing") -> bool:
        """Whether rows of this group are shown."""
        return self is Show.ALL or (self is Show.NEEDS) == (standing is Standing.NEEDS)


@dataclass(frozen=True)
class Fleet:
    """The whole page. `all_rows` are every environment's, `groups` those that were asked for."""

    query: str
    show: Show
    all_rows: tuple[Row, ...]
    groups: dict[Standing, list[Row]]

    @property
    def asked(self) -> dict[str, str]:
        """Search and filter as query parameters, those that were given."""
        given = {"q": self.query, "show": "" if self.show is Show.ALL else self.show.value}
        return {name: value for name, value in given.items() if value}

    @property
    def headline(self) -> "Headline":
        """The page's verdict: of the fleet, not of what the filter left."""
        return headline(self.all_rows)

    @property
    def accounts(self) -> int:
        """How many AWS accounts the fleet is in."""
        return len({row.environment.account for row in self.all_rows})

    @property
    def serving(self) -> tuple[int, int]:
        """Healthy services, and all of them."""
        return sum(row.serving[0] for row in self.all_rows), sum(row.serving[1] for row in self.all_rows)

    @property
    def old(self) -> bool:
        """Whether some of what is counted was read too long ago, or not at all."""
        return any(row.status in (Status.STALE, Status.UNKNOWN) for row in self.all_rows)

    @property
    def cards(self) -> tuple[Card, ...]:
        """The few things to know before any single environment."""
        return cards(self.all_rows)

    @property
    def memory(self) -> bool:
        """Whether this is what the process remembers, because the database is away."""
        return any(row.memory for row in self.all_rows)


def fleet(seen: Sequence[Current], query: str, show: Show, now: datetime, stale_after: timedelta) -> Fleet:
    """The page for a search and a filter."""
    rows, shown = [], []
    for each in seen:
        found = search(query, each.environment, each.snapshot)
        made = row(each, now, stale_after, found)
        rows.append(made)
        if found.fits and show.takes(made.group):
            shown.append(made)
    return Fleet(query, show, tuple(rows), ranked(shown))


def known(seen: Current, now: datetime, stale_after: timedelta) -> tuple[object, ...]:
    """What decides how an environment is shown, without judging it: which reading, and which of its parts are old."""
    snapshot = seen.snapshot
    if snapshot is None:
        return (seen.environment, seen.from_memory, now - seen.environment.created_at > stale_after)
    old = tuple(freshness(snapshot, part, now, stale_after) for part in Part)
    return (seen.environment, seen.from_memory, snapshot.taken_at, now - snapshot.taken_at > stale_after, old)


def ranked(rows: Sequence[Row]) -> dict[Standing, list[Row]]:
    """Rows by group, worst first in each; groups without rows are left out."""
    ordered = sorted(rows, key=lambda each: (each.status.rank, -len(each.found) - each.more, each.environment.name))
    by_group = {group: [each for each in ordered if each.group is group] for group in Standing}
    return {group: members for group, members in by_group.items() if members}


@dataclass(frozen=True)
class Headline:
    """The page's verdict."""

    status: Status
    strong: str
    line: str


def headline(rows: Sequence[Row]) -> Headline:
    """How the whole fleet stands, from all of its rows (not only those a filter left)."""
    if not rows:
        return Headline(Status.PAUSED, "No environment is known yet.", "")
    down = sum(row.status is Status.DOWN for row in rows)
    blind = sum(row.status in (Status.UNKNOWN, Status.STALE) for row in rows)
    needs = sum(row.group is Standing.NEEDS for row in rows)
    worst = min((row.status for row in rows), key=lambda status: status.rank)
    details = [f"{counted(down, 'is', 'are')} down" if down else "none is down"]
    if blind:
        details.append(f"{blind} cannot be read")
    if needs:
        strong = f"{needs} of {counted(len(rows), 'environment')} {'needs' if needs == 1 else 'need'} you."
        return Headline(worst, strong, f"{capital('; '.join(details))}.")
    if all(row.loading for row in rows):
        return Headline(worst, f"{_all(len(rows))} being read for the first time.", "")
    return Headline(worst, f"{_all(len(rows))} {'healthy' if worst is Status.HEALTHY else 'healthy or changing'}.", "")


def _all(number: int) -> str:
    return "The only environment is" if number == 1 else f"All {number} environments are"
