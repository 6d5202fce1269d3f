"""What AWS documents to happen in place although a change set says Conditional, each with its source."""

from dataclasses import dataclass

from services.domain.deployment.change_set import PropertyChange


@dataclass(frozen=True)
class Expectation:
    """What is expected of one property's change: `in_place` without a new physical id; `sentence` says what it does
    meanwhile, `source` who says so."""

    in_place: bool
    sentence: str
    source: str


def expectation(type: str, change: PropertyChange) -> Expectation | None:
    """What is documented of this change; None when nothing is known, and AWS's word stands."""
    raise NotImplementedError
