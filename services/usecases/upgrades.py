"""The guided path from single-AZ to Multi-AZ: what is single today, which change sets mend it, in which order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.domain.access import Actor
from services.domain.deployment.cost import Estimate
from services.domain.environment import Environment
from services.domain.finding import Finding
from services.ports import Catalogue, Clock, UnitOfWork
from services.usecases.deployment_shapes import DeploymentRecord, Expected, PlanRequest, Reviewed
from services.usecases.deployments import Deployments


@dataclass(frozen=True)
class UpgradeStep:
    """One stage of the path. `state` is done, running, next or later. `findings` are today's that it mends, `changes`
    maps stack to parameter to (now, then). `estimate` is None before a plan of it was worked out; `plan` is that one.
    `done_by` is the deployment that did it. `risk` says in a sentence what it puts at stake, `request` what to plan."""

    name: str
    title: str
    state: str
    stacks: Sequence[str]
    findings: Sequence[Finding]
    changes: Mapping[str, Mapping[str, tuple[str, str]]]
    risk: str
    request: PlanRequest
    estimate: Estimate | None = None
    expected: Sequence[Expected] = ()
    plan: Reviewed | None = None
    done_by: DeploymentRecord | None = None


@dataclass(frozen=True)
class UpgradePath:
    """All stages. `left` are findings that no stage mends, `history` how many findings there were when, by day."""

    environment: Environment
    target: str
    steps: Sequence[UpgradeStep]
    left: Sequence[Finding]
    findings: int
    redundancy_usd: float | None
    budget_minutes: float


class Upgrades:
    """`target` is the blueprint to reach."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        deployments: Deployments,
        catalogue: Catalogue,
        *,
        target: str = "multi-az",
    ) -> None:
        self._unit, self._clock, self._deployments = unit, clock, deployments
        self._catalogue, self._target = catalogue, target

    def path(self, actor: Actor, environment: str) -> UpgradePath:
        """The path of an environment, also when there is nothing left to do. Raises NotFound, NotNow before it was
        first read."""
        raise NotImplementedError
