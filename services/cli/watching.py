"""Following an operation from the command line: line by line what the worker does and what CloudFormation says, until
it is over or waits for a person. It only looks; whoever stops it stops nothing."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum

from services.domain.access import SYSTEM
from services.domain.deployment.event import StackEvent
from services.domain.errors import NotNow
from services.domain.operation import Operation, State
from services.ports import Clock
from services.usecases.deployments import Deployments
from services.usecases.operations import Operations, OperationView

EVERY = 2.0
"""Seconds between two looks."""
REST = 2
"""Looks after the end of a deployment."""
HINT_AFTER = timedelta(seconds=30)
"""A worker takes what is asked for within seconds: after this long something is wrong."""
SILENT_FOR = timedelta(minutes=30)
"""So long without any reading of AWS, and nobody goes on with a running operation: a person must look."""


class Code(IntEnum):
    """What the command line ends with."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    WAITS = 3
    STOPPED = 130


@dataclass(frozen=True)
class Desk:
    """What the commands work on. `pause` is waited with between two looks."""

    deployments: Deployments
    operations: Operations
    clock: Clock
    pause: Callable[[float], None]


@dataclass
class Watch:
    """One operation being watched. `say` prints a line; `patience` is how long a person's approval is waited for."""

    desk: Desk
    say: Callable[[str], None]
    patience: timedelta = timedelta()
    _lines: int = 0
    _events: set[str] = field(default_factory=set)
    _said: set[str] = field(default_factory=set)

    def follow(self, id: str) -> tuple[Operation, Code]:
        """Until it is over, waits for a person, or nobody works on it. Raises NotFound."""
        began = self.desk.clock.now()
        while True:
            view = self._look(id)
            if view is not None:
                self._tell(view)
                code = self._ends(view, began)
                if code is not None:
                    with suppress(KeyboardInterrupt):  # it is over: nothing goes on that could be watched again
                        self._tell_rest(view.operation)
                    return view.operation, code
            self.desk.pause(EVERY)

    def _tell_rest(self, operation: Operation) -> None:
        """What CloudFormation said last is kept a moment after the end."""
        for _ in range(REST if operation.kind == "deploy" and not operation.live else 0):
            self.desk.pause(EVERY)
            view = self._look(operation.id)
            if view is not None:
                self._tell(view)

    def _look(self, id: str) -> OperationView | None:
        try:
            return self.desk.operations.view(SYSTEM, id)
        except NotNow as problem:
            self._once("away", f"{problem.message} Watching goes on.")
            return None

    def _tell(self, view: OperationView) -> None:
        lines = [(each.at, each.sentence) for each in view.trail[self._lines :]]
        self._lines = max(self._lines, len(view.trail))
        lines += [(each.at, _event(each)) for each in self._new_events(view)]
        for at, sentence in sorted(lines, key=lambda line: line[0]):
            self.say(f"{at:%H:%M:%S} {sentence}")

    def _new_events(self, view: OperationView) -> list[StackEvent]:
        if view.operation.kind != "deploy" or view.from_memory:
            return []
        try:
            found = self.desk.deployments.progress(SYSTEM, view.operation.id).events
        except NotNow:
            return []
        since = view.operation.requested_at  # what was before belongs to another deployment
        new = [each for each in found if each.id not in self._events and each.at >= since]
        self._events.update(each.id for each in new)
        return new

    def _ends(self, view: OperationView, began: datetime) -> Code | None:
        operation, now = view.operation, self.desk.clock.now()
        if not operation.live:
            return Code.DONE if operation.state is State.SUCCEEDED else Code.REFUSED
        if operation.state is State.STUCK:
            return Code.WAITS
        if operation.state is State.AWAITING_APPROVAL:
            return self._awaited(operation, began, now)
        if operation.state is State.REQUESTED:
            return self._taken(operation, now)
        return self._alive(view, now)

    def _awaited(self, operation: Operation, began: datetime, now: datetime) -> Code | None:
        until = f" until {operation.approve_before:%Y-%m-%d %H:%M} UTC" if operation.approve_before else ""
        self._once("approval", f"It waits for a second person's approval{until}, in the portal: {operation.id}.")
        return Code.WAITS if now - began >= self.patience else None

    def _taken(self, operation: Operation, now: datetime) -> Code | None:
        since = operation.approved_at or operation.requested_at
        if now > operation.begin_before:
            self._once("late", "No worker took it in time: none seems to be running. Nothing was touched.")
            return Code.REFUSED
        if now - since >= HINT_AFTER and (operation.not_before is None or now >= operation.not_before):
            self._once(
                "slow",
                f"No worker has taken it yet: is one running (haven-worker)? It may begin until "
                f"{operation.begin_before:%H:%M:%S} UTC. {operation.because}".rstrip(),
            )
        return None

    def _alive(self, view: OperationView, now: datetime) -> Code | None:
        """A worker that goes on with operations also reads AWS; where it reads nothing, it is gone or cut off."""
        heard = [view.operation.started_at, view.snapshot.taken_at if view.snapshot else None]
        heard += [each.at for each in view.trail[-1:]]
        last = max(each for each in (*heard, view.operation.requested_at) if each is not None)
        if now - last < SILENT_FOR:
            return None
        self._once(
            "silent",
            f"Nothing was read from AWS since {last:%H:%M:%S} UTC: no worker seems to be running. What was sent goes "
            "on in AWS; a worker that starts goes on with the rest.",
        )
        return Code.WAITS

    def _once(self, key: str, line: str) -> None:
        if key not in self._said:
            self._said.add(key)
            self.say(f"{self.desk.clock.now():%H:%M:%S} {line}")


def _event(event: StackEvent) -> str:
    what = "the stack" if event.own else f"{event.logical_id} {event.type}"
    return f"{event.stack}: {what} {event.status}{': ' + event.reason if event.reason else ''}"
