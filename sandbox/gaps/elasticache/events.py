"""ElastiCache's events: no categories, no ids; fourteen days, the last hour by default (aws-facts 2.2)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.elasticache.exceptions import InvalidParameterCombinationException, InvalidParameterValueException
from moto.elasticache.models import elasticache_backends

from sandbox.clock import clock
from sandbox.gaps.elasticache.groups import Group

KEPT = timedelta(days=14)
WINDOW = timedelta(minutes=60)
SOURCES = (
    "cache-cluster",
    "cache-parameter-group",
    "cache-security-group",
    "cache-subnet-group",
    "replication-group",
    "serverless-cache",
    "serverless-cache-snapshot",
    "user",
    "user-group",
)

delivered: list[Callable[[str, str, dict[str, Any]], None]] = []
"""Called with (account, region, event): where deliveries elsewhere begin."""


def tell(group: Group, message: str, cluster: str | None = None) -> None:
    """Record an event of the group, or of one of its cache clusters."""
    backend = elasticache_backends[group.account][group.region]
    kind = "cache-cluster" if cluster else "replication-group"
    source = cluster or group.replication_group_id
    event = {"SourceIdentifier": source, "SourceType": kind, "Message": message, "Date": clock.now()}
    kept: list[dict[str, Any]] = getattr(backend, "events", [])
    backend.events = [*(e for e in kept if e["Date"] >= clock.now() - KEPT), event]
    for deliver in delivered:
        deliver(group.account, group.region, event)


def describe_events(self: Any) -> ActionResult:
    """DescribeEvents."""
    given = self._get_params()
    start, end = _window(given)
    source, kind = given.get("SourceIdentifier"), given.get("SourceType")
    if source and not kind:
        raise InvalidParameterCombinationException("Cannot specify source identifier without source type")
    if kind and kind not in SOURCES:
        raise InvalidParameterValueException(f"Invalid source type: {kind}")
    found = [
        event
        for event in getattr(self.elasticache_backend, "events", [])
        if start <= event["Date"] <= end
        and source in (None, event["SourceIdentifier"])
        and kind in (None, event["SourceType"])
    ]
    size = int(given.get("MaxRecords") or 100)
    if not 20 <= size <= 100:
        raise InvalidParameterValueException(f"Invalid value {size} for MaxRecords. Must be between 20 and 100")
    marker = str(given.get("Marker") or "0")
    if not marker.isdigit():
        raise InvalidParameterValueException("The marker provided is not valid.")
    first = int(marker)
    more = {"Marker": str(first + size)} if first + size < len(found) else {}
    return ActionResult({"Events": found[first : first + size], **more})


def _window(given: dict[str, Any]) -> tuple[datetime, datetime]:
    now = clock.now()
    start, end, minutes = _aware(given.get("StartTime")), _aware(given.get("EndTime")), given.get("Duration")
    if minutes is not None and (start or end):
        text = "If Duration is specified, both StartTime and EndTime must be omitted."
        raise InvalidParameterCombinationException(text)
    duration = timedelta(minutes=int(minutes)) if minutes is not None else WINDOW
    if duration > KEPT or (start and start < now - KEPT):
        text = "Events occurring more than 14 days in the past are not available."
        raise InvalidParameterCombinationException(text)
    end = end or now
    return start or end - duration, end


def _aware(value: Any) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    return value if value.tzinfo else value.replace(tzinfo=UTC)
