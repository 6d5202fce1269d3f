"""Metrics packed: sixty places a block, as compressed 64-bit numbers, of which NaN is a gap. Pure."""

import zlib
from collections.abc import Iterable, Iterator
from math import isfinite, nan
from struct import Struct

from services.domain.scaling.series import Series

PLACES = 60
_NUMBERS = Struct(f"<{PLACES}d")
Block = list[float]
"""The values of a block's places; NaN where nothing is known."""


def empty() -> Block:
    """A block of which nothing is known."""
    return [nan] * PLACES


def begins(minute: int, step: int) -> int:
    """The minute at which the block begins that a minute lies in."""
    return minute // (step * PLACES) * step * PLACES


def cut(series: Series) -> Iterator[tuple[int, Block]]:
    """The series' known points in blocks, with the minute at which each begins; blocks without a point are left out."""
    found: dict[int, Block] = {}
    for minute, value in series.points:
        if isfinite(value):
            block = found.setdefault(begins(minute, series.step), empty())
            block[minute // series.step % PLACES] = value
    yield from found.items()


def laid(old: Block, new: Block) -> Block:
    """Both in one: what is known of the new one wins, a gap never erases."""
    return [was if value != value else value for was, value in zip(old, new, strict=True)]


def assembled(blocks: Iterable[tuple[int, Block]], since: int, until: int, step: int) -> Series:
    """One series of blocks, from the place `since` lies in up to the one `until` ends in."""
    first = since // step * step
    places = max(0, -(-(until - first) // step))
    values: list[float | None] = [None] * places
    for start, block in blocks:
        at = (start - first) // step
        low, high = max(0, -at), min(PLACES, places - at)
        if low < high:
            values[at + low : at + high] = [None if value != value else value for value in block[low:high]]
    return Series(first, tuple(values), step)


def packed(block: Block) -> bytes:
    """The bytes to keep; the same values give the same bytes."""
    return zlib.compress(_NUMBERS.pack(*block), level=6)


def unpacked(body: bytes) -> Block:
    """The block in the bytes."""
    return list(_NUMBERS.unpack(zlib.decompress(body)))
