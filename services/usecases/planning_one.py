"""Working out one stack of a plan: what runs, whether it can be known yet, and the change set to be executed."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.domain.deployment.change_set import ChangeSet
from services.domain.deployment.deletion import removing
from services.domain.deployment.expressions import brought, known_values
from services.domain.deployment.outputs import may_change
from services.domain.deployment.plan import Deed, ParameterChange, Plan, StackPlan
from services.domain.deployment.risk import Level, risks
from services.domain.deployment.statuses import base_of, busy, there
from services.domain.environment import Environment
from services.domain.errors import Conflict, HavenError, Invalid
from services.domain.operation import Operation
from services.domain.snapshot import Snapshot
from services.ports import Catalogue, Clock, StackCaller, StackReader, StackSpec, StackStanding, UnitOfWork

ANSWERED_WITHIN = timedelta(minutes=30)
"""CloudFormation takes seconds, for many resources minutes."""
LEFT = frozenset({"Retain", "Snapshot", "RetainExceptOnCreate"})


def levels(stacks: Sequence[StackPlan]) -> Sequence[Sequence[str]]:
    """The names of a plan's stacks, those side by side that do not wait for each other."""
    found: list[list[str]] = []
    done: set[str] = set()
    waiting = {each.name: {source for source in each.after if source != each.name} for each in stacks}
    while waiting:
        ready = [name for name, after in waiting.items() if not (after & waiting.keys()) - done]
        if not ready:
            raise Invalid(f"The stacks cannot be put in order: {', '.join(waiting)} would wait for ever.")
        found.append(ready)
        done |= set(ready)
        for name in ready:
            del waiting[name]
    return found


def levels_of(operation: Operation) -> Sequence[Sequence[str]]:
    """Those of an operation that works a plan out. Raises Invalid for what was never asked."""
    try:
        read = json.loads(operation.wants("levels"))
    except ValueError:
        raise Invalid("This is no plan.") from None
    return [[str(name) for name in level] for level in read]


def decided(stack: StackPlan) -> bool:
    """Whether it is known what happens to it, or why it cannot be known yet."""
    if stack.deed is Deed.DELETE:
        return bool(stack.base) or stack.unchanged
    return stack.change_set is not None or stack.unchanged or bool(stack.unknown)


def one_worked_out(
    environment: Environment,
    plan: Plan,
    stack: StackPlan,
    unit: UnitOfWork,
    clock: Clock,
    catalogue: Catalogue,
    reader: StackReader,
    caller: StackCaller,
) -> StackPlan:
    """The stack of a plan with all that can be known of it now. Nothing is executed. Raises Conflict when the stack has
    changed since the values of the plan were read, Refused with AWS's words, and what the ports raise."""
    standing = reader.standing(environment, stack.name)
    if standing is not None and busy(standing.status):
        raise Conflict(f"{stack.stack_name} is being changed ({standing.status}).")
    base = base_of(standing.status, standing.created_at, standing.updated_at) if standing else ""
    running = reader.template(environment, stack.name) if base else None
    stack = replace(stack, base=base, deployed=_kept(unit, clock, catalogue, stack, running))
    if stack.deed is Deed.DELETE:
        return _deletion(environment, unit, catalogue, stack, standing, running)
    _unmoved(stack, standing)
    if why := unknown(environment, plan, stack, unit, catalogue, reader):
        return replace(stack, unknown=why)
    made = worked_out(environment, plan, stack, unit, catalogue, reader, caller)
    return replace(stack, change_set=made, unchanged=made is None, parameters=_filled(stack, made, standing))


def worked_out(
    environment: Environment,
    plan: Plan,
    stack: StackPlan,
    unit: UnitOfWork,
    catalogue: Catalogue,
    reader: StackReader,
    caller: StackCaller,
) -> ChangeSet | None:
    """The change set of a stack, with what the stacks before it give now; None when nothing would change. One made at
    its turn (the plan did not know it) is refused when anything in it is riskier than low."""
    sources = dict.fromkeys(source for _, (source, _) in stack.inputs)
    outputs = {source: _outputs(reader.standing(environment, source)) for source in sources}
    made = caller.prepare(environment, spec_of(stack, unit, catalogue), outputs)
    if made is not None and stack.unknown and (why := _needs_review(plan, stack, made)):
        caller.discard(environment, stack.name, made.arn)
        raise Conflict(f"What {stack.stack_name} would become needs a review of its own: {why} Plan it anew.")
    return made


def spec_of(stack: StackPlan, unit: UnitOfWork, catalogue: Catalogue) -> StackSpec:
    """What is asked of CloudFormation. The text is that of the plan, also when today's is another."""
    body = ""
    if catalogue.version(catalogue.body(stack.template)) != stack.version:
        with unit(readonly=True) as store:
            body = store.templates.get(stack.version) or ""
        if not body:
            raise Conflict(f"The text of the template {stack.template} {stack.version[:12]} is not kept any more.")
    values = tuple((each.name, each.after) for each in stack.parameters if not each.fed_by and each.after is not None)
    return StackSpec(
        stack.name, stack.template, values, stack.inputs, stack.after, stack.policy, stack.termination_protection, body
    )


def unknown(
    environment: Environment,
    plan: Plan,
    stack: StackPlan,
    unit: UnitOfWork,
    catalogue: Catalogue,
    reader: StackReader,
) -> str:
    """Why a stack's change cannot be worked out before others have run; empty when it can."""
    planned = {each.name: each for each in plan.stacks}
    wanted: dict[str, list[str]] = {}
    for _, (source, output) in stack.inputs:
        wanted.setdefault(source, []).append(output)
    for source, outputs in wanted.items():
        before = planned.get(source)
        if before is None or before.deed is Deed.DELETE:
            continue
        if not before.base:
            return f"{before.stack_name} is not deployed yet: it gives {', '.join(sorted(outputs)[:4])}."
        if before.unknown:
            return f"{before.stack_name} has to be deployed first: what it gives may change with it."
        if before.change_set is None:
            continue
        have = _outputs(reader.standing(environment, source))
        moving = _moving(environment, before, before.change_set, unit, catalogue, reader)
        for output in sorted(outputs):
            if output not in have:
                return f"{before.stack_name} has to be deployed first: it does not give {output} yet."
            if output in moving:
                return f"{before.stack_name} has to be deployed first: {output} may change, as {moving[output]}."
    return ""


def _moving(
    environment: Environment,
    stack: StackPlan,
    made: ChangeSet,
    unit: UnitOfWork,
    catalogue: Catalogue,
    reader: StackReader,
) -> Mapping[str, str]:
    body = spec_of(stack, unit, catalogue).body or catalogue.body(stack.template)
    running = reader.template(environment, stack.name)
    changing = [each.name for each in stack.parameters if each.changes]
    return may_change(catalogue.document(body), _document(catalogue, running), made, changing)


def _document(catalogue: Catalogue, body: str | None) -> Mapping[str, Any] | None:
    try:
        return catalogue.document(body) if body else None
    except HavenError:
        return None  # not ours, and not understood


def _needs_review(plan: Plan, stack: StackPlan, made: ChangeSet) -> str:
    if made.creates and all(each.action == "Add" for each in made.resources):
        return ""
    found = risks(replace(plan, stacks=(replace(stack, change_set=made, unknown=""),)))
    return " ".join(each.sentence for each in found if each.level > Level.LOW)[:1000]


def _outputs(standing: StackStanding | None) -> Mapping[str, str]:
    return dict(standing.outputs) if standing is not None and there(standing.status) else {}


def _kept(unit: UnitOfWork, clock: Clock, catalogue: Catalogue, stack: StackPlan, running: str | None) -> str:
    """The version of the text that runs, which is kept; empty when it is not known."""
    if not running:
        return ""
    version = catalogue.version(running)
    with unit(readonly=True) as store:
        known = store.templates.get(version) is not None
    if not known:
        with unit() as store:
            store.templates.put(version, stack.template, running, clock.now())
    return version


def _unmoved(stack: StackPlan, standing: StackStanding | None) -> None:
    """Raises Conflict when a value is not what the form was filled in with: what the person did not touch would be
    taken back."""
    now = dict(standing.parameters) if standing is not None and there(standing.status) else {}
    moved = [
        f"{each.name} was {each.before or 'empty'} and is {now.get(each.name) or 'empty'}"
        for each in stack.parameters
        if not each.fed_by and not each.secret and each.before is not None and now.get(each.name) != each.before
    ]
    if moved:
        raise Conflict(f"{stack.stack_name} has changed since it was read: {'; '.join(moved[:6])}. Plan anew.")


def _filled(stack: StackPlan, made: ChangeSet | None, standing: StackStanding | None) -> tuple[ParameterChange, ...]:
    """The parameters with what other stacks feed, as the change set has it."""
    now = dict(standing.parameters) if standing is not None else {}
    given = dict(made.parameters) if made else now
    return tuple(
        replace(each, before=now.get(each.name), after=given.get(each.name, each.after)) if each.fed_by else each
        for each in stack.parameters
    )


def _deletion(
    environment: Environment,
    unit: UnitOfWork,
    catalogue: Catalogue,
    stack: StackPlan,
    standing: StackStanding | None,
    running: str | None,
) -> StackPlan:
    """What a deletion leaves and takes away, by the template that runs with its deployed values, and the newest
    snapshot's resources. A stack that is gone already is unchanged."""
    if not stack.base or standing is None:
        return replace(stack, unchanged=True)
    with unit(readonly=True) as store:
        snapshot = store.snapshots.newest(environment.name)
    found = next((each for each in (snapshot.stacks if snapshot else ()) if each.name == stack.name), None)
    physical = {each.logical_id: each.physical_id for each in (found.resources if found else ())}
    document = _document(catalogue, running)
    if document is None:
        raise Conflict(f"The template of {stack.stack_name} could not be read, so nobody can say what would be lost.")
    own = {"AWS::Region": environment.region, "AWS::AccountId": environment.account, "AWS::StackName": stack.stack_name}
    deployed = {**own, **dict(standing.parameters)}
    named = physical or dict.fromkeys(brought(document, known_values(document, deployed)), "")
    gone = removing(document, named, stack.retain, deployed, _guarded(snapshot))
    kept = tuple(each.logical_id for each in gone if each.policy_action in LEFT)
    removed = tuple(each.logical_id for each in gone if each.policy_action not in LEFT)
    return replace(stack, kept=kept, removed=removed, removing=gone)


def _guarded(snapshot: Snapshot | None) -> Collection[str]:
    """The physical ids of what AWS shows as protected from deletion, whatever its template says."""
    if snapshot is None:
        return ()
    found = [each.identifier for each in snapshot.databases if each.deletion_protection]
    found += [each.identifier for each in snapshot.clusters if each.deletion_protection]
    balancer = snapshot.load_balancer
    return [*found, balancer.arn] if balancer and balancer.deletion_protection else found
