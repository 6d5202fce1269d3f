"""Failures on command: the next resource of a type fails, with the reason given."""

from dataclasses import dataclass
from typing import Any

MOST = 1000
"""Orders that may wait at once."""


@dataclass(frozen=True)
class Order:
    """One failure asked for. Empty fields match anything."""

    type: str
    reason: str
    act: str = ""
    logical: str = ""


_orders: list[Order] = []


def fail_next(type: str, reason: str, *, act: str = "", logical: str = "", times: int = 1) -> None:
    """Let the next `times` operations on a resource of `type` fail with `reason`. `act` narrows it to create, update
    or delete, `logical` to one logical id."""
    if not type or not reason:
        raise ValueError("a failure has a resource type and a reason")
    if act not in ("", "create", "update", "delete"):
        raise ValueError("act is create, update or delete")
    if not 1 <= times <= MOST - len(_orders):
        raise ValueError(f"at most {MOST} failures can wait; {len(_orders)} do")
    _orders.extend([Order(type, reason, act, logical)] * times)


def due(type: str, act: str, logical: str) -> str | None:
    """The reason to fail this operation with, if one was asked for; it is used up."""
    for order in _orders:
        if order.type == type and order.act in ("", act) and order.logical in ("", logical):
            _orders.remove(order)
            return order.reason
    return None


def pending() -> list[Order]:
    """Failures asked for and not yet used."""
    return list(_orders)


def dump() -> object:
    """The orders, for keeping."""
    return list(_orders)


def load(dumped: Any) -> None:
    """The orders, as kept."""
    _orders[:] = dumped


def clear() -> None:
    """No more failures."""
    _orders.clear()
