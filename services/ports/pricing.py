"""List prices: the file that Haven carries, and AWS's own Price List."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol


@dataclass(frozen=True)
class Quoted:
    """A price as AWS gives it, in USD an hour, or a GB-month where the key is one of storage. `since` is the day from
    which it holds, empty when AWS does not say."""

    usd: float
    since: str = ""


@dataclass(frozen=True)
class Answered:
    """What AWS said of the keys it was asked: prices, and for the others why there is none, in a sentence."""

    found: Mapping[str, Quoted] = field(default_factory=dict)
    unanswered: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Difference:
    """A price that AWS has otherwise; `before` is None when the file has none."""

    region: str
    key: str
    before: float | None
    after: float


class PriceFile(Protocol):
    """A file of dated prices. Raises Invalid when it does not hold."""

    def regions(self) -> Sequence[str]: ...
    def keys(self, region: str) -> Sequence[str]:
        """What has a price in the region, in the file's order; nothing for a region that is not there."""
        ...

    def warnings(self, today: date, days: int) -> Sequence[str]:
        """A line for each price that is older than so many days, dated ahead, or not dated."""
        ...

    def renewed(self, region: str, found: Mapping[str, Quoted], today: date) -> tuple[Sequence[Difference], str]:
        """What differs from the file, and the file's text with these prices in it, read today."""
        ...


class PriceSource(Protocol):
    """AWS's Price List API. Raises Misconfigured when it may not be asked, NotNow when it does not answer."""

    def ask(self, region: str, keys: Sequence[str]) -> Answered: ...
