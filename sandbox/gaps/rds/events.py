"""RDS's events: kept for fourteen days, asked for by window, source and category (aws-facts 1.3, 1.4)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import InvalidParameterCombination, InvalidParameterValue

from sandbox.clock import clock
from sandbox.gaps.rds.words import EVENTS, REASONS

KEPT = timedelta(days=14)
WINDOW = timedelta(minutes=60)
SOURCES = (
    "db-instance",
    "db-parameter-group",
    "db-security-group",
    "db-snapshot",
    "db-cluster",
    "db-cluster-snapshot",
    "custom-engine-version",
    "db-proxy",
    "blue-green-deployment",
    "db-shard-group",
    "zero-etl",
)
TOO_OLD = "Events occurring more than 14 days in the past are not available."

delivered: list[Callable[[str, str, dict[str, Any], str | None], None]] = []
"""Called with (account, region, event as the API shows it, its id or None): where deliveries elsewhere begin."""


def tell(database: Any, event_id: str, name: str = "") -> None:
    """Record an event of a DB instance or cluster; `name` is what its message names, if anything."""
    categories, message = EVENTS[event_id]
    _record(database, message.replace("{name}", name), list(categories), event_id.removesuffix("-automatic"))


def tell_reason(database: Any, why: str) -> None:
    """Record why a failover happened."""
    _record(database, REASONS[why], [], None)


def _record(resource: Any, message: str, categories: list[str], event_id: str | None) -> None:
    event = {
        "SourceIdentifier": resource.resource_id,
        "SourceType": resource.event_source_type,
        "Message": message,
        "EventCategories": categories,
        "Date": clock.now(),
        "SourceArn": resource.arn,
    }
    backend = resource.backend
    oldest = clock.now() - KEPT
    backend.events = [*(e for e in backend.events if e["Date"] >= oldest), event]
    for deliver in delivered:
        deliver(backend.account_id, backend.region_name, event, event_id)


SNAPSHOT_MESSAGES = {
    "DB_SNAPSHOT_CREATE_AUTOMATED_START": "Creating automated snapshot",
    "DB_SNAPSHOT_CREATE_AUTOMATED_FINISH": "Automated snapshot created",
    "DB_SNAPSHOT_CREATE_MANUAL_START": "Creating manual snapshot",
    "DB_SNAPSHOT_CREATE_MANUAL_FINISH": "Manual snapshot created",
}


def add_event(self: Any, event_type: str, resource: Any) -> None:
    """RDSBackend.add_event: moto's own events of snapshots; those of instances come from the clock instead."""
    if event_type in SNAPSHOT_MESSAGES:
        _record(resource, SNAPSHOT_MESSAGES[event_type], ["creation"], None)


def describe_events(self: Any) -> ActionResult:
    """DescribeEvents."""
    given = self.params
    start, end = _window(given)
    source, kind = given.get("SourceIdentifier"), given.get("SourceType")
    if source and not kind:
        raise InvalidParameterCombination("Cannot specify source identifier without source type")
    if kind and kind not in SOURCES:
        raise InvalidParameterValue(f"Invalid source type: {kind}")
    if given.get("Filters"):
        raise InvalidParameterValue("This operation does not support filters.")
    categories = set(given.get("EventCategories") or [])
    found = [
        event
        for event in self.backend.events
        if start <= event["Date"] <= end
        and source in (None, event["SourceIdentifier"])
        and kind in (None, event["SourceType"])
        and (not categories or categories & set(event["EventCategories"]))
    ]
    size = int(given.get("MaxRecords") or 100)
    if not 20 <= size <= 100:
        raise InvalidParameterValue(f"Invalid value {size} for MaxRecords. Must be between 20 and 100")
    marker = given.get("Marker") or "0"
    if not str(marker).isdigit():
        raise InvalidParameterValue("The marker provided is not valid.")
    first = int(marker)
    more = {"Marker": str(first + size)} if first + size < len(found) else {}
    return ActionResult({"Events": found[first : first + size], **more})


def _window(given: Any) -> tuple[datetime, datetime]:
    """(start, end) asked for; the last hour when nothing is."""
    now = clock.now()
    start, end, duration = _aware(given.get("StartTime")), _aware(given.get("EndTime")), given.get("Duration")
    if duration is not None and (start or end):
        text = "If Duration is specified, both StartTime and EndTime must be omitted."
        raise InvalidParameterCombination(text)
    if (duration is not None and timedelta(minutes=int(duration)) > KEPT) or (start and start < now - KEPT):
        raise InvalidParameterCombination(TOO_OLD)
    end = end or now
    start = start or end - (timedelta(minutes=int(duration)) if duration is not None else WINDOW)
    if start > end:
        raise InvalidParameterCombination("StartTime must be before EndTime.")
    return start, end


def _aware(value: Any) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value if value.tzinfo else value.replace(tzinfo=UTC)
