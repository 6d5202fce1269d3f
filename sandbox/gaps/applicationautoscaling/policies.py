"""Scaling policies: target tracking makes the two alarms that AWS makes (aws-facts 4.2). What the alarms then do is in
`moving`."""

import json
import re
from typing import Any
from uuid import uuid4

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.applicationautoscaling.models import FakeApplicationAutoscalingPolicy
from moto.core.exceptions import JsonRESTError

from sandbox.clock import clock
from sandbox.gaps.applicationautoscaling.steps import alarms_of, check_steps
from sandbox.gaps.applicationautoscaling.targets import find_target
from sandbox.gaps.applicationautoscaling.wire import KEY, check_filter, missing, page, request_of
from sandbox.inproc import client

CONFIGURATIONS = {
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
    "StepScaling": "StepScalingPolicyConfiguration",
    "PredictiveScaling": "PredictiveScalingPolicyConfiguration",
}
UTILIZATION = {
    "ECSServiceAverageCPUUtilization": "CPUUtilization",
    "ECSServiceAverageMemoryUtilization": "MemoryUtilization",
}
REQUESTS = "ALBRequestCountPerTarget"
LABEL = re.compile(r"(app/[^/]+/[^/]+)/(targetgroup/[^/]+/[^/]+)")
PERIOD, HIGH_PERIODS, LOW_PERIODS, LOW_SHARE = 60, 3, 15, 0.9
MOST_POLICIES = 50


class Policy:
    """A scaling policy; `alarms` are the names of those made for it, highest first."""

    def __init__(self, account: str, region: str, given: dict[str, Any]) -> None:
        self.account, self.region = account, region
        self.service_namespace, self.resource_id, self.scalable_dimension = (str(given[key]) for key in KEY)
        self.policy_name = str(given["PolicyName"])
        self.policy_type = ""
        self.configuration: dict[str, Any] = {}
        self.creation_time = clock.time()
        self.alarms: list[str] = []
        place = f"resource/{self.service_namespace}/{self.resource_id}:policyName/{self.policy_name}"
        self.policy_arn = f"arn:aws:autoscaling:{region}:{account}:scalingPolicy:{uuid4()}:{place}"
        self._action = f"{self.policy_arn}:createdBy/{uuid4()}"

    def configure(self, kind: str, configuration: dict[str, Any]) -> None:
        """Take a configuration and bring the alarms in line with it. Raises ValidationException, changing nothing."""
        if kind == "StepScaling":
            check_steps(configuration)
        wanted = _watched(self.resource_id, configuration) if kind == "TargetTrackingScaling" else None
        self.policy_type, self.configuration = kind, configuration
        if wanted is None:
            self.remove_alarms()
            return
        names = self.alarms or [f"TargetTracking-{self.resource_id}-Alarm{side}-{uuid4()}" for side in ("High", "Low")]
        target = float(configuration["TargetValue"])
        sides = [(names[0], "GreaterThanThreshold", HIGH_PERIODS, target)]
        if not configuration.get("DisableScaleIn"):
            low = names[1] if len(names) > 1 else f"TargetTracking-{self.resource_id}-AlarmLow-{uuid4()}"
            sides.append((low, "LessThanThreshold", LOW_PERIODS, round(target * LOW_SHARE, 4)))
        elif len(names) > 1 and self.alarms:
            self._cloudwatch().delete_alarms(AlarmNames=names[1:])
        for name, comparison, periods, threshold in sides:
            self._cloudwatch().put_metric_alarm(
                AlarmName=name,
                AlarmDescription=f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {self.policy_arn}.",
                AlarmActions=[self._action],
                ComparisonOperator=comparison,
                EvaluationPeriods=periods,
                Period=PERIOD,
                Threshold=threshold,
                **wanted,
            )
        self.alarms = [side[0] for side in sides]

    def _cloudwatch(self) -> Any:
        return client("cloudwatch", self.region, self.account)

    def remove_alarms(self) -> None:
        """Delete the alarms made for it."""
        if self.alarms:
            self._cloudwatch().delete_alarms(AlarmNames=self.alarms)
        self.alarms = []

    def alarm_shapes(self) -> list[dict[str, str]]:
        """Names and ARNs of the alarms made for it, or of those that people made act for it."""
        prefix = f"arn:aws:cloudwatch:{self.region}:{self.account}:alarm:"
        stepping = self.policy_type == "StepScaling"
        names = alarms_of(self.account, self.region, self.policy_arn) if stepping else self.alarms
        return [{"AlarmName": name, "AlarmARN": prefix + name} for name in names]

    def shape(self) -> dict[str, Any]:
        """The policy as AWS describes it."""
        return {
            "PolicyARN": self.policy_arn,
            "PolicyName": self.policy_name,
            "ServiceNamespace": self.service_namespace,
            "ResourceId": self.resource_id,
            "ScalableDimension": self.scalable_dimension,
            "PolicyType": self.policy_type,
            CONFIGURATIONS[self.policy_type]: self.configuration,
            "Alarms": self.alarm_shapes(),
            "CreationTime": self.creation_time,
        }


def _watched(resource: str, configuration: dict[str, Any]) -> dict[str, Any]:
    """The metric that a target tracking configuration follows, as PutMetricAlarm takes it."""
    _, cluster, service = resource.split("/")
    if not float(configuration.get("TargetValue") or 0) > 0:
        raise AWSValidationException("TargetValue must be greater than 0.")
    if any(int(configuration.get(key, 0)) < 0 for key in ("ScaleOutCooldown", "ScaleInCooldown")):
        raise AWSValidationException("Cooldowns must be 0 or greater.")
    known = configuration.get("PredefinedMetricSpecification")
    custom = configuration.get("CustomizedMetricSpecification")
    if bool(known) == bool(custom):
        text = "Exactly one of PredefinedMetricSpecification and CustomizedMetricSpecification must be specified."
        raise AWSValidationException(text)
    if custom:
        if custom.get("Metrics"):
            raise AWSValidationException("Metric math in a CustomizedMetricSpecification is not known to the sandbox.")
        named = {key: custom[key] for key in ("Namespace", "MetricName", "Statistic", "Unit") if custom.get(key)}
        return {**named, "Dimensions": custom.get("Dimensions", [])}
    kind = known.get("PredefinedMetricType") if known else None
    if kind in UTILIZATION:
        return {
            "Namespace": "AWS/ECS",
            "MetricName": UTILIZATION[kind],
            "Statistic": "Average",
            "Unit": "Percent",
            "Dimensions": [{"Name": "ClusterName", "Value": cluster}, {"Name": "ServiceName", "Value": service}],
        }
    if kind != REQUESTS:
        raise AWSValidationException(f"Invalid predefined metric type for service namespace ecs: {kind}")
    label = LABEL.fullmatch((known or {}).get("ResourceLabel") or "")
    if label is None:
        text = "The resource label must be app/<name>/<id>/targetgroup/<name>/<id> for ALBRequestCountPerTarget."
        raise AWSValidationException(text)
    return {
        "Namespace": "AWS/ApplicationELB",
        "MetricName": "RequestCountPerTarget",
        "Statistic": "Sum",
        "Dimensions": [{"Name": "LoadBalancer", "Value": label[1]}, {"Name": "TargetGroup", "Value": label[2]}],
    }


def _key(given: dict[str, Any]) -> str:
    return str(
        FakeApplicationAutoscalingPolicy.formulate_key(*(given.get(key, "") for key in KEY), given.get("PolicyName"))
    )


def put_scaling_policy(self: Any) -> str:
    """PutScalingPolicy: an upsert by name."""
    self._validate_params()
    given = request_of(self)
    backend = self.applicationautoscaling_backend
    if find_target(backend, given) is None:
        raise missing("scalable target", given)
    policy = backend.policies.get(_key(given))
    kind = given.get("PolicyType") or (policy.policy_type if policy else "StepScaling")
    if kind not in CONFIGURATIONS:
        text = (
            f"1 validation error detected: Value '{kind}' at 'policyType' failed to satisfy constraint: "
            "Member must satisfy enum value set: [PredictiveScaling, StepScaling, TargetTrackingScaling]"
        )
        raise AWSValidationException(text)
    configuration = given.get(CONFIGURATIONS[kind]) or (policy.configuration if policy else None)
    if not configuration:
        raise AWSValidationException(f"{CONFIGURATIONS[kind]} must be specified for policy type {kind}.")
    if policy is None:
        mine = [p for p in backend.policies.values() if p.resource_id == given["ResourceId"]]
        if len(mine) >= MOST_POLICIES:
            raise JsonRESTError("LimitExceededException", f"A target has {MOST_POLICIES} scaling policies at most.")
        policy = Policy(self.current_account, self.region, given)
    policy.configure(kind, configuration)
    backend.policies[_key(given)] = policy
    return json.dumps({"PolicyARN": policy.policy_arn, "Alarms": policy.alarm_shapes()})


def describe_scaling_policies(self: Any) -> str:
    """DescribeScalingPolicies."""
    given = request_of(self)
    check_filter(given)
    names = given.get("PolicyNames")
    found = [
        policy.shape()
        for policy in self.applicationautoscaling_backend.policies.values()
        if policy.service_namespace == given["ServiceNamespace"]
        and given.get("ResourceId") in (None, policy.resource_id)
        and given.get("ScalableDimension") in (None, policy.scalable_dimension)
        and (not names or policy.policy_name in names)
    ]
    shown, token = page(found, given)
    return json.dumps({"ScalingPolicies": shown, **token})


def delete_scaling_policy(self: Any) -> str:
    """DeleteScalingPolicy: its alarms go with it."""
    given = request_of(self)
    policy = self.applicationautoscaling_backend.policies.pop(_key(given), None)
    if policy is None:
        raise missing("scaling policy", given, f", policy name: {given.get('PolicyName')}")
    policy.remove_alarms()
    return json.dumps({})
