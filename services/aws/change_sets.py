"""What a change set asks for, as data, and how its answers are understood. Pure."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import yaml

from provisioning.template import parse
from services.domain.deployment.event import OURS
from services.domain.environment import Environment
from services.domain.errors import Conflict, Refused
from services.ports import StackSpec

if TYPE_CHECKING:
    from types_boto3_cloudformation.literals import CapabilityType
    from types_boto3_cloudformation.type_defs import ParameterTypeDef, StackEventTypeDef, StackTypeDef

TEMPLATE_LIMIT = 51_200
"""Bytes of a template that is sent in the request itself."""
OK = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
EXECUTED = frozenset({"EXECUTE_IN_PROGRESS", "EXECUTE_COMPLETE", "EXECUTE_FAILED"})
"""Execution statuses of a change set that was executed, whatever came of it."""
MASKED = "****"
"""What CloudFormation shows in place of the value of a NoEcho parameter."""
_DEAD_ENDS = {
    "ROLLBACK_COMPLETE": "its creation failed; it can only be deleted",
    "ROLLBACK_FAILED": "its creation failed and could not be undone; it can only be deleted",
    "DELETE_FAILED": "its deletion failed; delete it again",
    "UPDATE_ROLLBACK_FAILED": "an update could not be undone; continue its rollback first",
    "IMPORT_ROLLBACK_FAILED": "an import could not be undone; continue its rollback first",
}
_NO_CHANGES = ("The submitted information didn't contain changes.", "No updates are to be performed.")
_NAMED = ("RoleName", "ManagedPolicyName", "UserName", "GroupName", "InstanceProfileName")
_CANCELLED = ("Resource creation cancelled", "Resource update cancelled")


@dataclass(frozen=True)
class Plan:
    """Everything that makes one change set what it is. `base` tells one state of the stack from the next, so that the
    same content asked for again after a deployment is a new change set. `kept` are parameters that keep the value they
    have, which cannot be read."""

    stack_name: str
    type: Literal["CREATE", "UPDATE"]
    base: str
    template: str
    parameters: tuple[tuple[str, str], ...]
    tags: tuple[tuple[str, str], ...]
    capabilities: tuple["CapabilityType", ...]
    kept: tuple[str, ...] = ()

    @property
    def token(self) -> str:
        """The change set's name and client token: the same content has the same, 38 characters long."""
        content = json.dumps(asdict(self), sort_keys=True)
        return _token(content)


def plan(
    environment: Environment,
    spec: StackSpec,
    outputs: Mapping[str, Mapping[str, str]],
    stack: "StackTypeDef | None",
    *,
    body: str,
    document: Mapping[str, Any],
) -> Plan:
    """What to ask for, given the stack as it is. Raises Conflict while something runs on it, and Refused when it is at
    a dead end, when an input is missing, or when the template is too big."""
    name = environment.stack_name(spec.name)
    if len(body.encode()) > TEMPLATE_LIMIT:
        size = f"{len(body.encode())} bytes, larger than {TEMPLATE_LIMIT} bytes"
        raise Refused(f"The template {spec.template} has {size}: CloudFormation takes none as big within a request.")
    status = stack["StackStatus"] if stack else "REVIEW_IN_PROGRESS"
    if status in _DEAD_ENDS:
        raise Refused(f"The stack {name} cannot be changed: {_DEAD_ENDS[status]} ({status}).")
    new = status == "REVIEW_IN_PROGRESS"
    if status.endswith("_IN_PROGRESS") and not new:
        raise Conflict(f"Something is already happening to the stack {name} ({status}).")
    values = dict((*spec.parameters, *_inputs(spec, outputs)))
    kept = _kept(values, document)
    if kept and new:
        raise Refused(f"{spec.name} needs a value for {', '.join(kept)}: nothing is deployed that it could keep.")
    return Plan(
        stack_name=name,
        type="CREATE" if new else "UPDATE",
        base="" if new or stack is None else stack.get("LastUpdatedTime", stack["CreationTime"]).isoformat(),
        template=body,
        parameters=tuple(sorted(item for item in values.items() if item[0] not in kept)),
        tags=(("haven:environment", environment.name), ("haven:stack", spec.name)),
        capabilities=capabilities(document),
        kept=kept,
    )


def document_of(name: str, body: str) -> Mapping[str, Any]:
    """A template's text as data, for one that is not ours of today. Raises Refused when it is no template."""
    try:
        document = parse(name, body).document
        if isinstance(document["Resources"], Mapping):
            return document
    except (yaml.YAMLError, KeyError, TypeError, AttributeError):
        pass
    raise Refused(f"The text given for {name} is not a CloudFormation template.")


def parameters_of(planned: Plan) -> "list[ParameterTypeDef]":
    """A plan's parameters as CreateChangeSet takes them."""
    given: list[ParameterTypeDef] = [
        {"ParameterKey": key, "ParameterValue": value} for key, value in planned.parameters
    ]
    return given + [{"ParameterKey": key, "UsePreviousValue": True} for key in planned.kept]


def capabilities(document: Mapping[str, Any]) -> tuple["CapabilityType", ...]:
    """What CloudFormation wants to have acknowledged: nothing, IAM resources, or IAM resources with fixed names."""
    iam = [r for r in document["Resources"].values() if r["Type"].startswith("AWS::IAM::")]
    if any(name in resource.get("Properties", {}) for resource in iam for name in _NAMED):
        return ("CAPABILITY_NAMED_IAM",)
    return ("CAPABILITY_IAM",) if iam else ()


def is_empty(reason: str) -> bool:
    """Whether a change set failed only because there is nothing to change."""
    return reason.startswith(_NO_CHANGES)


def execution_token(change_set: str) -> str:
    """The client request token of a change set's execution."""
    return _token(change_set)


def first_failure(events: Iterable["StackEventTypeDef"]) -> str:
    """Why the latest operation on a stack failed: AWS's reason for the first failed resource, with its logical id;
    empty when nothing failed. `events` are the newest first, and are read only back to that operation's start."""
    reason = ""
    for event in events:
        status, why = event.get("ResourceStatus", ""), event.get("ResourceStatusReason", "")
        own = event.get("PhysicalResourceId") == event["StackId"]
        if own and status in ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS"):
            break
        if status.endswith("_FAILED") and why and not why.startswith(_CANCELLED) and not own:
            reason = f"{event.get('LogicalResourceId', '')}: {why}"
    return reason


def _token(content: str) -> str:
    return f"{OURS}{hashlib.sha256(content.encode()).hexdigest()[:32]}"


def _kept(values: Mapping[str, str], document: Mapping[str, Any]) -> tuple[str, ...]:
    """The hidden parameters whose mask was given back: to send it would make it the value."""
    declared = document.get("Parameters") or {}
    hidden = [name for name, told in declared.items() if str(told.get("NoEcho", "")).lower() == "true"]
    return tuple(sorted(name for name in hidden if values.get(name) == MASKED))


def _inputs(spec: StackSpec, outputs: Mapping[str, Mapping[str, str]]) -> Iterable[tuple[str, str]]:
    for parameter, (source, output) in spec.inputs:
        value = outputs.get(source, {}).get(output)
        if value is None:
            raise Refused(f"{spec.name} needs the output {output} of {source}, which has not been deployed.")
        yield parameter, value
