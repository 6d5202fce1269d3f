"""The pause switch: Haven stops changing what runs in one environment, or in all. It never stops looking, and goes on
with what executes nothing, such as working a plan out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

EVERYWHERE = "*"
LONGEST = timedelta(days=7)


@dataclass(frozen=True)
class Pause:
    """Automation held until a time. `environment` is a name, or EVERYWHERE. `lifted_at` is when a person ended it."""

    id: str
    environment: str
    until: datetime
    by: str
    at: datetime
    reason: str
    lifted_at: datetime | None = None
    lifted_by: str = ""

    def holds(self, environment: str, now: datetime) -> bool:
        """Whether it holds this environment at this time."""
        return self.lifted_at is None and self.at <= now < self.until and self.environment in (EVERYWHERE, environment)


def holding(pauses: Sequence[Pause], environment: str, now: datetime) -> Pause | None:
    """The pause that holds an environment the longest; None when nothing does."""
    held = [pause for pause in pauses if pause.holds(environment, now)]
    return max(held, key=lambda pause: pause.until, default=None)
