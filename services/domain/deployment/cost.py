"""What a plan costs: list prices a month of each resource before and after, and what redundancy's share of it buys."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from services.domain.deployment.plan import Plan
from services.domain.deployment.pricing import HOURS as HOURS
from services.domain.deployment.pricing import Bill, Term, arithmetic, missing, monthly, redundancy
from services.domain.deployment.pricing_origins import Origin, how_sure, origins
from services.domain.deployment.pricing_sides import Sides, sides
from services.domain.wording import listed

LEFT_OUT = (
    "List prices on demand, without tax, Savings Plans and reserved nodes. Not counted is what is billed by use: "
    "traffic (also between zones, and through NAT gateways and endpoints), requests, capacity units of the load "
    "balancer, messages, snapshots and backups, logs, metrics, alarms and secrets; nor what grows by itself (tasks, "
    "storage)."
)


@dataclass(frozen=True)
class PriceList:
    """Dated list prices of one region. `usd` maps a key such as `rds:db.r6g.large:multi-az` to USD per unit; `sources`
    says, by key, where and when it was read, `confidence` how sure it is (high, medium-high, medium). `as_of` is the
    oldest of those dates."""

    region: str
    as_of: date
    usd: Mapping[str, float]
    sources: Mapping[str, str]
    confidence: Mapping[str, str] = field(default_factory=dict)


_NO_PRICES = PriceList("", date.min, {}, {})


@dataclass(frozen=True)
class Line:
    """One resource's estimate in USD a month, None on a side where it is not there, or where its price is not known.
    `unknown` says what is missing, also of what comes on top of both sides, such as a snapshot that is kept.
    `arithmetic` shows how; `redundancy` is the part of `after` that a second or third copy costs; `origins` are the
    list prices in it, of both sides."""

    stack: str
    logical_id: str
    type: str
    before: float | None
    after: float | None
    arithmetic: str
    redundancy: float = 0.0
    unknown: str = ""
    origins: tuple[Origin, ...] = ()

    @property
    def change(self) -> float | None:
        """USD a month more (or less, below 0) than before; None when a side is not known."""
        if self.unknown and (self.before is None or self.after is None):
            return None
        return (self.after or 0.0) - (self.before or 0.0)

    @property
    def sure(self) -> str:
        """How sure its prices are, in words, by the least sure of them; empty without any."""
        return how_sure(self.origins)


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

    @property
    def change(self) -> float:
        """USD a month more (or less) than before, over the lines known on both sides: a price that is missing on one
        side alone would look like money saved."""
        return sum(line.change or 0.0 for line in self.lines)

    @property
    def unknown(self) -> Sequence[Line]:
        """The lines that something is missing of."""
        return [line for line in self.lines if line.unknown]


def estimate(plan: Plan, prices: PriceList | None) -> Estimate:
    """The plan's estimate. Unchanged stacks count on both sides alike, by their parameters."""
    lines = [_line(stack, each, prices or _NO_PRICES) for stack, each in _all(plan)]
    lines.sort(key=lambda line: (-abs(line.change or 0.0), not line.unknown, -(line.after or line.before or 0.0)))
    return Estimate(lines, prices.as_of if prices else None, LEFT_OUT)


def cost_of_redundancy(made: Estimate) -> float | None:
    """USD a month that second and third copies cost after the deployment, of what is known; None without any price
    list. It stands beside the minutes of outage a month that the environment's budget allows."""
    return None if made.as_of is None else sum(line.redundancy for line in made.lines)


def needs(plan: Plan) -> frozenset[str]:
    """The keys of all prices that the plan's estimate asks for."""
    bills = [bill for _, each in _all(plan) for bill in (each.before, each.after) if bill]
    return frozenset(term.key for bill in bills for term in (*bill.terms, *bill.alone))


def _all(plan: Plan) -> Iterator[tuple[str, Sides]]:
    for stack in plan.stacks:
        for each in sides(stack):
            yield stack.name, each


def _line(stack: str, each: Sides, prices: PriceList) -> Line:
    usd = prices.usd
    before, after = _amount(each.before, usd), _amount(each.after, usd)
    unknown = list(dict.fromkeys(_lacking(bill, usd) for bill in (each.after, each.before) if bill))
    return Line(
        stack,
        each.logical_id,
        each.type,
        before,
        after,
        _how(each, usd),
        redundancy(each.after, usd) if each.after else 0.0,
        " ".join(filter(None, (*unknown, each.lost))),
        origins(_terms(each, usd), usd, prices.sources, prices.confidence),
    )


def _terms(each: Sides, usd: Mapping[str, float]) -> Iterator[Term]:
    """All that a line is made of: the price of a single copy too, where redundancy is told from it."""
    if each.after:
        yield from each.after.terms
        yield from each.after.alone if redundancy(each.after, usd) else ()
    if each.before:
        yield from each.before.terms


def _amount(bill: Bill | None, usd: Mapping[str, float]) -> float | None:
    return None if bill is None or bill.unknown else monthly(bill.terms, usd)


def _lacking(bill: Bill, usd: Mapping[str, float]) -> str:
    if bill.unknown:
        return bill.unknown
    without = missing(bill.terms, usd)
    return f"No list price of {listed(without)} is known." if without else ""


def _how(each: Sides, usd: Mapping[str, float]) -> str:
    """The side that stays, with the other one behind it where it differs."""
    then, now = (_side(bill, usd) for bill in (each.after, each.before))
    if not then or not now or then == now:
        return "; ".join(filter(None, (then or now, each.note)))
    return "; ".join(filter(None, (then, each.note, f"before: {now}")))


def _side(bill: Bill | None, usd: Mapping[str, float]) -> str:
    if bill is None or bill.unknown:
        return ""
    return ", ".join(filter(None, (arithmetic(bill.terms, usd), bill.note)))
