"""The error budget of a month: how long an SLO lets an environment be down, and what was used of it."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.domain.environment import Environment
from services.domain.failover.episode import Episode, Result


@dataclass(frozen=True)
class Budget:
    """A month's budget in seconds. `used` is the measured outage so far; `unmeasured` counts failovers whose outage
    nobody measured, so that `left` is at most what it says."""

    month: datetime
    slo_target: float
    total: float
    used: float
    unmeasured: int = 0

    @property
    def left(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self.total - self.used)

    def share(self, seconds: float) -> float:
        """What so many seconds are of the whole budget, in percent."""
        return 100.0 * seconds / self.total if self.total else 0.0


def month_of(now: datetime) -> datetime:
    """The first instant of the month, UTC."""
    return now.astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def allowance(slo_target: float, now: datetime) -> float:
    """Seconds that the month of `now` (in UTC) may be down at an SLO in percent: 99.95 of 30 days leaves 1,296."""
    return _length(month_of(now)).total_seconds() * (100.0 - slo_target) / 100.0


def spent(episodes: Sequence[Episode], month: datetime, now: datetime) -> tuple[float, int]:
    """Seconds of the month of `month` that failovers are known to have cost until `now`, and of how many that began in
    it nobody measured the outage. Two at the same time are down once; one over the turn of a month costs each its part.
    What AWS abandoned costs nothing."""
    begin = month_of(month)
    end = min(begin + _length(begin), now)
    counted = [e for e in episodes if e.result is not Result.ABANDONED and e.started_at < end]
    unmeasured = sum(e.outage_seconds is None and e.started_at >= begin for e in counted)
    used, until = timedelta(0), begin
    for episode in sorted(counted, key=lambda e: e.started_at):
        over = min(episode.started_at + timedelta(seconds=episode.outage_seconds or 0.0), end)
        if over > until:
            used += over - max(episode.started_at, until)
            until = over
    return used.total_seconds(), unmeasured


def budget_of(environment: Environment, episodes: Sequence[Episode], now: datetime) -> Budget:
    """The budget of the month of `now`, after what the environment's own failovers have spent of it."""
    used, unmeasured = spent([each for each in episodes if each.environment == environment.name], now, now)
    return Budget(month_of(now), environment.slo_target, allowance(environment.slo_target, now), used, unmeasured)


def _length(month: datetime) -> timedelta:
    return timedelta(days=calendar.monthrange(month.year, month.month)[1])
