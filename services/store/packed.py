"""Large things in rows: compressed JSON of a domain object, compressed text. Fields added later read as their defaults;
removed ones are passed over."""

import json
import zlib
from functools import lru_cache
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter

from services.store.ledger import plain

T = TypeVar("T")


class Packed(Generic[T]):
    """How one kind of frozen thing is kept as bytes. The last `remembered` ones are not unpacked again: lists are
    polled, and what is frozen can be shared."""

    def __init__(self, kind: Any, *, remembered: int = 64) -> None:
        self._adapter: TypeAdapter[T] = TypeAdapter(kind)
        self.read = lru_cache(maxsize=remembered)(self._read)

    def write(self, thing: T) -> bytes:
        """The bytes to keep; the same thing gives the same bytes."""
        content = self._adapter.dump_python(thing, mode="json")
        return pack(json.dumps(content, separators=(",", ":"), ensure_ascii=False))

    def _read(self, body: bytes) -> T:
        """The thing in the bytes."""
        return self._adapter.validate_json(zlib.decompress(body))


def pack(text: str) -> bytes:
    """Text as bytes; the same text gives the same bytes."""
    return zlib.compress(plain(text).encode(), level=6)


def unpack(body: bytes) -> str:
    """The text in the bytes."""
    return zlib.decompress(body).decode()
