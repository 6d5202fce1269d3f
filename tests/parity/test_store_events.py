"""AWS's events and the failover history: the same on the fake, SQLite and PostgreSQL."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from services.domain.event import Came, CloudEvent
from services.domain.failover.episode import Episode, Origin, Result
from services.domain.operation import Target
from services.ports import UnitOfWork
from tests import builders as b
from tests.builders import NOW

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
STARTED = b.cloud_event(seconds=15)


def add(unit: UnitOfWork, *events: CloudEvent) -> list[CloudEvent]:
    with unit() as store:
        return list(store.events.add(events))


def kept(unit: UnitOfWork, env: str = "production", *, subject: str = "", limit: int = 1000) -> list[CloudEvent]:
    with unit(readonly=True) as store:
        return list(store.events.between(env, NOW - HOUR, NOW + HOUR, subject=subject, limit=limit))


def put(unit: UnitOfWork, *episodes: Episode) -> list[Episode]:
    with unit() as store:
        return [store.episodes.put(episode) for episode in episodes]


def test_events_come_back_whole_and_in_order_of_time(any_unit: UnitOfWork) -> None:
    full = b.cloud_event(
        "ü; DB instance restarted",
        31.25,
        source="elasticache",
        source_type="cache-cluster",
        categories=("availability", "failover"),
        event_id="RDS-EVENT-0006",
        came=Came.QUEUE,
    )
    bare = b.cloud_event("Something", 40, categories=(), received_at=None)
    assert add(any_unit, bare, full, STARTED) == [bare, full, STARTED]
    assert kept(any_unit) == [STARTED, full, bare]


def test_an_event_is_kept_once_whichever_way_it_comes(any_unit: UnitOfWork) -> None:
    events = b.failover_events()
    assert add(any_unit, *events[:2]) == list(events[:2])
    again = replace(
        events[1], at=events[1].at + timedelta(milliseconds=412), came=Came.QUEUE, message="DB instance restarted. "
    )
    assert add(any_unit, *events, again) == list(events[2:])
    assert add(any_unit, *events) == []
    assert add(any_unit) == []
    assert {event.key for event in kept(any_unit)} == {event.key for event in events}
    assert len(kept(any_unit)) == 4


def test_twice_in_one_batch_is_once(any_unit: UnitOfWork) -> None:
    named = replace(STARTED, event_id="RDS-EVENT-0013", came=Came.QUEUE)
    merged = replace(STARTED, event_id="RDS-EVENT-0013")
    assert add(any_unit, STARTED, named, STARTED) == [merged]
    assert kept(any_unit) == [merged]


def test_a_known_event_gains_its_id_and_nothing_else_and_keeps_it(any_unit: UnitOfWork) -> None:
    add(any_unit, STARTED)
    assert add(any_unit, replace(STARTED, event_id="RDS-EVENT-0013", came=Came.QUEUE, categories=())) == []
    assert kept(any_unit) == [replace(STARTED, event_id="RDS-EVENT-0013")]
    assert add(any_unit, STARTED) == []
    assert add(any_unit, replace(STARTED, event_id="RDS-EVENT-9999")) == []
    assert kept(any_unit) == [replace(STARTED, event_id="RDS-EVENT-0013")]


def test_the_same_words_in_another_place_or_second_are_another_event(any_unit: UnitOfWork) -> None:
    others = [
        STARTED,
        b.cloud_event(seconds=15, env="legacy", subject="production-app"),
        b.cloud_event(seconds=15, subject="production-other"),
        b.cloud_event(seconds=15, source="elasticache"),
        b.cloud_event(seconds=16),
    ]
    assert add(any_unit, *others) == others


def test_hundreds_at_once_added_by_several_at_once_are_each_new_to_one(any_unit: UnitOfWork) -> None:
    events = [b.cloud_event(f"Event {number}", number) for number in range(200)]
    together = threading.Barrier(4)

    def work(number: int) -> list[CloudEvent]:
        mine = events[:: 1 if number % 2 else -1]
        together.wait()
        return add(any_unit, *mine)

    with ThreadPoolExecutor(4) as pool:
        new = [event.key for part in pool.map(work, range(4)) for event in part]
    assert sorted(new) == sorted(event.key for event in events)
    assert kept(any_unit) == events


def test_a_window_is_cut_by_time_subject_and_number(any_unit: UnitOfWork) -> None:
    first, second, third = (b.cloud_event(f"Event {number}", number) for number in range(3))
    other = b.cloud_event("Event 1", 1, subject="production-cache-001", source="elasticache")
    elsewhere = b.cloud_event("Event 1", 1, "legacy")
    add(any_unit, third, other, first, elsewhere, second)
    assert kept(any_unit, subject="production-app") == [first, second, third]
    assert kept(any_unit, "legacy") == [elsewhere]
    assert kept(any_unit, subject="production-app", limit=2) == [second, third]
    with any_unit(readonly=True) as store:
        window = store.events.between("production", NOW, NOW + SECOND, subject="production-app")
        assert list(window) == [first, second]


def test_each_source_is_polled_up_to_its_own_time(any_unit: UnitOfWork) -> None:
    with any_unit() as store:
        assert store.events.polled_until("production", "rds") is None
        store.events.set_polled_until("production", "rds", NOW)
        store.events.set_polled_until("production", "elasticache", NOW + SECOND)
        store.events.set_polled_until("production", "rds", NOW + HOUR)
    with any_unit(readonly=True) as store:
        assert store.events.polled_until("production", "rds") == NOW + HOUR
        assert store.events.polled_until("production", "elasticache") == NOW + SECOND
        assert store.events.polled_until("legacy", "rds") is None


def test_events_and_their_poll_are_rolled_back_together(any_unit: UnitOfWork) -> None:
    def fail() -> None:
        with any_unit() as store:
            store.events.add([STARTED])
            store.events.set_polled_until("production", "rds", NOW)
            store.episodes.put(b.episode())
            raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        fail()
    with any_unit(readonly=True) as store:
        assert store.events.polled_until("production", "rds") is None
        assert store.episodes.get("episode-1") is None
    assert add(any_unit, STARTED) == [STARTED]
    assert put(any_unit, b.episode())[0].number == 1


def test_an_episode_comes_back_whole(any_unit: UnitOfWork) -> None:
    bare = Episode("bare", "production", Target.CACHE, "production-cache", NOW, Result.RUNNING, Origin.UNKNOWN)
    full = b.episode(
        from_member="one", to_member="two", detected_at=NOW, related=("op-1", "alarm"), acknowledged=b.acknowledgement()
    )
    assert put(any_unit, full, bare) == [replace(full, number=1), replace(bare, number=2)]
    with any_unit(readonly=True) as store:
        assert store.episodes.get("episode-1") == replace(full, number=1)
        assert store.episodes.get("bare") == replace(bare, number=2)
        assert store.episodes.get("nothing") is None


def test_an_episode_is_put_again_under_its_number(any_unit: UnitOfWork) -> None:
    running = b.episode(result=Result.RUNNING, completed_at=None, to_zone=None)
    put(any_unit, running, b.episode("episode-2"), b.episode("elsewhere", "legacy"))
    done = b.episode(started_at=NOW, origin=Origin.AUTOMATIC, target="production-cache", number=77)
    assert put(any_unit, done, b.episode("elsewhere", "legacy")) == [
        replace(done, number=1),
        b.episode("elsewhere", "legacy", number=1),
    ]
    with any_unit(readonly=True) as store:
        assert store.episodes.get("episode-1") == replace(done, number=1)
        assert [each.id for each in store.episodes.list(target="production-cache")] == ["episode-1"]


def test_an_acknowledgement_stays_and_the_first_one_counts(any_unit: UnitOfWork) -> None:
    stored = put(any_unit, b.episode())[0]
    seen = replace(stored, acknowledged=b.acknowledgement())
    with any_unit() as store:
        assert store.episodes.acknowledge("episode-1", b.acknowledgement()) == seen
        assert store.episodes.acknowledge("episode-1", b.acknowledgement("eve")) == seen
        assert store.episodes.acknowledge("nothing", b.acknowledgement()) is None
    later = replace(stored, result=Result.FAILED)
    assert put(any_unit, later) == [replace(later, acknowledged=b.acknowledgement())]
    with any_unit(readonly=True) as store:
        assert store.episodes.get("episode-1") == replace(later, acknowledged=b.acknowledgement())


def test_episodes_put_at_once_get_each_their_own_number(any_unit: UnitOfWork) -> None:
    together = threading.Barrier(8)

    def work(worker: int) -> list[Episode]:
        together.wait()
        return [put(any_unit, b.episode(f"{worker}-{number}"))[0] for number in range(4)]

    with ThreadPoolExecutor(8) as pool:
        numbers = [episode.number for part in pool.map(work, range(8)) for episode in part]
    assert sorted(numbers) == list(range(1, 33))


def test_the_same_new_episode_put_at_once_is_one(any_unit: UnitOfWork) -> None:
    together = threading.Barrier(6)

    def work(_: int) -> int:
        together.wait()
        return put(any_unit, b.episode())[0].number

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(work, range(6))) == [1] * 6
    with any_unit(readonly=True) as store:
        assert len(store.episodes.list()) == 1


def test_episodes_are_filtered_newest_first(any_unit: UnitOfWork) -> None:
    old, mid = b.episode("old", started_at=NOW - HOUR), b.episode("mid", origin=Origin.OUTSIDE, started_at=NOW)
    new = b.episode("new", result=Result.ABANDONED, target="production-cache", started_at=NOW + HOUR)
    tie = b.episode("tie", "legacy", started_at=NOW + HOUR, origin=Origin.AUTOMATIC)
    put(any_unit, b.episode("first"), mid, old, new, tie)
    with any_unit(readonly=True) as store:

        def ids(**wanted: object) -> list[str]:
            return [each.id for each in store.episodes.list(**wanted)]  # type: ignore[arg-type]

        assert ids() == ["new", "tie", "first", "mid", "old"]
        assert ids(limit=2) == ["new", "tie"]
        assert ids(environment="production") == ["new", "first", "mid", "old"]
        assert ids(environment="") == ids()
        assert ids(target="production-cache") == ["new"]
        assert ids(origin=str(Origin.OUTSIDE)) == ["mid"]
        assert ids(result=str(Result.ABANDONED)) == ["new"]
        assert ids(since=NOW) == ["new", "tie", "first", "mid"]
        assert ids(until=NOW) == ["mid", "old"]
        assert ids(environment="production", since=NOW, until=NOW + timedelta(minutes=1)) == ["first", "mid"]
        assert ids(target="nothing") == []
