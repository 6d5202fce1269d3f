"""Reading the ledger. Writing it belongs to each use case, in the transaction of what it describes."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.domain.access import Actor, Permission
from services.domain.errors import Invalid
from services.ports import Entry, UnitOfWork

MOST = 500


@dataclass(frozen=True)
class Page:
    """Entries newest first, and the number to pass as `before` for the next page; None on the last."""

    entries: Sequence[Entry]
    before: int | None


class Ledger:
    """The ledger, page by page."""

    def __init__(self, unit: UnitOfWork) -> None:
        self._unit = unit

    def page(
        self,
        actor: Actor,
        *,
        by: str = "",
        action: str = "",
        target: str = "",
        before: int | None = None,
        limit: int = 100,
    ) -> Page:
        """Entries `by` someone, of an action, about a target (empty matches all), older than the number `before`."""
        actor.require(Permission.READ_LEDGER)
        if not 1 <= limit <= MOST:
            raise Invalid(f"A page holds 1 to {MOST} entries.", {"limit": f"From 1 to {MOST}."})
        if before is not None and not 0 < before < 2**63:
            raise Invalid("There is no such place in the ledger.", {"before": "A number of the ledger."})
        with self._unit(readonly=True) as store:
            found = store.ledger.read(before=before, actor=by, action=action, target=target, limit=limit + 1)
        more = len(found) > limit
        return Page(found[:limit], found[limit - 1].seq if more else None)
