"""What the failovers pages show: targets and where they stand, the history, its filter. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.failovers.preview import Said
from services.domain.environment import Environment
from services.domain.failover.episode import Episode, Origin, Result
from services.domain.failover.target import FailoverTarget
from services.domain.operation import Operation
from services.domain.snapshot import Part, Snapshot
from services.domain.status import Status, freshness
from services.domain.wording import capital, counted, listed

RESULTS = {
    Result.RUNNING: Status.CHANGING,
    Result.COMPLETED: Status.HEALTHY,
    Result.ABANDONED: Status.PAUSED,
    Result.FAILED: Status.DOWN,
    Result.UNFINISHED: Status.UNKNOWN,
}

SOURCES = {"probe": "measured by Haven's probe", "events": "from AWS's events, an upper bound"}


@dataclass(frozen=True)
class TargetRow:
    """A target with how it stands. `last` is its newest failover, `live` the operation that holds it."""

    target: FailoverTarget
    status: Status
    word: str
    last: Episode | None
    live: Operation | None

    @property
    def could_go(self) -> str:
        """Where its leader could go, in words."""
        found = [
            " ".join(part for part in (candidate.member, f"in {candidate.zone}" if candidate.zone else "") if part)
            for candidate in self.target.candidates
        ]
        return listed(found) if found else "nowhere"


@dataclass(frozen=True)
class Targets:
    """One environment's. `reading` is true before the first snapshot."""

    environment: Environment
    rows: tuple[TargetRow, ...]
    reading: bool = False
    from_memory: bool = False

    @property
    def possible(self) -> int:
        """How many could be failed over."""
        return sum(row.target.possible for row in self.rows)


def target_rows(
    found: Sequence[FailoverTarget],
    episodes: Sequence[Episode],
    live: Sequence[Operation],
    snapshot: Snapshot | None,
    now: datetime,
    stale_after: timedelta,
) -> tuple[TargetRow, ...]:
    """Targets with their newest failover; `episodes` newest first."""
    rows = []
    for target in found:
        last = next((each for each in episodes if _same(each, target)), None)
        held = next((each for each in live if each.target == target.name and each.target_kind == target.kind), None)
        status, word = _stands(target, held, snapshot, now, stale_after)
        rows.append(TargetRow(target, status, word, last, held))
    return tuple(rows)


def _same(episode: Episode, target: FailoverTarget) -> bool:
    return episode.target == target.name and episode.target_kind == target.kind


def _stands(
    target: FailoverTarget, held: Operation | None, snapshot: Snapshot | None, now: datetime, stale_after: timedelta
) -> tuple[Status, str]:
    part = Part.CACHE if target.kind == "cache" else Part.DATABASE
    old = freshness(snapshot, part, now, stale_after) if snapshot else Status.UNKNOWN
    if old:
        return old, f"{target.status}, as last read" if target.status else "not read"
    if held is not None:
        return Status.CHANGING, target.status
    if not target.possible:
        return Status.DEGRADED, f"{target.status}, cannot fail over"
    return (Status.HEALTHY if target.status == "available" else Status.CHANGING), target.status


def headline(targets: Sequence[Targets], live: Sequence[Operation]) -> Said:
    """The page's verdict: what runs, then what could not be failed over, then that all could."""
    running = [operation for operation in live if operation.kind.startswith("failover")]
    if running:
        names = listed([f"{operation.target} in {operation.environment}" for operation in running], 3)
        return Said(Status.CHANGING, f"{counted(len(running), 'failover')} under way:", f"{names}.")
    rows = [row for each in targets for row in each.rows]
    if not rows:
        if any(each.reading for each in targets):
            return Said(Status.UNKNOWN, "Not read yet.", "The worker reads AWS for the first time; this takes seconds.")
        return Said(Status.PAUSED, "There is nothing that could be failed over.", "No database and no cache was found.")
    blind = [row for row in rows if row.status in (Status.UNKNOWN, Status.STALE)]
    if blind:
        strong = f"{counted(len(blind), 'target')} of {len(rows)} not read lately."
        return Said(min((row.status for row in blind), key=lambda s: s.rank), strong, "What stands here is old.")
    stuck = [row.target.name for row in rows if not row.target.possible]
    if stuck:
        strong = f"{len(stuck)} of {counted(len(rows), 'target')} cannot be failed over:"
        return Said(Status.DEGRADED, strong, f"{listed(stuck, 4)}.")
    return Said(Status.HEALTHY, f"All {len(rows)} targets have somewhere to fail over to.")


@dataclass(frozen=True)
class Row:
    """One failover of the history."""

    episode: Episode
    status: Status
    word: str
    source: str

    @property
    def controlled(self) -> bool:
        """Whether Haven asked for it."""
        return self.episode.origin is Origin.HAVEN


def history(episodes: Sequence[Episode]) -> tuple[Row, ...]:
    """The history as shown, in its order."""
    return tuple(row(episode) for episode in episodes)


def row(episode: Episode) -> Row:
    """One line of it."""
    source = SOURCES.get(episode.outage_source, episode.outage_source)
    return Row(episode, RESULTS[episode.result], str(episode.result), source)


def choices() -> Mapping[str, Sequence[tuple[str, str]]]:
    """What the filter's selects offer: value and word."""
    return {
        "origin": [(origin.value, capital(origin.value)) for origin in Origin],
        "result": [(result.value, capital(result.value)) for result in Result],
    }
