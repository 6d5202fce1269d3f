"""Where the list prices of an estimate come from, and how sure they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.domain.deployment.pricing import Term

SURE: Mapping[str, str] = {
    "high": "AWS's own price",
    "medium-high": "several quotes that agree",
    "medium": "a single quote",
}
"""What the price file means by a confidence, the surest first."""
_NOT_SAID = "not said how sure"
_RANK = {confidence: rank for rank, confidence in enumerate(SURE)}


@dataclass(frozen=True)
class Origin:
    """One list price: `what` it is for in words, `usd` `per` unit (`hour`, `vCPU-hour`, `GB-month`). `source` says in
    words whose it is and when it was read; `confidence` is the price file's, empty where it has none."""

    key: str
    what: str
    usd: float
    per: str
    source: str
    confidence: str = ""

    @property
    def sure(self) -> str:
        """How sure it is, in words."""
        return SURE.get(self.confidence, _NOT_SAID)

    @property
    def aws(self) -> bool:
        """Whether AWS itself gave it."""
        return self.confidence == "high"


def origins(
    terms: Iterable[Term], usd: Mapping[str, float], sources: Mapping[str, str], confidence: Mapping[str, str]
) -> tuple[Origin, ...]:
    """Those of the terms that have a price, each once."""
    known = {term.key: term for term in terms if term.key in usd}
    return tuple(
        Origin(key, term.what, usd[key], _per(term), sources.get(key, ""), confidence.get(key, ""))
        for key, term in known.items()
    )


def how_sure(found: Sequence[Origin]) -> str:
    """How sure what is made of these prices is, in words: as the least sure of them. Empty without any."""
    least = max(found, key=lambda each: _RANK.get(each.confidence, len(_RANK)), default=None)
    return least.sure if least else ""


def _per(term: Term) -> str:
    period = "hour" if term.hourly else "month"
    return f"{term.unit}-{period}" if term.unit else period
