"""What the live page says of deployments: working a plan out, deploying it, recovering a failed stack. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.deployments import gantt, lengths, picture, recoveries, review
from portal.deployments.gantt import Gantt
from portal.deployments.lengths import Length
from portal.deployments.records import Tried, tried
from portal.deployments.recoveries import Recovery
from portal.deployments.review import RiskRow
from portal.deployments.stands import Stand, executed, stands
from portal.failovers.preview import Said
from portal.failovers.zones import Picture
from portal.operations.row import Row
from services.domain.deployment.event import StackEvent
from services.domain.deployment.plan import Plan
from services.domain.operation import Operation, Sent, State
from services.domain.status import Status
from services.domain.wording import counted
from services.usecases.deploying import KIND as DEPLOY
from services.usecases.deployment_requests import OF, OF_PLAN
from services.usecases.deployment_shapes import Progressing, Reviewed, Verifying
from services.usecases.deployment_steps import VERIFIED
from services.usecases.operations import OperationView
from services.usecases.planning_out import KIND as PLAN
from services.usecases.recovering import KIND as RECOVER

SAFE = "This page is safe to reload and to share."
KINDS = frozenset({PLAN, DEPLOY, RECOVER})
LAST_EVENTS = timedelta(minutes=2)
_REDRAWN = 5
"""Seconds after which bars that grow are drawn anew."""


@dataclass(frozen=True)
class Failure:
    """A stack that failed: the resource and AWS's reason in one line, and what may be done about it now."""

    stand: Stand
    words: str
    recoveries: Sequence[Recovery]


@dataclass(frozen=True)
class Deployed:
    """What the page of such an operation shows besides its steps. `plan_id` is empty when the operation names none;
    `deployment` the operation of the deployment that is recovered, or is this one. `grave` are the risks that a second
    person has to weigh, None where nobody has to; `void` says why it cannot be approved any more. `tried` are
    recoveries that were asked for; `recovers` names the deployment that a recovery is about; `verifying` is what the
    last step still waits for, None at any other."""

    kind: str
    plan_id: str
    plan: Plan | None
    stands: Sequence[Stand]
    picture: Picture | None
    overview: Gantt | None
    charts: Mapping[str, Gantt]
    events: Sequence[StackEvent]
    failures: Sequence[Failure]
    expected: Length | None
    since: datetime | None
    seconds: float
    deployment: str
    grave: Sequence[RiskRow] | None = None
    void: str = ""
    tried: Sequence[Tried] = ()
    recovers: str = ""
    verifying: Verifying | None = None
    awaits: bool = False
    """It is over, and CloudFormation's last events of it are still to come."""

    @property
    def clock(self) -> str:
        """`04:19`; minutes go on beyond an hour, as the page's script counts them."""
        minutes, rest = divmod(int(self.seconds), 60)
        return f"{minutes:02d}:{rest:02d}"


def is_deploying(operation: Operation) -> bool:
    """Whether it is about a deployment."""
    return operation.kind in KINDS


def shown(
    operation: Operation, progressing: Progressing | None, now: datetime, reviewed: Reviewed | None = None
) -> Deployed | None:
    """What the page shows of it; None for any other operation. `reviewed` is its plan, while it waits for approval."""
    if not is_deploying(operation):
        return None
    found = stands(progressing) if progressing and operation.kind == DEPLOY else ()
    begun = operation.started_at
    charts = {stand.plan.name: chart for stand in found if (chart := gantt.of_resources(stand, now))}
    return Deployed(
        kind=operation.kind,
        plan_id=operation.wants("plan") or operation.wants(OF_PLAN) or (progressing.plan.id if progressing else ""),
        plan=progressing.plan if progressing else None,
        stands=found,
        picture=picture.draw(found),
        overview=gantt.of_stacks(found, now),
        charts=charts,
        events=tuple(sorted(progressing.events, key=lambda each: each.at, reverse=True)) if progressing else (),
        failures=_failures(found, progressing) if progressing else (),
        expected=lengths.length(progressing.plan, progressing.expected) if progressing else None,
        since=begun,
        seconds=max(0.0, ((operation.finished_at or now) - begun).total_seconds()) if begun else 0.0,
        deployment=operation.id if operation.kind == DEPLOY else operation.wants(OF),
        grave=review.grave(reviewed.risks) if reviewed else None,
        void=reviewed.void_because if reviewed else "",
        tried=tried(progressing.recovered) if progressing and operation.kind == DEPLOY else (),
        recovers=operation.wants("recovers"),
        verifying=progressing.verifying if progressing else None,
        awaits=awaits(operation, found, now),
    )


def awaits(operation: Operation, found: Sequence[Stand], now: datetime) -> bool:
    """Whether a deployment that is over has stacks whose last events are still to come, as they do within seconds."""
    if operation.finished_at is None or now - operation.finished_at > LAST_EVENTS:
        return False
    begun = [stand for stand in found if executed(operation, stand.plan.name)]
    return any(stand.rollout is None or stand.rollout.ended_at is None for stand in begun)


def version(progressing: Progressing | None, now: datetime, reviewed: Reviewed | None = None) -> tuple[object, ...]:
    """Changes whenever what is shown of a deployment does."""
    void = reviewed.void_because if reviewed else ""
    if progressing is None:
        return (void,)
    newest = progressing.events[-1].id if progressing.events else ""
    rollouts = [(name, each.status, len(each.spans), each.ended_at) for name, each in progressing.rollouts.items()]
    grows = progressing.operation.live and any(each.ended_at is None for each in progressing.rollouts.values())
    turn = int(now.timestamp()) // _REDRAWN if grows else 0
    acts = sorted((name, tuple(each)) for name, each in progressing.recoveries.items())
    told = [(each.id, each.state) for each in progressing.recovered]
    waits = progressing.verifying
    found = (tuple(waits.amiss), tuple(each.id for each in waits.new)) if waits else ()
    last = awaits(progressing.operation, stands(progressing), now)
    shown = (progressing.plan.version, newest, len(progressing.events), tuple(rollouts), tuple(acts), tuple(told))
    return void, *shown, found, waits.read_at if waits else None, turn, last


def _failures(found: Sequence[Stand], progressing: Progressing) -> Sequence[Failure]:
    failures = []
    for stand in found:
        acts = progressing.recoveries.get(stand.plan.name, ())
        if not acts and not stand.failed:
            continue
        words = stand.rollout.failure if stand.rollout else ""
        failures.append(Failure(stand, words, recoveries.of(acts)))
    return failures


def running(view: OperationView) -> Said:
    """The head of the page while it runs."""
    operation = view.operation
    current = next((step for step in view.steps if step.state == "now"), None)
    awaited = f"Now: {current.sentence[:1].lower()}{current.sentence[1:]}." if current else ""
    if operation.kind == PLAN:
        line = awaited or "CloudFormation makes the change sets."
        return Said(Status.CHANGING, "Being worked out.", line, operation.because or f"Nothing is executed. {SAFE}")
    if not operation.irreversible:
        why = operation.because or f"Nothing has been sent yet. {SAFE}"
        return Said(Status.CHANGING, "Changing.", "What was reviewed is looked at again before anything is sent.", why)
    done, total = sum(step.state == "done" for step in view.steps), len(view.steps)
    if operation.sent is Sent.MAYBE:
        line = f"AWS's answer to the request is awaited; asked again, it is the same request. {awaited}"
        return Said(Status.UNKNOWN, f"{done} of {counted(total, 'step')} done.", line, operation.because)
    return Said(Status.CHANGING, f"{done} of {counted(total, 'step')} done.", awaited, SAFE)


def over(operation: Operation) -> Said:
    """The head of the page once it is over."""
    if operation.state is State.SUCCEEDED:
        line = {
            PLAN: "The plan can be reviewed. Nothing is executed.",
            DEPLOY: "What was reviewed is deployed, and seen in AWS.",
            RECOVER: "CloudFormation has done it.",
        }[operation.kind]
        if operation.kind == DEPLOY and not operation.seen_at(VERIFIED):
            line = "A person looked, and says that it is deployed; Haven has not seen all of it."
        return Said(Status.HEALTHY, "Done.", line, operation.because)
    if operation.state is State.FAILED:
        harm = "Part of it was sent to AWS." if operation.irreversible else "Nothing was sent to AWS."
        harm = "Nothing is executed." if operation.kind == PLAN else harm
        return Said(Status.DOWN, "Failed.", harm, operation.because)
    strong = "Cancelled." if operation.state is State.CANCELLED else "Expired."
    return Said(Status.PAUSED, strong, "Nothing was touched.", operation.because)


def sent(operation: Operation) -> Iterator[Row]:
    """Between being picked up and the first request: what was reviewed once more."""
    kept = "Looked at again on fresh facts"
    if operation.irreversible:
        said = "" if operation.kind == PLAN else "what was approved is what is executed"
        yield Row("done", kept, said, operation.started_at)
    elif operation.state is State.RUNNING:
        yield Row("now", kept, operation.because, since=operation.started_at, until=operation.begin_before)
    elif operation.state is State.FAILED:
        yield Row("failed", kept, operation.because, operation.finished_at)
    else:
        yield Row("next", kept)


def why_no_cancel(operation: Operation) -> str:
    """Why it can no longer be withdrawn."""
    since = f" at {operation.sent_at:%H:%M:%S}" if operation.sent_at else ""
    if operation.kind == PLAN:
        return f"Cancel ended{since}: CloudFormation has the request. Nothing of it is executed."
    if operation.kind == DEPLOY:
        return f"Cancel ended{since}: a change set was executed. An update that runs can be cancelled on AWS, below."
    return f"Cancel ended{since}: CloudFormation has the request."
