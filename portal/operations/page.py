"""An operation's page as data, and the list of them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.failovers.preview import Said
from portal.failovers.zones import Picture
from portal.operations import carrying, deploying, elapsed, looking, picture, scaling, steps, telling, verdict
from portal.operations.carrying import Carried
from portal.operations.deploying import Deployed
from portal.operations.elapsed import Elapsed
from portal.operations.looking import Looked
from portal.operations.outage import Outage, outage
from portal.operations.row import Row
from portal.operations.scaling import Changed
from portal.operations.steps import Seen
from services.domain.access import GRANTS, Actor, Permission
from services.domain.event import CloudEvent
from services.domain.failover.causes import meaning_of
from services.domain.failover.episode import Episode
from services.domain.operation import Operation, Sent, State
from services.domain.pause import Pause
from services.domain.status import Status
from services.domain.wording import listed
from services.usecases.deployment_shapes import Progressing, Reviewed
from services.usecases.operations import RIGHTS, OperationView

SHOWN_EVENTS = 12
AFTERWARDS = timedelta(minutes=1)
"""AWS's events come late; what it did longer after the end belongs to something else."""
TRACKING = "TargetTracking-"
"""How the names of alarms begin that belong to scaling."""
SOURCES = {
    "rds": "RDS",
    "elasticache": "ElastiCache",
    "ecs": "ECS",
    "cloudwatch": "CloudWatch",
    "cloudformation": "CloudFormation",
}


@dataclass(frozen=True)
class Heard:
    """One line of what has happened: AWS's events and Haven's own trail."""

    at: datetime
    source: str
    sentence: str
    words: str = ""


@dataclass(frozen=True)
class Acts:
    """What this person may do now. `why_not` says why nothing, when the role never may or the moment does not allow."""

    approve: bool = False
    decline: bool = False
    cancel: bool = False
    resolve: bool = False
    why_not: str = ""

    @property
    def any(self) -> bool:
        """Whether there is anything to press."""
        return self.approve or self.decline or self.cancel or self.resolve


@dataclass(frozen=True)
class Money:
    """The month's budget when it was asked for, in seconds; None where it is not known."""

    total: float
    before: float
    cost: float | None

    @property
    def after(self) -> float | None:
        """What will be left."""
        return max(0.0, self.before - self.cost) if self.cost is not None else None


@dataclass(frozen=True)
class OperationPage:
    """Everything the live page shows."""

    view: OperationView
    title: str
    said: Said
    rows: tuple[Row, ...]
    progress: str
    picture: Picture | None
    elapsed: Elapsed | None
    outage: Outage
    money: Money | None
    heard: tuple[Heard, ...]
    result: tuple[Seen, ...]
    commands: tuple[str, ...]
    acts: Acts
    episode: Episode | None
    pause: Pause | None
    stale: bool
    changed: Changed | None = None
    """What a change of scaling changes; None for any other operation."""
    carried: Carried | None = None
    """What a change set would change; None for any other operation."""
    deployed: Deployed | None = None
    """What a deployment shows of its stacks; None for any other operation."""
    looked: Looked | None = None
    """What only looks; None for any other operation."""

    @property
    def operation(self) -> Operation:
        """The operation itself."""
        return self.view.operation

    @property
    def live(self) -> bool:
        """Whether it is not over."""
        return self.view.operation.live

    @property
    def follows(self) -> bool:
        """Whether the page goes on asking: it is not over, or not all of it was heard yet."""
        return self.live or (self.deployed is not None and self.deployed.awaits)

    @property
    def waits_for_person(self) -> bool:
        """Whether somebody may be about to type on this page, so that it must not reload by itself."""
        return self.view.operation.state in (State.AWAITING_APPROVAL, State.STUCK)


def make(
    view: OperationView,
    actor: Actor,
    now: datetime,
    stale_after: timedelta,
    *,
    pause: Pause | None = None,
    episode: Episode | None = None,
    progressing: Progressing | None = None,
    reviewed: Reviewed | None = None,
) -> OperationPage:
    """The page for one person at one time."""
    operation, lost, found = view.operation, outage(view.operation, now, episode), steps.rows(view)
    taken_at = view.snapshot.taken_at if view.snapshot else None
    moves = not _on_service(operation)
    return OperationPage(
        view=view,
        title=verdict.title(operation),
        said=verdict.verdict(view, pause, now, episode),
        rows=found,
        progress=steps.progress(found),
        picture=picture.draw(operation, view.snapshot, own(view)) if moves else None,
        elapsed=elapsed.elapsed(operation, now) if moves else None,
        outage=lost,
        money=money(operation, lost),
        heard=heard(view),
        result=steps.result(view, now),
        commands=tuple(line for line in operation.wants("commands").split("\n") if line),
        acts=acts(operation, actor, from_memory=view.from_memory),
        episode=episode,
        pause=pause,
        stale=operation.live and (taken_at is None or now - taken_at > stale_after),
        changed=scaling.changed(operation),
        carried=carrying.shown(operation),
        deployed=deploying.shown(operation, progressing, now, reviewed),
        looked=looking.shown(operation),
    )


def _on_service(operation: Operation) -> bool:
    """Whether it leaves data where it is: then there is nothing of failovers to tell."""
    others = (scaling.is_scaling, carrying.is_carry, deploying.is_deploying, looking.is_looking)
    return any(each(operation) for each in others)


def own(view: OperationView) -> list[CloudEvent]:
    """AWS's events about the target itself; a member's name begins with its store's."""
    return [event for event in view.events if event.subject.startswith(view.operation.target)]


def heard(view: OperationView) -> tuple[Heard, ...]:
    """AWS's events and Haven's trail as one list, newest first."""
    lines = []
    ended = view.operation.finished_at
    for event in view.events:
        if ended and event.at > ended + AFTERWARDS:
            continue
        if deploying.is_deploying(view.operation) and _told_elsewhere(view.operation, event):
            continue
        if _on_service(view.operation) and not deploying.is_deploying(view.operation):
            if view.operation.target not in event.subject:
                continue  # other services' alarms ring as they do every day
        elif event.source == "cloudwatch" and event.subject.startswith(TRACKING):
            continue  # they ring whenever load changes; the checks do not count them either
        subject = "" if event.subject == view.operation.target else f"{event.subject}: "
        words = event.message.strip()
        if event.source == "cloudwatch":
            meaning, words = telling.alarm(words), telling.without_points(words)
        else:
            meaning = meaning_of(event)
        lines.append(Heard(event.at, SOURCES.get(event.source, event.source), f"{subject}{meaning}", words))
    tell = carrying.told if carrying.is_carry(view.operation) else str
    lines += [
        Heard(entry.at, "Haven" if entry.actor == "haven" else entry.actor, sentence)
        for entry in view.trail
        if (sentence := telling.told(tell(entry.sentence), view.operation.note("writes_lost_at")))
    ]
    return tuple(sorted(lines, key=lambda line: line.at, reverse=True))


def _told_elsewhere(operation: Operation, event: CloudEvent) -> bool:
    """What belongs to the deployment before this one, or stands among its stacks' own events."""
    stacks = operation.wants("stacks") + operation.wants("stack_name")
    return event.at < operation.requested_at or (event.source == "cloudformation" and event.subject in stacks)


def money(operation: Operation, lost: Outage) -> Money | None:
    """The budget before it and what it costs: measured, else expected."""
    try:
        total, before = float(operation.wants("budget_seconds")), float(operation.wants("budget_left"))
        expected = float(said) if (said := operation.wants("expected_seconds")) else None
    except ValueError:
        return None
    return Money(total, before, lost.seconds if lost.seconds is not None and lost.over else expected)


def acts(operation: Operation, actor: Actor, *, from_memory: bool = False) -> Acts:
    """What may be done now. The use case asks again; this is so that nobody is offered what would be refused."""
    right = RIGHTS.get(operation.kind, Permission.RUN_FAILOVERS)
    if not operation.live:
        return Acts(why_not="It is over; its record stays.")
    if not actor.may(right):
        able = listed([role for role, granted in GRANTS.items() if right in granted])
        return Acts(why_not=f"Your role, {actor.role}, may watch. Roles that may do more: {able}.")
    if from_memory:
        return Acts(why_not="Haven's own database does not answer; nothing can be changed until it does.")
    if operation.state is State.AWAITING_APPROVAL:
        if actor.name == operation.requested_by:
            return Acts(cancel=True, why_not="You asked for it, so somebody else has to approve it.")
        return Acts(approve=True, decline=True)
    if operation.state is State.STUCK:
        return Acts(resolve=True)
    if operation.irreversible or operation.sent is not Sent.NO:
        return Acts(why_not=_sent_already(operation))
    return Acts(cancel=True)


def _sent_already(operation: Operation) -> str:
    """Why it can no longer be withdrawn."""
    if looking.is_looking(operation):
        return looking.WHY_NO_CANCEL
    since = f" at {operation.sent_at:%H:%M:%S}" if operation.sent_at else ""
    if carrying.is_carry(operation):
        return f"Cancel ended{since}: CloudFormation has the request. Nothing of it is executed."
    if deploying.is_deploying(operation):
        return deploying.why_no_cancel(operation)
    if scaling.is_scaling(operation):
        return f"Cancel ended{since}. Once it is over, it can be taken back by a change of its own."
    return f"Cancel ended{since}: what was sent to AWS cannot be taken back. While it waits, watching is all."


@dataclass(frozen=True)
class ListRow:
    """One operation of the list."""

    operation: Operation
    status: Status
    word: str
    what: str
    said: str


def listing(operations: Sequence[Operation]) -> tuple[ListRow, ...]:
    """Operations as the list shows them, in their order."""
    rows = []
    for operation in operations:
        status = verdict.STATUS[operation.state]
        word = str(operation.state).capitalize()
        what = operation.what[:1].upper() + operation.what[1:]
        rows.append(ListRow(operation, status, word, what, operation.because or verdict.title(operation)))
    return tuple(rows)


def headline(live: Sequence[Operation], pauses: Sequence[Pause]) -> Said:
    """The list's verdict: what waits for a person, then what runs, then what is paused."""
    if stuck := [each.target for each in live if each.state is State.STUCK]:
        return Said(Status.DEGRADED, f"{len(stuck)} stuck:", f"{listed(stuck, 3)}. A person must look.")
    if waiting := [each.target for each in live if each.state is State.AWAITING_APPROVAL]:
        return Said(Status.PAUSED, f"{len(waiting)} waiting for a second person:", f"{listed(waiting, 3)}.")
    if live:
        return Said(Status.CHANGING, f"{len(live)} running:", f"{listed([each.target for each in live], 3)}.")
    if pauses:
        return Said(Status.PAUSED, "Automation is paused.", "Nothing that changes anything is begun meanwhile.")
    return Said(Status.HEALTHY, "Nothing is running.", "No operation waits for anybody.")
