"""What the deployment desk shows and is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.domain.check import Check
from services.domain.deployment.cost import Estimate
from services.domain.deployment.event import Rollout, StackEvent
from services.domain.deployment.expected import Expectation
from services.domain.deployment.plan import Plan
from services.domain.deployment.risk import Risk
from services.domain.environment import Environment
from services.domain.finding import Finding
from services.domain.operation import Operation
from services.domain.scaling.overwritten import Overwritten


@dataclass(frozen=True)
class ParameterField:
    """One parameter of a stack on the form. `deployed` is what is in force (None when the stack is not there), `wanted`
    what the form starts with, `shape` the chosen blueprint's value (None where it says nothing). `fed_by` is
    `<stack>.<output>` for one that cannot be set. `constraint` says in words what is allowed, `allowed` lists it."""

    name: str
    description: str
    type: str
    deployed: str | None
    wanted: str
    shape: str | None
    allowed: Sequence[str] = ()
    constraint: str = ""
    fed_by: str = ""
    secret: bool = False


@dataclass(frozen=True)
class StackForm:
    """One stack on the form, in deployment order. `version` is the hash of our template, `deployed_version` that of the
    running one, empty when not known."""

    name: str
    stack_name: str
    template: str
    version: str
    deployed_version: str
    status: str
    fields: Sequence[ParameterField]


@dataclass(frozen=True)
class DeploymentForm:
    """The form. `blueprints` are the shapes there are; `read_at` is how old what is deployed is."""

    environment: Environment
    blueprint: str
    blueprints: Sequence[str]
    stacks: Sequence[StackForm]
    read_at: datetime | None


@dataclass(frozen=True)
class PlanRequest:
    """Work a plan out. `stacks` narrows it to some (empty: all). `values` are parameters by stack in place of deployed
    ones, which stay where nothing is said; with `whole_shape` the blueprint's values replace the deployed ones first
    (live scaling as `Carrying.deployment` keeps it). `delete` plans the deletion of those stacks instead.
    `lift_policy` names stacks whose stack policy is lifted for this deployment alone. `versions` maps a stack to an
    older template version to deploy again. `follows` is the id of a plan that this one rolls back or repeats."""

    environment: str
    blueprint: str = ""
    stacks: Sequence[str] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    whole_shape: bool = False
    reset_scaling: bool = False
    delete: bool = False
    retain: Mapping[str, Sequence[str]] = field(default_factory=dict)
    lift_policy: Sequence[str] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    follows: str = ""
    what: str = ""


@dataclass(frozen=True)
class Expected:
    """How long a stack's rollout took before: `typical` over `count` earlier ones, None without any."""

    stack: str
    typical: timedelta | None
    count: int


@dataclass(frozen=True)
class Reviewed:
    """A plan as it is reviewed. `checks` stand between it and a deployment; `to_confirm` are names to be typed.
    `expectations` maps (stack, logical id, path) to what is documented. `expected` is in the plan's order.
    `operation` is the one that works it out or deploys it, if any."""

    environment: Environment
    plan: Plan
    risks: Sequence[Risk]
    to_confirm: Sequence[str]
    expectations: Mapping[tuple[str, str, str], Expectation]
    estimate: Estimate
    budget_seconds: float | None
    overwritten: Sequence[Overwritten]
    checks: Sequence[Check]
    expected: Sequence[Expected]
    commands: Sequence[str]
    operation: Operation | None
    void_because: str = ""


@dataclass(frozen=True)
class DeployRequest:
    """Deploy a reviewed plan. `fingerprint` is that of the plan the person saw; `confirmed` are the names typed."""

    plan: str
    fingerprint: str
    reason: str
    ticket: str = ""
    confirmed: Sequence[str] = ()
    overrides: frozenset[str] = frozenset()
    override_reason: str = ""


@dataclass(frozen=True)
class RecoverRequest:
    """What to do about a stack whose rollout failed: `act` is cancel, continue, roll back or delete; `skip` are logical
    ids that a continued rollback leaves out, or that a deletion retains."""

    environment: str
    stack: str
    act: str
    reason: str
    skip: Sequence[str] = ()


@dataclass(frozen=True)
class Verifying:
    """The last step of a deployment, judged on a reading of AWS: what is `amiss` in it has to be mended before the
    deployment ends. `read_at` is None while AWS was not read since the last stack. `new` are findings that were not
    there when the deployment began; they are told, and not waited for."""

    read_at: datetime | None
    amiss: Sequence[str] = ()
    new: Sequence[Finding] = ()


@dataclass(frozen=True)
class Progressing:
    """A deployment as it runs or ended: per stack its events and its rollout, with what is expected of it."""

    plan: Plan
    operation: Operation
    rollouts: Mapping[str, Rollout]
    events: Sequence[StackEvent]
    expected: Sequence[Expected]
    recoveries: Mapping[str, Sequence[str]]
    """By stack, the acts of `RecoverRequest` that its status allows now."""
    recovered: Sequence[Operation] = ()
    """The recoveries that were asked for, oldest first."""
    verifying: Verifying | None = None
    """What its last step still waits for, while it is at that one."""


@dataclass(frozen=True)
class DeploymentRecord:
    """One line of the history: a deployment of Haven's (`operation` and `plan`), or one from outside (`rollout` alone).
    `stacks` are those it changed; `result` is in words. `recoveries` are what was done about its failed stacks, oldest
    first; `recovers` is the deployment that a recovery was about."""

    environment: str
    at: datetime
    ended_at: datetime | None
    who: str
    approved_by: str
    reason: str
    what: str
    stacks: Sequence[str]
    result: str
    plan: Plan | None = None
    operation: Operation | None = None
    rollout: Rollout | None = None
    recoveries: Sequence[Operation] = ()
    recovers: Operation | None = None

    @property
    def outside(self) -> bool:
        """Whether it was not Haven's."""
        return self.operation is None
