"""A plan: what a deployment would do to which stacks, in order, as it was worked out and is reviewed."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.domain.deployment.change_set import ChangeSet, ResourceChange


class PlanState(StrEnum):
    """Where a plan stands. PREPARING: a worker has CloudFormation work its change sets out. READY: it can be reviewed
    and deployed. ASKED: a deployment of it was asked for. OVER: that deployment has ended, or another one made it void.
    FAILED: its change sets could not be made. DISCARDED: it was put aside, and nobody can ask for it any more."""

    PREPARING = "preparing"
    READY = "ready"
    ASKED = "asked"
    OVER = "over"
    FAILED = "failed"
    DISCARDED = "discarded"


class Deed(StrEnum):
    """What is done to a stack."""

    DEPLOY = "deploy"
    DELETE = "delete"


@dataclass(frozen=True)
class ParameterChange:
    """A parameter's value before and after, None where there is none. `fed_by` is `<stack>.<output>` when another
    stack's output feeds it. `secret` ones (NoEcho) show neither."""

    name: str
    before: str | None
    after: str | None
    fed_by: str = ""
    secret: bool = False

    @property
    def changes(self) -> bool:
        """Whether the deployment changes it."""
        return self.before != self.after


@dataclass(frozen=True)
class StackPlan:
    """What happens to one stack. `template` is the name of one of ours and `version` the hash of its text, `deployed`
    that of the text that runs (empty when nothing does, or it could not be read). `after` are the stacks it waits for.
    Exactly one of these holds for a deed that deploys: there is a `change_set`; `unchanged`; or `unknown` says why it
    cannot be known yet (a `change_set` beside it was made at its turn). `lifts_policy`: its stack policy is lifted for
    this deployment alone. `kept` and `removed` are logical ids that a deletion leaves (Retain, Snapshot) or takes away,
    `retain` those that it is asked to leave. `base` is AWS's time of the last operation on the stack as it was worked
    out: another one means that somebody changed it since. `removing` is what a deletion does to each resource, as
    `deletion.removing` tells it: risks are told from that."""

    name: str
    stack_name: str
    template: str
    version: str
    deployed: str = ""
    deed: Deed = Deed.DEPLOY
    parameters: tuple[ParameterChange, ...] = ()
    inputs: tuple[tuple[str, tuple[str, str]], ...] = ()
    after: tuple[str, ...] = ()
    policy: str | None = None
    termination_protection: bool = True
    lifts_policy: bool = False
    change_set: ChangeSet | None = None
    unchanged: bool = False
    unknown: str = ""
    kept: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    retain: tuple[str, ...] = ()
    base: str = ""
    removing: tuple[ResourceChange, ...] = ()


@dataclass(frozen=True)
class Plan:
    """A plan of one environment. `what` is its name within a sentence (`upgrade to multi-az`); `blueprint` is the one
    the environment has afterwards. `operation` is the id of the operation that works it out, later of the one that
    deploys it. `because` says why it failed, is over or was discarded. `whole`: the blueprint's values replace the
    deployed ones. `follows` is the plan that this one rolls back or repeats. `tidied_at` is when it was known to have
    left nothing on AWS that nobody will execute. `version` grows by one a save."""

    id: str
    environment: str
    what: str
    requested_by: str
    requested_at: datetime
    blueprint: str
    state: PlanState = PlanState.PREPARING
    because: str = ""
    stacks: tuple[StackPlan, ...] = ()
    operation: str = ""
    prepared_at: datetime | None = None
    version: int = 0
    whole: bool = False
    follows: str = ""
    tidied_at: datetime | None = None

    @property
    def fingerprint(self) -> str:
        """What an approval is for: it changes when anything that would be executed does. What was not known yet is not
        part of it: it is worked out at its turn, and executed only if nothing in it needs a review."""
        reviewed = (replace(each, change_set=None, unchanged=False) if each.unknown else each for each in self.stacks)
        content = json.dumps([asdict(stack) for stack in reviewed], sort_keys=True, default=str)
        return hashlib.sha256(content.encode()).hexdigest()[:32]

    @property
    def changed(self) -> tuple[StackPlan, ...]:
        """The stacks that something happens to, or may."""
        return tuple(stack for stack in self.stacks if not stack.unchanged)
