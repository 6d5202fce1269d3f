"""The error budget of a month: how long an SLO lets an environment be down, and what was used of it."""

import calendar
from dataclasses import dataclass
from datetime import UTC, datetime


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
    """Seconds that the month of `now` may be down at an SLO in percent: 99.95 of 30 days leaves 1,296."""
    days = calendar.monthrange(now.year, now.month)[1]
    return days * 86_400 * (100.0 - slo_target) / 100.0
