"""Changes of scaling as they are remembered, and whether each can be taken back now."""

from collections.abc import Callable, Sequence
from functools import cache

from services.domain.errors import HavenError, NotFound
from services.domain.operation import Operation, State
from services.domain.scaling.change import ScalingState, difference
from services.domain.scaling.taking_back import TakingBack, taking_back
from services.ports import Store
from services.usecases.scaling_documents import read_change, read_state
from services.usecases.scaling_facts import registered, seen, service_of
from services.usecases.scaling_shapes import ChangeRecord

KIND = "scaling"
MOST, AT_ONCE, LOOKED_THROUGH = 200, 200, 1000
"""Changes of an environment are looked through for those of one service, newest first, up to so many."""
Now = Callable[[str], ScalingState]


def records(store: Store, environment: str, service: str, limit: int) -> Sequence[ChangeRecord]:
    """The changes of a service, or of all, newest first; none of an environment that is not there."""
    limit, found, before = min(max(limit, 1), MOST), list[Operation](), None
    for _ in range(LOOKED_THROUGH // AT_ONCE):
        page = store.operations.list(environment=environment, kind=KIND, before=before, limit=AT_ONCE)
        found += [each for each in page if service in ("", each.target)]
        if len(found) >= limit or len(page) < AT_ONCE:
            break
        before = page[-1].requested_at
    now = states(store, environment)
    return [record(operation, now) for operation in found[:limit]]


def change_of(store: Store, id: str) -> Operation:
    """A change by its id. Raises NotFound."""
    operation = store.operations.get(id)
    if operation is None or operation.kind != KIND:
        raise NotFound(f"There is no change of scaling {id[:40]}.")
    return operation


def states(store: Store, environment: str) -> Now:
    """By a service's name its state as last read, which is looked up once; it raises as `seen` and `registered` do."""
    snapshot = cache(lambda: seen(store, environment)[1])
    return lambda name: registered(service_of(snapshot(), name))


def record(operation: Operation, now: Now) -> ChangeRecord:
    """What a change was made on and what it changed."""
    before, change = read_state(operation.wants("opened")), read_change(operation.wants("change"))
    return ChangeRecord(operation, before, change, difference(change, before), cannot_revert(operation, now))


def back_of(operation: Operation, now: ScalingState) -> TakingBack:
    """What takes it back."""
    return taking_back(read_change(operation.wants("change")), read_state(operation.wants("opened")), now)


def cannot_revert(operation: Operation, now: Now) -> str:
    """Why a change cannot be taken back now; empty when it can."""
    if operation.live:
        return "It is not over yet."
    if operation.state is not State.SUCCEEDED and not operation.irreversible:
        return f"It did nothing: it is {operation.state}."
    try:
        back = back_of(operation, now(operation.target))
    except HavenError as gone:
        return gone.message
    if back.anything:
        return ""
    if back.moved:
        return f"Somebody has changed it since: {', '.join(back.moved)}."
    if back.lost:
        return f"Haven cannot put {', '.join(back.lost)} back: what it was made of was not read."
    return "There is nothing to take back: everything is as it was before."
