"""What counts as a change, and how it is said."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from services.domain.history import Kind, changes, fingerprint
from services.domain.snapshot import Part, ScheduledAction, Snapshot
from tests import builders as b
from tests.unit.domain.strategies import snapshots

BEFORE = b.snapshot()


def said(after: Snapshot) -> list[str]:
    return [change.what for change in changes(BEFORE, after)]


def rbac(**changed: object) -> Snapshot:
    return replace(BEFORE, services=(replace(BEFORE.services[0], **changed), *BEFORE.services[1:]))


def database(**changed: object) -> Snapshot:
    return replace(BEFORE, databases=(b.database(**changed),))


def scaling(**changed: object) -> Snapshot:
    return rbac(scaling=b.scaling(**changed))


@pytest.mark.parametrize(
    "same",
    [
        replace(BEFORE, taken_at=b.NOW + timedelta(hours=1), readings=b.readings(b.NOW + timedelta(hours=1))),
        replace(BEFORE, metrics=(b.metric(value=99.0),)),
        rbac(events=()),
        rbac(tasks=tuple(replace(t, task_id="f" * 32, arn="other") for t in BEFORE.services[0].tasks)),
        replace(BEFORE, queues=(b.queue(visible=4000, in_flight=3), b.dead_letter_queue())),
        replace(BEFORE, alarms=(*BEFORE.alarms, b.alarm("TargetTracking-x-AlarmLow-1", state="ALARM", scaling=True))),
        database(latest_restorable=b.NOW),
    ],
)
def test_ages_metrics_texts_and_task_ids_are_no_change(same: Snapshot):
    assert fingerprint(same) == fingerprint(BEFORE)
    assert changes(BEFORE, same) == ()


@pytest.mark.parametrize(
    ("after", "sentence"),
    [
        (rbac(desired=4), "rbac: 3 to 4 tasks"),
        (database(zone=b.ZONES[1], secondary_zone=b.ZONES[0]),
         "database production-app primary moved us-east-1a to us-east-1b"),
        (database(secondary_zone=None), "database production-app standby no longer in us-east-1b"),
        (database(status="rebooting"), "database production-app: status available to rebooting"),
        (database(maintenance=("system-update",)),
         "database production-app: waiting maintenance none to system-update"),
        (rbac(circuit_breaker=False), "rbac: circuit breaker on to off"),
        (rbac(deployments=(b.deployment(rollout="IN_PROGRESS"),)), "rbac: deployment COMPLETED to IN_PROGRESS"),
        (rbac(scaling=None), "rbac: scaling on to none"),
        (scaling(max_capacity=20), "rbac: maximum 12 to 20"),
        (scaling(scale_out_suspended=True), "rbac: suspended none to out"),
        (scaling(policies=(b.policy(target=70.0, scale_in_disabled=True),)),
         "rbac: policy production-rbac-cpu ECSServiceAverageCPUUtilization 60 %, cooldown 60/300 s to "
         "ECSServiceAverageCPUUtilization 70 % without scaling in, cooldown 60/300 s"),
        (scaling(scheduled=(ScheduledAction("night", "cron(0 22 * * ? *)", "UTC", 3, 3),)),
         "rbac: scheduled night none to cron(0 22 * * ? *) 3 to 3 UTC"),
        (replace(BEFORE, services=BEFORE.services[:2]), "identity-sync is gone"),
        (replace(BEFORE, services=(*BEFORE.services, b.service("billing"))), "billing appeared"),
        (replace(BEFORE, readings=b.readings(failed={Part.CACHE: "Throttling"})),
         "cache could not be read: Throttling"),
        (replace(BEFORE, caches=(b.cache(automatic_failover="disabled"),)),
         "cache production-cache: automatic failover enabled to disabled"),
        (replace(BEFORE, queues=(b.queue(), b.dead_letter_queue(visible=2))),
         "queue production-events-dlq: 0 to 2 dead letters"),
        (replace(BEFORE, network=b.network(nat_zones=b.ZONES[:2])), "NAT gateway in us-east-1c is gone"),
        (replace(BEFORE, network=None), "network is gone"),
        (replace(BEFORE, gateway=None), "API Gateway is gone"),
        (replace(BEFORE, load_balancer=b.load_balancer(zonal_shift_enabled=None)),
         "load balancer: zonal shift on to unknown"),
        (replace(BEFORE, load_balancer=None), "load balancer is gone"),
        (replace(BEFORE, alarms=(b.alarm(state="ALARM"),)), "alarm production-database-cpu: state OK to ALARM"),
        (replace(BEFORE, stacks=(b.stack(status="UPDATE_COMPLETE"), *BEFORE.stacks[1:])),
         "stack network: status CREATE_COMPLETE to UPDATE_COMPLETE"),
    ],
)  # fmt: skip
def test_a_change_is_a_sentence(after: Snapshot, sentence: str):
    assert sentence in said(after)
    assert fingerprint(after) != fingerprint(BEFORE)


def test_a_failover_of_the_cache_names_the_new_primary_zone():
    nodes = (b.cache_node(1, role="replica"), b.cache_node(2, role="primary"), b.cache_node(3))
    after = replace(BEFORE, caches=(replace(b.cache(), nodes=nodes),))
    assert "cache production-cache primary moved us-east-1a to us-east-1b" in said(after)
    assert "cache node production-cache-001: role primary to replica" in said(after)


def test_tasks_are_counted_by_state_and_zone():
    first, *rest = BEFORE.services[0].tasks
    found = said(rbac(tasks=(replace(first, last_status="PENDING", zone=None), *rest)))
    assert "rbac: 3 to 2 tasks healthy" in found
    assert "rbac: 0 to 1 tasks starting" in found
    assert "rbac: 0 to 1 tasks in no zone" in found


def test_a_gap_that_closes_says_so():
    gap = replace(BEFORE, readings=b.readings(failed={Part.CACHE: "Throttling"}))
    assert [change.what for change in changes(gap, BEFORE)] == ["cache is read again"]


def test_things_of_a_part_that_was_never_read_do_not_appear_or_vanish():
    blind = replace(BEFORE, readings=tuple(r for r in BEFORE.readings if r.part is not Part.DATABASE), databases=())
    found = changes(blind, BEFORE)
    assert [(change.what, change.kind) for change in found] == [("database is read again", Kind.GAP)]


def test_changes_name_their_node_and_bare_values():
    change = changes(BEFORE, rbac(desired=4))[0]
    assert (change.subject, change.before, change.after, change.kind) == ("service-rbac", "3", "4", Kind.COUNT)


@settings(max_examples=20, deadline=timedelta(seconds=5), suppress_health_check=list(HealthCheck))
@given(snapshots(), snapshots())
def test_changes_are_empty_exactly_when_fingerprints_agree(one: Snapshot, other: Snapshot):
    assert (changes(one, other) == ()) == (fingerprint(one) == fingerprint(other))
    assert changes(one, one) == ()
    assert all(change.what for change in changes(one, other))
