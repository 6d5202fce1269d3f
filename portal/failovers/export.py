"""The history as files. Pure.

JSON: `{"format": "haven.failovers/1", "made_at": time, "filter": {...}, "failovers": [...]}`; a failover has the names
of COLUMNS, and `phases` (name, at, words), `related` and `acknowledged` (by, at, comment; or null). Times are ISO 8601
in UTC, lengths in seconds, unknown is null. One failover alone is `{"format": "haven.failover/1", ...}` with `moments`.

CSV: COLUMNS, one line a failover, UTF-8 with a byte order mark (for spreadsheets), lines ended by CR LF (RFC 4180). A
cell that a spreadsheet would take for a formula begins with an apostrophe.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from services.domain.failover.episode import Episode
from services.usecases.failover_history import Incident

COLUMNS = (
    "number", "environment", "target_kind", "target", "started_at", "completed_at", "seconds", "result", "origin",
    "cause", "meaning", "from_zone", "to_zone", "from_member", "to_member", "detected_at", "outage_seconds",
    "outage_source", "who", "reason", "operation_id", "acknowledged_by", "acknowledged_at", "acknowledged_comment",
    "id",
)  # fmt: skip

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""How a cell must not begin (OWASP, CSV injection)."""

BOM = "\ufeff"


def safe(text: str) -> str:
    """The cell's text, so that no spreadsheet calculates it."""
    return f"'{text}" if text.lstrip(" ").startswith(_DANGEROUS) else text


def as_csv(episodes: Sequence[Episode]) -> str:
    """The whole file."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for episode in episodes:
        facts = _flat(episode)
        writer.writerow([_cell(facts[name]) for name in COLUMNS])
    return BOM + written.getvalue()


def as_json(episodes: Sequence[Episode], asked: Mapping[str, str], now: datetime) -> str:
    """The whole file."""
    whole = {
        "format": "haven.failovers/1",
        "made_at": _time(now),
        "filter": dict(asked),
        "failovers": [_whole(episode) for episode in episodes],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def incident_json(incident: Incident, now: datetime) -> str:
    """One failover with its time line."""
    whole = {
        "format": "haven.failover/1",
        "made_at": _time(now),
        **_whole(incident.episode),
        "since": _time(incident.since),
        "until": _time(incident.until),
        "truncated": incident.truncated,
        "moments": [
            {
                "at": _time(moment.at),
                "source": moment.source,
                "subject": moment.subject,
                "sentence": moment.sentence,
                "words": moment.words,
                "link": moment.link,
            }
            for moment in incident.moments
        ],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _flat(episode: Episode) -> dict[str, Any]:
    said = episode.acknowledged
    return {
        "number": episode.number,
        "environment": episode.environment,
        "target_kind": episode.target_kind.value,
        "target": episode.target,
        "started_at": _time(episode.started_at),
        "completed_at": _time(episode.completed_at),
        "seconds": episode.seconds,
        "result": episode.result.value,
        "origin": episode.origin.value,
        "cause": episode.cause,
        "meaning": episode.meaning,
        "from_zone": episode.from_zone,
        "to_zone": episode.to_zone,
        "from_member": episode.from_member,
        "to_member": episode.to_member,
        "detected_at": _time(episode.detected_at),
        "outage_seconds": episode.outage_seconds,
        "outage_source": episode.outage_source,
        "who": episode.who,
        "reason": episode.reason,
        "operation_id": episode.operation_id,
        "acknowledged_by": said.by if said else None,
        "acknowledged_at": _time(said.at) if said else None,
        "acknowledged_comment": said.comment if said else None,
        "id": episode.id,
    }


def _whole(episode: Episode) -> dict[str, Any]:
    facts = {name: value for name, value in _flat(episode).items() if not name.startswith("acknowledged_")}
    said = episode.acknowledged
    facts["phases"] = [{"name": p.name, "at": _time(p.at), "words": p.words} for p in episode.phases]
    facts["related"] = list(episode.related)
    facts["acknowledged"] = {"by": said.by, "at": _time(said.at), "comment": said.comment} if said else None
    return facts


def _cell(value: object) -> str:
    if value is None:
        return ""
    # Numbers are ours, and a minus before one is arithmetic of nobody's.
    return safe(value) if isinstance(value, str) else str(value)


def _time(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None
