"""How far back the charts go."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Window:
    """One choice."""

    key: str
    word: str
    span: timedelta


ALL = (
    Window("1h", "1 h", timedelta(hours=1)),
    Window("3h", "3 h", timedelta(hours=3)),
    Window("1d", "1 day", timedelta(days=1)),
    Window("7d", "7 days", timedelta(days=7)),
    Window("15d", "15 days", timedelta(days=15)),
)


def chosen(key: str) -> Window:
    """The one asked for; three hours for anything else."""
    return next((window for window in ALL if window.key == key), ALL[1])
