"""The history as rows: who, what, why, and how it ended; and what stood at a time. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.failovers.preview import Said
from services.domain.operation import Operation, State
from services.domain.status import Status
from services.domain.wording import counted, listed
from services.usecases.deployment_shapes import DeploymentRecord, Reviewed

STATUS = {
    State.AWAITING_APPROVAL: Status.PAUSED,
    State.REQUESTED: Status.CHANGING,
    State.RUNNING: Status.CHANGING,
    State.STUCK: Status.DEGRADED,
    State.SUCCEEDED: Status.HEALTHY,
    State.FAILED: Status.DOWN,
    State.CANCELLED: Status.PAUSED,
    State.EXPIRED: Status.PAUSED,
}
_KEPT = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_COMPLETE")


@dataclass(frozen=True)
class Tried:
    """A recovery that was asked for; `word` says what came of it."""

    operation: Operation
    status: Status
    word: str

    @property
    def rest(self) -> str:
        """What follows its name in a sentence: `by ada, done: “It has to go on”`."""
        return f"by {self.operation.requested_by}, {self.word.lower()}: “{self.operation.reason}”"


def tried(asked: Sequence[Operation]) -> Sequence[Tried]:
    """Recoveries in their order."""
    return [
        Tried(each, STATUS[each.state], "Done" if each.state is State.SUCCEEDED else each.state.value.capitalize())
        for each in asked
    ]


@dataclass(frozen=True)
class Row:
    """One line. `plan` is its plan's id, empty for one from outside; `took` None while it runs; `done` says that what
    it wanted is in force, so that one may go back to it."""

    record: DeploymentRecord
    status: Status
    plan: str
    took: timedelta | None
    done: bool

    @property
    def origin(self) -> str:
        """`haven`, `command line` (its token is Haven's, though no operation's) or `outside`."""
        if not self.record.outside:
            return "haven"
        return "command line" if self.record.rollout and self.record.rollout.ours else "outside"

    @property
    def recoveries(self) -> Sequence[Tried]:
        """What was done about its failed stacks."""
        return tried(self.record.recoveries)

    @property
    def key(self) -> str:
        """What tells it from every other row."""
        operation, rollout = self.record.operation, self.record.rollout
        return operation.id if operation else f"{rollout.stack}-{rollout.began_at:%Y%m%d%H%M%S}" if rollout else ""


def rows(records: Sequence[DeploymentRecord], origin: str = "") -> Sequence[Row]:
    """Records as rows, in their order; `origin` leaves those of one."""
    return [row for each in records if origin in ("", (row := _row(each)).origin)]


def _row(record: DeploymentRecord) -> Row:
    took = record.ended_at - record.at if record.ended_at else None
    return Row(record, _status(record), record.plan.id if record.plan else "", took, _done(record))


def _status(record: DeploymentRecord) -> Status:
    if record.operation is not None:
        return STATUS[record.operation.state]
    if record.ended_at is None:
        return Status.CHANGING
    return Status.HEALTHY if _done(record) else Status.DOWN


def _done(record: DeploymentRecord) -> bool:
    if record.operation is not None:
        return record.operation.state is State.SUCCEEDED
    status = record.rollout.status if record.rollout else ""
    return status in (*_KEPT, "DELETE_COMPLETE")


def standing(found: Sequence[DeploymentRecord]) -> Mapping[str, Row]:
    """By `<environment> <stack>`, what was in force at a time, as `Deployments.in_force` found it."""
    return {f"{each.environment} {stack}": _row(each) for each in found for stack in each.stacks}


def headline(
    found: Sequence[Row], plans: Sequence[Reviewed], before: datetime | None, live: Sequence[Operation]
) -> Said:
    """The verdict: what runs or waits, then how the last one ended."""
    if before is not None:
        return Said(Status.STALE, "As it was", f"at {before:%Y-%m-%d %H:%M:%S} UTC.", "Nothing later is shown.")
    if live:
        return Said(Status.CHANGING, f"{counted(len(live), 'deployment')} not over:", f"{_waits(live)}.")
    waiting = [each for each in plans if not each.void_because and each.operation is None]
    plan = f"{counted(len(waiting), 'plan')} can be reviewed." if waiting else ""
    last = next((row for row in found if row.took is not None), None)
    if last is None:
        return Said(
            Status.HEALTHY, "Nothing is being deployed.", plan or "Nothing was deployed yet, as far as is known."
        )
    who = f", {last.record.who}" if last.record.outside else f" by {last.record.who}"
    line = f"{last.record.what}{who}: {last.record.result}"
    line = line if line.endswith(".") else f"{line}."
    if last.status is Status.DOWN:
        return Said(Status.DOWN, "The last deployment failed:", line, plan)
    return Said(Status.HEALTHY, "Nothing is being deployed.", f"The last one: {line}", plan)


def _waits(live: Sequence[Operation]) -> str:
    return listed([f"{each.what}, {each.state}" for each in live], 2)
