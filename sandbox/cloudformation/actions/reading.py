"""Actions that only read stacks."""

from typing import Any

from sandbox.cloudformation import lifecycle
from sandbox.cloudformation.actions import action
from sandbox.cloudformation.errors import Refused, invalid, no_stack
from sandbox.cloudformation.model import Event, Resource, Stack
from sandbox.cloudformation.parameters import shown
from sandbox.cloudformation.requests import PAGE, Request, make_token, page, read_token
from sandbox.cloudformation.validation import examine


def _more(following: str | None) -> dict[str, str]:
    return {"NextToken": following} if following else {}


@action("DescribeStacks")
def describe_stacks(request: Request) -> dict[str, Any]:
    if request.get("StackName"):
        return {"Stacks": [_described(request.stack())]}
    living = [s for s in request.ledger.stacks.values() if s.status != "DELETE_COMPLETE"]
    rows, following = page(request, sorted(living, key=lambda s: s.created, reverse=True))
    return {"Stacks": [_described(s) for s in rows], **_more(following)}


def _described(stack: Stack) -> dict[str, Any]:
    parameters = []
    if stack.current.template:
        parameters = shown(examine(stack.current.template, stack.region)[0], stack.current.parameters)
    settings = stack.settings
    answer: dict[str, Any] = {
        "StackId": stack.id,
        "StackName": stack.name,
        "Parameters": parameters,
        "CreationTime": stack.created,
        "RollbackConfiguration": settings.get("RollbackConfiguration", {}),
        "StackStatus": stack.status,
        "DisableRollback": bool(settings.get("DisableRollback")),
        "NotificationARNs": settings.get("NotificationARNs", []),
        "Capabilities": stack.current.capabilities,
        "Outputs": stack.outputs,
        "Tags": [{"Key": k, "Value": v} for k, v in stack.current.tags.items()],
        "EnableTerminationProtection": stack.protected,
        "DriftInformation": {
            "StackDriftStatus": stack.drift,
            **({"LastCheckTimestamp": stack.drift_at} if stack.drift_at else {}),
        },
    }
    optional = {
        "ChangeSetId": settings.get("ChangeSetId"),
        "DeletionTime": stack.deleted,
        "Description": stack.current.description,
        "LastUpdatedTime": stack.updated,
        "RoleARN": settings.get("RoleARN"),
        "StackStatusReason": stack.reason,
        "TimeoutInMinutes": settings.get("TimeoutInMinutes"),
    }
    return {**answer, **{k: v for k, v in optional.items() if v}}


@action("ListStacks")
def list_stacks(request: Request) -> dict[str, Any]:
    wanted = request.get("StackStatusFilter") or []
    found = [s for s in request.ledger.stacks.values() if not wanted or s.status in wanted]
    rows, following = page(request, sorted(found, key=lambda s: s.created, reverse=True))
    return {"StackSummaries": [_summary(s) for s in rows], **_more(following)}


def _summary(stack: Stack) -> dict[str, Any]:
    names = (
        "StackId",
        "StackName",
        "CreationTime",
        "LastUpdatedTime",
        "DeletionTime",
        "StackStatus",
        "StackStatusReason",
        "DriftInformation",
    )
    described = _described(stack)
    summary = {k: described[k] for k in names if k in described}
    return {**summary, "TemplateDescription": stack.current.description} if stack.current.description else summary


@action("DescribeStackEvents")
def describe_stack_events(request: Request) -> dict[str, Any]:
    stack = request.stack()
    # The token names the last event given: new events coming in meanwhile do not shift the pages.
    before = read_token(request)
    newest_first = [e for e in reversed(stack.events) if before is None or e.number < int(before)]
    rows = newest_first[:PAGE]
    following = make_token(str(rows[-1].number)) if len(newest_first) > PAGE else None
    return {"StackEvents": [_event(stack, e) for e in rows], **_more(following)}


def _event(stack: Stack, event: Event) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "StackId": stack.id,
        "EventId": event.id,
        "StackName": stack.name,
        "LogicalResourceId": event.logical,
        "PhysicalResourceId": event.physical,
        "ResourceType": event.type,
        "Timestamp": event.at,
        "ResourceStatus": event.status,
    }
    optional = {
        "ResourceStatusReason": event.reason,
        "ResourceProperties": event.properties,
        "ClientRequestToken": event.token,
        "OperationId": event.operation,
    }
    return {**answer, **{k: v for k, v in optional.items() if v}}


def _resource(stack: Stack, resource: Resource, time: str) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "LogicalResourceId": resource.logical,
        "ResourceType": resource.type,
        time: resource.updated or stack.created,
        "ResourceStatus": resource.status,
        "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"}
        if resource.drift is None
        else {
            "StackResourceDriftStatus": resource.drift["StackResourceDriftStatus"],
            "LastCheckTimestamp": resource.drift["Timestamp"],
        },
    }
    optional = {"PhysicalResourceId": resource.physical, "ResourceStatusReason": resource.reason}
    return {**answer, **{k: v for k, v in optional.items() if v}}


def _shown(stack: Stack) -> list[Resource]:
    return [r for r in stack.resources.values() if r.status]


@action("DescribeStackResources")
def describe_stack_resources(request: Request) -> dict[str, Any]:
    logical = request.get("LogicalResourceId")
    physical = request.get("PhysicalResourceId")
    if bool(request.get("StackName")) == bool(physical):
        raise invalid("Either StackName or PhysicalResourceId must be specified, but not both")
    if physical:
        stack = next(
            (s for s in request.ledger.stacks.values() if any(r.physical == physical for r in _shown(s))), None
        )
        if stack is None:
            raise invalid(f"Stack for {physical} does not exist")
    else:
        stack = request.stack()
    rows = [r for r in _shown(stack) if not logical or r.logical == logical]
    where = {"StackName": stack.name, "StackId": stack.id}
    # AWS gives the first hundred here; ListStackResources pages.
    return {"StackResources": [{**where, **_resource(stack, r, "Timestamp")} for r in rows[:PAGE]]}


@action("DescribeStackResource")
def describe_stack_resource(request: Request) -> dict[str, Any]:
    stack = request.stack()
    logical = str(request.require("LogicalResourceId"))
    resource = stack.resources.get(logical)
    if resource is None or not resource.status:
        raise invalid(f"Resource {logical} does not exist for stack {stack.name}")
    detail = {"StackName": stack.name, "StackId": stack.id, **_resource(stack, resource, "LastUpdatedTimestamp")}
    return {"StackResourceDetail": detail}


@action("ListStackResources")
def list_stack_resources(request: Request) -> dict[str, Any]:
    stack = request.stack()
    rows, following = page(request, _shown(stack))
    summaries = [_resource(stack, r, "LastUpdatedTimestamp") for r in rows]
    return {"StackResourceSummaries": summaries, **_more(following)}


@action("GetTemplate")
def get_template(request: Request) -> dict[str, Any]:
    text = ""
    if request.get("ChangeSetName"):
        asked = str(request.get("ChangeSetName"))
        sets = [(s, c) for s in request.ledger.stacks.values() for c in s.change_sets.values()]
        named = str(request.get("StackName") or "")
        found = [c for s, c in sets if c.id == asked or (c.name == asked and named in (s.name, s.id))]
        if not found:
            raise Refused("ChangeSetNotFound", f"ChangeSet [{asked}] does not exist", 404)
        text = found[0].target.template
    else:
        stack = request.stack()
        if not stack.current.template:
            raise no_stack(str(request.get("StackName")))
        text = stack.current.template
    return {"TemplateBody": text, "StagesAvailable": ["Original", "Processed"]}


@action("ListExports")
def list_exports(request: Request) -> dict[str, Any]:
    found = sorted(request.ledger.exports().items())
    rows, following = page(request, found)
    exports = [{"ExportingStackId": owner, "Name": name, "Value": value} for name, (owner, value) in rows]
    return {"Exports": exports, **_more(following)}


@action("ListImports")
def list_imports(request: Request) -> dict[str, Any]:
    name = str(request.require("ExportName"))
    owner = request.ledger.exports().get(name)
    users = lifecycle.importers(request.ledger.stacks[owner[0]], name) if owner else []
    if not users:
        raise invalid(f"Export '{name}' is not imported by any stack.")
    rows, following = page(request, users)
    return {"Imports": rows, **_more(following)}
