"""The first sign of trouble, and what belongs to a failover."""

from dataclasses import replace
from datetime import timedelta

from services.domain.event import CloudEvent
from services.domain.failover.around import with_surroundings
from services.domain.failover.episode import Origin
from tests import builders as b
from tests.builders import NOW


def event(source: str, subject: str, seconds: float, *categories: str, kind: str = "alarm") -> CloudEvent:
    return CloudEvent("production", source, kind, subject, NOW + timedelta(seconds=seconds), "words", categories)


AUTOMATIC = replace(
    b.episode(), origin=Origin.AUTOMATIC, started_at=NOW, completed_at=NOW + timedelta(seconds=60), related=()
)


def test_the_first_alarm_before_an_automatic_one() -> None:
    events = [
        event("cloudwatch", "production-5xx", -20, "ALARM"),
        event("cloudwatch", "production-latency", -40, "ALARM"),
        event("cloudwatch", "production-old", -400, "ALARM"),
        event("cloudwatch", "production-quiet", -60, "OK"),
        event("cloudwatch", "TargetTracking-rbac-AlarmHigh", -50, "ALARM"),
        event("rds", "production-app", -50, "failover", kind="db-instance"),
    ]
    found = with_surroundings(AUTOMATIC, events)
    assert found.detected_at == NOW - timedelta(seconds=40)
    assert found.related == ("alarm:production-latency", "alarm:production-5xx")


def test_one_that_somebody_asked_for_was_not_detected() -> None:
    asked = replace(AUTOMATIC, origin=Origin.HAVEN, related=("operation:op-2",))
    found = with_surroundings(asked, [event("cloudwatch", "production-5xx", -20, "ALARM")])
    assert found.detected_at is None
    assert found.related == ("operation:op-2", "alarm:production-5xx")


def test_stacks_and_alarms_after_it_each_once() -> None:
    running = replace(AUTOMATIC, completed_at=None)
    events = [
        event("cloudwatch", "production-5xx", 30, "ALARM"),
        event("cloudwatch", "production-5xx", 90, "ALARM"),
        event("cloudformation", "production-data", 300, "UPDATE_COMPLETE", kind="stack"),
        event("cloudformation", "production-data", 310, "UPDATE_COMPLETE", kind="drift"),
        event("cloudwatch", "production-later", 700, "ALARM"),
    ]
    found = with_surroundings(running, events)
    assert (found.detected_at, found.related) == (None, ("alarm:production-5xx", "stack:production-data"))


def test_what_was_known_stays() -> None:
    known = replace(AUTOMATIC, detected_at=NOW - timedelta(minutes=1))
    assert with_surroundings(known, []).detected_at == NOW - timedelta(minutes=1)
