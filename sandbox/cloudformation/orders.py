"""Failures on command, as the control API takes them."""

from dataclasses import asdict
from typing import Any

from sandbox import state
from sandbox.clock import LOCK
from sandbox.cloudformation import failures
from sandbox.fields import Bad, Body


def fail(body: Body) -> dict[str, Any]:
    """{"type", "reason", "act", "logical", "times"}: let the next operations on a resource of a type fail."""
    kind, reason = body.text("type"), body.text("reason")
    act, logical = body.optional_text("act") or "", body.optional_text("logical") or ""
    times = body.number("times", 1, failures.MOST, 1)
    body.done()
    from sandbox.cloudformation import handlers  # many modules; they are there once the application is

    if not handlers.known(kind):
        raise Bad(f"no stack here can have a {kind}, so none can fail; name a type as AWS::RDS::DBInstance")
    with LOCK:
        try:
            failures.fail_next(kind, reason, act=act, logical=logical, times=int(times))
        except ValueError as problem:
            raise Bad(str(problem)) from None
        state.touch()
    return pending(Body({}))


def pending(body: Body) -> dict[str, Any]:
    """What was ordered and has not happened yet, in its order."""
    body.done()
    return {"failures": [asdict(order) for order in failures.pending()]}


def relent(body: Body) -> dict[str, Any]:
    """No more failures; says how many were still to come."""
    body.done()
    with LOCK:
        ended = len(failures.pending())
        failures.clear()
        state.touch()
    return {"ended": ended}
