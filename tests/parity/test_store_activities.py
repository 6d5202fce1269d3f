"""Scaling activities: the same on the fake, SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from services.domain.scaling.why import Activity, NotScaled
from services.ports import UnitOfWork
from tests.builders import NOW

HOUR = timedelta(hours=1)


def activity(id: str = "a-1", at: datetime = NOW, status: str = "Successful", **changes: object) -> Activity:
    made = {"description": "Setting desired count to 4.", "cause": "monitor alarm x in state ALARM triggered policy p"}
    return Activity(id, at, status, **{**made, **changes})  # type: ignore[arg-type]


def put(unit: UnitOfWork, *activities: Activity, service: str = "rbac", env: str = "production") -> int:
    with unit() as store:
        return store.activities.put(env, service, activities)


def between(unit: UnitOfWork, since: datetime, until: datetime, limit: int = 500) -> list[Activity]:
    with unit(readonly=True) as store:
        return list(store.activities.between("production", "rbac", since, until, limit=limit))


def test_an_activity_is_kept_whole(any_unit: UnitOfWork) -> None:
    whole = activity(
        message="Failed. Ü’\0",
        ended_at=NOW + HOUR,
        not_scaled=(NotScaled("AlreadyAtMaxCapacity", most=12, current=12), NotScaled("Other")),
    )
    plain = activity("a-2", NOW - HOUR)
    assert put(any_unit, whole, plain) == 2
    first, second = between(any_unit, NOW - HOUR, NOW)
    assert (first.not_scaled, first.ended_at, first.at) == (whole.not_scaled, whole.ended_at, NOW)
    assert second == plain


def test_one_that_goes_on_is_replaced_and_not_new(any_unit: UnitOfWork) -> None:
    assert put(any_unit, activity(status="InProgress"), activity("a-2")) == 2
    done = activity(message="Change successfully fulfilled by ecs.", ended_at=NOW + HOUR)
    assert put(any_unit, done, activity("a-2"), activity("a-3")) == 1
    assert between(any_unit, NOW, NOW) == [activity("a-3"), activity("a-2"), done]


def test_of_one_given_twice_the_last_counts(any_unit: UnitOfWork) -> None:
    assert put(any_unit, activity(status="Pending"), activity()) == 1
    assert between(any_unit, NOW, NOW) == [activity()]


def test_newest_first_and_the_oldest_are_left_out(any_unit: UnitOfWork) -> None:
    put(any_unit, *(activity(f"a-{n}", NOW + n * HOUR) for n in (2, 0, 3, 1)))
    assert [each.id for each in between(any_unit, NOW + HOUR, NOW + 3 * HOUR)] == ["a-3", "a-2", "a-1"]
    assert [each.id for each in between(any_unit, NOW, NOW + 9 * HOUR, limit=2)] == ["a-3", "a-2"]


def test_services_and_environments_are_apart(any_unit: UnitOfWork) -> None:
    assert put(any_unit, activity()) == 1
    assert put(any_unit, activity(at=NOW + HOUR), service="audit") == 1
    assert put(any_unit, activity(at=NOW + 2 * HOUR), env="legacy") == 1
    assert between(any_unit, NOW, NOW + 9 * HOUR) == [activity()]
    with any_unit(readonly=True) as store:
        assert store.activities.newest_at("production") == NOW + HOUR
        assert store.activities.newest_at("legacy") == NOW + 2 * HOUR
        assert store.activities.newest_at("other") is None


def test_nothing_to_keep(any_unit: UnitOfWork) -> None:
    assert put(any_unit) == 0


def test_of_many_at_once_each_is_new_once(any_unit: UnitOfWork) -> None:
    with ThreadPoolExecutor(6) as pool:
        new = pool.map(lambda _: put(any_unit, *(activity(f"a-{n}") for n in range(20))), range(6))
        assert sum(new) == 20
