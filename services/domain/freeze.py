"""Change freezes: windows of time in which nobody means to change an environment, or any of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.domain.pause import EVERYWHERE


@dataclass(frozen=True)
class Freeze:
    """A window from `starts` up to `ends`. `environment` is a name, or EVERYWHERE. `by` and `at` say who announced it
    and when. `removed_at` is when a person took it back; from then on it is as if it had never been."""

    id: str
    environment: str
    starts: datetime
    ends: datetime
    name: str
    reason: str
    by: str
    at: datetime
    removed_at: datetime | None = None
    removed_by: str = ""

    def holds(self, environment: str, now: datetime) -> bool:
        """Whether this environment is frozen by it at this time."""
        within = self.removed_at is None and self.starts <= now < self.ends
        return within and self.environment in (EVERYWHERE, environment)


def freezing(freezes: Sequence[Freeze], environment: str, now: datetime) -> Freeze | None:
    """Of the freezes that hold an environment the one that ends last; None when nothing is frozen."""
    held = [freeze for freeze in freezes if freeze.holds(environment, now)]
    return max(held, key=lambda freeze: freeze.ends, default=None)
