"""Where the stacks of all accounts and regions are kept, and how they survive a restart."""

from typing import Any

from sandbox.cloudformation.model import Ledger, Stack

_ledgers: dict[tuple[str, str], Ledger] = {}


def ledger(account: str, region: str) -> Ledger:
    """The stacks of one account and region."""
    return _ledgers.setdefault((account, region), Ledger())


def stack(account: str, region: str, id: str) -> Stack | None:
    """A stack by its id, if it is still known."""
    return ledger(account, region).stacks.get(id)


def dump() -> object:
    """Everything, as plain picklable data."""
    from sandbox.cloudformation import failures

    return {"ledgers": dict(_ledgers), "failures": failures.dump()}


def load(dumped: Any) -> None:
    """Take up what `dump` gave, in place of what is there."""
    from sandbox.cloudformation import failures

    _ledgers.clear()
    _ledgers.update(dumped["ledgers"])
    failures.load(dumped["failures"])


def clear() -> None:
    """Forget every stack."""
    from sandbox.cloudformation import failures

    _ledgers.clear()
    failures.clear()
