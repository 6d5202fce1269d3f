"""What a plan costs: list prices a month of each resource before and after, and what redundancy's share of it buys."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.domain.deployment.plan import Plan

HOURS = 730
"""Hours a month has in AWS's own estimates."""


@dataclass(frozen=True)
class PriceList:
    """Dated list prices of one region. `usd` maps a key such as `rds:db.r6g.large:multi-az` to USD per unit; `sources`
    says, by key, where and when it was read. `as_of` is the oldest of those dates."""

    region: str
    as_of: date
    usd: Mapping[str, float]
    sources: Mapping[str, str]


@dataclass(frozen=True)
class Line:
    """One resource's estimate in USD a month, None on a side where it is not there, or where its price is not known
    (then `unknown` says what is missing). `arithmetic` shows how; `redundancy` is the part of `after` that a second or
    third copy costs."""

    stack: str
    logical_id: str
    type: str
    before: float | None
    after: float | None
    arithmetic: str
    redundancy: float = 0.0
    unknown: str = ""


@dataclass(frozen=True)
class Estimate:
    """All lines, dearest change first. `left_out` says what no line counts (traffic, requests, tax, discounts)."""

    lines: Sequence[Line]
    as_of: date | None
    left_out: str

    @property
    def before(self) -> float:
        """USD a month before, of what is known."""
        return sum(line.before or 0.0 for line in self.lines)

    @property
    def after(self) -> float:
        """USD a month after, of what is known."""
        return sum(line.after or 0.0 for line in self.lines)


def estimate(plan: Plan, prices: PriceList | None) -> Estimate:
    """The plan's estimate. Unchanged stacks count on both sides alike, by their parameters."""
    raise NotImplementedError
