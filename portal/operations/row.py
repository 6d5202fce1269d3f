"""One line of an operation's steps. Pure."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Row:
    """One step. `mark` is done, now, stuck, missed, failed or next; `line_before` draws the line of no return above it.
    `at` is when it was over, `since` when it became the current one, `until` when it is given up; `receipt` is AWS's id
    of the request."""

    mark: str
    title: str
    text: str = ""
    at: datetime | None = None
    since: datetime | None = None
    until: datetime | None = None
    mend: str = ""
    line_before: bool = False
    receipt: str = ""
