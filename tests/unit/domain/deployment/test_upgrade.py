"""The rules of the way to Multi-AZ: what changes when, what is kept and why, what mends what, what fits together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.deployment.upgrade import (
    CALM,
    KINDS,
    MENDED_BY,
    Moves,
    Need,
    kept_because,
    mended,
    need_of,
    together,
)
from services.domain.deployment.upgrade_stakes import NOTHING, connections, stake
from services.domain.finding import Finding
from services.domain.findings import findings
from services.domain.findings.brief import BRIEF
from tests import builders as b

FOUND = {each.id: each for each in findings(b.legacy_snapshot())}


def finding(rule: str, subject: str = "") -> Finding:
    return next(each for each in FOUND.values() if each.rule == rule and subject in each.subject)


@pytest.mark.parametrize("parameter", ["DatabaseMultiAz", "DatabaseClass", "CacheNodes", "CacheClass", "NatPerZone"])
@pytest.mark.parametrize("template", ["network", "data", "platform", "service"])
def test_every_parameter_has_exactly_one_stage(parameter: str, template: str) -> None:
    assert [kind.owns(parameter) for kind in KINDS if kind.template == template].count(True) == 1


def test_the_standby_comes_before_everything_that_interrupts() -> None:
    order = [kind.name for kind in KINDS]
    assert order == ["network", "standby", "capacity", "platform", "services"]
    assert {"DatabaseClass", "BackupRetentionDays", "CacheClass", "DatabaseStorage"}.isdisjoint(CALM)


@pytest.mark.parametrize(
    ("parameter", "now", "then", "why"),
    [
        ("DatabaseStorage", "50", "100", "never shrink"),
        ("DatabaseStorage", "200", "100", "never shrink"),
        ("ImageTag", "1.0.7", "1.0.0", "no part of the way"),
        ("PoolSize", "20", "10", "connections"),
        ("DatabaseVersion", "16.9", "16.13", "outage"),
        ("BackupRetentionDays", "30", "14", "more already"),
        ("MinTasks", "4", "3", "more already"),
        ("DatabaseClass", "db.r6g.2xlarge", "db.r6g.large", "as large already"),
        ("DatabaseClass", "db.r7g.large", "db.r6g.large", "as large already"),
        ("DatabaseClass", "db.z9.huge", "db.r6g.large", "not known"),
        ("CacheClass", "cache.r7g.xlarge", "cache.r7g.large", "as large already"),
        ("DeletionProtection", "true", "false", "turned off"),
    ],
)
def test_what_would_be_worse_or_for_nothing_is_kept(parameter: str, now: str, then: str, why: str) -> None:
    assert why in kept_because(parameter, now, then, {})


@pytest.mark.parametrize(
    ("parameter", "now", "then"),
    [
        ("DatabaseMultiAz", "false", "true"),
        ("DatabaseClass", "db.t4g.medium", "db.r6g.large"),
        ("CacheClass", "cache.t4g.small", "cache.r7g.large"),
        ("CacheNodes", "1", "3"),
        ("BackupRetentionDays", "0", "14"),
        ("ZoneRebalancing", "DISABLED", "ENABLED"),
        ("CpuTarget", "50", "60"),
        ("DatabaseStorage", "50", "50"),
    ],
)
def test_everything_else_changes(parameter: str, now: str, then: str) -> None:
    assert kept_because(parameter, now, then, {"Scaling": "false"}) == ""


def test_a_target_that_scaling_follows_was_tuned() -> None:
    assert "tuned" in kept_because("CpuTarget", "50", "60", {"Scaling": "true"})


@given(now=st.integers(0, 70_000), then=st.integers(0, 70_000))
def test_what_may_never_be_less_never_becomes_less(now: int, then: int) -> None:
    for parameter in ("BackupRetentionDays", "CacheNodes", "MinTasks", "MaxTasks", "DatabaseStorageLimit"):
        assert bool(kept_because(parameter, str(now), str(then), {})) == (now > then)


def test_the_rules_that_are_mended_are_rules_that_there_are() -> None:
    assert MENDED_BY.keys() <= BRIEF.keys()


def test_a_finding_is_mended_by_the_change_that_it_names_alone() -> None:
    standby, backups = finding("database-single-zone"), finding("database-no-backups")
    moves = [Moves("data", "data", {"DatabaseMultiAz": ("false", "true")})]
    assert mended([standby, backups], moves) == (standby,)
    assert mended([standby], [Moves("data", "data", {})]) == ()
    assert mended([standby], [Moves("network", "network", {"DatabaseMultiAz": ("false", "true")})]) == ()


def test_a_service_mends_its_own_findings_only() -> None:
    rbac, audit = finding("no-scaling", "rbac"), finding("no-scaling", "audit")
    moves = [Moves("service-rbac", "service", {"Scaling": ("false", "true")})]
    assert mended([rbac, audit], moves) == (rbac,)


def test_a_database_of_another_stack_is_not_mended() -> None:
    standby = finding("database-single-zone")
    changes = {"DatabaseMultiAz": ("false", "true")}
    assert mended([standby], [Moves("data", "data", changes, frozenset({"legacy-app"}))]) == (standby,)
    assert mended([standby], [Moves("data", "data", changes, frozenset({"other-app"}))]) == ()


def test_any_change_of_the_stack_brings_its_protection() -> None:
    found = findings(b.legacy_snapshot(stacks=(b.stack("data", "legacy", termination_protection=False),)))
    unprotected = next(each for each in found if each.rule == "stack-unprotected")
    assert mended([unprotected], [Moves("data", "data", {"CacheNodes": ("1", "3")})]) == (unprotected,)
    assert mended([unprotected], [Moves("network", "network", {"NatPerZone": ("false", "true")})]) == ()


def test_what_a_service_needs_of_the_database() -> None:
    need = need_of({"MinTasks": "3", "MaxTasks": "12", "PoolSize": "10", "MaximumPercent": "150"})
    assert need == Need(12, 10, 1.5)
    assert need is not None
    assert (need.usual, need.most) == (120, 180)
    assert need_of({"MinTasks": "3"}) is None


@pytest.mark.parametrize(
    ("ceiling", "at_once", "said"),
    [
        (400, True, "All together: even with every task twice they hold 400"),
        (399, False, "One by one: with every task twice they would hold 400"),
        (150, False, "lower MaxTasks or PoolSize first"),
        (None, False, "nobody knows how many"),
    ],
)
def test_services_go_together_only_where_their_connections_fit(ceiling: int | None, at_once: bool, said: str) -> None:
    needs = [Need(10, 10, 2.0), Need(10, 10, 2.0)]
    assert together(needs, ceiling) is at_once
    assert said in connections(needs, ceiling, at_once=at_once)


def test_an_unknown_pool_does_not_fit() -> None:
    assert not together([Need(1, 1, 2.0), None], 5000)
    assert "pool of a service is not known" in connections([None], 5000, at_once=False)


@pytest.mark.parametrize(
    ("kind", "changing", "standby", "said"),
    [
        ("network", {"NatPerZone"}, False, "break once"),
        ("network", {"EndpointPerZone"}, False, "in every zone"),
        ("standby", {"DatabaseMultiAz", "CacheNodes", "DeletionProtection"}, True, "Nothing stops"),
        ("capacity", {"DatabaseClass"}, True, "fails over once"),
        ("capacity", {"DatabaseClass"}, False, "wait for the standby"),
        ("capacity", {"BackupRetentionDays", "CacheClass"}, True, "pauses reading and writing"),
        ("platform", {"LoadBalancerZones", "ZonalShift"}, True, "go on serving"),
        ("platform", {"IdleTimeout"}, True, "in place"),
        ("services", {"CircuitBreaker", "Scaling"}, True, "before it stops the old ones"),
        ("services", set[str](), True, NOTHING),
    ],
)
def test_what_is_at_stake_is_said_of_what_changes(kind: str, changing: set[str], standby: bool, said: str) -> None:
    assert said in stake(kind, changing, standby=standby)
