"""Trouble put on named APIs, and AWS's own limits, before a request reaches moto."""

import itertools
import threading
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from moto.iam.models import get_account_id_from

from sandbox import limits, state, wire
from sandbox.clock import clock
from sandbox.weather import buckets, refusals

KINDS = ("throttle", "error", "latency", "deny")


@dataclass(frozen=True)
class Trouble:
    """One disturbance: `rate` of the calls (0..1) of a service, or of one operation of it, until `until` (seconds
    since the epoch, by the sandbox's clock). `delay` is in seconds, `status` the HTTP status of an error."""

    id: int
    service: str
    operation: str | None
    kind: str
    rate: float
    delay: float
    status: int
    until: float
    met: int = 0
    hit: int = 0

    def concerns(self, call: wire.Call) -> bool:
        """Whether it is about this call."""
        return self.service in (call.service, "*") and self.operation in (None, call.operation)


_lock = threading.Lock()
_numbers = itertools.count(1)
_active: dict[int, Trouble] = {}


def make(
    service: str, operation: str | None, kind: str, rate: float, delay: float, status: int, lasts: float
) -> Trouble:
    """Start a disturbance; `lasts` is in seconds of the sandbox's clock."""
    with _lock:
        made = Trouble(next(_numbers), service, operation, kind, rate, delay, status, clock.time() + lasts)
        _active[made.id] = made
    state.touch()
    return made


def calm(number: int | None = None) -> int:
    """End one disturbance, or all; returns how many ended."""
    with _lock:
        ending = [n for n in _active if number in (None, n)]
        for n in ending:
            del _active[n]
    state.touch()
    return len(ending)


def active() -> list[Trouble]:
    """What disturbs now, oldest first."""
    with _lock:
        for n in [n for n, t in _active.items() if t.until <= clock.time()]:
            del _active[n]
        return list(_active.values())


def hits(call: wire.Call) -> list[Trouble]:
    """The disturbances that strike this very call. Exactly `rate` of the calls are struck, evenly spread: a test need
    not hope."""
    struck = []
    for trouble in active():
        if not trouble.concerns(call):
            continue
        with _lock:
            now = _active.get(trouble.id)
            if now is None:
                continue
            strikes = int((now.met + 1) * now.rate + 1e-9) > int(now.met * now.rate + 1e-9)
            _active[now.id] = replace(now, met=now.met + 1, hit=now.hit + strikes)
        if strikes:
            struck.append(trouble)
    return struck


def intervene(environ: dict[str, Any], start_response: Any) -> Iterable[bytes] | None:
    """Answer in AWS's place, after the delay if there is one; None lets the request through. Holds no lock."""
    from sandbox.wsgi import refuse

    call = wire.identify(environ)
    if call is None:
        return None
    answer = _disturbed(call) or _over_the_limit(call)
    if answer is None:
        try:
            limits.check(call)
        except wire.Answer as refused:
            answer = refused
    return None if answer is None else refuse(call, answer, start_response)


def _disturbed(call: wire.Call) -> wire.Answer | None:
    answer = None
    for trouble in hits(call):
        if trouble.kind == "latency":
            time.sleep(trouble.delay)
        elif trouble.kind == "throttle":
            answer = answer or refusals.throttled(call)
        elif trouble.kind == "error":
            answer = answer or refusals.failed(call, trouble.status)
        else:
            answer = answer or refusals.denied(call, get_account_id_from(call.access_key))
    return answer


def _over_the_limit(call: wire.Call) -> wire.Answer | None:
    rate = buckets.rate_of(call) if buckets.enabled else None
    if rate is None or buckets.BUCKETS.take(get_account_id_from(call.access_key), call.region, rate):
        return None
    return refusals.throttled(call)


def _load(kept: list[dict[str, Any]]) -> None:
    global _numbers
    with _lock:
        _active.clear()
        _active.update({t["id"]: Trouble(**t) for t in kept})
        _numbers = itertools.count(max(_active, default=0) + 1)


state.register("trouble", lambda: [asdict(t) for t in active()], _load)
