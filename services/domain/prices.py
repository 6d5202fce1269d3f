"""What a task costs an hour, by the list prices. What is not known is None, never a guess."""

from dataclasses import dataclass

from services.domain.deployment.cost import PriceList
from services.domain.deployment.pricing import HOURS, monthly
from services.domain.deployment.pricing_service import tasks


@dataclass(frozen=True)
class Price:
    """USD an hour. `source` says whose price it is, when it was read and what it leaves out."""

    hourly: float
    source: str


_LEFT_OUT = "without tax, Savings Plans and Spot"


def task_hour(prices: PriceList | None, cpu: str, memory: str, architecture: str = "X86_64") -> Price | None:
    """What a Fargate task on Linux costs an hour: `cpu` in units (1024 are a vCPU) and `memory` in MiB, as a template's
    parameters have them. None without a list, and for an architecture or a size that is not known."""
    terms = tasks(1, cpu, memory, architecture)
    month = monthly(terms, prices.usd) if prices and terms else None
    if prices is None or terms is None or month is None:
        return None
    said = "; ".join(dict.fromkeys(prices.sources[term.key] for term in terms))
    size = f"{terms[0].amount:g} vCPU and {terms[1].amount:g} GB"
    return Price(
        month / HOURS,
        f"{size} of Fargate, Linux {architecture}, on demand in {prices.region}: {said}; {_LEFT_OUT}",
    )
