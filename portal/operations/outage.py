"""How long writes were out, as far as it was measured from outside. Pure."""

from dataclasses import dataclass
from datetime import datetime

from portal.failovers.preview import seconds
from services.domain.failover.episode import Episode
from services.domain.operation import Operation, Sent


@dataclass(frozen=True)
class Outage:
    """`seconds` is None when it was not measured; `over` says that writes are back (or the operation is at its end)."""

    since: datetime | None
    seconds: float | None
    over: bool
    words: str

    @property
    def going_on(self) -> bool:
        """Whether writes are out now."""
        return self.since is not None and not self.over


def outage(operation: Operation, now: datetime, episode: Episode | None = None) -> Outage:
    """By the probe's first failed look and its first good one after it; where it noticed none, by what the history has
    of AWS's events, which is the most it can have been."""
    lost, back = _time(operation.note("writes_lost_at")), _time(operation.note("writes_back_at"))
    if lost is not None:
        end = back or operation.finished_at
        took = max(0.0, ((end or now) - lost).total_seconds())
        if back is not None:
            return Outage(lost, took, True, f"{seconds(took)}, measured from outside")
        words = f"at least {seconds(took)}; they were not seen to be back" if end else f"{seconds(took)} so far"
        return Outage(lost, took, end is not None, words)
    if operation.sent is Sent.NO:
        return Outage(None, None, False, "not begun")
    if operation.note("baseline_accepts") == "yes":
        ended = operation.finished_at is not None
        if ended and episode is not None and episode.outage_seconds is not None:
            most = episode.outage_seconds
            return Outage(None, most, True, f"at most {seconds(most)}, by AWS's events; the probe noticed none")
        return Outage(None, None, ended, "none was noticed" if ended else "none noticed yet")
    return Outage(None, None, False, "not measured: the endpoint cannot be reached from where Haven runs")


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
