"""What an operation's page says first: its state, one sentence, why, and whether there is anything to do. Pure."""

from datetime import datetime

from portal.failovers.preview import Said, seconds
from portal.failovers.seats import words
from portal.operations import carrying, deploying, looking, scaling
from portal.operations.outage import Outage, outage
from services.domain.failover.episode import Episode
from services.domain.operation import Operation, Sent, State, Target
from services.domain.pause import Pause
from services.domain.status import Status
from services.usecases.operations import OperationView

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
SAFE = "This page is safe to reload and to share."


def verdict(view: OperationView, pause: Pause | None, now: datetime, episode: Episode | None = None) -> Said:
    """The head of the page; `episode` is what the history has of it."""
    operation = view.operation
    if operation.state is State.AWAITING_APPROVAL:
        line = f"until {_clock(operation.approve_before)} at the latest; then it expires."
        return Said(Status.PAUSED, "Waiting for a second person", line, f"Nothing is touched before. {SAFE}")
    if operation.state in (State.REQUESTED, State.RUNNING) and operation.sent is Sent.NO and pause is not None:
        why = f"By {pause.by}: {pause.reason} Nothing is sent while it holds; looking goes on."
        return Said(Status.PAUSED, "Held:", f"automation is paused until {_clock(pause.until)}.", why)
    if operation.state is State.REQUESTED:
        return Said(
            Status.CHANGING, "About to begin.", "A worker takes it within seconds.", f"Nothing has been sent. {SAFE}"
        )
    if operation.state is State.RUNNING:
        return _going_on(view, now)
    if operation.state is State.STUCK:
        return Said(Status.DEGRADED, "Stuck:", "Haven stopped, and a person must look.", operation.because)
    return _ended(operation, now, episode)


def _going_on(view: OperationView, now: datetime) -> Said:
    operation = view.operation
    if looking.is_looking(operation):
        return looking.running(view)
    if deploying.is_deploying(operation):
        return deploying.running(view)
    if carrying.is_carry(operation):
        return carrying.running(operation)
    return scaling.running(view) if scaling.is_scaling(operation) else _running(view, now)


def _ended(operation: Operation, now: datetime, episode: Episode | None) -> Said:
    if looking.is_looking(operation):
        return looking.over(operation)
    if deploying.is_deploying(operation):
        return deploying.over(operation)
    if carrying.is_carry(operation):
        return carrying.over(operation)
    return scaling.over(operation) if scaling.is_scaling(operation) else _over(operation, now, episode)


def _running(view: OperationView, now: datetime) -> Said:
    operation = view.operation
    if operation.sent is Sent.NO:
        why = operation.because or f"Nothing has been sent yet. {SAFE}"
        return Said(
            Status.CHANGING, "Changing.", "The checks are made again on fresh facts before anything is sent.", why
        )
    if operation.sent is Sent.MAYBE:
        line = "Its answer was lost, so Haven only watches whether it happens. It never sends twice."
        return Said(Status.UNKNOWN, "Not known whether AWS has the request.", line, operation.because)
    moved = next((step.at for step in view.steps if step.acts), None)
    lost = outage(operation, now)
    if moved is None:
        line = f"The {words(operation.target_kind).thing} moves {path(operation)}; {_out(lost)}."
        return Said(Status.CHANGING, "Changing.", line, _pace(operation, lost, now))
    current = next((step for step in view.steps if step.state == "now"), None)
    waits = f" Still awaited: {current.until or current.sentence}." if current else ""
    line = f"It went {path(operation)}; {_out(lost)}."
    return Said(Status.CHANGING, "Moved; being verified.", line, f"Nothing to do now.{waits} {SAFE}")


def _out(lost: Outage) -> str:
    if lost.seconds is None:
        return "no outage was noticed" if lost.over else f"the outage: {lost.words}"
    if lost.going_on:
        return f"writes have been out for {seconds(lost.seconds)}"
    bound = next((word for word in ("at least ", "at most ") if lost.words.startswith(word)), "")
    return f"writes were out for {bound}{seconds(lost.seconds)}"


def _pace(operation: Operation, lost: Outage, now: datetime) -> str:
    """Whether it is on time: by the outage where it is measured, else by the time since the request."""
    try:
        high, usual = float(operation.wants("expected_high")), float(operation.wants("expected_seconds"))
    except ValueError:
        return f"Nothing to do now. {SAFE}"
    since = operation.sent_at or now
    took = lost.seconds if lost.seconds is not None else (now - since).total_seconds()
    if took <= high:
        return f"On time: {seconds(usual)} without writes is usual. Nothing to do now. {SAFE}"
    return f"Longer than the {seconds(high)} expected at most. Haven waits on, and then asks you. {SAFE}"


def _over(operation: Operation, now: datetime, episode: Episode | None) -> Said:
    lost = outage(operation, now, episode)
    if operation.state is State.SUCCEEDED:
        line = f"The {words(operation.target_kind).thing} moved {path(operation)}; {_out(lost)}."
        return Said(Status.HEALTHY, "Done.", line, operation.because)
    if operation.state is State.FAILED:
        harm = "Something had been sent to AWS." if operation.irreversible else "Nothing was sent to AWS."
        return Said(Status.DOWN, "Failed.", harm, operation.because)
    strong = "Cancelled." if operation.state is State.CANCELLED else "Expired."
    return Said(Status.PAUSED, strong, "Nothing was touched.", operation.because)


def path(operation: Operation) -> str:
    """`from us-east-1a to us-east-1b`, as far as it is known."""
    begin = operation.note("baseline_zone") or operation.wants("expected_zone") or operation.wants("expected_primary")
    end = operation.wants("to_zone") or operation.wants("to_member") or words(operation.target_kind).follow
    return f"from {begin or 'where it was'} to {end}"


def title(operation: Operation) -> str:
    """`Failover of production-app, in production`."""
    if scaling.is_scaling(operation):
        return scaling.title(operation)
    what = operation.what
    if looking.is_looking(operation):
        return f"{what[:1].upper()}{what[1:]}"
    if operation.kind == "failover" and operation.target_kind is Target.CACHE:
        what = f"test {what}"
    return f"{what[:1].upper()}{what[1:]}, in {operation.environment}"


def _clock(at: datetime | None) -> str:
    return f"{at:%H:%M} UTC" if at else "an unknown time"
