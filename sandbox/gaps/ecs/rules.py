"""What the ECS service scheduler decides, as pure functions over what it sees (aws-facts 3.2, 3.3)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor

STARTING, HEALTHY, UNHEALTHY = "starting", "healthy", "unhealthy"


@dataclass(frozen=True)
class Seen:
    """One task that is meant to run: in which zone, of the newest deployment or an older one, and in what shape."""

    id: str
    zone: str
    newest: bool
    shape: str = HEALTHY
    age: int = 0
    """Place in the order of creation; the youngest has the greatest."""
    protected: bool = False
    """Neither scaling in nor a deployment may stop it."""


@dataclass(frozen=True)
class Decision:
    """How many tasks of the newest deployment to start, how many of them in place of unhealthy ones, which to stop."""

    start: int = 0
    replaced: int = 0
    stop: tuple[str, ...] = ()


def bounds(desired: int, minimum_percent: int, maximum_percent: int) -> tuple[int, int]:
    """(fewest healthy tasks, most tasks at all) during a deployment: the minimum rounds up, the maximum down."""
    return ceil(desired * minimum_percent / 100), floor(desired * maximum_percent / 100)


def failure_threshold(desired: int) -> int:
    """How many failed tasks trip the circuit breaker."""
    return min(200, max(3, ceil(desired * 0.5)))


def decide(desired: int, minimum_percent: int, maximum_percent: int, tasks: Sequence[Seen], extra: int = 0) -> Decision:
    """The next step towards `desired` healthy tasks of the newest deployment.

    `extra` tasks more than desired are wanted for now, because they rebalance the zones.
    """
    fewest, most = bounds(desired, minimum_percent, maximum_percent)
    good = [task for task in tasks if task.newest and task.shape != UNHEALTHY]
    bad = [task for task in tasks if task.newest and task.shape == UNHEALTHY]
    old = [task for task in tasks if not task.newest]
    need = max(0, desired + extra - len(good))
    room = max(0, most - len(tasks))
    start = min(need, room)
    stop = _surplus(good, desired + extra)
    ready = sum(task.shape == HEALTHY for task in good)
    if ready >= desired:
        stop += [task.id for task in bad]
    elif need > room and ready == len(good):  # no room beside them: they go first, one after the other
        stop += [task.id for task in bad[:1]]
    stop += _retire(old, sum(task.shape == HEALTHY for task in tasks if task.id not in stop) - fewest)
    return Decision(start, min(start, len(bad)), tuple(stop))


def _surplus(good: Sequence[Seen], wanted: int) -> list[str]:
    """Those too many: not yet running ones first, then from the fullest zone, the youngest first."""
    left = [task for task in good if not task.protected]
    kept = len(good) - len(left)
    gone = []
    while left and len(left) + kept > wanted:
        counts = Counter(task.zone for task in left)
        task = max(left, key=lambda t: (t.shape == STARTING, counts[t.zone], t.zone, t.age))
        left.remove(task)
        gone.append(task.id)
    return gone


def _retire(old: Sequence[Seen], spare: int) -> list[str]:
    """Tasks of older deployments that may go now: the useless at once, the healthy as far as `spare` reaches."""
    useless = [task.id for task in old if task.shape != HEALTHY]
    useful = _surplus([task for task in old if task.shape == HEALTHY], 0)
    return useless + useful[: max(0, spare)]


def rebalance(zones: Sequence[str], tasks: Iterable[Seen], maximum_percent: int) -> str | None:
    """The zone that should get a task because another has two more, or None when balanced or not possible."""
    counts = Counter(task.zone for task in tasks)
    if maximum_percent <= 100 or not zones:
        return None
    emptiest = min(zones, key=lambda zone: counts[zone])
    return emptiest if max(counts.values(), default=0) - counts[emptiest] > 1 else None


def in_words(counts: dict[str, int]) -> str:
    """`3 tasks in us-east-1a, 1 tasks in us-east-1b`, fullest first, as the service events say it."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count} tasks in {zone}" for zone, count in ordered)
