"""States of single things, and the verdict on all of them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from services.domain import states
from services.domain.findings import findings
from services.domain.health import carried_by, stopped_by, verdict, worst
from services.domain.snapshot import Part, Reading, Snapshot, VpcLink, Zone
from services.domain.status import State, Status, as_read, freshness
from tests import builders as b
from tests.unit.domain.strategies import snapshots

STALE_AFTER = timedelta(seconds=60)


def judged(snapshot: Snapshot, **later: float):
    return verdict(snapshot, b.NOW + timedelta(**later), STALE_AFTER)


def test_the_words_are_ordered_worst_first():
    order = [Status.DOWN, Status.DEGRADED, Status.UNKNOWN, Status.STALE, Status.CHANGING, Status.PAUSED]
    assert sorted([*reversed(order), Status.HEALTHY], key=lambda status: status.rank) == [*order, Status.HEALTHY]
    assert worst([Status.CHANGING, Status.UNKNOWN, Status.HEALTHY]) is Status.UNKNOWN
    assert worst([]) is Status.HEALTHY


def test_a_healthy_environment_says_so_in_numbers():
    said = judged(b.snapshot())
    assert said.status is Status.HEALTHY
    assert "9 healthy tasks of 3 services over 3 zones" in said.sentence
    assert "us-east-1b" in said.sentence


def test_a_healthy_environment_without_a_standby_does_not_claim_one():
    assert "standby" not in judged(replace(b.snapshot(), databases=(), stacks=())).sentence


def test_legacy_is_degraded_because_one_zone_carries_everything():
    said = judged(b.legacy_snapshot())
    assert said.status is Status.DEGRADED
    assert said.sentence == "One zone carries everything; losing us-east-1a stops it."
    assert "no standby" in said.why


def test_two_zones_that_each_stop_something_are_both_named():
    elsewhere = replace(b.legacy_snapshot(), databases=(b.database("legacy", multi_az=False, zone=b.ZONES[2]),))
    said = judged(elsewhere)
    assert said.sentence == (
        "Losing us-east-1a stops rbac, audit and identity-sync; losing us-east-1c stops the database."
    )
    several = replace(elsewhere, services=(), databases=(*elsewhere.databases, b.database("second", zone=None)))
    assert stopped_by(several) == (("us-east-1c", ("legacy-app",)),)


def test_a_weakness_of_one_zone_whose_zone_is_not_known_is_said_by_its_title():
    unknown = replace(b.snapshot(), databases=(b.database(multi_az=False, zone=None, secondary_zone=None),))
    assert judged(unknown).sentence == "Database production-app has no standby."


def test_other_weakness_names_its_first_finding_and_counts_the_rest():
    services = tuple(b.service(name, zone_rebalancing=False) for name in b.SERVICES)
    said = judged(replace(b.snapshot(), services=services, queues=(b.queue(encrypted=False), b.dead_letter_queue())))
    assert said.sentence == "rbac is not rebalanced over zones (and 2 more like it)."
    assert said.why.endswith("Also: Queue production-events is not encrypted.")


def test_down_outranks_everything():
    snapshot = replace(b.legacy_snapshot(), databases=(b.database("legacy", status="failed"),))
    assert judged(snapshot).status is Status.DOWN
    assert judged(snapshot).sentence == "Database legacy-app is down."


def test_unread_parts_are_named_together_and_never_healthy():
    read = b.readings(failed={Part.CACHE: "Throttling", Part.QUEUES: "Throttling"})
    said = judged(replace(b.snapshot(), readings=read))
    assert said.status is Status.UNKNOWN
    assert said.sentence == "Cache and queues were not read."


def test_nothing_deployed_is_paused_but_nothing_read_is_unknown():
    assert judged(Snapshot("new", b.NOW, b.readings())).status is Status.PAUSED
    assert judged(Snapshot("new", b.NOW)).status is Status.UNKNOWN


def test_an_old_snapshot_is_stale_and_says_what_it_was():
    said = judged(b.snapshot(), seconds=61)
    assert said.status is Status.STALE
    assert said.sentence == "Nothing was read from AWS since 02:13:00; it was healthy then."
    assert judged(b.snapshot(), seconds=60).status is Status.HEALTHY


def test_an_outage_stays_down_when_it_gets_old():
    snapshot = replace(b.snapshot(), databases=(b.database(status="failed"),))
    said = judged(snapshot, hours=1)
    assert said.status is Status.DOWN
    assert said.why.startswith("Nothing was read from AWS since 02:13:00; this is the last that was seen.")


@pytest.mark.parametrize(
    ("snapshot", "zones"),
    [
        (b.legacy_snapshot(), ("us-east-1a",)),
        (b.snapshot(), ()),
        (replace(b.legacy_snapshot(), services=()), ()),
        (replace(b.legacy_snapshot(), databases=(b.database(multi_az=False, zone=None),)), ()),
    ],
)
def test_which_zone_carries_everything(snapshot: Snapshot, zones: tuple[str, ...]):
    assert carried_by(snapshot) == zones


@settings(max_examples=30, deadline=timedelta(seconds=5), suppress_health_check=list(HealthCheck))
@given(snapshots())
def test_the_verdict_is_as_bad_as_the_worst_finding(snapshot: Snapshot):
    said = verdict(snapshot, snapshot.taken_at, STALE_AFTER)
    found = findings(snapshot)
    if said.status is not Status.PAUSED:
        assert said.status is worst(finding.weight for finding in found)
    assert said.sentence
    assert said.sentence.endswith(".")


def test_freshness_of_states_and_metrics():
    snapshot = b.snapshot()
    at = {seconds: b.NOW + timedelta(seconds=seconds) for seconds in (60, 61, 180, 181)}
    assert freshness(snapshot, Part.TASKS, at[60], STALE_AFTER) is None
    assert freshness(snapshot, Part.TASKS, at[61], STALE_AFTER) is Status.STALE
    assert freshness(snapshot, Part.METRICS, at[180], STALE_AFTER) is None
    assert freshness(snapshot, Part.METRICS, at[181], STALE_AFTER) is Status.STALE
    assert freshness(replace(snapshot, readings=()), Part.TASKS, at[60], STALE_AFTER) is Status.UNKNOWN


def test_what_was_not_read_is_never_shown_as_it_was():
    healthy = State(Status.HEALTHY, "available")
    assert as_read(healthy, None) is healthy
    assert as_read(healthy, Status.STALE) == State(Status.STALE, "stale")
    assert as_read(healthy, Status.UNKNOWN) == State(Status.UNKNOWN, "not read")


SERVICE = b.service("rbac")
TASK = SERVICE.tasks[0]


def with_target(**changes: object):
    assert SERVICE.target_group
    first, *rest = SERVICE.target_group.targets
    return replace(SERVICE, target_group=replace(SERVICE.target_group, targets=(replace(first, **changes), *rest)))


@pytest.mark.parametrize(
    ("service", "task", "status", "word"),
    [
        (SERVICE, TASK, Status.HEALTHY, "healthy"),
        (SERVICE, replace(TASK, last_status="PROVISIONING"), Status.CHANGING, "starting"),
        (SERVICE, replace(TASK, last_status="DEPROVISIONING"), Status.CHANGING, "stopping"),
        (SERVICE, replace(TASK, desired_status="STOPPED"), Status.CHANGING, "stopping"),
        (SERVICE, replace(TASK, last_status="SOMETHING_NEW"), Status.UNKNOWN, "something_new"),
        (SERVICE, replace(TASK, health="UNHEALTHY"), Status.DOWN, "unhealthy"),
        (SERVICE, replace(TASK, ip=None), Status.CHANGING, "joining"),
        (with_target(state="initial"), TASK, Status.CHANGING, "joining"),
        (with_target(state="draining"), TASK, Status.CHANGING, "draining"),
        (with_target(state="unhealthy.draining"), TASK, Status.DOWN, "unhealthy"),
        (with_target(state="unused"), TASK, Status.DOWN, "gets no traffic"),
        (with_target(state="unavailable"), TASK, Status.UNKNOWN, "not checked"),
        (replace(SERVICE, target_group=None), TASK, Status.HEALTHY, "running"),
        (replace(SERVICE, target_group=None), replace(TASK, health="UNKNOWN"), Status.UNKNOWN, "no health check"),
    ],
)
def test_a_task_is_what_ecs_then_the_load_balancer_says(service, task, status, word):
    assert states.task_state(service, task) == State(status, word)


def test_a_task_whose_target_was_not_read_is_unknown():
    assert states.task_state(SERVICE, TASK, targets_read=False).status is Status.UNKNOWN


def test_stopped_tasks_are_history():
    assert states.present(replace(SERVICE, tasks=(replace(TASK, last_status="STOPPED"),))) == ()


STARTING = replace(TASK, last_status="PENDING")
ROLLING = (b.deployment(rollout="IN_PROGRESS"),)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, Status.HEALTHY),
        ({"status": "DRAINING"}, Status.CHANGING),
        ({"status": "INACTIVE"}, Status.DOWN),
        ({"desired": 0}, Status.PAUSED),
        ({"tasks": ()}, Status.DOWN),
        ({"tasks": (STARTING,), "deployments": ROLLING}, Status.CHANGING),
        ({"tasks": (STARTING,), "deployments": (b.deployment(),)}, Status.DOWN),
        ({"tasks": (*SERVICE.tasks[:2], replace(SERVICE.tasks[2], last_status="PENDING"))}, Status.CHANGING),
        ({"tasks": SERVICE.tasks[:2]}, Status.DEGRADED),
        ({"tasks": (STARTING, SERVICE.tasks[1], replace(SERVICE.tasks[2], health="UNHEALTHY"))}, Status.DEGRADED),
        ({"deployments": ROLLING}, Status.CHANGING),
        ({"pending": 1}, Status.CHANGING),
    ],
)
def test_a_service_is_how_many_of_its_tasks_do_their_work(changes, status):
    assert states.service_state(replace(SERVICE, **changes)).status is status


def test_a_service_without_its_tasks_or_targets_read_is_unknown_unless_nothing_runs():
    assert states.service_state(SERVICE, tasks_read=False).status is Status.UNKNOWN
    assert states.service_state(SERVICE, targets_read=False).status is Status.UNKNOWN
    assert states.service_state(replace(SERVICE, running=0), targets_read=False).status is Status.DOWN


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("available", Status.HEALTHY),
        ("configuring-log-exports", Status.HEALTHY),
        ("rebooting", Status.CHANGING),
        ("a-new-status", Status.CHANGING),
        ("incompatible-network", Status.DOWN),
        ("stopped", Status.DOWN),
    ],
)
def test_the_database_is_what_rds_says(status: str, expected: Status):
    assert states.database_state(b.database(status=status)).status is expected


def test_a_standby_is_there_coming_or_absent():
    assert states.standby_state(b.database()) == State(Status.HEALTHY, "takes over; not readable")
    assert states.standby_state(b.database(secondary_zone=None)) == State(Status.CHANGING, "being made")
    assert states.standby_state(b.database(multi_az=False, pending=(("MultiAZ", "True"),))) is not None
    assert states.standby_state(b.database(multi_az=False)) is None


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (states.cache_state(b.cache(status="creating")), Status.CHANGING),
        (states.cache_node_state(b.cache_node(status=None), b.cache()), Status.HEALTHY),
        (states.link_state(VpcLink("v", "l", "INACTIVE")), Status.DEGRADED),
        (states.link_state(VpcLink("v", "l", "NEW_WORD")), Status.UNKNOWN),
        (states.balancer_state(b.load_balancer(state="provisioning")), Status.CHANGING),
        (states.nat_state(b.nat_gateway(state="deleted")), Status.DOWN),
        (states.zone_state(Zone("a", "1", "unavailable")), Status.DOWN),
        (states.zone_state(Zone("a", "1", "constrained")), Status.DEGRADED),
        (states.stack_state(b.stack(status="UPDATE_COMPLETE")), Status.HEALTHY),
        (states.stack_state(b.stack(status="ROLLBACK_IN_PROGRESS")), Status.CHANGING),
        (states.stack_state(b.stack(status="DELETE_FAILED")), Status.DEGRADED),
    ],
)
def test_other_things_by_aws_words(state: State, expected: Status):
    assert state.status is expected


def test_a_reading_without_a_time_is_never_read():
    assert (
        freshness(Snapshot("x", b.NOW, (Reading(Part.TASKS, None),)), Part.TASKS, b.NOW, STALE_AFTER) is Status.UNKNOWN
    )
