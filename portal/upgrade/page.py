"""The page of the guided path as data: one verdict, the path, and each stage with what it mends, changes, costs and
puts at stake. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.deployments.lengths import Length, span
from portal.deployments.money import Sources, more, sources, usd
from portal.failovers.preview import Said
from services.domain.deployment.cost import Line
from services.domain.deployment.plan import PlanState
from services.domain.deployment.risk import Level
from services.domain.operation import State
from services.domain.status import Status
from services.domain.wording import counted, listed, spelled
from services.usecases.deployment_shapes import DeploymentRecord, Reviewed
from services.usecases.upgrades import DONE, LATER, NEXT, RUNNING, UpgradePath, UpgradeStep

_LOOK = {DONE: Status.HEALTHY, RUNNING: Status.CHANGING, NEXT: Status.PAUSED, LATER: Status.UNKNOWN}
_WORD = {DONE: "Done", RUNNING: "Being deployed", NEXT: "Next", LATER: "Later"}
_LEVELS = {Level.STOPPED: "stopped", Level.HIGH: "high", Level.MEDIUM: "medium"}


@dataclass(frozen=True)
class Change:
    """One parameter that changes alike in some stacks."""

    parameter: str
    now: str
    then: str
    stacks: Sequence[str]


@dataclass(frozen=True)
class Held:
    """One value that stays alike in some stacks, and why."""

    parameter: str
    now: str
    blueprint: str
    why: str
    stacks: Sequence[str]


@dataclass(frozen=True)
class PlanSeen:
    """The plan of a stage: where it stands, and the risks that its review found."""

    id: str
    status: Status
    word: str
    why: str
    ready: bool


@dataclass(frozen=True)
class Stage:
    """One stage. `price` is USD a month more or less, None where nothing of it is known; `unknown` counts what has no
    price. `took` is how long it took, of a done one."""

    step: UpgradeStep
    number: int
    status: Status
    word: str
    changes: Sequence[Change]
    kept: Sequence[Held]
    price: float | None
    lines: Sequence[Line]
    unknown: int
    length: Length
    took: str
    plan: PlanSeen | None
    open: bool

    @property
    def mends(self) -> int:
        """How many of today's findings it mends."""
        return len(self.step.findings)

    @property
    def sources(self) -> Sources:
        """Where its prices come from."""
        return sources(self.lines)

    @property
    def money(self) -> str:
        """The price in words."""
        if self.price is None or (self.unknown and not round(self.price, 2)):
            return "price not known"
        return f"{more(self.price)} a month" if round(self.price, 2) else "costs nothing more"


@dataclass(frozen=True)
class Redundancy:
    """What second and third copies cost a month today and at the end, beside the minutes a month may be down."""

    now: float | None
    then: float
    minutes: float
    a_minute: float | None
    slo: float


@dataclass(frozen=True)
class UpgradePage:
    """The whole page. `price` and `time` are those of the stages that are not done."""

    path: UpgradePath
    said: Said
    stages: Sequence[Stage]
    price: float | None
    time: Length
    redundancy: Redundancy | None
    stale: bool

    @property
    def mended(self) -> int:
        """How many of today's findings the path mends."""
        return sum(stage.mends for stage in self.stages)

    @property
    def misnamed(self) -> bool:
        """Whether all is done and the environment still has another blueprint's name."""
        done = bool(self.path.steps) and self.path.now is None and not self.path.absent
        return done and self.path.environment.blueprint != self.path.target


def make(path: UpgradePath, now: datetime, stale_after: timedelta) -> UpgradePage:
    """The page at a time."""
    stages = [_stage(step, number) for number, step in enumerate(path.steps, 1)]
    ahead = [stage for stage in stages if stage.step.state != DONE]
    prices = [stage.price for stage in ahead if stage.price is not None and (stage.price or not stage.unknown)]
    return UpgradePage(
        path,
        verdict(path, now, stale_after),
        stages,
        sum(prices) if prices else None,
        Length(
            sum((stage.length.whole for stage in ahead), timedelta()),
            [name for stage in ahead for name in stage.length.unknown],
        ),
        _redundancy(path),
        _stale(path, now, stale_after),
    )


def verdict(path: UpgradePath, now: datetime, stale_after: timedelta) -> Said:
    """How far first, then what is next."""
    if not path.steps:
        line = "The blueprint can be deployed as it should be, at once."
        return Said(Status.UNKNOWN, "Nothing is deployed.", line, "There is nothing single that could become Multi-AZ.")
    ahead = path.now
    why = _findings(path)
    if ahead is None:
        if any(step.done_by for step in path.steps):
            return Said(Status.HEALTHY, f"All {spelled(len(path.steps))} stages are done.", "It is Multi-AZ.", why)
        return Said(Status.HEALTHY, "Already Multi-AZ.", "No value of its stacks is left to change.", why)
    strong = f"{path.done} of {counted(len(path.steps), 'stage')} done;"
    if _stale(path, now, stale_after):
        return Said(Status.STALE, strong, "what is known is old, and may have changed since.", why)
    title = f"{ahead.title[:1].lower()}{ahead.title[1:]}"
    if ahead.state == RUNNING:
        return Said(Status.CHANGING, strong, f"now: {title}.", why)
    if ahead.failed is not None:
        return Said(Status.DOWN, strong, f"{title} failed.", f"{ahead.failed.result} {why}")
    return Said(Status.DEGRADED, strong, f"next: {title}.", why)


def _findings(path: UpgradePath) -> str:
    mended = sum(len(step.findings) for step in path.steps)
    if not path.findings:
        return "Nothing is found that is not as it must be."
    said = counted(path.findings, "finding")
    if not mended:
        return f"{said} today, which no stage of it mends."
    left = f"; {counted(len(path.left), 'other')} it does not" if path.left else ""
    return f"{said} today: the way ahead mends {mended}{left}."


def _stale(path: UpgradePath, now: datetime, stale_after: timedelta) -> bool:
    return path.read_at is None or now - path.read_at > stale_after


def _stage(step: UpgradeStep, number: int) -> Stage:
    made, price, lines = step.estimate, None, list[Line]()
    if made is not None and made.as_of is not None:
        lines = [line for line in made.lines if line.unknown or round(line.change or 0.0, 2)]
        price = made.change
    whole = max((each.typical for each in step.expected if each.typical), default=timedelta())
    length = Length(whole, [each.stack for each in step.expected if each.typical is None])
    status, word = _LOOK[step.state], _WORD[step.state]
    plan = _plan(step.plan) if step.plan else None
    if step.state == RUNNING:
        waits = step.plan is not None and step.plan.operation is not None
        if waits and step.plan and step.plan.operation and step.plan.operation.state is State.AWAITING_APPROVAL:
            status, word = Status.PAUSED, "Waits for approval"
    elif step.failed is not None:
        status, word = Status.DOWN, "Failed"
    return Stage(
        step,
        number,
        status,
        word,
        _changes(step.changes),
        _held(step),
        price,
        lines,
        sum(bool(line.unknown) for line in lines),
        length,
        _took(step.done_by),
        plan,
        step.state in (RUNNING, NEXT),
    )


def _changes(changes: Mapping[str, Mapping[str, tuple[str, str]]]) -> Sequence[Change]:
    """The same change of several stacks is one row."""
    rows: dict[tuple[str, str, str], list[str]] = {}
    for stack, values in changes.items():
        for parameter, (now, then) in values.items():
            rows.setdefault((parameter, now, then), []).append(stack)
    return [Change(*row, stacks) for row, stacks in rows.items()]


def _held(step: UpgradeStep) -> Sequence[Held]:
    rows: dict[tuple[str, str, str, str], list[str]] = {}
    for each in step.kept:
        rows.setdefault((each.parameter, each.now, each.blueprint, each.why), []).append(each.stack)
    return [Held(*row, stacks) for row, stacks in rows.items()]


def _took(record: DeploymentRecord | None) -> str:
    if record is None or record.operation is None or record.ended_at is None:
        return ""
    return span(record.ended_at - (record.operation.started_at or record.at))


def _plan(reviewed: Reviewed) -> PlanSeen:
    plan = reviewed.plan
    if plan.state is PlanState.PREPARING:
        return PlanSeen(plan.id, Status.CHANGING, "Being worked out", "CloudFormation says what would change.", False)
    if plan.state is PlanState.ASKED:
        return PlanSeen(plan.id, Status.CHANGING, "Asked for", _risks(reviewed), False)
    if reviewed.void_because:
        return PlanSeen(plan.id, Status.STALE, "Void", reviewed.void_because, False)
    return PlanSeen(plan.id, Status.HEALTHY, "Ready for review", _risks(reviewed), True)


def _risks(reviewed: Reviewed) -> str:
    levels = [risk.level for risk in reviewed.risks]
    said = [f"{levels.count(level)} {word}" for level, word in _LEVELS.items() if level in levels]
    return f"Risks: {listed(said)}." if said else "Nothing of it is of more than low risk."


def _redundancy(path: UpgradePath) -> Redundancy | None:
    if path.redundancy_usd is None or not path.steps:
        return None
    minutes, then = path.budget_minutes, path.redundancy_usd
    a_minute = then / minutes if minutes and then else None
    return Redundancy(path.redundancy_now_usd, then, minutes, a_minute, path.environment.slo_target)


__all__ = ["Stage", "UpgradePage", "make", "more", "usd", "verdict"]
