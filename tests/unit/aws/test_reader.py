"""A whole snapshot from parts that fail, hang and depend on each other."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from services.aws.lanes import Lanes
from services.aws.reader import CloudReader
from services.aws.session import Sessions, Wire
from services.domain.snapshot import Part, Snapshot
from tests.builders.places import environment
from tests.unit.aws.stubs import WHEN
from tests.unit.aws.world import GROUP, Clock, World, stack

PRODUCTION = environment("production")
THROTTLED = ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, "DescribeThings")
DENIED = ClientError({"Error": {"Code": "AccessDenied", "Message": "not you"}}, "AssumeRole")


class Bench:
    """A reader on a small AWS."""

    def __init__(self, *, deadline: float = 30.0, patience: float = 10.0) -> None:
        self.world = World()
        self.clock = Clock()
        self.lanes = Lanes(8, patience)
        sessions = Sessions(Wire(), self.clock)
        self.reader = CloudReader(sessions, self.clock, lanes=self.lanes, deadline=deadline, sources=self.world.sources)

    def read(self, previous: Snapshot | None = None, *, metrics: bool = True) -> Snapshot:
        return self.reader.read(PRODUCTION, previous, metrics=metrics)

    def later(self, minutes: int = 1) -> None:
        self.clock.at += timedelta(minutes=minutes)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.reader.close()


def gap_parts(snapshot: Snapshot) -> set[Part]:
    return {gap.part for gap in snapshot.gaps}


def test_a_healthy_environment_is_read_whole(bench: Bench) -> None:
    snapshot = bench.read()
    assert snapshot.gaps == ()
    assert [reading.part for reading in snapshot.readings] == list(Part)
    assert {reading.read_at for reading in snapshot.readings} == {WHEN}
    assert [each.name for each in snapshot.stacks] == ["network", "data", "platform", "service-rbac"]
    assert snapshot.network is not None
    assert snapshot.gateway is not None
    assert [link.status for link in snapshot.gateway.links] == ["AVAILABLE"]
    assert snapshot.load_balancer is not None
    assert snapshot.load_balancer.deletion_protection is True
    (rbac,) = snapshot.services
    assert [task.task_id for task in rbac.tasks] == ["t1"]
    assert rbac.target_group is not None
    assert [target.state for target in rbac.target_group.targets] == ["healthy"]
    assert rbac.scaling is not None
    assert (rbac.scaling.min_capacity, rbac.scaling.max_capacity) == (3, 12)
    assert [d.identifier for d in snapshot.databases] == ["production-app"]
    assert [q.name for q in snapshot.queues] == ["production-events"]
    assert [a.name for a in snapshot.alarms] == ["alarm-1"]
    assert snapshot.metric("rbac", "CPUUtilization") is not None


def test_each_question_is_asked_once(bench: Bench) -> None:
    bench.read()
    several = {name: count for name, count in bench.world.asked.items() if count > 1}
    assert several == {"resources": 4}  # one for each stack


def test_an_environment_without_stacks_is_empty_and_freshly_read(bench: Bench) -> None:
    bench.world.says["stacks"] = ()
    snapshot = bench.read()
    assert snapshot.gaps == ()
    assert {reading.read_at for reading in snapshot.readings} == {WHEN}
    assert (snapshot.services, snapshot.databases, snapshot.network, snapshot.metrics) == ((), (), None, ())
    assert set(bench.world.asked) == {"stacks", "zones"}


def test_resources_of_unchanged_stacks_are_not_listed_again(bench: Bench) -> None:
    first = bench.read()
    bench.world.asked.clear()
    bench.world.says["stacks"] = (
        *(stack(name) for name in ("network", "data", "platform")),
        stack("service-rbac", "UPDATE_IN_PROGRESS"),
    )
    second = bench.read(first)
    assert bench.world.asked["resources"] == 1
    assert [each.resources for each in second.stacks] == [each.resources for each in first.stacks]


def test_a_throttled_part_keeps_its_facts_and_time_while_the_rest_is_fresh(bench: Bench) -> None:
    first = bench.read()
    bench.later()
    bench.world.says["databases"] = THROTTLED
    second = bench.read(first)
    assert second.databases == first.databases
    (gap,) = second.gaps
    assert (gap.part, gap.code, gap.since) == (Part.DATABASE, "Throttling", WHEN + timedelta(minutes=1))
    assert second.reading(Part.DATABASE).read_at == WHEN
    fresh = {reading.read_at for reading in second.readings if reading.part is not Part.DATABASE}
    assert fresh == {WHEN + timedelta(minutes=1)}


def test_a_gap_remembers_when_it_began_and_ends_with_the_next_success(bench: Bench) -> None:
    bench.world.says["queue"] = THROTTLED
    first = bench.read()
    assert first.queues == ()
    assert first.reading(Part.QUEUES).read_at is None
    bench.later()
    second = bench.read(first)
    assert [gap.since for gap in second.gaps] == [WHEN]
    bench.later()
    bench.world.says = World().says
    third = bench.read(second)
    assert third.gaps == ()
    assert third.reading(Part.QUEUES).read_at == WHEN + timedelta(minutes=2)


def test_each_part_fails_alone(bench: Bench) -> None:
    first = bench.read()
    questions = {
        "stacks": Part.STACKS,
        "zones": Part.ZONES,
        "subnets": Part.NETWORK,
        "link": Part.GATEWAY,
        "listeners": Part.LOAD_BALANCER,
        "targets": Part.TARGETS,
        "services": Part.SERVICES,
        "tasks": Part.TASKS,
        "scaling_policies": Part.SCALING,
        "maintenance": Part.DATABASE,
        "queue": Part.QUEUES,
        "tracking_alarms": Part.ALARMS,
        "metrics": Part.METRICS,
        "database_failovers": Part.EVENTS,
    }
    for question, part in questions.items():
        bench.world.says = {**World().says, question: THROTTLED}
        snapshot = bench.read(first)
        assert gap_parts(snapshot) == {part}
        assert replace(snapshot, readings=(), calls=first.calls) == replace(first, readings=())


def test_with_nothing_known_before_what_needs_a_failed_part_is_a_gap_that_names_it(bench: Bench) -> None:
    bench.world.says["stacks"] = THROTTLED
    snapshot = bench.read()
    assert gap_parts(snapshot) == set(Part) - {Part.ZONES}
    assert snapshot.zones
    gap = snapshot.reading(Part.DATABASE).gap
    assert gap is not None
    assert gap.code == "Throttling"
    assert gap.why.startswith("Not read, because stacks could not be read: AWS is throttling")
    assert set(bench.world.asked) == {"stacks", "zones"}


def test_metrics_need_caches_once_and_go_on_with_what_was_known(bench: Bench) -> None:
    bench.world.says["services"] = THROTTLED
    first = bench.read()
    assert gap_parts(first) == {Part.SERVICES, Part.METRICS}
    bench.world.says = World().says
    second = bench.read(first)
    bench.world.says["services"] = THROTTLED
    assert gap_parts(bench.read(second)) == {Part.SERVICES}


def test_a_refused_role_is_a_gap_in_every_part(bench: Bench) -> None:
    for question in bench.world.says:
        bench.world.says[question] = DENIED
    snapshot = bench.read()
    assert gap_parts(snapshot) == set(Part)
    assert {gap.code for gap in snapshot.gaps} == {"AccessDenied"}


def test_clients_that_cannot_be_had_are_a_gap_in_every_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "no-such-profile")
    clock = Clock()
    reader = CloudReader(Sessions(Wire(), clock), clock)
    snapshot = reader.read(PRODUCTION, None, metrics=True)
    reader.close()
    assert gap_parts(snapshot) == set(Part)
    assert {gap.code for gap in snapshot.gaps} == {"Credentials"}


def test_an_answer_of_an_unknown_form_is_a_gap_and_is_logged(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.world.says["tasks"] = ({"surprise": True, "group": "service:rbac"},)
    snapshot = bench.read()
    assert [(gap.part, gap.code) for gap in snapshot.gaps] == [(Part.TASKS, "UnexpectedAnswer")]
    assert "KeyError" in caplog.text


def test_metrics_are_carried_over_when_not_asked_for(bench: Bench) -> None:
    first = bench.read()
    bench.later()
    second = bench.read(first, metrics=False)
    assert bench.world.asked["metrics"] == 1
    assert second.metrics == first.metrics
    assert second.reading(Part.METRICS) == first.reading(Part.METRICS)
    never = bench.read(None, metrics=False)
    assert never.reading(Part.METRICS).read_at is None
    assert never.gaps == ()


def test_failovers_are_read_with_the_metrics_and_carried_over_otherwise(bench: Bench) -> None:
    first = bench.read()
    assert [each.subject for each in first.failovers] == ["production-app"]
    bench.later()
    bench.world.says["database_failovers"] = ()
    second = bench.read(first, metrics=False)
    assert bench.world.asked["database_failovers"] == 1
    assert second.failovers == first.failovers
    assert second.reading(Part.EVENTS) == first.reading(Part.EVENTS)
    assert bench.read(second).failovers == ()


def test_events_are_asked_for_at_once_after_a_snapshot_that_knew_none(bench: Bench) -> None:
    first = bench.read()
    older = replace(first, failovers=(), readings=tuple(r for r in first.readings if r.part is not Part.EVENTS))
    second = bench.read(older, metrics=False)
    assert second.failovers == first.failovers
    assert second.gaps == ()
    assert bench.world.asked["metrics"] == 1


def test_events_that_are_refused_wait_for_the_next_minute(bench: Bench) -> None:
    bench.world.says["database_failovers"] = THROTTLED
    first = bench.read()
    assert gap_parts(first) == {Part.EVENTS}
    assert bench.read(first, metrics=False).gaps == first.gaps
    assert bench.world.asked["database_failovers"] == 1


def test_services_that_could_not_be_read_still_get_their_fresh_tasks_and_targets(bench: Bench) -> None:
    first = bench.read()
    bench.world.says["services"] = THROTTLED
    stopped = {**bench.world.says["tasks"][0], "lastStatus": "DEACTIVATING"}
    bench.world.says["tasks"] = (stopped,)
    (rbac,) = bench.read(first).services
    assert [task.last_status for task in rbac.tasks] == ["DEACTIVATING"]
    assert rbac.target_group is not None
    assert rbac.target_group.arn == GROUP


def test_a_hanging_api_is_a_gap_at_the_deadline_and_the_rest_is_fresh() -> None:
    bench = Bench(deadline=1.5)
    bench.world.hang("databases", "maintenance")
    snapshot = bench.read()
    bench.world.released.set()
    bench.reader.close()
    assert [(gap.part, gap.code) for gap in snapshot.gaps] == [(Part.DATABASE, "Timeout")]
    assert {r.read_at for r in snapshot.readings if r.part is not Part.DATABASE} == {WHEN}


def test_hanging_stacks_leave_time_to_read_the_rest_from_what_was_known() -> None:
    bench = Bench(deadline=2.0)
    first = bench.read()
    bench.later()
    bench.world.hang("stacks")
    second = bench.read(first)
    bench.world.released.set()
    bench.reader.close()
    assert [(gap.part, gap.code) for gap in second.gaps] == [(Part.STACKS, "Timeout")]
    assert second.reading(Part.METRICS).read_at == WHEN + timedelta(minutes=1)


def test_an_api_that_still_hangs_is_not_waited_for_again() -> None:
    bench = Bench(deadline=1.5, patience=0.0)
    bench.world.hang("databases", "maintenance")
    first = bench.read()
    bench.world.asked.clear()
    second = bench.read(first)
    assert bench.world.asked["databases"] == 0
    gap = second.reading(Part.DATABASE).gap
    assert gap is not None
    assert gap.why.startswith("An earlier call to rds has had no answer yet")
    bench.world.released.set()
    bench.reader.close()


def test_a_read_timeout_of_one_call_is_a_gap(bench: Bench) -> None:
    bench.world.says["alarms"] = ReadTimeoutError(endpoint_url="http://aws.test")
    assert [(gap.part, gap.code) for gap in bench.read().gaps] == [(Part.ALARMS, "Timeout")]


def test_the_calls_that_a_failed_part_leaves_are_waited_for(bench: Bench) -> None:
    bench.world.says["maintenance"] = THROTTLED
    bench.world.hang("databases")
    ended = threading.Event()

    def let_go() -> None:
        bench.world.released.set()
        ended.set()

    late = threading.Timer(0.2, let_go)
    late.start()
    snapshot = bench.read()
    assert gap_parts(snapshot) == {Part.DATABASE}
    assert ended.is_set()
    late.join()
