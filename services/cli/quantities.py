"""Quantities as people type them: `3x` or `0.5`, `20m` or `90`."""

import re
from typing import Any

import click

SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
WORDS = ((86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


class Times(click.ParamType[float]):
    """A factor up to `most`: a number, with or without an x behind it. Gives a float."""

    name = "factor"

    def __init__(self, most: float) -> None:
        self._most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number. Fails with what to write instead."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)x?", str(value).strip().lower())
        if found is None or float(found[1]) > self._most:
            self.fail(f"{value!r} is no factor from 0 to {self._most:g}: write 3, 3x or 0.5x.", param, ctx)
        return float(found[1])


class Lasting(click.ParamType[float]):
    """A time from 1 second to `most`: seconds, or a number with s, m, h or d behind it. Gives seconds."""

    name = "duration"

    def __init__(self, most: float) -> None:
        self._most = most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The seconds. Fails with what to write instead."""
        found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smhd]?)", str(value).strip().lower())
        seconds = float(found[1]) * SECONDS[found[2]] if found else 0.0
        if not 1 <= seconds <= self._most:
            self.fail(f"{value!r} is no time from 1s to {lasting(self._most)}: write 90, 20m or 2h.", param, ctx)
        return seconds


def lasting(seconds: float) -> str:
    """Seconds in the greatest unit that says them whole: "20 minutes"."""
    size, word = next(((size, word) for size, word in WORDS if seconds >= size and seconds % size == 0), WORDS[-1])
    number = seconds / size
    return f"{number:g} {word}{'' if number == 1 else 's'}"
