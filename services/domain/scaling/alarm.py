"""When an alarm of target tracking rings: CloudWatch's rule for all of the last N minutes, missing data as missing."""

from collections.abc import Sequence
from enum import StrEnum

EXTRA = 2
"""CloudWatch looks back a little further than the periods it asks for, so that a late point does not matter."""


class AlarmState(StrEnum):
    """CloudWatch's states."""

    OK = "OK"
    ALARM = "ALARM"
    UNKNOWN = "INSUFFICIENT_DATA"


def judge(breaching: Sequence[bool | None], periods: int, current: AlarmState) -> AlarmState:
    """The state after a minute. `breaching` are the last minutes, oldest first, None where there is no point; only the
    last `periods` + EXTRA of them count.

    All of the newest `periods` points must breach. With fewer points one that does not breach makes it OK, none at all
    INSUFFICIENT_DATA; only breaching ones ring once the oldest is as old as the periods, and else change nothing.
    """
    window = breaching[-(periods + EXTRA) :]
    known = [each for each in window if each is not None][-periods:]
    if not known:
        return AlarmState.UNKNOWN
    if not all(known):
        return AlarmState.OK
    if len(known) >= periods:
        return AlarmState.ALARM
    oldest = next(place for place, each in enumerate(window) if each is not None)
    return AlarmState.ALARM if len(window) - oldest >= periods else current
