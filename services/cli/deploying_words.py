"""What `haven deploy` prints: a reviewed plan and the history, as lines for people and as data for programs."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from services.domain.check import Answer
from services.domain.deployment.change_set import PropertyChange, ResourceChange
from services.domain.deployment.cost import Line
from services.domain.deployment.danger import Level
from services.domain.deployment.plan import Deed, ParameterChange, PlanState, StackPlan
from services.domain.wording import counted
from services.usecases.deployment_shapes import DeploymentRecord, Expected, Reviewed

_SIGNS = {"Add": "+", "Remove": "-", "Import": "+"}
_LONG = 60


def review_lines(seen: Reviewed) -> Iterator[str]:
    """A plan: its state, risks with the worst first, what is to be typed, its price, and what changes, in order."""
    plan = seen.plan
    changed = counted(len(plan.changed), "stack changes", "stacks change")
    yield f"plan {plan.id}: {plan.what} ({plan.environment}), {plan.state.value}; {changed}"
    if plan.because:
        yield f"  {plan.because}"
    if seen.void_because:
        yield f"  void: {seen.void_because}"
    never = plan.state is PlanState.DISCARDED and plan.prepared_at is None
    if never or plan.state in (PlanState.PREPARING, PlanState.FAILED):
        return
    yield from ("", "Risks, the worst first:" if seen.risks else "No risks: nothing changes.")
    for risk in seen.risks:
        yield f"  {risk.level.name.lower():8} {risk.danger.value:20} {risk.stack}: {risk.sentence}"
        if risk.level >= Level.MEDIUM:
            yield f"  {'':8} {'':20} {risk.because} ({risk.source})"
    for name in seen.to_confirm:
        yield f'  to be confirmed: --confirm "{name}"'
    yield from ("", *_price_lines(seen), "")
    usual = {each.stack: each for each in seen.expected}
    for stack in plan.stacks:
        yield from _stack_lines(stack, usual.get(stack.name))
    failing = [each for each in seen.checks if each.answer is not Answer.PASS]
    if failing:
        yield from ("", "Not passed so far; all of it is looked at again, on fresh facts, when the plan is run:")
    for check in failing:
        yield f"  {check.key}: {check.title}: {check.answer.value}. {check.fact}" + (
            f" May be let pass: --override {check.key}" if check.overridable else ""
        )
    yield from ("", f"fingerprint {plan.fingerprint}")


def review_data(seen: Reviewed) -> Mapping[str, Any]:
    """The same as data."""
    plan, estimate = seen.plan, seen.estimate
    known = estimate.as_of is not None
    usual = {each.stack: each.typical.total_seconds() for each in seen.expected if each.typical}
    return {
        "plan": plan.id,
        "environment": plan.environment,
        "what": plan.what,
        "state": plan.state.value,
        "because": plan.because,
        "fingerprint": plan.fingerprint,
        "void_because": seen.void_because,
        "protected": seen.environment.protected,
        "risks": [
            {**asdict(each), "level": each.level.name.lower(), "danger": each.danger.value} for each in seen.risks
        ],
        "to_confirm": list(seen.to_confirm),
        "price": {
            "currency": "USD",
            "per": "month",
            "as_of": estimate.as_of.isoformat() if estimate.as_of else None,
            "before": round(estimate.before, 2) if known else None,
            "after": round(estimate.after, 2) if known else None,
            "change": round(estimate.change, 2) if known else None,
            "not_known": [f"{each.stack}.{each.logical_id}" for each in estimate.unknown],
            "left_out": estimate.left_out,
            "lines": [_line_data(each) for each in estimate.lines],
        },
        "checks": [
            {"key": c.key, "title": c.title, "answer": c.answer.value, "fact": c.fact, "overridable": c.overridable}
            for c in seen.checks
        ],
        "stacks": [_stack_data(each, usual.get(each.name)) for each in plan.stacks],
    }


def history_lines(records: Sequence[DeploymentRecord]) -> Iterator[str]:
    """One line a deployment, and its reason below it."""
    for each in records:
        who = f"{each.who}, approved by {each.approved_by}" if each.approved_by else each.who
        yield f"{each.at:%Y-%m-%d %H:%M:%S}  {each.environment}  {each.what}: {each.result}"
        about = f"; of {each.recovers.what} ({each.recovers.id})" if each.recovers else ""
        yield f"  {who}; {', '.join(each.stacks)}; {each.reason}{about}"
        for one in each.recoveries:
            yield f"  then {one.what} by {one.requested_by} ({one.id}, {one.state}): {one.reason}"
    if not records:
        yield "Nothing was deployed yet, as far as Haven knows."


def history_data(records: Sequence[DeploymentRecord]) -> Sequence[Mapping[str, Any]]:
    """The same as data."""
    return [
        {
            "environment": each.environment,
            "at": each.at.isoformat(),
            "ended_at": each.ended_at.isoformat() if each.ended_at else None,
            "who": each.who,
            "approved_by": each.approved_by,
            "reason": each.reason,
            "what": each.what,
            "stacks": list(each.stacks),
            "result": each.result,
            "outside": each.outside,
            "plan": each.plan.id if each.plan else None,
            "operation": each.operation.id if each.operation else None,
            "ticket": each.operation.ticket if each.operation else "",
            "token": each.rollout.token if each.rollout else "",
            "follows": each.plan.follows if each.plan else "",
            "recovers": each.recovers.id if each.recovers else None,
            "recoveries": [
                {
                    "operation": one.id,
                    "what": one.what,
                    "act": one.wants("act"),
                    "stack": one.wants("stack"),
                    "who": one.requested_by,
                    "reason": one.reason,
                    "at": one.requested_at.isoformat(),
                    "ended_at": one.finished_at.isoformat() if one.finished_at else None,
                    "state": one.state.value,
                    "because": one.because,
                }
                for one in each.recoveries
            ],
        }
        for each in records
    ]


def _price_lines(seen: Reviewed) -> Iterator[str]:
    estimate = seen.estimate
    if estimate.as_of is None:
        yield "Price: no list prices of this region are known."
        return
    less = f"; {counted(len(estimate.unknown), 'resource')} without a known price" if estimate.unknown else ""
    yield (
        f"Price: {estimate.before:,.2f} -> {estimate.after:,.2f} USD a month ({estimate.change:+,.2f}), "
        f"list prices of {estimate.as_of}{less}"
    )
    moving = [each for each in estimate.lines if each.unknown or round(each.change or 0.0, 2)]
    for each in moving:
        yield f"  {each.stack}.{each.logical_id}: {_amounts(each)}"
    known = {origin: None for each in moving for origin in each.origins}
    for origin in sorted(known, key=lambda each: each.aws):
        yield f"  {origin.what}: {origin.usd:.10g} USD per {origin.per}, {origin.sure} ({origin.source})"


def _amounts(line: Line) -> str:
    if line.unknown:
        return line.unknown
    before, after = ("not there" if each is None else f"{each:,.2f}" for each in (line.before, line.after))
    return f"{before} -> {after} USD a month: {line.arithmetic}; {line.sure}"


def _line_data(line: Line) -> Mapping[str, Any]:
    return {
        "stack": line.stack,
        "logical_id": line.logical_id,
        "type": line.type,
        "before": None if line.before is None else round(line.before, 2),
        "after": None if line.after is None else round(line.after, 2),
        "redundancy": round(line.redundancy, 2),
        "how": line.arithmetic,
        "not_known": line.unknown,
        "sure": line.sure,
        "prices": [
            {"key": o.key, "usd": o.usd, "per": o.per, "source": o.source, "confidence": o.confidence}
            for o in line.origins
        ],
    }


def _stack_lines(stack: StackPlan, usual: Expected | None) -> Iterator[str]:
    word = "deleted" if stack.deed is Deed.DELETE else "unchanged" if stack.unchanged else "changed"
    word = "created" if stack.change_set is not None and stack.change_set.creates else word
    word = f"not known yet: {stack.unknown}" if stack.unknown and stack.change_set is None else word
    long = f", usually {usual.typical.total_seconds() / 60:.0f} min" if usual and usual.typical else ""
    lifted = ", its stack policy lifted for this deployment" if stack.lifts_policy else ""
    yield f"{stack.stack_name}: {word}{long}{lifted}"
    for parameter in stack.parameters:
        if parameter.changes and not stack.unchanged and stack.deed is Deed.DEPLOY:
            yield f"    {parameter.name}: {_values(parameter)}"
    for resource in stack.change_set.resources if stack.change_set else ():
        yield from _resource_lines(resource)
    for name in stack.removed:
        yield f"  - {name}"
    for name in stack.kept:
        yield f"  = {name} is left in the account"


def _resource_lines(resource: ResourceChange) -> Iterator[str]:
    new = {"True": ", replaced", "Conditional": ", perhaps replaced"}.get(resource.replacement, "")
    yield f"  {_SIGNS.get(resource.action, '~')} {resource.logical_id} {resource.type}{new}"
    for each in resource.properties:
        yield f"      {each.path}: {_change(each)}"


def _change(each: PropertyChange) -> str:
    after = _short(each.after) if each.known else "known once it runs"
    return f"{_short(each.before)} -> {after}"


def _values(each: ParameterChange) -> str:
    return "given anew, not shown" if each.secret else f"{_short(each.before)} -> {_short(each.after)}"


def _short(value: str | None) -> str:
    if value is None:
        return "none"
    line = " ".join(value.split()) or "empty"
    return line if len(line) <= _LONG else f"{line[: _LONG - 1]}…"


def _stack_data(stack: StackPlan, usual: float | None) -> Mapping[str, Any]:
    changes = stack.change_set
    return {
        "name": stack.name,
        "stack_name": stack.stack_name,
        "deed": stack.deed.value,
        "template": stack.template,
        "version": stack.version,
        "deployed": stack.deployed,
        "unchanged": stack.unchanged,
        "unknown": stack.unknown,
        "lifts_policy": stack.lifts_policy,
        "usual_seconds": usual,
        "change_set": changes.arn if changes else None,
        "parameters": [
            {"name": p.name, "before": None if p.secret else p.before, "after": None if p.secret else p.after}
            for p in stack.parameters
            if p.changes
        ],
        "resources": [
            {
                "logical_id": each.logical_id,
                "physical_id": each.physical_id,
                "type": each.type,
                "action": each.action,
                "replacement": each.replacement,
                "properties": [
                    {"path": p.path, "before": p.before, "after": p.after, "known": p.known} for p in each.properties
                ],
            }
            for each in (changes.resources if changes else ())
        ],
        "removed": list(stack.removed),
        "kept": list(stack.kept),
    }
