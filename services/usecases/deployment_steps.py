"""The steps of a deployment, stack by stack, from what was asked for alone. Pure.

Where a stack policy is lifted, it is put back as soon as the stack's rollout ended, and only then is judged how: so it
is back also when the rollout failed.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial

from services.domain.deployment.plan import Deed, Plan, StackPlan
from services.domain.errors import Invalid
from services.domain.operation import Operation, Step

ANSWERED_WITHIN = timedelta(minutes=15)
"""For a call that CloudFormation answers, or begins, at once."""
ROLLED_OUT_WITHIN = timedelta(hours=4)
"""A database of some size takes more than an hour to become Multi-AZ."""
VERIFIED_WITHIN = timedelta(minutes=30)
VERIFIED, RECORDED = "verified", "recorded"
"""The steps of the whole, after those of the stacks."""
LOOK = "Look in CloudFormation what became of the stack; its events say it."


@dataclass(frozen=True)
class Entry:
    """One stack of a deployment, as it was asked for. `turn`: its change set is worked out at its turn. `rolls_out` is
    false for an unchanged one, of which only the policy and the protection are brought in order."""

    name: str
    stack_name: str
    deed: str
    turn: bool = False
    rolls_out: bool = True
    lifts: bool = False
    policy: bool = False
    protect: bool = True


@dataclass(frozen=True)
class StackFacts:
    """What a look finds of one stack. `in_way` says why its change set cannot be executed any more, `failure` why its
    rollout failed. `policy` tells whether the stack policy is the planned one, `open` whether it is lifted."""

    prepared: bool = False
    executed: bool = False
    ended: bool = False
    ok: bool = False
    in_way: str = ""
    failure: str = ""
    protected: bool | None = None
    policy: bool = False
    open: bool = False
    gone: bool = False


@dataclass(frozen=True)
class DeployFacts:
    """What a look finds: of the stacks that matter now, and of the whole at the end. `amiss` says what a reading of AWS
    after the last stack still shows, None before there was one."""

    plan: Plan | None
    stacks: Mapping[str, StackFacts] = field(default_factory=dict)
    amiss: Sequence[str] | None = None
    recorded: bool = False


def written(entries: Sequence[Entry]) -> str:
    """The entries as an operation keeps them."""
    return json.dumps([asdict(each) for each in entries])


def entries_of(operation: Operation) -> Sequence[Entry]:
    """Those of an operation. Raises Invalid for what was never asked."""
    try:
        return [Entry(**each) for each in json.loads(operation.wants("stacks"))]
    except (ValueError, TypeError):
        raise Invalid("This is no deployment.") from None


def entry(stack: StackPlan, *, protected: bool | None) -> Entry | None:
    """What a deployment does to a stack of a plan; None when there is nothing to do. `protected` is how it stands."""
    if stack.deed is Deed.DELETE and stack.unchanged:
        return None
    if stack.deed is Deed.DELETE:
        return Entry(stack.name, stack.stack_name, stack.deed.value, policy=False, protect=False)
    if stack.unchanged and protected is stack.termination_protection:
        return None
    return Entry(
        stack.name,
        stack.stack_name,
        stack.deed.value,
        turn=bool(stack.unknown),
        rolls_out=not stack.unchanged,
        lifts=stack.lifts_policy and not stack.unknown and not stack.unchanged,
        policy=stack.policy is not None,
        protect=stack.termination_protection,
    )


def key(verb: str, stack: str) -> str:
    """A step's name."""
    return f"{verb} {stack}"


def split(step: str) -> tuple[str, str]:
    """The verb and the stack of a step; the stack is empty for those of the whole."""
    verb, _, stack = step.rpartition(" ")
    return (verb, stack) if verb else (step, "")


def steps_for(entries: Sequence[Entry]) -> tuple[Step[DeployFacts], ...]:
    """All steps, in order."""
    found: list[Step[DeployFacts]] = []
    for number, each in enumerate(entries):
        left = [later.stack_name for later in entries[number + 1 :]]
        rest = f" Not begun: {', '.join(left)}." if left else ""
        found += _deletion(each, rest) if each.deed == Deed.DELETE.value else _rollout(each, rest)
    found.append(
        Step(
            VERIFIED,
            "A reading of AWS shows it: the stacks are complete, and what runs on them is well",
            lambda facts: facts.amiss is not None and not facts.amiss,
            VERIFIED_WITHIN,
            until="a reading of AWS that shows everything well",
            otherwise="The stacks were deployed; this page says what is not well yet.",
        )
    )
    found.append(
        Step(
            RECORDED,
            "Haven remembers what is deployed",
            lambda facts: facts.recorded,
            ANSWERED_WITHIN,
            acts=True,
            repeatable=True,
            harmless=True,
        )
    )
    return tuple(found)


def _rollout(each: Entry, rest: str) -> list[Step[DeployFacts]]:
    on, name = partial(_on, each.name), each.stack_name
    steps: list[Step[DeployFacts]] = []
    if each.turn:
        steps.append(
            _act(
                key("work out", each.name),
                f"The change set of {name} is worked out, now that it can be known",
                on(lambda f: f.prepared),
            )
        )
    if each.lifts:
        steps.append(
            _act(
                key("lift", each.name),
                f"The stack policy of {name} is lifted for this deployment alone",
                on(lambda f: f.open or f.executed),
            )
        )
    if each.rolls_out:
        # With the policy lifted nothing may end the operation before it is back: then the call itself looks.
        refused = _never if each.lifts else lambda facts: _said(facts, each.name, "in_way", rest)
        steps.append(
            _act(key("execute", each.name), f"The change set of {name} is executed", on(lambda f: f.executed), refused)
        )
    if each.lifts:
        steps.append(_watch(key("ended", each.name), f"The rollout of {name} has ended", on(lambda f: f.ended)))
        steps.append(_act(key("restore", each.name), f"The stack policy of {name} is back", on(lambda f: f.policy)))
    if each.rolls_out:
        steps.append(
            _watch(
                key("deployed", each.name),
                f"{name} is deployed",
                on(lambda f: f.ok),
                lambda facts: _said(facts, each.name, "failure", rest),
            )
        )
    if each.policy and not each.lifts:
        steps.append(
            _act(key("policy", each.name), f"{name} has its stack policy", on(lambda f: f.policy and f.executed))
        )
    on_off = "on" if each.protect else "off"
    steps.append(
        _act(
            key("protect", each.name),
            f"Termination protection of {name} is {on_off}",
            on(lambda f: f.protected is each.protect),
        )
    )
    return steps


def _deletion(each: Entry, rest: str) -> list[Step[DeployFacts]]:
    on, name = partial(_on, each.name), each.stack_name
    return [
        _act(
            key("unprotect", each.name),
            f"Termination protection of {name} is off",
            on(lambda f: f.gone or f.executed or f.protected is False),
        ),
        _act(key("delete", each.name), f"The deletion of {name} has begun", on(lambda f: f.executed)),
        _watch(
            key("deleted", each.name),
            f"{name} is deleted",
            on(lambda f: f.gone),
            lambda facts: _said(facts, each.name, "failure", rest),
        ),
    ]


def _on(stack: str, true: Callable[[StackFacts], bool]) -> Callable[[DeployFacts], bool]:
    """Whether something is known to be true of a stack; what was not looked at is not."""
    return lambda facts: stack in facts.stacks and true(facts.stacks[stack])


def _said(facts: DeployFacts, stack: str, what: str, rest: str) -> str:
    words = getattr(facts.stacks.get(stack), what, "")
    return f"{words}{rest}" if words else ""


def _never(facts: DeployFacts) -> str:
    del facts
    return ""


def _act(
    name: str,
    sentence: str,
    done: Callable[[DeployFacts], bool],
    refused: Callable[[DeployFacts], str] = _never,
) -> Step[DeployFacts]:
    return Step(
        name,
        sentence,
        done,
        ANSWERED_WITHIN,
        acts=True,
        repeatable=True,
        refused_when=refused,
        until="CloudFormation to show it",
        otherwise=LOOK,
    )


def _watch(
    name: str,
    sentence: str,
    done: Callable[[DeployFacts], bool],
    refused: Callable[[DeployFacts], str] = _never,
) -> Step[DeployFacts]:
    return Step(
        name,
        sentence,
        done,
        ROLLED_OUT_WITHIN,
        refused_when=refused,
        until="the stack's last event",
        otherwise=LOOK,
    )
