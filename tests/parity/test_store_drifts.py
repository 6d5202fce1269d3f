"""Drift reports and accepted differences: the same on the fake, SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.domain.deployment.drift import Accepted, Difference, DriftedResource, DriftReport
from services.ports import UnitOfWork
from tests.builders import NOW

HOUR = timedelta(hours=1)
DIFFERENCES = (Difference("/Tags/0", '{"Key": "Größe"}', "", "REMOVE"), Difference("/Port", "", "5433", "ADD"))
RESOURCES = (
    DriftedResource("data", "Database", "production-app", "AWS::RDS::DBInstance", "MODIFIED", DIFFERENCES),
    DriftedResource("data", "Key", "1234", "AWS::KMS::Key", "IN_SYNC"),
)


def report(stack: str = "data", hours: int = 0, **changes: Any) -> DriftReport:
    arn = f"arn:aws:cloudformation:us-east-1:123456789012:stack/production-{stack}/1"
    return replace(DriftReport("production", stack, arn, NOW + hours * HOUR, "IN_SYNC"), **changes)


def accepted(path: str = "/Port", **changes: Any) -> Accepted:
    return replace(Accepted("production", "data", "Database", path, "5433", "ada", NOW, "Moved on purpose"), **changes)


def put(unit: UnitOfWork, *reports: DriftReport) -> None:
    with unit() as store:
        for each in reports:
            store.drifts.put(each)


def accept(unit: UnitOfWork, *differences: Accepted) -> None:
    with unit() as store:
        for each in differences:
            store.drifts.accept(each)


def test_a_report_comes_back_whole(any_unit: UnitOfWork) -> None:
    whole = report(status="DRIFTED", resources=RESOURCES)
    unknown = report("platform", status="UNKNOWN", reason="Rate exceeded. Größe")
    put(any_unit, whole, unknown)
    with any_unit(readonly=True) as store:
        assert list(store.drifts.newest("production")) == [whole, unknown]


def test_one_of_the_same_moment_takes_its_place(any_unit: UnitOfWork) -> None:
    put(any_unit, report(), report(status="DRIFTED", resources=RESOURCES))
    with any_unit(readonly=True) as store:
        assert list(store.drifts.of("production", "data")) == [report(status="DRIFTED", resources=RESOURCES)]


def test_the_newest_of_every_stack_by_stack(any_unit: UnitOfWork) -> None:
    put(any_unit, report("service-rbac", 3), report(hours=2), report(hours=5), report(hours=1), report("Z", 0))
    put(any_unit, report(hours=9, environment="legacy"), report("network", environment="legacy", hours=5))
    with any_unit(readonly=True) as store:
        assert list(store.drifts.newest("production")) == [report("Z"), report(hours=5), report("service-rbac", 3)]
        assert list(store.drifts.newest("elsewhere")) == []


def test_past_ones_newest_first(any_unit: UnitOfWork) -> None:
    put(any_unit, *(report(hours=hours) for hours in (2, 0, 3, 1)), report("platform", 9))
    with any_unit(readonly=True) as store:
        assert list(store.drifts.of("production", "data", 3)) == [report(hours=hours) for hours in (3, 2, 1)]
        assert list(store.drifts.of("legacy", "data")) == []


def test_an_accepted_difference_comes_back_whole(any_unit: UnitOfWork) -> None:
    long = accepted("/Properties/" + "x" * 5000, actual="y" * 5000, reason="Größe")
    accept(any_unit, accepted(), long, accepted(environment="legacy"))
    with any_unit(readonly=True) as store:
        assert list(store.drifts.accepted("production")) == [accepted(), long]
        assert list(store.drifts.accepted("elsewhere")) == []


def test_the_last_word_about_a_place_counts(any_unit: UnitOfWork) -> None:
    accept(any_unit, accepted())
    later = accepted(actual="5434", by="bob", at=NOW + HOUR, reason="Again")
    accept(any_unit, later, accepted(stack="platform"), accepted(logical_id="Cache"), accepted("/port"))
    with any_unit(readonly=True) as store:
        assert list(store.drifts.accepted("production")) == [
            accepted(logical_id="Cache"),
            later,
            accepted("/port"),
            accepted(stack="platform"),
        ]


def test_one_is_taken_back_once(any_unit: UnitOfWork) -> None:
    accept(any_unit, accepted(), accepted("/Tags"))
    with any_unit() as store:
        assert store.drifts.take_back("production", "data", "Database", "/Port")
        assert not store.drifts.take_back("production", "data", "Database", "/Port")
        assert not store.drifts.take_back("legacy", "data", "Database", "/Tags")
        assert list(store.drifts.accepted("production")) == [accepted("/Tags")]
