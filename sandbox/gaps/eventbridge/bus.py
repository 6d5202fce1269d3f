"""The default event bus: which rules want an event, and when their targets get it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from moto.events.models import Rule, events_backends

from sandbox.clock import clock
from sandbox.gaps.eventbridge import delivery, shapes, weather

RUNNING = ("ENABLED", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS")
OURS = ("sqs", "sns", "logs")
"""Services whose targets are served here; moto's own code serves the others."""


def listening(account: str, region: str) -> bool:
    """Whether any rule could want an event: what is not listened to need not be put into words."""
    return any(rule.state in RUNNING for rule in _rules(account, region))


def tell(
    account: str,
    region: str,
    source: str,
    kind: str,
    resources: Sequence[str],
    detail: Mapping[str, Any],
    at: datetime | None = None,
) -> None:
    """Put an AWS service's event on the default bus. `kind` is its detail-type, `at` when it happened (now)."""
    if listening(account, region):
        made = shapes.envelope(str(uuid4()), account, region, at or clock.now(), source, kind, resources, detail)
        for rule in _rules(account, region):
            route(rule, made)


def route(rule: Any, event: shapes.Envelope) -> None:
    """Send an event to a rule's targets if the rule runs and wants it."""
    if rule.state in RUNNING and not rule.scheduled_expression and rule.event_pattern.matches_event(event):
        account = rule.arn.split(":")[4]
        weather.pass_on(account, rule.region_name, rule.event_bus_name, rule.name, event)


def send_to_targets(self: Any, original_event: Any, transform_input: bool = True) -> None:
    """Rule.send_to_targets: what PutEvents and replays give to a rule."""
    others = [t for t in self.targets if t["Arn"].split(":")[2] not in OURS]
    if others and self.state in RUNNING:
        delivery.elsewhere(_only(self, others), original_event, transform_input)
    event = {key: value for key, value in original_event.items() if key not in ("ingestion-time", "event-bus-name")}
    at = event.get("time")
    if isinstance(at, int | float):
        event["time"] = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"
    route(self, event)


def _only(rule: Any, targets: list[dict[str, Any]]) -> Any:
    """The same rule with some of its targets."""
    return Rule(
        rule.name,
        rule.created_by,
        rule.region_name,
        rule.description,
        rule.event_pattern.dump(),
        rule.scheduled_expression,
        rule.role_arn,
        rule.event_bus_name,
        rule.state,
        rule.managed_by,
        targets,
    )


def _rules(account: str, region: str) -> Iterable[Any]:
    return list(events_backends[account][region].event_buses["default"].rules.values())
