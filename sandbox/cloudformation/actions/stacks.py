"""Actions that change stacks directly."""

from typing import Any

from sandbox.cloudformation import lifecycle, policy
from sandbox.cloudformation.actions import action
from sandbox.cloudformation.errors import Refused, invalid
from sandbox.cloudformation.model import Deployment, Stack
from sandbox.cloudformation.parameters import chosen
from sandbox.cloudformation.planning import plan
from sandbox.cloudformation.requests import Request, answered, new_name, remember, template_text, token_of
from sandbox.cloudformation.validation import examine, require_capabilities

_KEPT = ("NotificationARNs", "RoleARN", "RollbackConfiguration", "TimeoutInMinutes")


def settings_of(request: Request) -> dict[str, Any]:
    """The parts of a request that describe the stack rather than its template."""
    return {k: request.parameters[k] for k in _KEPT if request.parameters.get(k) not in (None, "")}


def deployment_of(request: Request, stack: Stack | None) -> Deployment:
    """What the request wants deployed, checked as far as AWS checks at once."""
    present = stack.current if stack is not None and stack.current.template else None
    text = template_text(request, present.template if present else None)
    template, _ = examine(text, request.region)
    values = chosen(template, request.get("Parameters") or [], present.parameters if present else None)
    capabilities = [str(c) for c in request.get("Capabilities") or []]
    tags = request.tags
    if tags is None:
        tags = dict(present.tags) if present else {}
    return Deployment(text, values, tags, capabilities, template.description)


@action("CreateStack")
def create_stack(request: Request) -> dict[str, Any]:
    name = new_name(str(request.require("StackName")))
    token = token_of(request, "CreateStack")
    before = answered(request, token)
    if before:
        return {"StackId": before}
    existing = request.ledger.live(name)
    if existing is not None:
        raise Refused("AlreadyExistsException", f"Stack [{name}] already exists")
    target = deployment_of(request, None)
    template, _ = examine(target.template, request.region)
    require_capabilities(template, target.capabilities)
    on_failure = request.get("OnFailure")
    if on_failure and request.get("DisableRollback") is not None:
        raise invalid("You can specify either DisableRollback or OnFailure, but not both.")
    body = policy_text(request, "StackPolicyBody", "StackPolicyURL")
    stack = lifecycle.new_stack(request.account, request.region, name, settings_of(request))
    stack.protected = bool(request.get("EnableTerminationProtection"))
    stack.policy = body or ""
    how = {
        "DisableRollback": bool(request.get("DisableRollback")) or on_failure == "DO_NOTHING",
        "OnFailure": on_failure or "ROLLBACK",
        "RetainExceptOnCreate": bool(request.get("RetainExceptOnCreate")),
    }
    stack.settings["DisableRollback"] = how["DisableRollback"]
    lifecycle.create(stack, target, token, how)
    remember(request, "CreateStack", token, stack.id)
    return {"StackId": stack.id}


def policy_text(request: Request, body: str, url: str) -> str | None:
    """A stack policy given in the request, checked."""
    if request.get(url):
        raise Refused("NotImplemented", f"{url} is not available in the sandbox; pass the body", 501)
    text = request.get(body)
    if text:
        policy.check(str(text))
    return str(text) if text else None


@action("UpdateStack")
def update_stack(request: Request) -> dict[str, Any]:
    stack = request.live_stack()
    token = token_of(request, "UpdateStack")
    before = answered(request, token)
    if before:
        return {"StackId": before}
    lifecycle.require_updatable(stack)
    target = deployment_of(request, stack)
    template, _ = examine(target.template, request.region)
    require_capabilities(template, target.capabilities)
    during = policy_text(request, "StackPolicyDuringUpdateBody", "StackPolicyDuringUpdateURL")
    body = policy_text(request, "StackPolicyBody", "StackPolicyURL")
    if plan(stack, target).empty and not stack.status.endswith("_FAILED"):
        raise invalid("No updates are to be performed.")
    if body:
        stack.policy = body
    stack.settings.update(settings_of(request))
    disabled = bool(request.get("DisableRollback"))
    stack.settings["DisableRollback"] = disabled
    _outdate(stack)
    how = {
        "DisableRollback": disabled,
        "StackPolicyDuringUpdate": during or "",
        "RetainExceptOnCreate": bool(request.get("RetainExceptOnCreate")),
    }
    lifecycle.update(stack, target, token, how)
    remember(request, "UpdateStack", token, stack.id)
    return {"StackId": stack.id}


def _outdate(stack: Stack) -> None:
    """Change sets that wait were made against what the stack is about to be no longer."""
    for made in stack.change_sets.values():
        if made.execution == "AVAILABLE":
            made.execution = "OBSOLETE"


@action("DeleteStack")
def delete_stack(request: Request) -> dict[str, Any]:
    # Deleting a stack that is not there is no error on AWS.
    stack = request.ledger.find(str(request.require("StackName")))
    token = token_of(request, "DeleteStack")
    if stack is not None and answered(request, token) is None:
        force = request.get("DeletionMode") == "FORCE_DELETE_STACK"
        lifecycle.delete(stack, token, request.get("RetainResources") or [], force)
        remember(request, "DeleteStack", token, stack.id)
    return {}


@action("CancelUpdateStack")
def cancel_update_stack(request: Request) -> dict[str, Any]:
    stack, token = request.live_stack(), token_of(request, "CancelUpdateStack")
    if answered(request, token) is None:
        lifecycle.cancel_update(stack, token)
        remember(request, "CancelUpdateStack", token, stack.id)
    return {}


@action("ContinueUpdateRollback")
def continue_update_rollback(request: Request) -> dict[str, Any]:
    skip = [str(s) for s in request.get("ResourcesToSkip") or []]
    stack, token = request.live_stack(), token_of(request, "ContinueUpdateRollback")
    if answered(request, token) is None:
        lifecycle.continue_rollback(stack, token, skip)
        remember(request, "ContinueUpdateRollback", token, stack.id)
    return {}


@action("RollbackStack")
def rollback_stack(request: Request) -> dict[str, Any]:
    stack, token = request.live_stack(), token_of(request, "RollbackStack")
    if answered(request, token) is None:
        lifecycle.roll_back(stack, token, retain_except_on_create=bool(request.get("RetainExceptOnCreate")))
        remember(request, "RollbackStack", token, stack.id)
    return {"StackId": stack.id}


@action("SetStackPolicy")
def set_stack_policy(request: Request) -> dict[str, Any]:
    stack = request.live_stack()
    body = policy_text(request, "StackPolicyBody", "StackPolicyURL")
    if not body:
        raise invalid("Either StackPolicyBody or StackPolicyURL must be specified")
    stack.policy = body
    return {}


@action("GetStackPolicy")
def get_stack_policy(request: Request) -> dict[str, Any]:
    stack = request.stack()
    return {"StackPolicyBody": stack.policy} if stack.policy else {}


@action("UpdateTerminationProtection")
def update_termination_protection(request: Request) -> dict[str, Any]:
    stack = request.live_stack()
    if "EnableTerminationProtection" not in request.parameters:
        raise invalid("EnableTerminationProtection must be specified")
    if stack.busy and stack.status.startswith("DELETE"):
        raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
    stack.protected = bool(request.get("EnableTerminationProtection"))
    return {"StackId": stack.id}
