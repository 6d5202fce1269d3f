"""The failover history: kept for ever, filtered, acknowledged, exported, and joined with everything around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.domain.access import Actor
from services.domain.budget import Budget
from services.domain.failover.episode import Episode


@dataclass(frozen=True)
class Filter:
    """Empty matches everything. `origin` and `result` are values of the enums; times are UTC."""

    environment: str = ""
    target: str = ""
    origin: str = ""
    result: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Month:
    """One month of the picture: its failovers and their outage against the budget, in seconds."""

    budget: Budget
    episodes: tuple[Episode, ...]


@dataclass(frozen=True)
class Moment:
    """One line of an incident's time line. `source` is rds, elasticache, ecs, alb, cloudwatch, scaling, cloudformation,
    haven or ledger; `sentence` ours, `words` AWS's own; `link` is what it belongs to: `operation:<id>`,
    `snapshot:<number>`, `ledger:<seq>`, or empty."""

    at: datetime
    source: str
    sentence: str
    words: str = ""
    subject: str = ""
    link: str = ""


@dataclass(frozen=True)
class Incident:
    """A failover with everything that happened around it, in order of time. `truncated` says the window held more."""

    episode: Episode
    since: datetime
    until: datetime
    moments: Sequence[Moment]
    truncated: bool = False


class FailoverHistory:
    """Reading and acknowledging. Anyone who may see environments may read; the ledger's lines are only for those who may
    read the ledger; acknowledging needs the right to run failovers."""

    def page(self, actor: Actor, wanted: Filter, limit: int = 200) -> Sequence[Episode]:
        """Newest first."""
        raise NotImplementedError

    def get(self, actor: Actor, id: str) -> Episode:
        """One of them. Raises NotFound."""
        raise NotImplementedError

    def incident(self, actor: Actor, id: str) -> Incident:
        """One of them with its time line: 15 minutes before to 30 after."""
        raise NotImplementedError

    def months(self, actor: Actor, environment: str, count: int = 12) -> Sequence[Month]:
        """The last months of one environment, oldest first, the present one last."""
        raise NotImplementedError

    def acknowledge(self, actor: Actor, id: str, comment: str, *, client: str = "") -> Episode:
        """Say that somebody has looked at it. Raises Invalid, NotFound, Conflict when somebody did already."""
        raise NotImplementedError
