"""The scaling desk: what scales a service and why it did or did not, what a change would do, and asking for one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.domain.access import Actor
from services.domain.check import Answer, Check
from services.domain.environment import Environment
from services.domain.operation import Operation
from services.domain.scaling.change import ScalingChange, ScalingState
from services.domain.scaling.difference import Row
from services.domain.scaling.edited import Edited
from services.domain.scaling.series import Series
from services.domain.scaling.temporary import Edit
from services.domain.scaling.why import Activity, Line
from services.domain.snapshot import FargateService, ScheduledAction
from services.ports import Clock, UnitOfWork

KIND = "scaling"


@dataclass(frozen=True)
class NextRuns:
    """A scheduled action with its next runs in UTC, none left when it is over; `problem` when Haven does not understand
    its schedule."""

    action: ScheduledAction
    runs: Sequence[datetime]
    problem: str = ""


@dataclass(frozen=True)
class ServiceScaling:
    """Everything about one service's scaling now. `lines` tell why it did or did not scale; `edited` are live values
    that differ from the template's; `edits` temporary ones still to end; `live` a scaling operation not yet over;
    `activities_until` up to when AWS's activities were read, None before the first reading."""

    environment: Environment
    service: FargateService
    read_at: datetime
    lines: Sequence[Line]
    next_runs: Sequence[NextRuns]
    edited: Sequence[Edited]
    edits: Sequence[Edit]
    live: Operation | None
    at_max: Activity | None
    activities_until: datetime | None


@dataclass(frozen=True)
class Mark:
    """Something that happened on the time axis. `kind` is `scaled`, `not scaled`, `deployment`, `failover` or `edit`;
    `link` names what it is about: an operation's or an episode's id, empty for AWS's own doings."""

    kind: str
    at: datetime
    said: str
    link: str = ""


@dataclass(frozen=True)
class Measurements:
    """A service's metrics over a window in places of `step` minutes, by the names of `domain.scaling.measured`, with
    what happened in it. `read_until` is up to when AWS's metrics were read."""

    step: int
    since: datetime
    until: datetime
    series: Mapping[str, Series]
    marks: Sequence[Mark]
    read_until: datetime | None


@dataclass(frozen=True)
class ScalingPreview:
    """What a person sees before asking. `rows` are before and after, `effects` what happens at once, `checks` the
    guards with those not passed first; `conflicts` what somebody changed since the form was opened (then nothing may be
    asked for); `edited` the values that the next deployment would overwrite."""

    environment: Environment
    service: FargateService
    now: ScalingState
    change: ScalingChange
    rows: Sequence[Row]
    effects: Sequence[str]
    checks: Sequence[Check]
    commands: Sequence[str]
    conflicts: Sequence[Row]
    edited: Sequence[Edited]
    live: Operation | None
    read_at: datetime

    @property
    def overdue(self) -> Sequence[Check]:
        """Checks that are not passed."""
        return [check for check in self.checks if check.answer is not Answer.PASS]

    @property
    def blocked(self) -> Sequence[Check]:
        """Checks that no override lets pass."""
        return [check for check in self.overdue if not check.overridable]

    @property
    def overridable(self) -> Sequence[Check]:
        """Checks that are not passed and that an admin may let pass, with a reason."""
        return [check for check in self.overdue if check.overridable]


@dataclass(frozen=True)
class ScalingRequest:
    """A person's request. `opened` is the state the form was opened on; `overrides` the keys of checks to let pass;
    `reverts` the id of the change it takes back, empty for none."""

    environment: str
    service: str
    change: ScalingChange
    opened: ScalingState
    reason: str
    ticket: str = ""
    overrides: tuple[str, ...] = ()
    override_reason: str = ""
    reverts: str = ""


@dataclass(frozen=True)
class ChangeRecord:
    """A change as it is remembered: its operation, what it was made on and what it changed (`rows`). `can_revert` says
    why it can or cannot be taken back now: empty when it can."""

    operation: Operation
    before: ScalingState
    change: ScalingChange
    rows: Sequence[Row]
    cannot_revert: str


class Scalings:
    """`stale_after`: facts older than this are not known. A request waits at most `begin_within` for a worker."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        new_id: Callable[[], str],
        *,
        stale_after: timedelta,
        begin_within: timedelta,
    ) -> None:
        self._unit, self._clock, self._new_id = unit, clock, new_id
        self._stale_after, self._begin_within = stale_after, begin_within

    def services(self, actor: Actor, environment: str) -> Sequence[ServiceScaling]:
        """Every service of an environment, by name. Raises NotFound; NotNow before it was first read."""
        raise NotImplementedError

    def service(self, actor: Actor, environment: str, service: str) -> ServiceScaling:
        """One service. Raises NotFound; NotNow before the environment was first read."""
        raise NotImplementedError

    def measurements(
        self, actor: Actor, environment: str, service: str, since: datetime, until: datetime
    ) -> Measurements:
        """Its metrics in a window of at most 455 days, in the finest step that keeps it under 1500 places and is kept
        that long. Raises Invalid, NotFound."""
        raise NotImplementedError

    def preview(
        self, actor: Actor, environment: str, service: str, change: ScalingChange, opened: ScalingState | None = None
    ) -> ScalingPreview:
        """What the change would do and whether it is safe, judged on the newest snapshot and kept metrics. Any viewer
        may look. Raises NotFound, NotNow; Invalid with fields for what AWS would refuse."""
        raise NotImplementedError

    def request(self, actor: Actor, request: ScalingRequest, *, client: str = "") -> Operation:
        """Save the operation, a temporary edit if it has an end, and the ledger's entry in one transaction. Raises
        NotAllowed; Invalid with fields (`reason`, `ticket`, `override_reason`, ...); Unsafe naming the checks in the
        way; Conflict when somebody changed it meanwhile or something is already running on it. A refusal for safety is
        in the ledger too."""
        raise NotImplementedError

    def changes(self, actor: Actor, environment: str, service: str = "", limit: int = 50) -> Sequence[ChangeRecord]:
        """Changes asked for, newest first."""
        raise NotImplementedError

    def change(self, actor: Actor, id: str) -> ChangeRecord:
        """One change. Raises NotFound."""
        raise NotImplementedError

    def reverting(self, actor: Actor, id: str) -> tuple[ScalingChange, ScalingState]:
        """The change that takes a change back, and the state it is made on: only the values that it changed. Raises
        NotFound; Conflict when there is nothing left to take back."""
        raise NotImplementedError
