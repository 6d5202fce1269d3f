"""The deployment desk: planning, reviewing, asking for a deployment, and reading what was deployed."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from services.domain.access import Actor
from services.domain.operation import Operation
from services.ports import Catalogue, Clock, StackReader, UnitOfWork
from services.usecases.carrying import Carrying
from services.usecases.deployment_shapes import (
    DeploymentForm,
    DeploymentRecord,
    DeployRequest,
    PlanRequest,
    Progressing,
    RecoverRequest,
    Reviewed,
)


class Deployments:
    """`stale_after`: facts older than this are not known. A request waits
    `approval_for` for a second person and at most `begin_within` for a worker."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        reader: StackReader,
        catalogue: Catalogue,
        carrying: Carrying,
        new_id: Callable[[], str],
        *,
        stale_after: timedelta,
        approval_for: timedelta,
        begin_within: timedelta,
    ) -> None:
        self._unit, self._clock, self._reader = unit, clock, reader
        self._catalogue, self._carrying, self._new_id = catalogue, carrying, new_id
        self._stale_after, self._approval_for, self._begin_within = stale_after, approval_for, begin_within

    def form(self, actor: Actor, environment: str, blueprint: str = "") -> DeploymentForm:
        """The form, filled in with what is deployed as of the newest snapshot. Raises NotFound, Invalid."""
        raise NotImplementedError

    def plan(self, actor: Actor, request: PlanRequest, *, client: str = "") -> Operation:
        """Save a plan to be worked out by a worker, with its operation and the ledger's entry. Raises NotAllowed;
        Invalid with `<stack>.<parameter>` as fields; Conflict when an operation holds the environment."""
        raise NotImplementedError

    def review(self, actor: Actor, plan: str) -> Reviewed:
        """A plan with its risks, price and checks. Any viewer may look. Raises NotFound."""
        raise NotImplementedError

    def request(self, actor: Actor, request: DeployRequest, *, client: str = "") -> Operation:
        """Ask for the deployment; in a protected environment it waits for a second person. Raises NotAllowed; Invalid
        (`reason`, `ticket`, `confirm`); Unsafe naming the checks in the way; Conflict when the plan is not the one that
        was seen, or not ready. A refusal for safety is in the ledger too."""
        raise NotImplementedError

    def recover(self, actor: Actor, request: RecoverRequest, *, client: str = "") -> Operation:
        """Ask for a recovery of a failed stack. Raises NotAllowed, Invalid, NotFound; Conflict when the stack's status
        does not allow it, or an operation holds it."""
        raise NotImplementedError

    def progress(self, actor: Actor, operation: str) -> Progressing:
        """A deployment as it runs or ended. Raises NotFound."""
        raise NotImplementedError

    def plans(self, actor: Actor, environment: str, limit: int = 50) -> Sequence[Reviewed]:
        """Plans that are not over, newest first."""
        raise NotImplementedError

    def history(
        self,
        actor: Actor,
        environment: str = "",
        *,
        stack: str = "",
        who: str = "",
        before: datetime | None = None,
        limit: int = 50,
    ) -> Sequence[DeploymentRecord]:
        """Deployments of Haven and from outside, newest first."""
        raise NotImplementedError

    def compare(self, actor: Actor, first: str, second: str) -> tuple[Reviewed, Reviewed]:
        """Two plans side by side. Raises NotFound."""
        raise NotImplementedError
