"""Detecting drift: over a stack, which takes a while, or of one resource at once."""

import json
import logging
import uuid
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from sandbox.clock import clock, transition
from sandbox.cloudformation import events, state
from sandbox.cloudformation.drift.compare import ABSENT, differences, shaped
from sandbox.cloudformation.drift.readers import reader
from sandbox.cloudformation.errors import invalid
from sandbox.cloudformation.model import Detection, Ledger, Resource, Stack
from sandbox.cloudformation.progress import target_of
from sandbox.cloudformation.schema import schema
from sandbox.cloudformation.world import missing

log = logging.getLogger("sandbox.cloudformation")
STEADY = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED")
LEAST, EACH = 5.0, 0.5
"""Seconds a detection takes, and more for each resource looked at."""
KEPT = 500
DRIFTED = ("MODIFIED", "DELETED")
IN_PROGRESS = "DETECTION_IN_PROGRESS"


def known(ledger: Ledger) -> dict[str, Detection]:
    """The detections of an account and region by id, oldest first; a state saved by an older sandbox has none."""
    found: dict[str, Detection] = ledger.__dict__.setdefault("detections", {})
    return found


def require_steady(stack: Stack) -> None:
    """Raises Refused unless the stack's drift may be looked at now."""
    if stack.status not in STEADY:
        raise invalid(f"Drift detection cannot be performed on stack [{stack.id}] while it is in {stack.status} state")


def begin(stack: Stack, logical: list[str]) -> str:
    """Begin looking at a stack, or at some of its resources; returns the detection's id. Raises Refused."""
    require_steady(stack)
    strange = [name for name in logical if name not in stack.resources]
    if strange:
        raise invalid(f"Resource [{strange[0]}] does not exist for stack [{stack.name}]")
    detections = known(state.ledger(stack.account, stack.region))
    if any(one.stack == stack.id and one.status == IN_PROGRESS for one in detections.values()):
        raise invalid(f"Drift detection is already in progress for stack [{stack.id}]")
    made = Detection(str(uuid.uuid4()), stack.id, clock.now(), list(logical))
    detections[made.id] = made
    for old in list(detections)[:-KEPT]:
        del detections[old]
    _tell(stack, made)
    wait = LEAST + EACH * (len(logical) or len(stack.resources))
    clock.after(wait, "cfn.drift.finish", account=stack.account, region=stack.region, detection=made.id)
    return made.id


@transition("cfn.drift.finish")
def finish(account: str, region: str, detection: str) -> None:
    """Look, and remember."""
    made = known(state.ledger(account, region)).get(detection)
    stack = state.stack(account, region, made.stack) if made else None
    if made is None or stack is None or made.status != IN_PROGRESS:
        return
    made.at = clock.now()
    if stack.status not in STEADY:
        made.status, made.reason = "DETECTION_FAILED", f"Stack [{stack.id}] is in {stack.status} state"
        _tell(stack, made)
        return
    looked = [check(stack, r) for r in stack.resources.values() if not made.logical or r.logical in made.logical]
    failed = [one["LogicalResourceId"] for one in looked if one["StackResourceDriftStatus"] == "UNKNOWN"]
    made.drifted = sum(one["StackResourceDriftStatus"] in DRIFTED for one in looked)
    made.drift = "DRIFTED" if made.drifted else "UNKNOWN" if failed else "IN_SYNC"
    made.status = "DETECTION_FAILED" if failed else "DETECTION_COMPLETE"
    made.reason = f"Failed to detect drift on resources [{', '.join(failed)}]" if failed else ""
    stack.drift, stack.drift_at = made.drift, made.at
    _tell(stack, made)


def check(stack: Stack, resource: Resource) -> dict[str, Any]:
    """Look at one resource and remember it, unless its type is not checked; as DescribeStackResourceDrifts shows it."""
    found = _check(stack, resource, clock.now())
    if found["StackResourceDriftStatus"] != "NOT_CHECKED":
        resource.drift = found
    return found


def _check(stack: Stack, resource: Resource, at: datetime) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "StackId": stack.id,
        "LogicalResourceId": resource.logical,
        "PhysicalResourceId": resource.physical,
        "ResourceType": resource.type,
        "StackResourceDriftStatus": "NOT_CHECKED",
        "Timestamp": at,
    }
    read = reader(resource.type)
    if read is None or not resource.exists:
        return answer
    expected = _expected(stack, resource)
    answer["ExpectedProperties"] = json.dumps(expected, default=str)
    try:
        found = read(target_of(stack, resource.logical), resource, stack)
    except ClientError as problem:
        if not missing(problem):
            return _unknown(answer, problem)
        found = None
    except Exception as problem:  # one resource nobody can read must not hide the others
        log.exception("%s of %s cannot be read", resource.logical, stack.name)
        return _unknown(answer, problem)
    if found is None:
        return {**answer, "StackResourceDriftStatus": "DELETED"}
    now = {**expected, **shaped(_comparable(resource, expected), found)}
    actual = {name: value for name, value in now.items() if value is not ABSENT}
    unequal = [
        {"PropertyPath": d.path, "ExpectedValue": d.expected, "ActualValue": d.actual, "DifferenceType": d.kind}
        for d in differences(expected, actual)
    ]
    answer["ActualProperties"] = json.dumps(actual, default=str)
    answer["PropertyDifferences"] = unequal
    return {**answer, "StackResourceDriftStatus": "MODIFIED" if unequal else "IN_SYNC"}


def _unknown(answer: dict[str, Any], problem: Exception) -> dict[str, Any]:
    return {**answer, "StackResourceDriftStatus": "UNKNOWN", "DriftStatusReason": str(problem)}


def _expected(stack: Stack, resource: Resource) -> dict[str, Any]:
    """What the template sets, but for what nobody can read back."""
    return {k: v for k, v in resource.properties.items() if k not in _pointers(stack, resource, "writeOnlyProperties")}


def _comparable(resource: Resource, expected: dict[str, Any]) -> dict[str, Any]:
    """Without what cannot change on a living resource; a change of it would be another resource."""
    found = schema(resource.type)
    fixed = {p[0] for p in found.create_only if len(p) == 1} if found else set()
    return {k: v for k, v in expected.items() if k not in fixed}


def _pointers(stack: Stack, resource: Resource, name: str) -> set[str]:
    found = schema(resource.type, stack.region)
    listed = found.body.get(name) or () if found else ()
    return {str(p).removeprefix("/properties/") for p in listed}


def _tell(stack: Stack, made: Detection) -> None:
    for hear in events.drifted:
        hear(stack, made.id, made.status, made.drifted, made.drift or None)
