"""What the topology page may be asked: a node, a time, a time to compare with."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from services.domain.errors import Invalid

_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|\+00:00)?")
_NODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,119}")
_HINT = "A time in UTC as 2026-11-22T02:13 or 2026-11-22T02:13:05."


@dataclass(frozen=True)
class Ask:
    """One request. None and empty mean the present, and no panel."""

    node: str = ""
    at: datetime | None = None
    against: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether the present is asked for."""
        return self.at is None


def read(args: Mapping[str, str], now: datetime) -> Ask:
    """The request in a query. Raises Invalid for times that are not times or still to come; a node that cannot be one
    is no node, so that an old link still opens the page."""
    node = args.get("node", "")
    return Ask(
        node if _NODE.fullmatch(node) else "",
        _time("at", args.get("at", ""), now),
        _time("against", args.get("against", ""), now),
    )


def _time(field: str, text: str, now: datetime) -> datetime | None:
    text = text.strip()
    if not text:
        return None
    try:
        if not _TIME.fullmatch(text):
            raise ValueError(text)
        when = datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise Invalid("That is no time Haven can read.", {field: _HINT}) from None
    if when > now:
        raise Invalid("That time is still to come.", {field: f"It is {now:%Y-%m-%dT%H:%M:%S} now, UTC."})
    return when


def written(when: datetime) -> str:
    """A time as it stands in an address: exact, so that a link to a kept snapshot finds that one."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")
