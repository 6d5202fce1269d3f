"""The steps after a failover: available, reachable, served, quiet; and a whole one from end to end."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from services.domain.failover.facts import FailoverFacts, Probe
from services.domain.failover.steps import steps_for
from services.domain.operation import Sent, State, decide, observe
from services.domain.snapshot import Part, Snapshot
from tests import builders as b
from tests.builders.data import database
from tests.builders.operations import failover_events, operation
from tests.builders.places import NOW
from tests.builders.whole import readings
from tests.unit.domain.failover.test_steps import AFTER, INSTANCE, A, B, at, done, facts, world


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        (world(), True),
        (world(databases=(database(status="rebooting"),)), False),
        (world(NOW), False),
        (world(databases=()), False),
    ],
)
def test_available_by_a_reading_after_the_act(snapshot: Snapshot, expected: bool) -> None:
    assert done("available", facts(snapshot)) is expected


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        (None, False),
        (Probe(AFTER, True, True, ""), True),
        (Probe(AFTER, True, None, ""), True),
        (Probe(AFTER, True, False, "still in recovery"), False),
        (Probe(AFTER, False, None, "refused"), False),
        (Probe(AFTER, None, None, "not reachable"), False),
        (Probe(NOW, True, True, "before the act"), False),
    ],
)
def test_the_endpoint_accepts_and_is_no_standby(probe: Probe | None, expected: bool) -> None:
    assert done("endpoint", facts(probe=probe)) is expected


def test_services_serve_as_before() -> None:
    def served(healthy: tuple[tuple[str, int], ...], snapshot: Snapshot) -> bool:
        return done("targets-healthy", facts(snapshot, baseline_healthy=healthy))

    one = b.service("rbac")
    assert one.target_group is not None
    sick = replace(one.target_group.targets[0], state="unhealthy")
    short = replace(one, target_group=replace(one.target_group, targets=(sick, *one.target_group.targets[1:])))
    assert served((("rbac", 3), ("audit", 3)), world())
    assert not served((("rbac", 3),), world(services=(short,)))
    assert served((("rbac", 2),), world(services=(short,)))
    assert served((("rbac", 3),), world(services=(replace(short, desired=2),)))
    assert not served((("gone", 3),), world())
    assert served((("gone", 0),), world())
    assert not served((("rbac", 1),), world(services=(replace(one, target_group=None),)))
    assert not served((("rbac", 3),), world(failed={Part.TARGETS: "Throttling"}, read=at(30)))


def test_new_alarms_and_only_those_are_not_quiet() -> None:
    rings = replace(b.alarm("errors"), state="ALARM")
    scaling = replace(rings, name="TargetTracking-low", scaling=True)
    assert done("alarms-quiet", facts(world(alarms=(b.alarm(), scaling))))
    assert not done("alarms-quiet", facts(world(alarms=(rings,))))
    assert done("alarms-quiet", facts(world(alarms=(rings,)), baseline_alarms=("errors",)))
    assert not done("alarms-quiet", facts(world(NOW)))


def _walk(look: Callable[[float], FailoverFacts], until: float) -> tuple[list[str], State | None]:
    """Drive a sent failover every two seconds; the steps seen in order, and the end."""
    steps = steps_for(INSTANCE)
    running = operation(state=State.RUNNING, step="fail-over", step_since=NOW, sent=Sent.YES, sent_at=NOW)
    for second in range(0, int(until), 2):
        seen = look(second)
        running = observe(running, steps, seen, at(second))
        decision = decide(running, steps, seen, at(second))
        if hasattr(decision, "state"):
            return [name for name, _ in running.seen], decision.state
    return [name for name, _ in running.seen], None


def test_a_whole_failover_as_measured_succeeds_in_order() -> None:
    def look(second: float) -> FailoverFacts:
        status = "rebooting" if second < 72 else "available"
        zone = A if second < 240 else B
        snapshot = b.snapshot(readings=readings(at(second)), databases=(database(status=status, zone=zone),))
        probe = Probe(at(second), second > 30, None, "")
        events = tuple(event for event in failover_events() if event.at <= at(second))
        return facts(snapshot, events=events, probe=probe, baseline_healthy=(("rbac", 3),))

    seen, ended = _walk(look, 600)
    assert ended is State.SUCCEEDED
    assert seen == ["fail-over", "available", "endpoint", "targets-healthy", "zone-swapped", "alarms-quiet"]


def test_an_event_that_never_comes_is_stuck_after_five_minutes() -> None:
    seen, ended = _walk(lambda second: facts(world(at(second + 0.5))), 400)
    assert (seen, ended) == ([], State.STUCK)
