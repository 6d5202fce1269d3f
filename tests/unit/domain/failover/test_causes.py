"""AWS's words, understood."""

from typing import Any

import pytest

from services.domain.event import CloudEvent
from services.domain.failover.causes import What, group_of, meaning_of, member_shard, plain, understood
from services.domain.failover.episode import Origin
from tests import builders as b


def rds(words: str, **changes: Any) -> CloudEvent:
    return b.cloud_event(words, **changes)


def cache(words: str) -> CloudEvent:
    return b.cloud_event(words, source="elasticache", source_type="replication-group", subject="production-cache")


@pytest.mark.parametrize(
    ("words", "what", "id"),
    [
        ("Multi-AZ instance failover started. ", What.STARTED, "RDS-EVENT-0013"),
        ("Multi-AZ instance activation started.", What.STARTED, "RDS-EVENT-0050"),
        ("DB instance restarted", What.RESTARTED, "RDS-EVENT-0006"),
        ("Multi-AZ instance failover completed", What.COMPLETED, "RDS-EVENT-0049"),
        ("Multi-AZ instance failover completed.", What.COMPLETED, "RDS-EVENT-0049"),
        ("Multi-AZ failover to standby complete - DNS propagation may take a few minutes.", What.COMPLETED,
         "RDS-EVENT-0015"),
        ("Multi-AZ instance activation completed.", What.COMPLETED, "RDS-EVENT-0051"),
        ("Abandoning user requested failover since a failover recently occurred on the database instance.",
         What.ABANDONED, "RDS-EVENT-0034"),
        ("Recovered from partial failover.", What.PARTIAL, "RDS-EVENT-0065"),
        ("The instance has recovered from a partial failover.", What.PARTIAL, "RDS-EVENT-0065"),
        ("Recovery of standby DB instance has started.", What.REBUILDING, "RDS-EVENT-0361"),
        ("Recovery of standby DB instance has completed.", What.REBUILT, "RDS-EVENT-0362"),
        ("Cluster failover failed, check the cluster's instances.", What.FAILED, "RDS-EVENT-0069"),
        ("Promoting previous primary again: db-1", What.TAKEN_BACK, "RDS-EVENT-0070"),
        ("Completed failover to DB instance: db-2", What.COMPLETED, "RDS-EVENT-0071"),
        ("Completed RDS initiated failover to DB instance: db-2", What.COMPLETED, "RDS-EVENT-0071"),
        ("Started same AZ failover to DB instance: db-2", What.STARTED, "RDS-EVENT-0072"),
        ("Started cross AZ failover to DB instance: db-2.", What.STARTED, "RDS-EVENT-0073"),
    ],
)  # fmt: skip
def test_what_rds_says(words: str, what: What, id: str) -> None:
    said = understood(rds(words))
    assert (said.what, said.event_id) == (what, id)
    assert meaning_of(rds(words)) == said.meaning != words
    assert said.to_member in ("", "db-1", "db-2")


@pytest.mark.parametrize(
    ("words", "origin"),
    [
        ("The user requested a failover of the DB instance.", Origin.OUTSIDE),
        ("The operating system underlying the RDS database instance is being patched in an offline operation.",
         Origin.AUTOMATIC),
        ("The primary host of the RDS Multi-AZ instance is unhealthy.", Origin.AUTOMATIC),
        ("The primary host of the RDS Multi-AZ instance is unreachable due to loss of network connectivity.",
         Origin.AUTOMATIC),
        ("The RDS instance was modified by customer.", Origin.AUTOMATIC),
        ("The RDS Multi-AZ primary instance is busy and unresponsive.", Origin.AUTOMATIC),
        ("The storage volume underlying the primary host of the RDS Multi-AZ instance experienced a failure.",
         Origin.AUTOMATIC),
    ],
)  # fmt: skip
def test_every_reason_says_whose_it_was_also_under_another_s_id(words: str, origin: Origin) -> None:
    said = understood(rds(words, event_id="RDS-EVENT-0049"))
    assert (said.what, said.origin) == (What.REASON, origin)
    assert said.meaning


def test_whose_a_cluster_s_failover_was() -> None:
    assert understood(rds("Completed failover to DB instance: db-2")).origin is Origin.OUTSIDE
    assert understood(rds("Completed RDS initiated failover to DB instance: db-2")).origin is Origin.AUTOMATIC


def test_what_elasticache_says() -> None:
    called = understood(cache("Test Failover API called for node group 0002"))
    assert (called.what, called.shard, called.origin) == (What.CALLED, "0002", Origin.OUTSIDE)
    done = understood(cache("Failover from primary node c-0002-001 to replica node c-0002-003 completed"))
    assert (done.what, done.from_member, done.to_member, done.shard) == (
        What.COMPLETED, "c-0002-001", "c-0002-003", "0002",
    )  # fmt: skip
    short = understood(cache("Failover to replica node test-cluster-0001-002 completed."))
    assert (short.what, short.from_member, short.to_member) == (What.COMPLETED, "", "test-cluster-0001-002")
    assert understood(cache("Recovering cache nodes 0001")).what is What.REBUILDING
    assert understood(cache("Finished recovery for cache nodes 0001")).what is What.REBUILT


def test_new_words_under_a_known_id_are_what_the_id_says_but_nobody_s() -> None:
    said = understood(rds("A failover is complete now", event_id="RDS-EVENT-0071"))
    assert (said.what, said.origin) == (What.COMPLETED, None)


def test_one_service_s_words_mean_nothing_from_another() -> None:
    assert understood(cache("Multi-AZ instance failover completed")).what is What.OTHER
    assert understood(rds("x", source="ecs", event_id="RDS-EVENT-0049")).what is What.OTHER


def test_a_plain_sentence_for_known_events_and_aws_s_words_for_others() -> None:
    assert meaning_of(rds("Finished applying modification to convert to a Multi-AZ DB Instance")) == (
        "The standby is ready: Multi-AZ is on."
    )
    assert meaning_of(rds(" Something else. ")) == "Something else."
    assert meaning_of(rds("DB instance created", source="ecs")) == "DB instance created"
    assert plain(" Started. . ") == "Started"


@pytest.mark.parametrize(
    ("member", "group", "shard"),
    [("a-cache-001", "a-cache", ""), ("a-cache-0002-001", "a-cache", "0002"), ("a-cache", "a-cache", "")],
)
def test_a_member_names_its_group(member: str, group: str, shard: str) -> None:
    assert (group_of(member), member_shard(member)) == (group, shard)
