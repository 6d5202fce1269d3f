"""What the load does to each kind of resource, minute by minute."""

from collections.abc import Callable
from typing import Any

from sandbox.weather.history import History
from sandbox.weather.point import Point

Reader = Callable[[History, Any, int], Point | None]
"""What a metric of a thing (by its key) was in a minute (since the epoch)."""
Table = dict[str, tuple[str, Reader]]
"""Metric name -> (unit, reader)."""
