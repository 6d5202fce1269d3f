"""Actions about drift, and what a template would cost."""

import hashlib
import json
from typing import Any

from sandbox.cloudformation import drift
from sandbox.cloudformation.actions import action
from sandbox.cloudformation.drift.detection import IN_PROGRESS, require_steady
from sandbox.cloudformation.errors import invalid
from sandbox.cloudformation.requests import PAGE, Request, page, template_text
from sandbox.cloudformation.validation import examine

MOST_NAMED = 200


@action("DetectStackDrift")
def detect_stack_drift(request: Request) -> dict[str, Any]:
    logical = [str(name) for name in request.get("LogicalResourceIds") or []]
    if len(logical) > MOST_NAMED:
        raise invalid(f"At most {MOST_NAMED} LogicalResourceIds can be specified")
    return {"StackDriftDetectionId": drift.begin(request.live_stack(), logical)}


@action("DetectStackResourceDrift")
def detect_stack_resource_drift(request: Request) -> dict[str, Any]:
    stack = request.live_stack()
    require_steady(stack)
    logical = str(request.require("LogicalResourceId"))
    resource = stack.resources.get(logical)
    if resource is None or not resource.status:
        raise invalid(f"Resource {logical} does not exist for stack {stack.name}")
    found = drift.check(stack, resource)
    if found["StackResourceDriftStatus"] == "NOT_CHECKED":
        raise invalid(f"Drift detection is not supported for resource type {resource.type}")
    return {"StackResourceDrift": found}


@action("DescribeStackDriftDetectionStatus")
def describe_stack_drift_detection_status(request: Request) -> dict[str, Any]:
    asked = str(request.require("StackDriftDetectionId"))
    made = drift.known(request.ledger).get(asked)
    if made is None:
        raise invalid(f"DriftDetection [{asked}] does not exist")
    answer = {
        "StackId": made.stack,
        "StackDriftDetectionId": made.id,
        "DetectionStatus": made.status,
        "Timestamp": made.at,
    }
    if made.status != IN_PROGRESS and made.drift:
        answer |= {"StackDriftStatus": made.drift, "DriftedStackResourceCount": made.drifted}
    return {**answer, **({"DetectionStatusReason": made.reason} if made.reason else {})}


@action("DescribeStackResourceDrifts")
def describe_stack_resource_drifts(request: Request) -> dict[str, Any]:
    stack = request.live_stack()
    wanted = request.get("StackResourceDriftStatusFilters") or []
    looked = [r.drift for r in stack.resources.values()]
    rows = [found for found in looked if found and (not wanted or found["StackResourceDriftStatus"] in wanted)]
    shown, following = page(request, rows, int(request.get("MaxResults") or PAGE))
    return {"StackResourceDrifts": shown, **({"NextToken": following} if following else {})}


@action("EstimateTemplateCost")
def estimate_template_cost(request: Request) -> dict[str, Any]:
    """AWS hands the template to its calculator and answers where to look. The answer has the same form here, but no
    estimate is behind it: nothing leaves the sandbox."""
    template, _ = examine(template_text(request), request.region)
    given = {str(p.get("ParameterKey")): p for p in request.get("Parameters") or []}
    strange = sorted(set(given) - set(template.parameters))
    if strange:
        raise invalid(f"Parameters: [{', '.join(strange)}] do not exist in the template")
    lacking = [n for n, d in template.parameters.items() if "Default" not in d and n not in given]
    if lacking:
        raise invalid(f"Parameters: [{', '.join(lacking)}] must have values")
    body = json.dumps([template.text, sorted(given)]).encode()
    return {"Url": f"https://calculator.aws/#/estimate?id={hashlib.sha256(body).hexdigest()[:40]}"}
