"""Domain objects in rows: columns for what is queried, the rest as one JSON text. Fields added later read as their
defaults; removed ones are passed over."""

import json
from collections.abc import Collection, Mapping
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter
from sqlalchemy import String, Table

from services.store.ledger import plain

T = TypeVar("T")


class Document(Generic[T]):
    """How one kind of frozen dataclass is kept. `apart` are the fields that have columns of their own."""

    def __init__(self, kind: type[T], apart: Collection[str]) -> None:
        self._adapter = TypeAdapter(kind)
        self._apart = frozenset(apart)

    def write(self, thing: T) -> str:
        """The text of every other field."""
        rest = self._adapter.dump_python(thing, mode="json", exclude=set(self._apart))
        return plain(json.dumps(rest, separators=(",", ":"), ensure_ascii=False))

    def read(self, text: str, columns: Mapping[str, Any]) -> T:
        """The object again; `columns` may hold more than its own fields."""
        return self._adapter.validate_python({**json.loads(text), **{name: columns[name] for name in self._apart}})


def fitting(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with text that both databases can hold. Raises ValueError for one that is too long for its column, which
    SQLite would keep and PostgreSQL refuse: people's input was checked long before, so it is a bug."""
    long = [name for name, value in row.items() if _length(value) > _limit(table, name)]
    if long:
        raise ValueError(f"{table.name}: too long: {', '.join(long)}")
    return {name: plain(value) if isinstance(value, str) else value for name, value in row.items()}


def _length(value: object) -> int:
    return len(value) if isinstance(value, str) else 0


def _limit(table: Table, name: str) -> float:
    kind = table.c[name].type
    return kind.length if isinstance(kind, String) and kind.length else float("inf")
