"""What a resource is billed for, as terms of list prices; what it comes to a month, and how to say it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HOURS = 730
"""Hours a month has in AWS's own estimates."""


@dataclass(frozen=True)
class Term:
    """`copies` times `amount` units at one list price, by the hour unless `hourly` is off, then by the month. `key`
    names the price in the list, `what` in words; `unit` is shown with an amount that is not simply one."""

    key: str
    what: str
    copies: int = 1
    amount: float = 1.0
    unit: str = ""
    hourly: bool = True


@dataclass(frozen=True)
class Bill:
    """What one resource is billed for. `alone` are the terms of what would stay without second and third copies.
    `note` says what was counted. `unknown` says why the bill cannot be made out at all."""

    terms: tuple[Term, ...] = ()
    alone: tuple[Term, ...] = ()
    note: str = ""
    unknown: str = ""


def single(term: Term, note: str = "") -> Bill:
    """The bill of something that has no second copy of itself."""
    return Bill((term,), (term,), note)


def monthly(terms: Sequence[Term], usd: Mapping[str, float]) -> float | None:
    """USD a month; None when a price is missing."""
    if any(term.key not in usd for term in terms):
        return None
    return sum((term.copies * term.amount * (HOURS if term.hourly else 1) * usd[term.key] for term in terms), 0.0)


def missing(terms: Sequence[Term], usd: Mapping[str, float]) -> tuple[str, ...]:
    """What has no price in the list, in words, each once."""
    return tuple(dict.fromkeys(term.what for term in terms if term.key not in usd))


def arithmetic(terms: Sequence[Term], usd: Mapping[str, float]) -> str:
    """How it is worked out, such as `2 x 0.225 USD x 730 h`; a price that is not known is a question mark."""
    return " + ".join(_shown(term, usd.get(term.key)) for term in terms)


def redundancy(bill: Bill, usd: Mapping[str, float]) -> float:
    """The part of a bill that second and third copies cost; nothing where either side is not known."""
    whole, alone = monthly(bill.terms, usd), monthly(bill.alone, usd)
    return 0.0 if whole is None or alone is None else max(0.0, whole - alone)


def _shown(term: Term, price: float | None) -> str:
    factors = [str(term.copies)] if term.copies != 1 else []
    if term.unit:
        factors.append(f"{term.amount:g} {term.unit}")
    factors.append(f"{price:g} USD" if price is not None else "? USD")
    if term.hourly:
        factors.append(f"{HOURS} h")
    return " x ".join(factors)
