"""What a person may wish for: the limits of a change, and of what is typed with it."""

from datetime import datetime, timedelta

from services.domain.errors import Invalid
from services.domain.scaling.change import TRACKING, ScalingChange, ScalingState, difference
from services.domain.scaling.schedule import parse
from services.usecases.scaling_documents import LONGEST, change_text
from services.usecases.scaling_shapes import ScalingRequest
from services.usecases.words import reason_problem, ticket_problem

LONGEST_EDIT = timedelta(days=31)
NAME_MOST = 256
MOST_POLICIES, MOST_SCHEDULED = 50, 200
_BAD = frozenset(":|/")


def problems(request: ScalingRequest) -> dict[str, str]:
    """What is wrong with what was typed, by field; empty when nothing is."""
    found: dict[str, str] = {}
    if problem := reason_problem(request.reason):
        found["reason"] = problem
    if problem := ticket_problem(request.ticket):
        found["ticket"] = problem
    if request.overrides and (problem := reason_problem(request.override_reason)):
        found["override_reason"] = problem
    return found


def check_wish(change: ScalingChange, state: ScalingState, now: datetime) -> ScalingChange:
    """Return the change, or raise Invalid with the field for what `check_change` leaves open: names, schedules, the
    count, how long a temporary edit may last, and how much one change may hold."""
    policies = {policy.name: policy.type for policy in state.scaling.policies}
    actions = {action.name for action in state.scaling.scheduled}
    put = [*(policy.name for policy in change.policies), *(steps.name for steps in change.steps)]
    _check_names([name for name in put if name not in policies], "policy")
    _check_names([action.name for action in change.scheduled if action.name not in actions], "scheduled")
    for steps in change.steps:
        if policies.get(steps.name) == TRACKING:
            raise _wrong(f"{steps.name} is a target tracking policy: choose another name.", "policy")
    for action in change.scheduled:
        parse(action.schedule, action.timezone)
        if action.min_capacity is None and action.max_capacity is None:
            raise _wrong(f"{action.name} sets neither minimum nor maximum: give one of them.", "scheduled")
    if change.desired_once is not None and change.desired_once < 1:
        raise _wrong("A service never scales to nothing: give 1 task or more.", "desired")
    if len({*policies, *put}) > MOST_POLICIES:
        raise _wrong(f"AWS keeps {MOST_POLICIES} policies of a service.", "policy")
    if len(change.scheduled) > MOST_SCHEDULED:
        raise _wrong(f"AWS keeps {MOST_SCHEDULED} scheduled actions of a service.", "scheduled")
    if change.until is not None:
        _check_end(change, state, now, change.until)
    if len(change_text(change)) > LONGEST:
        raise Invalid("This is too much for one change: make several.", {})
    return change


def check_until(until: datetime, now: datetime) -> None:
    """Raise Invalid unless an end lies within the next days."""
    if until <= now:
        raise _wrong("The end lies in the past: choose a time to come.", "until")
    if until - now > LONGEST_EDIT:
        raise _wrong(f"A temporary edit lasts {LONGEST_EDIT.days} days at most.", "until")


def _check_end(change: ScalingChange, state: ScalingState, now: datetime, until: datetime) -> None:
    check_until(until, now)
    if not difference(change, state):
        raise _wrong("A count set once is held by nothing, so there is nothing to take back.", "until")


def _check_names(names: list[str], field: str) -> None:
    for name in names:
        if not 1 <= len(name) <= NAME_MOST or name != name.strip() or not name.isprintable() or _BAD & set(name):
            message = f"A name is 1 to {NAME_MOST} printable characters without :, | and /."
            raise Invalid(message, {field: message})


def _wrong(message: str, field: str) -> Invalid:
    return Invalid(message, {field: message})
