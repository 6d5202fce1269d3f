"""How much is asked of the services: a daily curve, the same for every run, and surges that somebody ordered.

Everything is a pure function of names, times and the surges; times are seconds since the epoch, UTC.
"""

import math
from dataclasses import dataclass
from zlib import crc32

from sandbox import state
from sandbox.clock import clock

DAY = 86_400
KEPT = 500


RINGING = 3
"""Minutes above its target that an alarm of target tracking waits for."""


@dataclass(frozen=True)
class Surge:
    """From `since` to `until` the service ("name", "cluster/name" or "*") gets `factor` times its usual load: below 1
    that share of it, above 1 as many busiest hours on top as it says more, so that 3 is felt at night too."""

    service: str
    factor: float
    since: float
    until: float

    def strikes(self, cluster: str, service: str) -> bool:
        """Whether it is about this service."""
        return self.service in ("*", service, f"{cluster}/{service}")


_surges: list[Surge] = []


def seed(*names: object) -> float:
    """A number in [0, 1) that depends on the names only."""
    return crc32(":".join(map(str, names)).encode()) / 2**32


def day(at: float) -> float:
    """The usual load at a time of the week, as a share of the busiest hour: 0.3 at three at night, 1 in the
    afternoon, a dip at noon, quieter weekends."""
    hour = at % DAY / 3600
    swell = (0.5 - 0.5 * math.cos(2 * math.pi * (hour - 3) / 24)) ** 1.3
    noon = 0.06 * math.exp(-(((hour - 12.3) / 0.8) ** 2))
    weekend = 0.72 if (at // DAY + 3) % 7 >= 5 else 1.0  # the epoch was a Thursday
    return (0.3 + 0.7 * swell - noon) * weekend


def noise(name: str, minute: int) -> float:
    """A factor around 1, within 6 %, that wanders and flickers."""
    step, part = divmod(minute, 7)
    slow = seed(name, "slow", step) * (1 - part / 7) + seed(name, "slow", step + 1) * part / 7
    return 1 + 0.06 * (slow - 0.5) + 0.06 * (seed(name, minute) - 0.5)


def peak(name: str) -> float:
    """Requests a second of a service in its busiest hour."""
    return 20 + 40 * seed(name, "peak")


def share(cluster: str, service: str, minute: int) -> float:
    """What a service is asked in a minute, as a multiple of its usual peak."""
    at = minute * 60
    usual, times = day(at), factor(cluster, service, at)
    asked = usual * times if times <= 1 else usual + (times - 1)
    return asked * noise(f"{cluster}/{service}", minute)


def factor(cluster: str, service: str, at: float) -> float:
    """The surge in force at a time: the newest that is about this service; 1 without any."""
    for surge in reversed(_surges):
        if surge.since <= at < surge.until and surge.strikes(cluster, service):
            return surge.factor
    return 1.0


def push(service: str, times: float, lasts: float) -> Surge:
    """Order a surge from this minute on, for `lasts` seconds of the sandbox's clock.

    What takes time on AWS takes `speed` times less here, but minutes of metrics are the clock's own. So that nobody
    watches three of them pass, those that would be over by AWS's time count as surged already: two at speed 10.
    """
    now = clock.time()
    began = now // 60 * 60 - 60 * head_start()
    surge = Surge(service, times, began, now + lasts)
    _surges.append(surge)
    del _surges[:-KEPT]
    state.touch()
    return surge


def head_start() -> int:
    """How many minutes before its order a surge begins."""
    return int(RINGING * (1 - 1 / max(1.0, clock.speed)))


def relax() -> int:
    """End all surges; returns how many were in force."""
    now = clock.time()
    ended = sum(s.until > now for s in _surges)
    _surges[:] = [Surge(s.service, s.factor, s.since, min(s.until, now)) for s in _surges]
    state.touch()
    return ended


def factors() -> list[dict[str, object]]:
    """The surges in force."""
    now = clock.time()
    return [
        {"service": s.service, "factor": s.factor, "since": s.since, "until": s.until} for s in _surges if s.until > now
    ]


def _load(kept: list[Surge]) -> None:
    _surges[:] = kept


state.register("surges", lambda: list(_surges), _load)
