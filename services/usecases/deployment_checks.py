"""What stands between a plan and its deployment: checks with the fact behind each, for the person and the worker alike.

Pure, but for `gathered`, which reads AWS.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.domain.check import Answer, Check
from services.domain.deployment.change_set import ChangeSet
from services.domain.deployment.plan import Deed, Plan, PlanState, StackPlan
from services.domain.deployment.policy import denied
from services.domain.deployment.risk import Level, Risk
from services.domain.deployment.statuses import CHANGEABLE, base_of, busy, there
from services.domain.environment import Environment
from services.domain.freeze import Freeze
from services.domain.operation import Operation
from services.domain.pause import Pause
from services.domain.snapshot import Part, Snapshot
from services.domain.wording import counted, listed
from services.ports import StackReader, StackStanding

ANEW = "Plan anew, and review what it does now."
WAIT = "Wait until it is over, cancel it, or resolve it."
STOPS = "Plan it without that, or first turn off what stops it: each risk says how."
HARMLESS = frozenset({"drift"})
"""Kinds of operations that only look: they are in nobody's way."""


@dataclass(frozen=True)
class Standing:
    """How a stack stands, of all that matters here."""

    status: str = ""
    base: str = ""
    outputs: Mapping[str, str] = field(default_factory=dict)
    protected: bool | None = None


@dataclass(frozen=True)
class Asked:
    """What the checks are made on. `stacks` is None when they were not read since it was worked out. `change_sets`
    maps a stack to its change set as AWS has it now, None when it is gone; a stack that is missing there was not asked
    about. `stale_after` None: everything was read just now. `fingerprint` is that of the plan that was approved, empty
    when nothing was yet."""

    environment: Environment
    plan: Plan
    now: datetime
    read_at: datetime | None
    stacks: Mapping[str, Standing] | None
    change_sets: Mapping[str, ChangeSet | None] = field(default_factory=dict)
    risks: Sequence[Risk] = ()
    live: Sequence[Operation] = ()
    own_id: str = ""
    pause: Pause | None = None
    freeze: Freeze | None = None
    stale_after: timedelta | None = None
    fingerprint: str = ""


def standings(snapshot: Snapshot | None) -> Mapping[str, Standing]:
    """Of the stacks of a snapshot."""
    return {
        each.name: Standing(
            each.status,
            base_of(each.status, each.created_at, each.updated_at),
            dict(each.outputs),
            each.termination_protection,
        )
        for each in (snapshot.stacks if snapshot else ())
    }


def standing_of(found: StackStanding | None) -> Standing:
    """Of one stack as AWS says it now."""
    if found is None:
        return Standing()
    base = base_of(found.status, found.created_at, found.updated_at)
    return Standing(found.status, base, dict(found.outputs), found.protected)


def gathered(asked: Asked, reader: StackReader, names: Sequence[str] = ()) -> Asked:
    """With the plan's stacks and change sets (of `names`, all without any) as AWS has them now."""
    wanted = [each for each in asked.plan.stacks if not names or each.name in names]
    sources = {source for each in wanted for _, (source, _) in each.inputs}
    stacks = {
        name: standing_of(reader.standing(asked.environment, name))
        for name in dict.fromkeys((*(each.name for each in wanted), *sorted(sources)))
    }
    change_sets = {
        each.name: reader.change_set(asked.environment, each.name, each.change_set.arn)
        for each in wanted
        if each.change_set is not None
    }
    return replace(asked, stacks=stacks, change_sets=change_sets, read_at=asked.now, stale_after=None)


def checks(asked: Asked) -> Sequence[Check]:
    """All, for a deployment that has not begun."""
    found = [
        _plan(asked),
        _fresh(asked),
        _operations(asked),
        stacks(asked, asked.plan.stacks),
        change_sets(asked, asked.plan.stacks),
        _policy(asked),
        _risk(asked),
        _freeze(asked),
        _pause(asked),
    ]
    return [each for each in found if each is not None]


def of_stack(asked: Asked, stack: StackPlan) -> Sequence[Check]:
    """Those for one stack when its turn comes: half a deployment is worse than either end, so nothing else is asked."""
    found = (approved(asked), stacks(asked, (stack,)), change_sets(asked, (stack,)), inputs(asked, stack))
    return [each for each in found if each is not None]


def void(plan: Plan, found: Mapping[str, Standing]) -> str:
    """Why a plan can no longer be deployed as it was worked out, from how its stacks stand; empty when it can."""
    moved = [f"{each.stack_name} {why}" for each in plan.stacks if (why := _moved(each, found.get(each.name)))]
    return f"{listed(moved)}." if moved else ""


def stacks(asked: Asked, wanted: Sequence[StackPlan]) -> Check:
    """Each stack is at rest and as it was when the plan was worked out."""
    key, title = "stacks", "The stacks are as they were planned on"
    if asked.stacks is None and _just_worked_out(asked):
        fact = "They were read as it was worked out; when it is asked for they are read again."
        return Check(key, title, Answer.PASS, fact, asked.plan.prepared_at)
    if asked.stacks is None:
        return Check(key, title, Answer.UNKNOWN, "The stacks were not read since.", asked.read_at, ANEW)
    if why := void(replace(asked.plan, stacks=tuple(wanted)), asked.stacks):
        return Check(key, title, Answer.FAIL, why, asked.read_at, ANEW)
    return Check(key, title, Answer.PASS, f"{counted(len(wanted), 'stack')} compared.", asked.read_at)


def change_sets(asked: Asked, wanted: Sequence[StackPlan]) -> Check | None:
    """Each change set is there and can be executed."""
    key, title, said = "change-sets", "The change sets can be executed", []
    made = [each for each in wanted if each.change_set is not None and each.name in asked.change_sets]
    if not made:
        return None
    for each in made:
        now = asked.change_sets[each.name]
        if now is None:
            said.append(f"that of {each.stack_name} is gone")
        elif now.execution_status != "AVAILABLE":
            said.append(f"that of {each.stack_name} is {now.execution_status}")
    if said:
        return Check(key, title, Answer.FAIL, f"{listed(said).capitalize()}.", asked.now, ANEW)
    return Check(key, title, Answer.PASS, f"{counted(len(made), 'change set')} AVAILABLE.", asked.now)


def inputs(asked: Asked, stack: StackPlan) -> Check | None:
    """What other stacks give it is what its change set was made with."""
    made = stack.change_set
    if made is None or not stack.inputs or asked.stacks is None:
        return None
    key, title, given = "inputs", "What other stacks give it is as it was", dict(made.parameters)
    other = [
        f"{name} ({source}.{output}) was {given.get(name) or 'empty'} and is {now or 'missing'}"
        for name, (source, output) in stack.inputs
        if source in asked.stacks and (now := asked.stacks[source].outputs.get(output)) != given.get(name)
    ]
    if other:
        return Check(key, title, Answer.FAIL, f"{'; '.join(other[:4])}.", asked.read_at, ANEW)
    return Check(key, title, Answer.PASS, f"{counted(len(stack.inputs), 'value')} compared.", asked.read_at)


def approved(asked: Asked) -> Check | None:
    """The plan is the one that was seen and approved."""
    if not asked.fingerprint:
        return None
    key, title = "approved", "The plan is the one that was reviewed"
    if asked.plan.fingerprint != asked.fingerprint:
        return Check(key, title, Answer.FAIL, "The plan has changed since it was reviewed.", None, ANEW)
    return Check(key, title, Answer.PASS, f"Its fingerprint is {asked.fingerprint[:12]}.")


def _plan(asked: Asked) -> Check | None:
    if found := approved(asked):
        return found
    key, title, plan = "plan", "The plan is worked out", asked.plan
    if plan.state is not PlanState.READY:
        return Check(key, title, Answer.FAIL, f"It is {plan.state.value}. {plan.because}".strip(), None, ANEW)
    at = plan.prepared_at
    if not plan.changed:
        return Check(key, title, Answer.FAIL, "Nothing would change.", at, "There is nothing to deploy.")
    return Check(key, title, Answer.PASS, f"{counted(len(plan.changed), 'stack')} would change.", at)


def _fresh(asked: Asked) -> Check:
    key, title = "fresh", "What is known of AWS is fresh"
    if asked.read_at is None:
        return Check(key, title, Answer.UNKNOWN, "The environment was not read yet.", None, "Wait for a reading.")
    # Working the plan out was a reading of its stacks too.
    at = max(asked.read_at, asked.plan.prepared_at or asked.read_at)
    if asked.stale_after is not None and asked.now - at > asked.stale_after:
        fact = f"The stacks were last read at {at:%H:%M:%S} UTC."
        return Check(key, title, Answer.UNKNOWN, fact, at, "Wait for the next reading.")
    return Check(key, title, Answer.PASS, f"The stacks were read at {at:%H:%M:%S} UTC.", at)


def _operations(asked: Asked) -> Check:
    key, title = "operations", "No other operation runs"
    others = [each for each in asked.live if each.id != asked.own_id and each.live and each.kind not in HARMLESS]
    if others:
        said = listed([f"{each.what} ({each.state}, {each.id})" for each in others])
        return Check(key, title, Answer.FAIL, f"{said}.", None, WAIT)
    return Check(key, title, Answer.PASS, "No other operation is at work in this environment.")


def _policy(asked: Asked) -> Check | None:
    key, title, said = "policy", "Stack policies allow it", []
    ruled = [each for each in asked.plan.stacks if each.policy and each.change_set and not each.change_set.creates]
    for each in ruled:
        if each.change_set is not None and not each.lifts_policy:
            said += [f"{one.logical_id} of {each.stack_name}" for one in denied(each.policy, each.change_set)]
    if said:
        mend = "If it is meant, plan anew with the stack policy lifted for this deployment alone."
        fact = f"The stack policy forbids what would happen to {listed(said)}; CloudFormation would refuse it."
        return Check(key, title, Answer.FAIL, fact, None, mend)
    lifted = [each.stack_name for each in ruled if each.lifts_policy]
    if lifted:
        return Check(key, title, Answer.PASS, f"It is lifted for this deployment alone on {listed(lifted)}.")
    return Check(key, title, Answer.PASS, "Nothing in it is forbidden.") if ruled else None


def _risk(asked: Asked) -> Check | None:
    stopped = [each for each in asked.risks if each.level is Level.STOPPED]
    if not stopped:
        return None
    fact = " ".join(each.sentence for each in stopped[:4])
    return Check("risk", "Nothing in it is stopped", Answer.FAIL, fact, None, STOPS)


def _freeze(asked: Asked) -> Check:
    key, title, freeze = "freeze", "No change freeze is on", asked.freeze
    if freeze is None:
        return Check(key, title, Answer.PASS, "None holds this environment now.")
    fact = f"{freeze.name} until {freeze.ends:%Y-%m-%d %H:%M} UTC, announced by {freeze.by}: {freeze.reason}"
    return Check(key, title, Answer.FAIL, fact, None, "Wait until it is over.", overridable=True)


def _pause(asked: Asked) -> Check:
    key, title, pause = "pause", "Automation is not paused", asked.pause
    if pause is None:
        return Check(key, title, Answer.PASS, "Nothing is paused here.")
    fact = f"Paused until {pause.until:%Y-%m-%d %H:%M} UTC by {pause.by}: {pause.reason}"
    return Check(key, title, Answer.FAIL, fact, None, "Wait until it is over, or lift it.")


def _just_worked_out(asked: Asked) -> bool:
    at = asked.plan.prepared_at
    return at is not None and asked.stale_after is not None and asked.now - at <= asked.stale_after


def _moved(stack: StackPlan, now: Standing | None) -> str:
    """How a stack differs from what was planned on; empty when it does not."""
    status, base = (now.status, now.base) if now else ("", "")
    if busy(status):
        return f"is being changed ({status})"
    if stack.base and not base:
        return "is gone"
    if base and not stack.base:
        return "was created since"
    if base != stack.base:
        return "was changed since"
    if there(status) and stack.deed is Deed.DEPLOY and status not in CHANGEABLE:
        return f"cannot be changed as it is ({status})"
    return ""


def read_at(snapshot: Snapshot | None) -> datetime | None:
    """When the stacks of a snapshot were last read."""
    return snapshot.reading(Part.STACKS).read_at if snapshot else None
