"""RDS: changing event subscriptions and resetting parameters, which stack updates need and moto lacks.

Follows the service's model (botocore) and its error codes. An action another module already brings is left alone.
Remove when moto has ModifyEventSubscription, Add/RemoveSourceIdentifier... and ResetDBParameterGroup.
"""

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.responses import RDSResponse

from sandbox.wire import Answer


def _subscription(self: Any) -> Any:
    name = self.params.get("SubscriptionName")
    found = self.backend.event_subscriptions.get(name)
    if found is None:
        raise Answer("SubscriptionNotFound", f"Subscription {name} not found.", 404)
    return found


def modify_event_subscription(self: Any) -> ActionResult:
    """ModifyEventSubscription."""
    found = _subscription(self)
    for parameter, attribute in (
        ("SnsTopicArn", "sns_topic_arn"),
        ("SourceType", "source_type"),
        ("EventCategories", "event_categories"),
        ("Enabled", "enabled"),
    ):
        if self.params.get(parameter) is not None:
            setattr(found, attribute, self.params.get(parameter))
    return ActionResult({"EventSubscription": found})


def add_source_identifier_to_subscription(self: Any) -> ActionResult:
    """AddSourceIdentifierToSubscription."""
    found = _subscription(self)
    found.source_ids = [*found.source_ids, self.params.get("SourceIdentifier")]
    return ActionResult({"EventSubscription": found})


def remove_source_identifier_from_subscription(self: Any) -> ActionResult:
    """RemoveSourceIdentifierFromSubscription."""
    found = _subscription(self)
    source = self.params.get("SourceIdentifier")
    if source not in found.source_ids:
        raise Answer("SourceNotFound", f"Source {source} not found.", 404)
    found.source_ids = [s for s in found.source_ids if s != source]
    return ActionResult({"EventSubscription": found})


def reset_db_parameter_group(self: Any) -> ActionResult:
    """ResetDBParameterGroup: some values, or all."""
    name = self.params.get("DBParameterGroupName")
    group = self.backend.db_parameter_groups.get(name)
    if group is None:
        raise Answer("DBParameterGroupNotFound", f"DBParameterGroup not found: {name}", 404)
    if self.params.get("ResetAllParameters"):
        group.parameters.clear()
    for parameter in self.params.get("Parameters") or []:
        group.parameters.pop(parameter["ParameterName"], None)
    return ActionResult({"DBParameterGroupName": name})


ACTIONS = (
    add_source_identifier_to_subscription,
    modify_event_subscription,
    remove_source_identifier_from_subscription,
    reset_db_parameter_group,
)


def mend() -> None:
    """Add the actions that are not there."""
    for function in ACTIONS:
        if not hasattr(RDSResponse, function.__name__):
            setattr(RDSResponse, function.__name__, function)
