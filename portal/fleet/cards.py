"""The boxes above the fleet: what one wants to know before any single environment. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from portal.fleet.row import Row
from services.domain.finding import Subject
from services.domain.states import stack_state
from services.domain.status import Status
from services.domain.wording import counted

_PRESSING = (Status.DOWN, Status.DEGRADED)


@dataclass(frozen=True)
class Card:
    """One box above the list: a count, what it counts, and the place to go to (none when `environment` is empty)."""

    title: str
    count: str
    text: str
    environment: str = ""
    subject: str = ""
    at: datetime | None = None


def cards(rows: Sequence[Row]) -> tuple[Card, ...]:
    """What is most urgent, what moves, what cannot be read, what was deployed last; each only when there is one."""
    made = (_urgent(rows), _moving(rows), _unread(rows), _deployed(rows))
    return tuple(card for card in made if card)


def _urgent(rows: Sequence[Row]) -> Card | None:
    found = [(group, row) for row in rows for group in row.found if group.first.weight in _PRESSING]
    if not found:
        return None
    group, row = min(found, key=lambda each: (each[0].first.weight.rank, each[1].environment.name))
    text = f"{row.environment.name}: {group.first.title}"
    return Card("Most urgent", "", text, row.environment.name, group.first.subject)


def _moving(rows: Sequence[Row]) -> Card | None:
    moving = [row for row in rows if row.deployment and stack_state(row.deployment).status is Status.CHANGING]
    if not moving:
        return None
    first = moving[0]
    text = f"{first.environment.name}, {first.deployment.name if first.deployment else ''}"
    return Card("Running now", counted(len(moving), "deployment"), text, first.environment.name, Subject.STACKS)


def _unread(rows: Sequence[Row]) -> Card | None:
    blind = [row for row in rows if row.status in (Status.UNKNOWN, Status.STALE)]
    if not blind:
        return None
    first = blind[0].environment.name
    text = first if len(blind) == 1 else f"{first} and {counted(len(blind) - 1, 'other')}"
    return Card("Cannot be read", counted(len(blind), "environment"), text, first)


def _deployed(rows: Sequence[Row]) -> Card | None:
    done = [row for row in rows if row.deployed_at]
    if not done:
        return None
    last = max(done, key=lambda row: row.deployed_at or row.environment.created_at)
    text = f"{last.environment.name}, {last.deployment.name if last.deployment else ''}"
    return Card("Last deployment", "", text, last.environment.name, Subject.STACKS, last.deployed_at)
