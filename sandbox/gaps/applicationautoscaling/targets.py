"""Scalable targets: registering pulls the service into its bounds at once (aws-facts 4.1)."""

import json
from typing import Any

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import FakeScalableTarget, _target_params_are_valid
from moto.core.exceptions import JsonRESTError

from sandbox.clock import clock
from sandbox.gaps.applicationautoscaling.activities import scale, service_of
from sandbox.gaps.applicationautoscaling.deciding import Memory, bounded
from sandbox.gaps.applicationautoscaling.wire import KEY, check_filter, missing, page, request_of

AWAKE = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}
ROLE = "ecs.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_ECSService"


def find_target(backend: Any, given: dict[str, Any]) -> Any:
    """The registered target a request names, or None."""
    return backend.targets.get(given.get("ScalableDimension"), {}).get(given.get("ResourceId"))


def register_scalable_target(self: Any) -> str:
    """RegisterScalableTarget: an upsert; every call applies the bounds again."""
    self._validate_params()
    given = request_of(self)
    backend = self.applicationautoscaling_backend
    namespace, resource, dimension = (str(given.get(key)) for key in KEY)
    _target_params_are_valid(namespace, resource, dimension)
    if namespace == "ecs" and service_of(self.current_account, self.region, resource) is None:
        raise AWSValidationException(f"ECS service doesn't exist: {resource}")
    target = find_target(backend, given)
    low = given.get("MinCapacity", target.min_capacity if target else None)
    high = given.get("MaxCapacity", target.max_capacity if target else None)
    _check_bounds(low, high)
    state = {**AWAKE, **((target.suspended_state if target else None) or {}), **(given.get("SuspendedState") or {})}
    if target is None:
        role = given.get("RoleARN") or f"arn:aws:iam::{self.current_account}:role/aws-service-role/{ROLE}"
        target = FakeScalableTarget(backend, namespace, resource, dimension, low, high, role, state)
        target.creation_time = clock.time()
        target.tags = dict(given.get("Tags") or {})
        backend.targets.setdefault(dimension, {})[resource] = target
    target.update(low, high, state)
    enforce(self.current_account, self.region, target)
    return json.dumps({"ScalableTargetARN": target.arn})


def _check_bounds(low: int | None, high: int | None) -> None:
    if low is None or high is None:
        raise AWSValidationException("MinCapacity and MaxCapacity are required to register a new scalable target.")
    if low < 0 or high < 0:
        raise AWSValidationException("Minimum and maximum capacity must be 0 or greater.")
    if high < low:
        raise AWSValidationException("Maximum capacity cannot be less than minimum capacity")


def enforce(account: str, region: str, target: Any) -> None:
    """Pull the service into [min, max]."""
    service = service_of(account, region, target.resource_id)
    if service is None:
        return
    low, high = int(target.min_capacity), int(target.max_capacity)
    count = min(max(service.desired_count, low), high)
    if count != service.desired_count:
        side = "minimum" if count > service.desired_count else "maximum"
        target.memory = bounded(memory_of(target), count)
        scale(account, region, target.resource_id, count, f"{side} capacity was set to {count}")


def memory_of(target: Any) -> Memory:
    """What a scalable target remembers of what it did."""
    kept = target.__dict__.get("memory")
    return kept if isinstance(kept, Memory) else Memory()


def deregister_scalable_target(self: Any) -> str:
    """DeregisterScalableTarget: its policies, their alarms and its schedules go with it."""
    self._validate_params()
    given = request_of(self)
    backend = self.applicationautoscaling_backend
    if find_target(backend, given) is None:
        raise missing("scalable target", given)
    del backend.targets[given["ScalableDimension"]][given["ResourceId"]]
    for key, policy in list(backend.policies.items()):
        if policy.resource_id == given["ResourceId"] and policy.scalable_dimension == given["ScalableDimension"]:
            policy.remove_alarms()
            del backend.policies[key]
    backend.scheduled_actions = [
        action
        for action in backend.scheduled_actions
        if (action.resource_id, action.scalable_dimension) != (given["ResourceId"], given["ScalableDimension"])
    ]
    return json.dumps({})


def describe_scalable_targets(self: Any) -> str:
    """DescribeScalableTargets."""
    self._validate_params()
    given = request_of(self)
    check_filter(given)
    found = self.applicationautoscaling_backend.describe_scalable_targets(
        given.get("ServiceNamespace"), given.get("ResourceIds"), given.get("ScalableDimension")
    )
    shown, token = page([_shape(target) for target in found], given)
    return json.dumps({"ScalableTargets": shown, **token})


def _shape(target: Any) -> dict[str, Any]:
    return {
        "ServiceNamespace": target.service_namespace,
        "ResourceId": target.resource_id,
        "ScalableDimension": target.scalable_dimension,
        "MinCapacity": target.min_capacity,
        "MaxCapacity": target.max_capacity,
        "RoleARN": target.role_arn,
        "CreationTime": target.creation_time,
        "SuspendedState": target.suspended_state,
        "ScalableTargetARN": target.arn,
    }


def _tagged(self: Any, given: dict[str, Any]) -> Any:
    arn = given.get("ResourceARN")
    for targets in self.applicationautoscaling_backend.targets.values():
        for target in targets.values():
            if target.arn == arn:
                return target
    raise JsonRESTError("ResourceNotFoundException", f"The resource {arn} does not exist.")


def list_tags_for_resource(self: Any) -> str:
    """ListTagsForResource."""
    return json.dumps({"Tags": _tagged(self, request_of(self)).tags})


def tag_resource(self: Any) -> str:
    """TagResource."""
    given = request_of(self)
    target = _tagged(self, given)
    target.tags = {**target.tags, **given.get("Tags", {})}
    return json.dumps({})


def untag_resource(self: Any) -> str:
    """UntagResource."""
    given = request_of(self)
    target = _tagged(self, given)
    target.tags = {key: value for key, value in target.tags.items() if key not in given.get("TagKeys", [])}
    return json.dumps({})
