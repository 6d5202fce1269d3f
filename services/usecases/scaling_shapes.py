"""What the scaling desk tells: a service's scaling now, its measurements, a preview, a request, a change remembered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

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
