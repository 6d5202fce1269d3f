"""The lines of AWS's own CLI that do what a plan does, and what a recovery does."""

import json
import shlex
from collections.abc import Sequence

from services.domain.deployment.plan import Deed, Plan, StackPlan
from services.domain.deployment.policy import LIFTED
from services.domain.environment import Environment


def deploying(environment: Environment, plan: Plan) -> tuple[str, ...]:
    """All lines of a plan, in the order they are run."""
    return tuple(
        line
        for stack in plan.stacks
        for line in _lines(environment.region, _removal(stack) if stack.deed is Deed.DELETE else _rollout(stack))
    )


def recovering(environment: Environment, stack: str, act: str, skip: Sequence[str] = ()) -> tuple[str, ...]:
    """The lines of a recovery, by `RecoverRequest.act`."""
    which = ("--stack-name", environment.stack_name(stack))
    lines: dict[str, tuple[tuple[str, ...], ...]] = {
        "cancel": (("cancel-update-stack", *which),),
        "continue": (
            ("continue-update-rollback", *which, *(("--resources-to-skip", *skip) if skip else ())),
            ("wait", "stack-rollback-complete", *which),
        ),
        "roll back": (("rollback-stack", *which),),
        "delete": (
            ("delete-stack", *which, *(("--retain-resources", *skip) if skip else ())),
            ("wait", "stack-delete-complete", *which),
        ),
    }
    return _lines(environment.region, lines.get(act, ()))


def _rollout(stack: StackPlan) -> tuple[tuple[str, ...], ...]:
    if stack.unchanged:
        return ()
    made, which = stack.change_set, ("--stack-name", stack.stack_name)
    name = made.name if made else f"haven-{stack.version[:12]}"
    creates = made.creates if made else not stack.base
    kind = "CREATE" if creates else "UPDATE"
    named = ("--change-set-name", made.arn) if made else (*which, "--change-set-name", name)
    parameters = json.dumps(
        [
            {"ParameterKey": each.name, "ParameterValue": each.after}
            if each.after is not None
            else {"ParameterKey": each.name, "UsePreviousValue": True}
            for each in stack.parameters
            if each.after is not None or not creates
        ]
    )
    lines: list[tuple[str, ...]] = [
        (
            *("create-change-set", *which, "--change-set-name", name, "--change-set-type", kind),
            *("--template-body", f"file://provisioning/templates/{stack.template}.yaml"),
            *("--parameters", parameters, "--capabilities", "CAPABILITY_NAMED_IAM"),
        ),
        ("wait", "change-set-create-complete", *named),
        ("describe-change-set", *named, "--include-property-values"),
    ]
    if stack.lifts_policy:
        lines.append(("set-stack-policy", *which, "--stack-policy-body", LIFTED))
    lines.append(("execute-change-set", *named, "--no-disable-rollback"))
    lines.append(("wait", f"stack-{'create' if creates else 'update'}-complete", *which))
    if stack.policy is not None:
        lines.append(("set-stack-policy", *which, "--stack-policy-body", stack.policy))
    lines.append(_protection(stack, on=stack.termination_protection))
    return tuple(lines)


def _removal(stack: StackPlan) -> tuple[tuple[str, ...], ...]:
    which = ("--stack-name", stack.stack_name)
    retain = ("--retain-resources", *stack.retain) if stack.retain else ()
    return (
        _protection(stack, on=False),
        ("delete-stack", *which, *retain),
        ("wait", "stack-delete-complete", *which),
    )


def _protection(stack: StackPlan, *, on: bool) -> tuple[str, ...]:
    flag = "--enable-termination-protection" if on else "--no-enable-termination-protection"
    return ("update-termination-protection", "--stack-name", stack.stack_name, flag)


def _lines(region: str, lines: Sequence[Sequence[str]]) -> tuple[str, ...]:
    return tuple(shlex.join(("aws", "cloudformation", *line, "--region", region)) for line in lines)
