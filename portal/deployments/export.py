"""The history as files. Pure.

JSON: `{"format": "haven.deployments/1", "made_at": time, "filter": {...}, "deployments": [...]}`; a deployment has the
names of COLUMNS, `parameters` (stack, name, before, after; those that differ, none that are secret), `change_sets`,
and `recoveries` (operation, what, who, reason, at, state); `recovers` is the operation that a recovery was about.
Times are ISO 8601 in UTC, lengths in seconds, unknown is null.

CSV: COLUMNS, one line a deployment, UTF-8 with a byte order mark (for spreadsheets), lines ended by CR LF (RFC 4180). A
cell that a spreadsheet would take for a formula begins with an apostrophe.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from portal.deployments.records import Row
from portal.failovers.export import BOM, safe

COLUMNS = (
    "at", "ended_at", "seconds", "environment", "what", "stacks", "origin", "who", "approved_by", "reason", "result",
    "plan", "operation", "stack_id", "status", "failure", "recovers",
)  # fmt: skip


def as_csv(found: Sequence[Row]) -> str:
    """The whole file."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow(COLUMNS)
    for row in found:
        facts = _flat(row)
        writer.writerow([_cell(facts[name]) for name in COLUMNS])
    return BOM + written.getvalue()


def as_json(found: Sequence[Row], asked: Mapping[str, str], now: datetime) -> str:
    """The whole file."""
    whole = {
        "format": "haven.deployments/1",
        "made_at": _time(now),
        "filter": dict(asked),
        "deployments": [_whole(row) for row in found],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def _flat(row: Row) -> dict[str, Any]:
    record, rollout = row.record, row.record.rollout
    return {
        "at": _time(record.at),
        "ended_at": _time(record.ended_at),
        "seconds": row.took.total_seconds() if row.took is not None else None,
        "environment": record.environment,
        "what": record.what,
        "stacks": list(record.stacks),
        "origin": row.origin,
        "who": record.who,
        "approved_by": record.approved_by,
        "reason": record.reason,
        "result": record.result,
        "plan": row.plan,
        "operation": record.operation.id if record.operation else "",
        "stack_id": rollout.stack_id if rollout else "",
        "status": rollout.status if rollout else str(record.operation.state) if record.operation else "",
        "failure": rollout.failure if rollout else "",
        "recovers": record.recovers.id if record.recovers else "",
    }


def _whole(row: Row) -> dict[str, Any]:
    plan, facts = row.record.plan, _flat(row)
    stacks = plan.stacks if plan else ()
    facts["parameters"] = [
        {"stack": stack.name, "name": each.name, "before": each.before, "after": each.after}
        for stack in stacks
        for each in stack.parameters
        if each.changes and not each.secret
    ]
    facts["recoveries"] = [
        {
            "operation": each.id,
            "what": each.what,
            "who": each.requested_by,
            "reason": each.reason,
            "at": _time(each.requested_at),
            "state": str(each.state),
        }
        for each in row.record.recoveries
    ]
    facts["change_sets"] = [stack.change_set.arn for stack in stacks if stack.change_set]
    facts["templates"] = {stack.name: {"before": stack.deployed, "after": stack.version} for stack in stacks}
    return facts


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return safe(" ".join(value))
    return safe(str(value))


def _time(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if at else None
