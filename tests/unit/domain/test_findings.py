"""Every rule both ways: silent on a healthy production, speaking when its one fact is wrong."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from services.domain.finding import Finding, Requirement, Subject
from services.domain.findings import RULES, findings, grouped
from services.domain.findings.brief import BRIEF
from services.domain.snapshot import Part, Snapshot, VpcLink, Zone
from services.domain.status import Status
from tests import builders as b
from tests.unit.domain.strategies import snapshots

HEALTHY = b.snapshot()


def database(**changes: object) -> Snapshot:
    return replace(HEALTHY, databases=(b.database(**changes),))


def cache(**changes: object) -> Snapshot:
    return replace(HEALTHY, caches=(b.cache(**changes),))


def service(**changes: object) -> Snapshot:
    return replace(HEALTHY, services=(b.service("rbac", **changes),))


def scaled(**changes: object) -> Snapshot:
    return service(scaling=b.scaling(**changes))


def alarmed(name: str, state: str = "ALARM", **changes: object) -> Snapshot:
    """rbac with one alarm of its scaling in a state."""
    return replace(service(**changes), alarms=(b.alarm(name, state=state, scaling=True),))


def wanting_more(**changes: object) -> Snapshot:
    """rbac above its CPU target."""
    return alarmed(b.policy().alarms[0], **changes)


def targets(*states: str, **changes: object) -> Snapshot:
    """rbac with its targets in these states, in the order of the zones."""
    made = b.service("rbac")
    assert made.target_group
    pairs = zip(made.target_group.targets, states, strict=True)
    group = replace(made.target_group, targets=tuple(replace(t, state=s, **changes) for t, s in pairs))
    return replace(HEALTHY, services=(replace(made, target_group=group),))


def alb(**changes: object) -> Snapshot:
    return replace(HEALTHY, load_balancer=b.load_balancer(**changes))


def net(**changes: object) -> Snapshot:
    return replace(HEALTHY, network=b.network(**changes))


def queue(**changes: object) -> Snapshot:
    return replace(HEALTHY, queues=(b.queue(**changes), b.dead_letter_queue()))


def stack(**changes: object) -> Snapshot:
    return replace(HEALTHY, stacks=(b.stack("data", **changes),))


def measured(subject: str, name: str, value: float) -> Snapshot:
    return replace(HEALTHY, metrics=(b.metric(subject, name, value),))


def failing(asked: float, failed: float) -> Snapshot:
    return replace(HEALTHY, metrics=(b.metric("environment", "Count", asked), b.metric("environment", "5xx", failed)))


def link(*statuses: str) -> Snapshot:
    links = tuple(VpcLink(f"vl-{n}", f"link-{n}", status) for n, status in enumerate(statuses))
    return replace(HEALTHY, gateway=b.gateway(links=links))


TASKS = b.service("rbac").tasks
COMPUTE = tuple(b.subnet(zone, "compute") for zone in b.ZONES)
A, B, C = b.ZONES
DEGRADED, DOWN, CHANGING, PAUSED = Status.DEGRADED, Status.DOWN, Status.CHANGING, Status.PAUSED

CASES = [
    ("database-single-zone", database(multi_az=False, secondary_zone=None), DEGRADED),
    ("database-single-zone", database(multi_az=True, secondary_zone=None), DEGRADED),
    ("database-down", database(status="storage-full"), DOWN),
    ("database-down", database(status="inaccessible-encryption-credentials"), DOWN),
    ("database-changing", database(status="rebooting"), CHANGING),
    ("database-pending", database(pending=(("DBInstanceClass", "db.r6g.xlarge"),)), CHANGING),
    ("database-pending", database(maintenance=("system-update",)), CHANGING),
    ("database-no-backups", database(backup_retention_days=0), DEGRADED),
    ("database-deletable", database(deletion_protection=False), DEGRADED),
    ("database-unencrypted", database(encrypted=False), DEGRADED),
    ("database-public", database(publicly_accessible=True), DEGRADED),
    ("database-storage-low", measured("production-app", "FreeStorageSpace", 9 * 1024**3), DEGRADED),
    ("cache-down", cache(status="create-failed"), DOWN),
    ("cache-changing", cache(status="modifying"), CHANGING),
    ("cache-node", replace(HEALTHY, caches=(replace(b.cache(), nodes=(
        b.cache_node(1), b.cache_node(2, status="rebooting cluster nodes"))),)), CHANGING),
    ("cache-node", replace(HEALTHY, caches=(replace(b.cache(), nodes=(
        b.cache_node(1), b.cache_node(2, status="incompatible-network"))),)), DOWN),
    ("cache-single-node", cache(nodes=1), DEGRADED),
    ("cache-one-zone", replace(HEALTHY, caches=(replace(b.cache(), nodes=(
        b.cache_node(1), b.cache_node(2, zone=A))),)), DEGRADED),
    ("cache-no-failover", cache(automatic_failover="disabled"), DEGRADED),
    ("cache-single-zone", cache(multi_az="disabled"), DEGRADED),
    ("cache-no-tls", cache(transit_encryption=False), DEGRADED),
    ("cache-unencrypted", cache(at_rest_encryption=False), DEGRADED),
    ("queue-no-dead-letter", queue(dead_letter=None), DEGRADED),
    ("dead-letters", replace(HEALTHY, queues=(b.queue(), b.dead_letter_queue(visible=1))), DEGRADED),
    ("dead-letters", replace(HEALTHY, queues=(b.queue(), b.dead_letter_queue(in_flight=2))), DEGRADED),
    ("queue-unencrypted", queue(encrypted=False), DEGRADED),
    ("queue-old-messages", measured("production-events", "ApproximateAgeOfOldestMessage", 301), DEGRADED),
    ("one-task", service(zones=(A,)), DEGRADED),
    ("few-zones", service(zones=(A, A, A)), DEGRADED),
    ("few-zones", service(zones=(A, A, B)), DEGRADED),
    ("unbalanced", service(zones=(A, A, A, B, C)), DEGRADED),
    ("unbalanced", replace(service(zones=(A, A, A, B, C)), network=None), DEGRADED),
    ("service-subnets", service(subnet_ids=("subnet-compute-a", "subnet-compute-b")), DEGRADED),
    ("service-down", targets("unhealthy", "unhealthy", "unhealthy"), DOWN),
    ("service-short", service(running=2), DEGRADED),
    ("service-short", service(running=2, pending=1), CHANGING),
    ("service-short", service(running=2, deployments=(b.deployment(rollout="IN_PROGRESS"),)), CHANGING),
    ("task-unhealthy", targets("healthy", "healthy", "unhealthy"), DOWN),
    ("task-unhealthy", targets("healthy", "healthy", "unused"), DOWN),
    ("task-unhealthy", targets("healthy", "healthy", "unhealthy", reason="Target.Timeout"), DOWN),
    ("task-unhealthy", service(tasks=(replace(TASKS[0], health="UNHEALTHY", zone=None), *TASKS[1:])), DOWN),
    ("targets-one-zone", targets("healthy", "initial", "initial"), DEGRADED),
    ("targets-unhealthy", service(tasks=(*TASKS[:2], replace(TASKS[2], ip="10.0.18.99")), target_group=replace(
        b.service("rbac").target_group, targets=(*(b.target(t) for t in TASKS[:2]),
        b.target(TASKS[2], state="unhealthy")))), DEGRADED),
    ("no-scaling", service(scaling=None), DEGRADED),
    ("no-cpu-policy", scaled(policies=(b.policy("ECSServiceAverageMemoryUtilization"),)), DEGRADED),
    ("no-memory-policy", scaled(policies=(b.policy(),)), DEGRADED),
    ("min-below-zones", scaled(min_capacity=2), DEGRADED),
    ("no-room", scaled(min_capacity=3, max_capacity=3), DEGRADED),
    ("at-max", wanting_more(zones=(A, B, C) * 4), DEGRADED),
    ("scaling-suspended", scaled(scale_out_suspended=True), DEGRADED),
    ("scaling-suspended", scaled(scale_in_suspended=True, scheduled_suspended=True), PAUSED),
    ("no-rebalancing", service(zone_rebalancing=False), DEGRADED),
    ("no-circuit-breaker", service(circuit_breaker=False, circuit_breaker_rollback=False), DEGRADED),
    ("no-rollback", service(circuit_breaker_rollback=False), DEGRADED),
    ("rollout", service(deployments=(b.deployment(rollout="IN_PROGRESS"),)), CHANGING),
    ("rollout", service(circuit_breaker_rollback=False, deployments=(b.deployment(rollout="IN_PROGRESS"),)), CHANGING),
    ("rollout-failed", service(deployments=(b.deployment(rollout="FAILED"),)), DEGRADED),
    ("rollout-failed", service(deployments=(b.deployment(rollout="FAILED", reason=None),)), DEGRADED),
    ("balancer-state", alb(state="active_impaired"), DEGRADED),
    ("balancer-state", alb(state="failed"), DOWN),
    ("errors", failing(1000, 10), DEGRADED),
    ("errors", failing(1000, 167), DEGRADED),
    ("errors", failing(1000, 500), DOWN),
    ("balancer-zones", alb(zones=(A, B)), DEGRADED),
    ("balancer-deletable", alb(deletion_protection=False), DEGRADED),
    ("balancer-no-shift", alb(zonal_shift_enabled=False), DEGRADED),
    ("vpc-link", link("INACTIVE"), DEGRADED),
    ("vpc-link", link("PENDING"), CHANGING),
    ("vpc-link", link("FAILED"), DOWN),
    ("nat-state", replace(HEALTHY, network=b.network(nat_gateways=(
        b.nat_gateway(A, state="failed"), b.nat_gateway(B), b.nat_gateway(C)))), DOWN),
    ("nat-state", replace(HEALTHY, network=b.network(nat_gateways=(
        b.nat_gateway(A, state="pending"), b.nat_gateway(B), b.nat_gateway(C)))), CHANGING),
    ("nat-shared", net(nat_zones=(A,)), DEGRADED),
    ("nat-shared", net(nat_zones=(A, B)), DEGRADED),
    ("nat-shared", net(nat_zones=()), DEGRADED),
    ("tier-zones", net(subnets=(*COMPUTE, b.subnet(A, "data"))), DEGRADED),
    ("tier-zones", net(subnets=(*COMPUTE, b.subnet(A, "data"), b.subnet(B, "data"))), DEGRADED),
    ("subnet-full", net(subnets=(b.subnet(A, free_addresses=1), b.subnet(B), b.subnet(C))), DEGRADED),
    ("zone-state", replace(HEALTHY, zones=(Zone(A, "use1-az1", "impaired"),)), DEGRADED),
    ("zone-state", replace(HEALTHY, zones=(Zone(A, "use1-az1", "unavailable"),)), DOWN),
    ("alarm-firing", replace(HEALTHY, alarms=(b.alarm(state="ALARM"),)), DEGRADED),
    ("alarm-firing", replace(HEALTHY, alarms=(b.alarm(state="ALARM", reason=None, description=None),)), DEGRADED),
    ("scaling-out", replace(HEALTHY, alarms=(
        b.alarm("TargetTracking-service/p/rbac-AlarmHigh-1", state="ALARM", scaling=True),)), CHANGING),
    ("alarm-muted", replace(HEALTHY, alarms=(b.alarm(actions_enabled=False),)), DEGRADED),
    ("stack-failed", stack(status="UPDATE_ROLLBACK_COMPLETE"), DEGRADED),
    ("stack-failed", stack(status="CREATE_FAILED", status_reason="No capacity."), DEGRADED),
    ("stack-changing", stack(status="UPDATE_IN_PROGRESS"), CHANGING),
    ("stack-unprotected", stack(termination_protection=False), DEGRADED),
    ("missing", replace(HEALTHY, gateway=None), DOWN),
    ("missing", replace(HEALTHY, databases=()), DOWN),
]  # fmt: skip


def of(snapshot: Snapshot, rule: str) -> list[Finding]:
    return [finding for finding in findings(snapshot) if finding.rule == rule]


def test_a_healthy_production_has_none():
    assert findings(HEALTHY) == ()


@pytest.mark.parametrize(("rule", "snapshot", "status"), CASES, ids=[f"{r}-{n}" for n, (r, _, _) in enumerate(CASES)])
def test_each_rule_speaks_when_its_fact_is_wrong(rule: str, snapshot: Snapshot, status: Status):
    found = of(snapshot, rule)
    assert [finding.status for finding in found] == [status] * len(found)
    assert found
    for finding in found:
        assert finding.title
        assert finding.why.endswith((".", "given")) or finding.why
        assert finding.mend
        assert finding.requirement in Requirement
        assert finding.id.startswith(f"{rule}:{finding.subject}")


def test_every_rule_has_a_case_and_a_brief_word():
    assert {rule for rule, _, _ in CASES} | {"gap"} == set(BRIEF)


def test_legacy_shows_what_a_single_zone_system_lacks():
    rules = {finding.rule for finding in findings(b.legacy_snapshot())}
    assert rules >= {
        "database-single-zone", "database-no-backups", "database-deletable", "one-task", "no-scaling", "nat-shared",
        "cache-single-node", "cache-no-failover", "cache-single-zone", "no-circuit-breaker", "no-rebalancing",
        "balancer-deletable", "balancer-no-shift",
    }  # fmt: skip
    assert all(finding.weight is Status.DEGRADED for finding in findings(b.legacy_snapshot()))


def test_at_the_maximum_and_asked_for_more_says_what_and_what_to_do():
    (found,) = of(wanting_more(zones=(A, B, C) * 4), "at-max")
    assert found.title == "rbac is at its maximum"
    assert found.why == (
        "12 tasks wanted, 12 allowed, and CPU is above its target of 60: AWS would add tasks and may not."
    )
    assert found.mend.startswith("Raise the maximum")


@pytest.mark.parametrize(
    "snapshot",
    [
        service(zones=(A, B, C) * 4),
        alarmed(b.policy().alarms[0], "OK", zones=(A, B, C) * 4),
        alarmed(b.policy().alarms[1], zones=(A, B, C) * 4),
    ],
    ids=["no alarms", "a quiet alarm", "a low alarm"],
)
def test_at_the_maximum_and_content_is_no_finding(snapshot: Snapshot):
    assert of(snapshot, "at-max") == []


def test_an_alarm_that_nothing_follows_does_not_announce_new_tasks():
    assert of(wanting_more(zones=(A, B, C) * 4), "scaling-out") == []
    assert of(wanting_more(), "scaling-out")
    held = wanting_more(scaling=b.scaling("rbac", scale_out_suspended=True))
    assert of(held, "scaling-out") == []
    assert of(held, "scaling-suspended")


def test_without_alarms_read_nobody_is_said_to_want_more():
    snapshot = wanting_more(zones=(A, B, C) * 4)
    unread = tuple(r for r in snapshot.readings if r.part is not Part.ALARMS)
    assert of(replace(snapshot, readings=unread), "at-max") == []


def test_one_task_down_degrades_but_a_service_without_any_is_down():
    one = of(targets("healthy", "healthy", "unhealthy"), "task-unhealthy")[0]
    assert (one.status, one.weight) == (Status.DOWN, Status.DEGRADED)
    assert one.subject == Subject.task(TASKS[2].task_id)
    assert findings(targets("unhealthy", "unhealthy", "unhealthy"))[0].rule == "service-down"


def test_a_failed_link_beside_a_working_one_only_degrades():
    assert of(link("FAILED", "AVAILABLE"), "vpc-link")[0].weight is Status.DEGRADED
    assert of(link("FAILED"), "vpc-link")[0].weight is Status.DOWN


def test_the_low_target_tracking_alarm_and_quiet_alarms_are_no_findings():
    low = b.alarm("TargetTracking-service/p/rbac-AlarmLow-1", state="ALARM", scaling=True)
    assert findings(replace(HEALTHY, alarms=(low, b.alarm(state="INSUFFICIENT_DATA")))) == ()


def test_harmless_states_accuse_nobody():
    assert findings(database(status="backing-up")) == ()
    assert findings(cache(status="snapshotting")) == ()
    assert findings(measured("production-app", "FreeStorageSpace", 11 * 1024**3)) == ()
    assert findings(measured("production-events", "ApproximateAgeOfOldestMessage", 300)) == ()
    assert findings(service(desired=0, running=0, tasks=(), target_group=None)) == ()
    assert findings(alb(deletion_protection=None, zonal_shift_enabled=None)) == ()
    assert findings(database(allocated_storage=0)) == ()


def test_a_subnet_that_was_not_read_makes_no_accusation():
    assert of(service(subnet_ids=("subnet-elsewhere",)), "service-subnets") == []
    assert of(replace(service(subnet_ids=("subnet-a",)), network=None), "service-subnets") == []


def test_a_tier_without_any_tagged_subnet_is_not_judged():
    untagged = net(subnets=(b.subnet(A, tier="compute"), b.subnet(B), b.subnet(C)))
    assert [f.detail for f in of(untagged, "tier-zones")] == []


def test_a_conversion_in_progress_is_told_but_is_still_no_standby():
    found = of(database(multi_az=False, secondary_zone=None, pending=(("MultiAZ", "true"),)), "database-single-zone")
    assert "is being made" in found[0].why


def test_missing_things_are_only_missed_once_their_stack_is_complete_and_their_part_was_read():
    assert (
        of(replace(HEALTHY, gateway=None, stacks=(b.stack("platform", status="CREATE_IN_PROGRESS"),)), "missing") == []
    )
    assert (
        of(
            replace(HEALTHY, gateway=None, readings=tuple(r for r in b.readings() if r.part is not Part.GATEWAY)),
            "missing",
        )
        == []
    )


def test_findings_of_one_rule_are_grouped_for_a_short_strip():
    groups = grouped(findings(b.legacy_snapshot()))
    tasks = next(group for group in groups if group.rule == "one-task")
    assert [f.subject for f in tasks.findings] == ["service-rbac", "service-audit", "service-identity-sync"]
    assert tasks.first is tasks.findings[0]


def test_no_database_rule_reads_a_part_it_did_not_ask_for():
    for rule in RULES:
        assert rule.parts
        assert not rule.applies(Snapshot("x", b.NOW))


@settings(max_examples=50, deadline=timedelta(seconds=5), suppress_health_check=list(HealthCheck))
@given(snapshots())
def test_arbitrary_snapshots_never_raise_and_are_ordered_worst_first(snapshot: Snapshot):
    found = findings(snapshot)
    ranks = [(finding.weight.rank, finding.status.rank) for finding in found]
    assert ranks == sorted(ranks)
    assert len({finding.id for finding in found}) == len(found)
    assert found == findings(snapshot)
    assert Status.HEALTHY not in {finding.status for finding in found}


@pytest.mark.parametrize(
    "silent",
    [
        failing(1000, 9),
        failing(29, 29),
        replace(HEALTHY, metrics=(b.metric("environment", "Count", 1000),)),
        replace(
            HEALTHY,
            metrics=(
                b.metric("environment", "Count", 1000),
                b.metric("environment", "5xx", 500, at=b.NOW - timedelta(minutes=5)),
            ),
        ),
    ],
)
def test_errors_that_say_nothing(silent: Snapshot) -> None:
    assert "errors" not in {finding.rule for finding in findings(silent)}
