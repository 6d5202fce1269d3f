"""A long operation: a durable, stepwise act on AWS. What may follow what, and what to do next. No I/O, no clock.

The coarse state drives the machine; `because` is the sentence shown to people. A step says what must come true in the
world; `decide` trusts the world over memory, so that a restart, or a person who mended things by hand, needs no special
case. What cannot be taken back is sent at most once: `Sent.MAYBE` is saved before the call, and then only watched.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from services.domain.check import Check

F = TypeVar("F")


class State(StrEnum):
    """Where an operation stands."""

    AWAITING_APPROVAL = "awaiting approval"
    REQUESTED = "requested"
    RUNNING = "running"
    STUCK = "stuck"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class Sent(StrEnum):
    """Whether AWS was asked to do the current step."""

    NO = "no"
    MAYBE = "maybe"
    YES = "yes"


@dataclass(frozen=True)
class Transition:
    """One allowed move, with the sentence that explains it."""

    source: State
    target: State
    because: str


TRANSITIONS = (
    Transition(State.AWAITING_APPROVAL, State.REQUESTED, "A second person approved it."),
    Transition(State.AWAITING_APPROVAL, State.CANCELLED, "It was withdrawn or declined; nothing was touched."),
    Transition(State.AWAITING_APPROVAL, State.EXPIRED, "Nobody approved it in time; nothing was touched."),
    Transition(State.REQUESTED, State.RUNNING, "A worker picked it up."),
    Transition(State.REQUESTED, State.CANCELLED, "It was withdrawn before it began; nothing was touched."),
    Transition(State.REQUESTED, State.EXPIRED, "It could not begin in time; nothing was touched."),
    Transition(State.RUNNING, State.SUCCEEDED, "Every step was seen to be true in AWS."),
    Transition(State.RUNNING, State.FAILED, "It was refused, by a check on fresh facts or by AWS."),
    Transition(State.RUNNING, State.STUCK, "A step did not come true in time; a person must look."),
    Transition(State.RUNNING, State.CANCELLED, "It was cancelled before anything irreversible was sent."),
    Transition(State.STUCK, State.RUNNING, "A person looked and asked to go on watching."),
    Transition(State.STUCK, State.SUCCEEDED, "A person looked and said, with evidence, that it is done."),
    Transition(State.STUCK, State.FAILED, "A person looked and gave up."),
)
ALLOWED: Mapping[tuple[State, State], str] = {(t.source, t.target): t.because for t in TRANSITIONS}
TERMINAL = frozenset(State) - {t.source for t in TRANSITIONS}
LIVE = frozenset(State) - TERMINAL
"""One live operation per target: until it is over, or a person has resolved it, nothing else may begin there."""


class Target(StrEnum):
    """What kind of thing an operation acts on."""

    DATABASE_INSTANCE = "rds-instance"
    DATABASE_CLUSTER = "rds-cluster"
    CACHE = "cache"
    SERVICE = "service"
    ENVIRONMENT = "environment"


@dataclass(frozen=True)
class Operation:
    """An operation as it stands.

    `wanted` are the kind's own parameters (such as `expected_zone`), fixed once asked for. `checks` are what the
    requester saw, `overridden` the keys of failed ones let pass with a reason. `sent_at` is when the intent of the
    current step was saved, `receipt` AWS's request id. `seen` says when each step was first seen true, `missed` which
    optional ones were given up. `tries` counts sendings that certainly did nothing, `not_before` says when
    the next may be made. `notes` is what was measured on the way, by name. `version` grows by one a save.
    """

    id: str
    kind: str
    environment: str
    target_kind: Target
    target: str
    requested_by: str
    requested_at: datetime
    reason: str
    begin_before: datetime
    state: State = State.REQUESTED
    because: str = ""
    ticket: str = ""
    wanted: tuple[tuple[str, str], ...] = ()
    checks: tuple[Check, ...] = ()
    overridden: tuple[str, ...] = ()
    approve_before: datetime | None = None
    approved_by: str = ""
    approved_at: datetime | None = None
    started_at: datetime | None = None
    step: str = ""
    step_since: datetime | None = None
    sent: Sent = Sent.NO
    sent_at: datetime | None = None
    receipt: str = ""
    tries: int = 0
    not_before: datetime | None = None
    seen: tuple[tuple[str, datetime], ...] = ()
    missed: tuple[str, ...] = ()
    notes: tuple[tuple[str, str], ...] = ()
    finished_at: datetime | None = None
    version: int = 0

    @property
    def live(self) -> bool:
        """Whether it still holds its target."""
        return self.state in LIVE

    @property
    def irreversible(self) -> bool:
        """Whether something may have been sent that cannot be taken back: from here on there is no cancelling."""
        return self.sent is not Sent.NO or bool(self.seen)

    def move(self, target: State, at: datetime, because: str = "") -> "Operation":
        """The operation in another state; raises ValueError for what the table does not allow."""
        sentence = ALLOWED.get((self.state, target))
        if sentence is None:
            raise ValueError(f"An operation that is {self.state} may not become {target}.")
        ended = at if target in TERMINAL else None
        return replace(self, state=target, because=because or sentence, finished_at=ended)

    @property
    def what(self) -> str:
        """What it is, within a sentence: `failover of production-app`, or the name that its request gives itself."""
        return self.wants("what") or f"{self.kind} of {self.target}"

    def wants(self, name: str) -> str:
        """One of the request's parameters, empty without one."""
        return dict(self.wanted).get(name, "")

    def note(self, name: str) -> str:
        """Something measured on the way, empty when it was not."""
        return dict(self.notes).get(name, "")

    def noted(self, **notes: str) -> "Operation":
        """With more notes; a name that is there already keeps its first value."""
        known = dict(self.notes)
        return replace(self, notes=(*self.notes, *((k, v) for k, v in notes.items() if k not in known)))

    def rebased(self, **notes: str) -> "Operation":
        """With these notes in place of earlier ones: what the world was before an act is told anew at each try."""
        kept = tuple((name, value) for name, value in self.notes if name not in notes)
        return replace(self, notes=(*kept, *notes.items()))

    def seen_at(self, step: str) -> datetime | None:
        """When a step was first seen true."""
        return dict(self.seen).get(step)


@dataclass(frozen=True)
class Step(Generic[F]):
    """One thing that must come true. Without `acts` it is only watched. `repeatable` says that asking AWS twice is
    harmless; a step that is not optional and does not come true within `give_up_after` leaves the operation stuck, an
    optional one is only marked as missed. `refused_when` gives AWS's words when the world says it will never come true.
    """

    name: str
    sentence: str
    done_when: Callable[[F], bool]
    give_up_after: timedelta
    acts: bool = False
    repeatable: bool = False
    optional: bool = False
    refused_when: Callable[[F], str] = field(default=lambda _facts: "")
    until: str = ""
    """What is waited for, in words: `the event "Multi-AZ instance failover completed"`."""
    otherwise: str = ""
    """What a person should do when it does not come."""
    harmless: bool = False
    """Whether asking for it changes nothing that runs (a change set is made, none executed; Haven writes something down
    for itself): a pause does not hold it."""


@dataclass(frozen=True)
class Act:
    """Ask AWS for this step now."""

    step: str


@dataclass(frozen=True)
class Wait:
    """Nothing to do but look again; `until` is when this step is given up."""

    step: str
    until: datetime


@dataclass(frozen=True)
class Finish:
    """The operation ends, or waits for a person, in this state."""

    state: State
    because: str


Decision = Act | Wait | Finish


def observe(operation: Operation, steps: Sequence[Step[F]], facts: F, now: datetime) -> Operation:
    """The operation with the steps that have newly come true, in their order, and optional ones that are overdue.

    Steps come true in order, for before the act the later ones (such as: is available) are true without meaning
    anything. The clock of a step starts when the one before it is over.
    """
    for step in steps:
        if operation.seen_at(step.name) or step.name in operation.missed:
            continue
        if step.done_when(facts):
            operation = replace(operation, seen=(*operation.seen, (step.name, now)))
        elif step.optional and operation.step == step.name and _overdue(operation, step, now):
            operation = replace(operation, missed=(*operation.missed, step.name))
        else:
            return operation if _astray(operation, steps) else _at(operation, step, now)
    return operation


def decide(operation: Operation, steps: Sequence[Step[F]], facts: F, now: datetime) -> Decision:
    """What to do next with an operation just observed: the first step neither seen nor missed is the one to do."""
    step = next((s for s in steps if not operation.seen_at(s.name) and s.name not in operation.missed), None)
    if step is None:
        return Finish(State.SUCCEEDED, _ended(operation, steps))
    since = operation.step_since or now
    if words := step.refused_when(facts):
        return Finish(State.FAILED, words)
    if _astray(operation, steps):
        return Finish(State.STUCK, ASTRAY)
    early = operation.not_before is not None and now < operation.not_before
    if step.acts and operation.sent is Sent.NO:
        return Wait(step.name, operation.begin_before) if early else Act(step.name)
    if _overdue(operation, step, now):
        return Finish(State.STUCK, _not_seen(operation, step))
    if step.acts and operation.sent is Sent.MAYBE and step.repeatable and not early:
        return Act(step.name)
    return Wait(step.name, since + step.give_up_after)


ASTRAY = (
    "The steps of this kind of operation are no longer those it began with: Haven was upgraded meanwhile. Something "
    "may have been sent to AWS, so nothing is sent now. Look in AWS how far it got, and close it."
)


def _astray(operation: Operation, steps: Sequence[Step[F]]) -> bool:
    """Whether something may have been sent by steps other than these. What was sent belongs to a step by its name; had
    that step another name or place now, it would look as if it were still to be sent."""
    if not operation.irreversible:
        return False
    names = [step.name for step in steps]
    over = {*dict(operation.seen), *operation.missed}
    if not {*over, operation.step} <= {*names, ""}:
        return True
    current = next((step for step in steps if step.name == operation.step and step.name not in over), None)
    first = next((name for name in names if name not in over), None)
    return current is not None and current.acts and operation.sent is not Sent.NO and current.name != first


def _at(operation: Operation, step: Step[F], now: datetime) -> Operation:
    if operation.step == step.name:
        return operation
    # Only a step that follows another one starts unsent; the very first keeps what is known of it.
    sent = Sent.NO if step.acts and operation.step else operation.sent
    return replace(operation, step=step.name, step_since=now, sent=sent, tries=0, not_before=None)


def _overdue(operation: Operation, step: Step[F], now: datetime) -> bool:
    return operation.step_since is not None and now - operation.step_since > step.give_up_after


def _not_seen(operation: Operation, step: Step[F]) -> str:
    unknown = " AWS's answer to the request was never had." if step.acts and operation.sent is Sent.MAYBE else ""
    waited = f"Not seen within {_minutes(step.give_up_after)}: {step.until or step.sentence}."
    return f"{waited}{unknown} {step.otherwise}".strip()


def _ended(operation: Operation, steps: Sequence[Step[F]]) -> str:
    missed = [step.sentence for step in steps if step.name in operation.missed]
    if not missed:
        return ALLOWED[State.RUNNING, State.SUCCEEDED]
    return f"Done. Not seen in time, and not needed for that: {'; '.join(missed)}."


def _minutes(span: timedelta) -> str:
    seconds = span.total_seconds()
    return f"{seconds / 60:g} min" if seconds >= 60 else f"{seconds:g} s"
