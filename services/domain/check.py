"""A check before an act: a verdict with the fact behind it and that fact's age. Unknown is never a pass."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Answer(StrEnum):
    """How a check came out."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Check:
    """One check. `fact` is what was found, `read_at` when (None when it was never read, or needs no reading), `mend`
    what would make it pass. An `overridable` one may be let pass by an admin, with a reason."""

    key: str
    title: str
    answer: Answer
    fact: str
    read_at: datetime | None = None
    mend: str = ""
    overridable: bool = False


def blocking(checks: Sequence[Check], overridden: Collection[str] = ()) -> tuple[Check, ...]:
    """The checks that stand in the way: neither passed, nor overridden where that is allowed."""
    return tuple(
        check
        for check in checks
        if check.answer is not Answer.PASS and not (check.overridable and check.key in overridden)
    )
