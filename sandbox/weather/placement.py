"""Where AWS puts things over Availability Zones: pure choices, so that each can be tested for every spread.

`zones_down` and `on_zone_change` look outside, at the zones that fail in the sandbox's weather.
"""

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any


def _registry() -> Any:
    try:
        return import_module("sandbox.weather.zones")
    except ModuleNotFoundError:
        return None


def zones_down() -> frozenset[str]:
    """Names of the zones that are failed at this moment."""
    registry = _registry()
    return frozenset(registry.failed()) if registry else frozenset()


def on_zone_change(callback: Callable[[str, bool], None]) -> None:
    """Have `callback(zone, failed)` called whenever a zone fails or recovers."""
    registry = _registry()
    if registry:
        registry.on_change(callback)


def order_for(name: str, zones: Iterable[str]) -> list[str]:
    """The zones in an order of its own for each name, always the same: AWS does not always start in the first zone."""
    ordered = sorted(set(zones))
    if not ordered:
        return []
    turn = zlib.crc32(name.encode()) % len(ordered)
    return ordered[turn:] + ordered[:turn]


def least(zones: Sequence[str], mine: Mapping[str, int], everyone: Mapping[str, int] | None = None) -> str:
    """The zone with the fewest of `mine`, then with the fewest of `everyone`; the first named wins a tie."""
    others = everyone or {}
    return min(zones, key=lambda zone: (mine.get(zone, 0), others.get(zone, 0), zones.index(zone)))


def spread(zones: Sequence[str], present: Mapping[str, int], count: int) -> list[str]:
    """Zones for `count` newcomers, one after the other into the emptiest; empty when no zone stands."""
    if not zones:
        return []
    counts = dict(present)
    chosen = []
    for _ in range(count):
        zone = least(zones, counts)
        counts[zone] = counts.get(zone, 0) + 1
        chosen.append(zone)
    return chosen


def imbalance(zones: Sequence[str], present: Mapping[str, int]) -> int:
    """How far the fullest zone is ahead of the emptiest; up to 1 is balanced."""
    counts = [present.get(zone, 0) for zone in zones]
    return max(counts) - min(counts) if counts else 0
