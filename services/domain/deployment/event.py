"""What CloudFormation says while it works on a stack, kept for ever, and the rollouts that it tells of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

OURS = "haven-"
"""What the client tokens of Haven's own requests begin with."""
_BEGINNING = frozenset({"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "IMPORT_IN_PROGRESS"})
_BACKWARDS = frozenset({"ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "IMPORT_ROLLBACK_IN_PROGRESS"})
_DELETING = "DELETE_IN_PROGRESS"
_REVIEWED = "REVIEW_IN_PROGRESS"
_BY_USER = "User Initiated"


@dataclass(frozen=True)
class StackEvent:
    """One stack event. `status` and `reason` are AWS's; `token` is the client token of the request behind it, empty for
    one of none. `stack` is Haven's name of the stack, `own` whether it is about the stack itself."""

    id: str
    at: datetime
    stack: str
    stack_id: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    reason: str = ""
    token: str = ""

    @property
    def own(self) -> bool:
        """Whether it is about the stack as a whole."""
        return self.physical_id == self.stack_id


@dataclass(frozen=True)
class Rollout:
    """One change of one stack from its first event to its last, whoever began it. `status` is the stack's at its end,
    `ended_at` None while it runs. `failure` is the first failed resource with AWS's reason, `ours` whether the token is
    Haven's. `span` of a resource is (logical id, type, began, ended or None, last status); one that is updated and
    later rolled back, or whose replaced predecessor is deleted, has a span for each."""

    stack: str
    stack_id: str
    began_at: datetime
    ended_at: datetime | None
    status: str
    token: str
    failure: str
    spans: tuple[tuple[str, str, datetime, datetime | None, str], ...]

    @property
    def ours(self) -> bool:
        """Whether Haven began it."""
        return self.token.startswith(OURS)


@dataclass
class _Span:
    logical_id: str
    type: str
    began: datetime
    status: str
    ended: datetime | None = None

    def belongs(self, event: StackEvent) -> bool:
        """Whether an event goes on with this one: same deed, not ended."""
        return self.ended is None and self.status.split("_")[0] == event.status.split("_")[0]


@dataclass
class _Under:
    """A rollout while its events are gone through."""

    first: StackEvent
    last: StackEvent
    status: str
    ended: bool = False
    failure: str = ""
    why: str = ""
    spans: list[_Span] = field(default_factory=list)
    running: dict[str, _Span] = field(default_factory=dict)

    def own(self, event: StackEvent) -> None:
        """The stack came to another status."""
        self.last, self.status = event, event.status
        self.ended = not event.status.endswith("_IN_PROGRESS")
        backwards = event.status in _BACKWARDS or event.status.endswith("_FAILED")
        if backwards and event is not self.first and not self.why:
            self.why = event.reason.strip()

    def resource(self, event: StackEvent) -> None:
        """A resource came to another status."""
        self.last = event
        span = self.running.get(event.logical_id)
        if span is None or not span.belongs(event):
            if span is not None and span.ended is None:
                span.ended = event.at
            span = _Span(event.logical_id, event.type, event.at, event.status)
            self.spans.append(span)
            self.running[event.logical_id] = span
        span.status = event.status
        span.ended = None if event.status.endswith("_IN_PROGRESS") else event.at
        if event.status.endswith("_FAILED") and not self.failure and not _cancelled(event.reason):
            self.failure = f"{event.logical_id}: {event.reason}" if event.reason else event.logical_id

    def rollout(self, over: bool) -> Rollout:
        """What became of it; `over` when another one has begun since, whether or not its end was seen."""
        spans = tuple((s.logical_id, s.type, s.began, s.ended, s.status) for s in self.spans)
        ended = self.last.at if self.ended or over else None
        first = self.first
        return Rollout(
            first.stack, first.stack_id, first.at, ended, self.status, first.token, self.failure or self.why, spans
        )


def rollouts(events: Sequence[StackEvent]) -> Sequence[Rollout]:
    """The rollouts that a stack's events tell of, oldest first. `events` are of one stack, in order of time; what began
    before the first of them is left out. A rollback belongs to the rollout that it undoes, unless that one had ended:
    a rollback that somebody asked for, or goes on with, is one of its own, with its own token.
    The deletion of a stack that never was more than reviewed is none: nothing was there."""
    found: list[Rollout] = []
    under: _Under | None = None
    empty = False
    for event in events:
        if event.own and event.status in _BEGINNING | {_REVIEWED}:
            empty = event.status == _REVIEWED
        if event.own and _begins(event, under) and not (empty and event.status == _DELETING):
            if under is not None:
                found.append(under.rollout(over=True))
            under = _Under(event, event, event.status)
        elif under is not None and not under.ended:
            (under.own if event.own else under.resource)(event)
    if under is not None:
        found.append(under.rollout(over=False))
    return tuple(found)


def _begins(event: StackEvent, under: _Under | None) -> bool:
    """Whether a stack's event is the first of a rollout. REVIEW_IN_PROGRESS is none: nothing happens yet."""
    if event.status in _BEGINNING:
        return True
    running = under is not None and not under.ended
    if event.status == _DELETING and running and under is not None:
        # A failed creation that is deleted instead of rolled back goes on under the same request.
        return event.reason == _BY_USER or event.token != under.first.token
    return event.status in _BACKWARDS | {_DELETING} and not running


def _cancelled(reason: str) -> bool:
    """Whether a resource failed only because another one did before it."""
    return reason.startswith("Resource ") and reason.rstrip(".").endswith("cancelled")
