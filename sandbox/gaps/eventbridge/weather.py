"""Trouble with deliveries: EventBridge promises at least once and in no order, and what is best effort may be lost.

`duplicate` more copies of each event come, the first at once, the others DUPLICATE_GAP apart; `reorder` keeps an event
back until the rule's next one has gone, or HELD has passed; `drop` loses all. It holds until it is changed.
"""

from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox import control, state
from sandbox.clock import LOCK, clock, transition
from sandbox.fields import Body

DELAY = 0.5  # seconds of AWS's time between an event and its delivery
DUPLICATE_GAP = 2.0
HELD = 60.0
MOST_COPIES = 10


@dataclass
class Weather:
    """What disturbs, what is kept back (a rule's ARN-like key -> event), and what happened so far."""

    duplicate: int = 0
    reorder: bool = False
    drop: bool = False
    held: dict[str, dict[str, Any]] = field(default_factory=dict)
    delivered: int = 0
    dropped: int = 0

    def shown(self) -> dict[str, Any]:
        """As the control API tells it."""
        return {**asdict(self), "held": len(self.held)}


now = Weather()


def pass_on(account: str, region: str, bus: str, rule: str, event: dict[str, Any]) -> None:
    """Have an event a rule wants delivered, as the weather has it."""
    if now.drop:
        now.dropped += 1
        return
    place = {"account": account, "region": region, "bus": bus, "rule": rule}
    key = "/".join(place.values())
    if not now.reorder:
        _send(place, event, DELAY)
    elif key in now.held:
        _send(place, event, DELAY)
        _let_go(key, place, 2 * DELAY)
    else:
        now.held[key] = event
        clock.after(HELD, "eventbridge.let_go", **place, identity=event["id"])


def _send(place: dict[str, str], event: dict[str, Any], wait: float) -> None:
    for copy in range(now.duplicate + 1):
        clock.after(wait + copy * DUPLICATE_GAP, "eventbridge.deliver", **place, event=event)


def _let_go(key: str, place: dict[str, str], wait: float) -> None:
    _send(place, now.held.pop(key), wait)


@transition("eventbridge.let_go")
def let_go(account: str, region: str, bus: str, rule: str, identity: str) -> None:
    """Nothing came to be swapped with: deliver what was kept back, if it still is."""
    place = {"account": account, "region": region, "bus": bus, "rule": rule}
    key = "/".join(place.values())
    if now.held.get(key, {}).get("id") == identity:
        _let_go(key, place, 0.0)


def show(body: Body) -> dict[str, Any]:
    """How deliveries are disturbed, and how many there were."""
    return now.shown()


def order(body: Body) -> dict[str, Any]:
    """{"duplicate": n, "reorder": bool, "drop": bool}: each is optional, what is not named stays."""
    wanted: dict[str, Any] = {}
    if "duplicate" in body:
        wanted["duplicate"] = int(body.number("duplicate", 0, MOST_COPIES))
    for name in ("reorder", "drop"):
        if name in body:
            wanted[name] = body.flag(name)
    body.done()
    with LOCK:
        for name, value in wanted.items():
            setattr(now, name, value)
        if not now.reorder:
            for key in list(now.held):
                account, region, bus, rule = key.split("/")
                _let_go(key, {"account": account, "region": region, "bus": bus, "rule": rule}, DELAY)
        state.touch()
    return now.shown()


def calm(body: Body) -> dict[str, Any]:
    """Deliver as usual again."""
    body.done()
    return order(Body({"duplicate": 0, "reorder": False, "drop": False}))


def _load(kept: Any) -> None:
    for name, value in kept.items():
        setattr(now, name, value)


def keep() -> None:
    """Register the orders, and have all of it survive a restart."""
    state.register("eventbridge", lambda: {**asdict(now)}, _load)
    control.ROUTES |= {("GET", "events"): show, ("POST", "events"): order, ("DELETE", "events"): calm}
