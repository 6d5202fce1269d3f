"""Template texts: the same on the fake, SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from services.ports import RunningTemplate, UnitOfWork
from tests.builders import NOW

HOUR = timedelta(hours=1)
TEXT = "# Größe\nResources:\n  Database:\n    Type: AWS::RDS::DBInstance\n" + "".join(f"  # {n}\n" for n in range(9999))


def put(unit: UnitOfWork, version: str, name: str = "data", body: str = TEXT, hours: int = 0) -> None:
    with unit() as store:
        store.templates.put(version, name, body, NOW + hours * HOUR)


def test_a_text_comes_back_as_it_was(any_unit: UnitOfWork) -> None:
    put(any_unit, "a" * 64)
    put(any_unit, "b" * 64, body="")
    with any_unit(readonly=True) as store:
        assert store.templates.get("a" * 64) == TEXT
        assert store.templates.get("b" * 64) == ""
        assert store.templates.get("c" * 64) is None


def test_one_that_is_known_stays_as_it_is(any_unit: UnitOfWork) -> None:
    put(any_unit, "a")
    put(any_unit, "a", "network", "another", hours=1)
    with any_unit(readonly=True) as store:
        assert store.templates.get("a") == TEXT
        assert store.templates.all() == [("a", "data", NOW)]


def test_newest_first_by_name(any_unit: UnitOfWork) -> None:
    for version, name, hours in (("b", "data", 0), ("a", "data", 0), ("c", "network", 1), ("d", "data", 2)):
        put(any_unit, version, name, hours=hours)
    with any_unit(readonly=True) as store:
        assert [row[0] for row in store.templates.all()] == ["d", "c", "a", "b"]
        assert store.templates.all("data")[:2] == [("d", "data", NOW + 2 * HOUR), ("a", "data", NOW)]
        assert store.templates.all("platform") == []


def test_many_may_keep_the_same_at_once(any_unit: UnitOfWork) -> None:
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda hours: put(any_unit, "a", hours=hours), range(6)))
    with any_unit(readonly=True) as store:
        assert len(store.templates.all()) == 1


def runs(environment: str, stack: str, version: str, hours: int = 0) -> RunningTemplate:
    return RunningTemplate(environment, stack, f"arn:{stack}", version, "as it stood", NOW + hours * HOUR)


def test_what_a_stack_runs_takes_the_place_of_what_it_ran(any_unit: UnitOfWork) -> None:
    rows = [runs("production", "data", "a"), runs("legacy", "data", "a"), runs("production", "data", "b", hours=1)]
    for row in rows:
        with any_unit() as store:
            store.templates.runs(row)
    with any_unit(readonly=True) as store:
        assert store.templates.running() == [rows[1], rows[2]]
        assert store.templates.running("production") == [rows[2]]
        assert store.templates.running("elsewhere") == []
