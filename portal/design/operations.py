"""Invented steps, checks and banners for the page of components."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.failovers.preview import CheckRow
from portal.operations.banner import Banner
from portal.operations.row import Row
from services.domain.check import Answer, Check
from services.domain.status import Status


@dataclass(frozen=True)
class Sample:
    """What the list of steps is drawn from."""

    rows: tuple[Row, ...]


def steps(now: datetime) -> Sample:
    """One step of every kind."""
    later, mend = now + timedelta(minutes=5), "See the database's events in the RDS console."
    return Sample(
        (
            Row("done", "Asked for", "ada: “patch the host”, OPS-4471", now - timedelta(minutes=2)),
            Row("failed", "Not approved", "bob declined it: not during the sale.", now - timedelta(minutes=1)),
            Row("done", "Sent to AWS, once", "accepted as request 5f1c0d9a-77b…", now, line_before=True,
                receipt="5f1c0d9a-77b1-4a44-9d1c-3b5f6f2a0c11"),
            Row("missed", "RDS says that it began", "Not seen in time; not needed for the rest.", mend=mend),
            Row("now", "Its status is available again", "Waiting for the status available.", since=now, until=later,
                mend=mend),
            Row("stuck", "The API shows the primary in the other zone", "It did not in 20 min.", since=now),
            Row("next", "No alarm has gone off that was quiet before"),
        )
    )  # fmt: skip


def checks(now: datetime) -> Sequence[CheckRow]:
    """One check of every answer."""
    told = (
        ("standby", "Standby is in another zone", Answer.FAIL, "Multi-AZ is off.", False, "Turn it on."),
        ("recent", "No failover lately", Answer.FAIL, "The last was 9 min ago.", True, "Wait."),
        ("pools", "Connections fit when all reconnect", Answer.UNKNOWN, "audit does not say.", True, ""),
        ("status", "Status is available", Answer.PASS, "It is available.", False, ""),
    )  # fmt: skip
    look = {Answer.FAIL: (Status.DOWN, "Fails"), Answer.UNKNOWN: (Status.UNKNOWN, "Not known"),
            Answer.PASS: (Status.HEALTHY, "Passes")}  # fmt: skip
    rows = []
    for key, title, answer, fact, overridable, mend in told:
        status, word = look[answer]
        status = Status.DEGRADED if answer is Answer.FAIL and overridable else status
        rows.append(CheckRow(Check(key, title, answer, fact, now, mend, overridable), status, word, overridable))
    return rows


BANNERS = (
    Banner(Status.PAUSED, "Automation paused for production until 2026-11-23 08:00 UTC by ada: sale.", "#", "Pauses"),
    Banner(Status.CHANGING, "Failover of production-app, in production, is running.", "#", "Watch"),
    Banner(Status.DEGRADED, "Failover of billing-app, in billing, is stuck; a person must look.", "#", "Decide"),
)
