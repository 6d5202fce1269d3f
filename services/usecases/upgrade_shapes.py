"""What the guided path shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.domain.deployment.cost import Estimate
from services.domain.deployment.upgrade import Kept
from services.domain.environment import Environment
from services.domain.finding import Finding
from services.usecases.deployment_shapes import DeploymentRecord, Expected, PlanRequest, Reviewed

DONE, RUNNING, NEXT, LATER = "done", "running", "next", "later"


@dataclass(frozen=True)
class UpgradeStep:
    """One stage of the path. `state` is done, running, next or later. `findings` are today's that it mends, `changes`
    maps stack to parameter to (now, then); of a done one, what its deployment changed. `estimate` is that of its plan
    once one was worked out (`exact`), before that by the parameters alone; None without any change. `plan` is the
    newest of it that is not over, `done_by` the deployment that did it. `risk` says in a sentence what it puts at
    stake, `request` what to plan; `kept` are values that stay although the blueprint has others. `names` are the stacks
    it is about; the request's may be more, so that the environment takes the blueprint's name with its last stage."""

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
    kept: Sequence[Kept] = ()
    exact: bool = False
    failed: DeploymentRecord | None = None
    """The newest deployment of it, when that one failed and nothing has succeeded since."""


@dataclass(frozen=True)
class UpgradePath:
    """All stages. `left` are findings that no stage mends, `findings` how many there are today. `redundancy_usd` is
    what second and third copies cost a month at its end, `redundancy_now_usd` today; None without a price list.
    `budget_minutes` are those a month may be down. `absent` are stacks of the blueprint that are not deployed, `trend`
    how many findings there were before each deployment of the path, and now."""

    environment: Environment
    target: str
    steps: Sequence[UpgradeStep]
    left: Sequence[Finding]
    findings: int
    redundancy_usd: float | None
    budget_minutes: float
    redundancy_now_usd: float | None = None
    read_at: datetime | None = None
    absent: Sequence[str] = ()
    trend: Sequence[tuple[datetime, int]] = ()

    @property
    def done(self) -> int:
        """How many stages are done."""
        return sum(step.state == DONE for step in self.steps)

    @property
    def now(self) -> UpgradeStep | None:
        """The stage that runs or is next; None when all are done."""
        return next((step for step in self.steps if step.state in (RUNNING, NEXT)), None)
