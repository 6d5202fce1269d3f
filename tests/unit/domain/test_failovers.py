"""Failovers in history and in findings."""

from dataclasses import replace
from datetime import timedelta

from services.domain.findings import findings
from services.domain.history import Kind, changes, fingerprint
from services.domain.snapshot import Part, Snapshot
from services.domain.status import Status, freshness
from tests import builders as b

CALM = b.snapshot()
LATER = b.failover(at=b.NOW + timedelta(minutes=1))
OLDER = tuple(reading for reading in CALM.readings if reading.part is not Part.EVENTS)


def said(before: Snapshot, after: Snapshot) -> list[str]:
    return [change.what for change in changes(before, after)]


def test_a_new_failover_is_a_change_of_its_database_or_cache() -> None:
    after = replace(CALM, failovers=(b.failover(), b.failover("production-cache", source="elasticache")))
    assert said(CALM, after) == ["database production-app failed over", "cache production-cache failed over"]
    assert fingerprint(after) != fingerprint(CALM)
    first = changes(CALM, after)[0]
    assert (first.subject, first.before, first.after, first.kind) == (
        "database-production-app", "", "2026-11-21 23:13:00", Kind.FAILOVER,
    )  # fmt: skip


def test_another_failover_is_a_change_again_and_the_same_one_is_none() -> None:
    once, twice = replace(CALM, failovers=(b.failover(),)), replace(CALM, failovers=(LATER, b.failover()))
    assert said(once, twice) == ["database production-app failed over"]
    assert fingerprint(once) == fingerprint(replace(once, taken_at=b.NOW + timedelta(minutes=1)))
    assert said(once, once) == []


def test_the_order_of_failovers_is_no_change() -> None:
    assert fingerprint(replace(CALM, failovers=(LATER, b.failover()))) == fingerprint(
        replace(CALM, failovers=(b.failover(), LATER))
    )


def test_a_failover_that_aws_forgot_is_not_said_to_be_one() -> None:
    assert said(replace(CALM, failovers=(b.failover(),)), CALM) == [
        "database production-app: AWS no longer tells of its last failover"
    ]


def test_failovers_first_read_are_no_news() -> None:
    after = replace(CALM, failovers=(b.failover(),))
    assert said(replace(CALM, readings=OLDER), after) == ["events is read again"]


def test_a_snapshot_from_before_events_were_read_is_judged_as_it_was() -> None:
    assert findings(replace(CALM, readings=OLDER)) == findings(CALM) == ()
    unread = replace(CALM, readings=b.readings(failed={Part.EVENTS: "Throttling"}))
    assert [(finding.rule, finding.detail) for finding in findings(unread)] == [("gap", "events")]


def test_events_may_be_as_old_as_metrics() -> None:
    limit = timedelta(seconds=60)
    for part in (Part.EVENTS, Part.METRICS):
        assert freshness(CALM, part, b.NOW + limit * 3, limit) is None
        assert freshness(CALM, part, b.NOW + limit * 3 + timedelta(seconds=1), limit) is Status.STALE
