"""Change sets: made over time, described page by page, executed once."""

import uuid
from typing import Any

from sandbox.clock import clock, transition
from sandbox.cloudformation import events, lifecycle, state
from sandbox.cloudformation.actions import action
from sandbox.cloudformation.actions.stacks import deployment_of, settings_of
from sandbox.cloudformation.errors import Failed, Refused, invalid
from sandbox.cloudformation.model import ChangeSet, Operation, Stack
from sandbox.cloudformation.parameters import shown
from sandbox.cloudformation.planning import plan
from sandbox.cloudformation.requests import Request, answered, new_name, page, remember, token_of
from sandbox.cloudformation.validation import examine, require_capabilities

NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
MAKING = 3.0
"""AWS's seconds from CREATE_IN_PROGRESS until a change set is there."""
LIMIT = 1000
_VALUES = ("BeforeValue", "AfterValue", "Path", "AttributeChangeType")


@action("CreateChangeSet")
def create_change_set(request: Request) -> dict[str, Any]:
    name = new_name(str(request.require("ChangeSetName")))
    kind = str(request.get("ChangeSetType") or "UPDATE")
    token = token_of(request, "CreateChangeSet")
    before = _made_before(request, token)
    if before is not None:
        return before
    if kind == "IMPORT" or request.get("ImportExistingResources") or request.get("DeploymentMode"):
        raise Refused("NotImplemented", "Imports and drift-aware change sets are not available in the sandbox", 501)
    if request.get("IncludeNestedStacks"):
        raise Refused("NotImplemented", "Nested stacks are not available in the sandbox", 501)
    stack = _subject(request, kind, name)
    target = deployment_of(request, stack)
    require_capabilities(examine(target.template, request.region)[0], target.capabilities)
    if stack is None:
        stack = lifecycle.new_stack(
            request.account, request.region, str(request.get("StackName")), settings_of(request)
        )
        stack.operation = Operation(str(uuid.uuid4()), "review", "")
        events.stack_status(stack, "REVIEW_IN_PROGRESS", "User Initiated")
        stack.operation = None
    if name in stack.change_sets:
        raise Refused("AlreadyExistsException", f"ChangeSet {name} already exists")
    if len(stack.change_sets) >= LIMIT:
        raise Refused("LimitExceededException", f"Limit for change sets has been exceeded (limit {LIMIT})")
    made_id = f"arn:aws:cloudformation:{request.region}:{request.account}:changeSet/{name}/{uuid.uuid4()}"
    settings = {**settings_of(request), "OnStackFailure": request.get("OnStackFailure") or ""}
    description = str(request.get("Description") or "")
    made = ChangeSet(name, made_id, kind, target, clock.now(), description, settings=settings)
    stack.change_sets[name] = made
    where = {"account": request.account, "region": request.region, "stack": stack.id, "name": name}
    clock.after(0.5, "cfn.changeset", **where, status="CREATE_IN_PROGRESS")
    remember(request, "CreateChangeSet", token, made_id)
    return {"Id": made_id, "StackId": stack.id}


def _made_before(request: Request, token: str) -> dict[str, Any] | None:
    """The change set that this very request has made already, while it is there."""
    known = answered(request, token)
    for stack in request.ledger.stacks.values() if known else ():
        if any(made.id == known for made in stack.change_sets.values()):
            return {"Id": known, "StackId": stack.id}
    return None


def _subject(request: Request, kind: str, name: str) -> Stack | None:
    asked = str(request.require("StackName"))
    stack = request.ledger.find(asked)
    if stack is not None and stack.status == "DELETE_COMPLETE":
        stack = None
    if kind == "CREATE":
        if stack is not None and stack.status != "REVIEW_IN_PROGRESS":
            raise invalid(
                f"Stack [{stack.name}] already exists and cannot be created again with the changeSet [{name}]."
            )
        if stack is None:
            new_name(asked)
        return stack
    if stack is None:
        raise invalid(f"Stack [{asked}] does not exist")
    lifecycle.require_updatable(stack)
    return stack


@transition("cfn.changeset")
def proceed(account: str, region: str, stack: str, name: str, status: str) -> None:
    """A change set comes a step further."""
    subject = state.stack(account, region, stack)
    made = subject.change_sets.get(name) if subject is not None else None
    if subject is None or made is None or made.status in ("CREATE_COMPLETE", "FAILED"):
        return
    made.status = status
    if status == "CREATE_IN_PROGRESS":
        clock.after(
            MAKING, "cfn.changeset", account=account, region=region, stack=stack, name=name, status="CREATE_COMPLETE"
        )
        return
    try:
        found = plan(subject, made.target)
    except (Refused, Failed) as error:
        made.status, made.reason = "FAILED", str(error)
        return
    made.changes = found.changes
    if found.problems:
        made.status = "FAILED"
        said = "; ".join(f"{logical}: {problem}" for logical, problem in found.problems[:20])
        made.reason = f"The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. {said}"
    elif found.empty:
        made.status, made.reason = "FAILED", NO_CHANGES
    else:
        made.execution = "AVAILABLE"


def _find(request: Request) -> tuple[Stack, ChangeSet]:
    asked = str(request.require("ChangeSetName"))
    if asked.startswith("arn:"):
        for stack in request.ledger.stacks.values():
            for made in stack.change_sets.values():
                if made.id == asked:
                    return stack, made
    else:
        if not request.get("StackName"):
            raise invalid("StackName must be specified if ChangeSetName is not specified as an ARN.")
        stack = request.stack()
        if asked in stack.change_sets:
            return stack, stack.change_sets[asked]
    raise Refused("ChangeSetNotFound", f"ChangeSet [{asked}] does not exist", 404)


@action("DescribeChangeSet")
def describe_change_set(request: Request) -> dict[str, Any]:
    stack, made = _find(request)
    template, _ = examine(made.target.template, request.region)
    values = bool(request.get("IncludePropertyValues"))
    rows, following = page(request, made.changes)
    answer: dict[str, Any] = {
        "ChangeSetName": made.name,
        "ChangeSetId": made.id,
        "StackId": stack.id,
        "StackName": stack.name,
        "Parameters": shown(template, made.target.parameters),
        "CreationTime": made.created,
        "ExecutionStatus": made.execution,
        "Status": made.status,
        "NotificationARNs": made.settings.get("NotificationARNs", []),
        "Capabilities": made.target.capabilities,
        "Tags": [{"Key": k, "Value": v} for k, v in made.target.tags.items()],
        "Changes": [{"Type": "Resource", "ResourceChange": row if values else _plain(row)} for row in rows],
        "IncludeNestedStacks": False,
        "RollbackConfiguration": made.settings.get("RollbackConfiguration", {}),
    }
    optional = {
        "Description": made.description,
        "StatusReason": made.reason,
        "NextToken": following,
        "OnStackFailure": made.settings.get("OnStackFailure"),
    }
    return {**answer, **{k: v for k, v in optional.items() if v}}


def _plain(change: dict[str, Any]) -> dict[str, Any]:
    """A change without property values, as AWS shows it unless asked."""
    details = [
        {**d, "Target": {k: v for k, v in d["Target"].items() if k not in _VALUES}} for d in change.get("Details", [])
    ]
    return {**{k: v for k, v in change.items() if k not in ("BeforeContext", "AfterContext")}, "Details": details}


@action("ListChangeSets")
def list_change_sets(request: Request) -> dict[str, Any]:
    stack = request.stack()
    rows, following = page(request, list(stack.change_sets.values()))
    summaries = [
        {
            "StackId": stack.id,
            "StackName": stack.name,
            "ChangeSetId": made.id,
            "ChangeSetName": made.name,
            "ExecutionStatus": made.execution,
            "Status": made.status,
            "CreationTime": made.created,
            "IncludeNestedStacks": False,
            **({"StatusReason": made.reason} if made.reason else {}),
            **({"Description": made.description} if made.description else {}),
        }
        for made in rows
    ]
    return {"Summaries": summaries, **({"NextToken": following} if following else {})}


@action("DeleteChangeSet")
def delete_change_set(request: Request) -> dict[str, Any]:
    try:
        stack, made = _find(request)
    except Refused as error:
        if error.code == "ChangeSetNotFound":
            return {}  # AWS succeeds when it is gone already
        raise
    if made.execution == "EXECUTE_IN_PROGRESS":
        raise Refused(
            "InvalidChangeSetStatus", f"ChangeSet [{made.id}] cannot be deleted in current status [EXECUTE_IN_PROGRESS]"
        )
    del stack.change_sets[made.name]
    return {}


@action("ExecuteChangeSet")
def execute_change_set(request: Request) -> dict[str, Any]:
    stack, made = _find(request)
    token = token_of(request, "ExecuteChangeSet")
    if made.execution.startswith("EXECUTE_") and token and made.settings.get("token") == token:
        return {}
    if made.execution != "AVAILABLE":
        state_of = made.status if made.execution in ("UNAVAILABLE", "AVAILABLE") else made.execution
        raise Refused(
            "InvalidChangeSetStatus", f"ChangeSet [{made.id}] cannot be executed in its current status of [{state_of}]"
        )
    disabled = request.get("DisableRollback")
    on_failure = made.settings.get("OnStackFailure")
    if disabled is not None and on_failure:
        raise invalid("DisableRollback cannot be used with a change set that was created with OnStackFailure")
    if made.type == "UPDATE":
        lifecycle.require_updatable(stack)
    made.execution = "EXECUTE_IN_PROGRESS"
    made.settings["token"] = token
    remember(request, "ExecuteChangeSet", token, made.id)
    # Every other change set was made against what the stack no longer is.
    stack.change_sets = {made.name: made}
    how = {
        "DisableRollback": bool(disabled) or on_failure == "DO_NOTHING",
        "OnFailure": on_failure or "ROLLBACK",
        "RetainExceptOnCreate": bool(request.get("RetainExceptOnCreate")),
    }
    stack.settings.update({k: v for k, v in made.settings.items() if k not in ("OnStackFailure", "token")})
    stack.settings["DisableRollback"] = how["DisableRollback"]
    stack.settings["ChangeSetId"] = made.id
    begin = lifecycle.create if made.type == "CREATE" else lifecycle.update
    if made.type == "CREATE":
        stack.updated = clock.now()
    begin(stack, made.target, token, how)
    return {}
