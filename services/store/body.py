"""A snapshot as bytes: JSON, compressed. Fields added later read as their defaults; removed ones are passed over."""

import zlib
from functools import lru_cache

from pydantic import TypeAdapter

from services.domain.snapshot import Snapshot

_SNAPSHOT = TypeAdapter(Snapshot)


def encode(snapshot: Snapshot) -> bytes:
    """The bytes to keep; the same facts give the same bytes."""
    return zlib.compress(_SNAPSHOT.dump_json(snapshot), level=6)


@lru_cache(maxsize=32)
def decode(body: bytes) -> Snapshot:
    """The snapshot in the bytes. Remembered, for many viewers poll the same one; it is frozen, so sharing is safe."""
    return _SNAPSHOT.validate_json(zlib.decompress(body))
