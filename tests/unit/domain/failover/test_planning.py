"""The plan of a failover."""

import re
import shlex
from datetime import timedelta
from typing import Any

import pytest

from services.domain.failover.episode import Result
from services.domain.failover.plan import Move, Plan
from services.domain.failover.planning import expectation, plan
from services.domain.failover.targets import destination, targets
from services.domain.operation import Target
from services.domain.snapshot import Snapshot
from tests import builders as b
from tests.builders.places import NOW, ZONES
from tests.unit.domain.failover.test_checks import stacks
from tests.unit.domain.failover.test_targets import db_cluster

A, B, C = ZONES
INSTANCE, CLUSTER, CACHE = Target.DATABASE_INSTANCE, Target.DATABASE_CLUSTER, Target.CACHE


def made(snapshot: Snapshot, kind: Target = INSTANCE, to_member: str = "", episodes: tuple[Any, ...] = ()) -> Plan:
    target = next(each for each in targets(snapshot) if each.kind is kind)
    return plan(b.environment(snapshot.environment), snapshot, target, destination(target, to_member), episodes)


def test_an_instance_s_roles_change_places() -> None:
    found = made(b.snapshot())
    assert found.moves == (Move("primary", A, B), Move("standby", B, A))
    assert found.commands[0] == (
        "aws rds reboot-db-instance --db-instance-identifier production-app --force-failover --region us-east-1"
    )
    assert found.commands[1] == (
        "aws rds describe-events --source-type db-instance --source-identifier production-app --duration 60 "
        "--region us-east-1"
    )


def test_a_cluster_goes_to_the_chosen_reader() -> None:
    found = made(b.snapshot(clusters=(db_cluster(),)), CLUSTER, "db-3")
    assert found.moves[0] == Move("writer", A, B, "db-1", "db-3")
    assert found.moves[1] == Move("reader", B, A, "db-3", "db-1")
    assert found.commands[0] == (
        "aws rds failover-db-cluster --db-cluster-identifier db --target-db-instance-identifier db-3 --region us-east-1"
    )


def test_where_aws_chooses_the_move_is_only_likely_and_the_line_names_nobody() -> None:
    found = made(b.snapshot(clusters=(db_cluster(engine="mysql"),)), CLUSTER)
    assert all(move.likely for move in found.moves)
    assert "target-db-instance" not in found.commands[0]
    cache = made(b.snapshot(), CACHE)
    assert cache.moves[0] == Move("primary", A, B, "production-cache-001", "production-cache-002", likely=True)
    assert cache.commands[0] == (
        "aws elasticache test-failover --replication-group-id production-cache --node-group-id 0001 --region us-east-1"
    )


def test_every_line_is_one_the_aws_cli_s_own_models_know() -> None:
    import botocore.session

    session = botocore.session.get_session()
    snapshot = b.snapshot(clusters=(db_cluster(),))
    for kind in (INSTANCE, CLUSTER, CACHE):
        for line in made(snapshot, kind).commands:
            _, service, command, *words = shlex.split(line)
            name = "".join(part.capitalize() for part in command.split("-"))
            model = session.get_service_model(service)
            operation = next(n for n in model.operation_names if n.lower() == name.lower())
            members = {m.lower() for m in model.operation_model(operation).input_shape.members}
            flags = {w.removeprefix("--").replace("-", "") for w in words if re.match(r"--[a-z]", w)}
            assert flags - {"region", "query"} <= members


def test_nowhere_to_go_is_no_move_and_no_line() -> None:
    found = made(b.legacy_snapshot())
    assert (found.moves, found.commands) == ((), ())
    assert found.expectation.failovers == 0


@pytest.mark.parametrize(("kind", "usual", "high"), [(INSTANCE, 90, 120), (CLUSTER, 35, 35), (CACHE, 10, 60)])
def test_without_enough_of_our_own_the_figure_is_aws_s(kind: Target, usual: float, high: float) -> None:
    past = [b.episode(str(n), target_kind=kind, outage_seconds=20.0) for n in range(2)]
    found = expectation(kind, past)
    assert (found.usual, found.high, found.failovers) == (usual, high, 0)
    assert "AWS says" in found.source
    assert "measured two of its own" in found.source


def test_three_of_our_own_are_gone_by() -> None:
    seconds = (30.0, 22.0, 41.0)
    past = [b.episode(str(n), outage_seconds=s, started_at=NOW - timedelta(days=n)) for n, s in enumerate(seconds)]
    others = [
        b.episode("x", outage_seconds=None),
        b.episode("y", target_kind=CACHE, outage_seconds=1.0),
        b.episode("z", result=Result.FAILED, outage_seconds=900.0),
    ]
    found = expectation(INSTANCE, [*others, *past])
    assert (found.usual, found.low, found.high, found.failovers) == (30.0, 22.0, 41.0, 3)
    assert found.source == "The median of 3 failovers of this kind that Haven saw, the last on 2026-11-22."


def test_who_feels_it() -> None:
    database = b.database(pending=(("DBInstanceClass", "db.r6g.xlarge"),))
    found = made(b.snapshot(stacks=stacks(), databases=(database,))).dependents
    assert [(each.subject, each.name) for each in found] == [
        ("service", "rbac"), ("service", "audit"), ("service", "identity-sync"),
        ("database", "production-app"), ("standby", "production-app"),
    ]  # fmt: skip
    assert "3 tasks lose their connections and reconnect (pools of 10: 30 connections)" in found[0].effect
    assert "does not say whether it uses it" in found[0].effect
    assert "DBInstanceClass to db.r6g.xlarge" in found[3].effect


def test_a_service_whose_stack_names_the_endpoint_certainly_feels_it() -> None:
    endpoint = b.cache().endpoint or ""
    named = tuple(
        b.stack(s.name, parameters=(("CacheEndpoint", endpoint if "rbac" in s.name else "x"),)) for s in stacks()
    )
    one = b.service("rbac", zones=(A,))
    found = made(b.snapshot(stacks=named, services=(one, b.service("audit"))), CACHE).dependents
    assert [each.name for each in found] == ["rbac", "production-cache"]
    assert found[0].effect == "1 task loses its connections and reconnects; writes fail meanwhile."


def test_of_a_target_that_is_gone_nothing_depends() -> None:
    target = targets(b.snapshot())[0]
    empty = b.snapshot(databases=())
    assert plan(b.environment(), empty, target, destination(target), ()).dependents == ()
    cluster = made(b.snapshot(clusters=(db_cluster(),), services=()), CLUSTER)
    assert [each.subject for each in cluster.dependents] == ["database"]
