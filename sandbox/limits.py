"""What AWS refuses and moto lets pass: page sizes and list lengths, as a table (aws-facts 1.4, 3.1, 5.1, 6.1, 7.1)."""

from collections.abc import Callable
from typing import Any

from sandbox.wire import Answer, Call

Check = Callable[[dict[str, Any]], None]


def at_most(name: str, most: int, code: str, message: str) -> Check:
    """A list parameter has at most so many items."""

    def check(given: dict[str, Any]) -> None:
        if len(given.get(name) or ()) > most:
            raise Answer(code, message)

    return check


def between(name: str, low: int, high: int, code: str, message: str) -> Check:
    """A number, if given, is in a range; the message may quote {value}."""

    def check(given: dict[str, Any]) -> None:
        value = given.get(name)
        if value is not None and not low <= int(value) <= high:
            raise Answer(code, message.format(value=value))

    return check


def shorter(name: str, most: int) -> Check:
    """A text, if given, has at most so many characters."""

    def check(given: dict[str, Any]) -> None:
        if len(given.get(name) or "") > most:
            raise Answer(
                "ValidationError",
                f"1 validation error detected: Value at '{name[0].lower()}{name[1:]}' failed to satisfy constraint: "
                f"Member must have length less than or equal to {most}",
            )

    return check


_ECS, _ELB = "InvalidParameterException", "ValidationError"
_RECORDS = "Invalid value {value} for MaxRecords. Must be between 20 and 100"
_ECS_PAGE = between("maxResults", 1, 100, _ECS, "maxResults must be between 1 and 100.")
_ELB_PAGE = between(
    "PageSize",
    1,
    400,
    _ELB,
    "1 validation error detected: Value '{value}' at 'pageSize' failed to satisfy constraint: "
    "Member must have value between 1 and 400",
)
_AAS_PAGE = between("MaxResults", 1, 50, "ValidationException", "The maxResults value must be between 1 and 50.")
_TEMPLATE = shorter("TemplateBody", 51_200)

CHECKS: dict[tuple[str, str], tuple[Check, ...]] = {
    ("ecs", "DescribeServices"): (at_most("services", 10, _ECS, "Services cannot have more than 10 elements."),),
    ("ecs", "DescribeTasks"): (at_most("tasks", 100, _ECS, "Tasks cannot have more than 100 elements."),),
    ("ecs", "DescribeClusters"): (at_most("clusters", 100, _ECS, "Clusters cannot have more than 100 elements."),),
    ("ecs", "DescribeServiceDeployments"): (
        at_most("serviceDeploymentArns", 20, _ECS, "Service deployments cannot have more than 20 elements."),
    ),
    ("ecs", "DescribeServiceRevisions"): (
        at_most("serviceRevisionArns", 20, _ECS, "Service revisions cannot have more than 20 elements."),
    ),
    ("ecs", "ListServices"): (_ECS_PAGE,),
    ("ecs", "ListTasks"): (_ECS_PAGE,),
    ("ecs", "ListClusters"): (_ECS_PAGE,),
    ("elbv2", "DescribeLoadBalancers"): (
        _ELB_PAGE,
        at_most("LoadBalancerArns", 20, _ELB, "A maximum of '20' load balancer ARNs can be specified"),
        at_most("Names", 20, _ELB, "A maximum of '20' load balancer names can be specified"),
    ),
    ("elbv2", "DescribeTargetGroups"): (_ELB_PAGE,),
    ("elbv2", "DescribeListeners"): (_ELB_PAGE,),
    ("elbv2", "DescribeRules"): (_ELB_PAGE,),
    ("elbv2", "DescribeTags"): (at_most("ResourceArns", 20, _ELB, "A maximum of '20' resource ARNs can be specified"),),
    ("cloudwatch", "DescribeAlarms"): (
        between("MaxRecords", 1, 100, "ValidationError", "MaxRecords must be between 1 and 100"),
        at_most("AlarmNames", 100, "ValidationError", "AlarmNames can have at most 100 items"),
    ),
    ("application-autoscaling", "DescribeScalableTargets"): (_AAS_PAGE,),
    ("application-autoscaling", "DescribeScalingPolicies"): (_AAS_PAGE,),
    ("application-autoscaling", "DescribeScalingActivities"): (_AAS_PAGE,),
    ("application-autoscaling", "DescribeScheduledActions"): (_AAS_PAGE,),
    ("cloudformation", "CreateStack"): (_TEMPLATE,),
    ("cloudformation", "UpdateStack"): (_TEMPLATE,),
    ("cloudformation", "CreateChangeSet"): (_TEMPLATE,),
    ("cloudformation", "ValidateTemplate"): (_TEMPLATE,),
}
_RECORD_PAGES = between("MaxRecords", 20, 100, "InvalidParameterValue", _RECORDS)


def check(call: Call) -> None:
    """Raise the Answer AWS would give if the call breaks one of its limits."""
    checks = CHECKS.get((call.service, call.operation or ""), ())
    if call.service in ("rds", "elasticache") and (call.operation or "").startswith("Describe"):
        checks = (*checks, _RECORD_PAGES)
    for one in checks:
        one(call.parameters)
