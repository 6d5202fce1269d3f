"""One failover stays one in the history, however its events come."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from services.domain.event import CloudEvent
from services.domain.failover.episode import Episode, Result
from services.domain.failover.episodes import merge
from services.domain.operation import Target
from tests import builders as b
from tests.unit.domain.failover.test_episodes import (
    ABANDONED,
    COMPLETED,
    FORCED,
    HOST,
    LATER,
    RESTARTED,
    STARTED,
    TESTED,
    A,
    B,
    asked,
    at,
    cluster,
    found,
    rds,
)  # fmt: skip

WORLD = [
    *FORCED,
    *rds((ABANDONED, 90), (STARTED, 2400), (RESTARTED, 2420), (COMPLETED, 2450), (HOST, 2450)),
    *TESTED,
    *cluster(("Started cross AZ failover to DB instance: db-2", 3), ("Completed failover to DB instance: db-2", 30)),
]


@given(st.permutations([*WORLD, *WORLD]))
def test_order_and_repetition_never_matter(events: list[CloudEvent]) -> None:
    assert found(events) == found(WORLD)
    assert len(found(events)) == 5


@given(st.permutations(WORLD), st.lists(st.integers(0, len(WORLD)), max_size=6))
def test_however_late_events_come_no_failover_is_kept_twice(events: list[CloudEvent], cuts: list[int]) -> None:
    kept: dict[str, Episode] = {}
    for cut in [*sorted(cuts), len(events)]:
        for episode in merge(list(kept.values()), found(events[:cut], now=LATER)):
            kept[episode.id] = episode
    final = sorted(kept.values(), key=lambda each: (each.started_at, each.target))
    direct = sorted(found(WORLD), key=lambda each: (each.started_at, each.target))
    assert [(e.target, e.started_at, e.completed_at, e.result, e.origin, e.cause) for e in final] == [
        (e.target, e.started_at, e.completed_at, e.result, e.origin, e.cause) for e in direct
    ]


@given(st.permutations(WORLD))
def test_merging_again_changes_nothing(events: list[CloudEvent]) -> None:
    once = merge(found(events[:7]), found(events))
    assert merge(once, found(events)) == once


def test_what_people_and_haven_added_stays() -> None:
    seen = found(FORCED, [asked(notes=(("baseline_zone", A),))])[0]
    kept = replace(
        seen, id="kept", number=7, acknowledged=b.acknowledgement(), outage_seconds=21.5, outage_source="probe",
        to_zone=B, detected_at=at(5), related=("alarm:cpu",),
    )  # fmt: skip
    (again,) = merge([kept], found(FORCED))
    assert again == kept
    probed = replace(found(FORCED)[0], outage_seconds=19.0, outage_source="probe")
    assert merge([kept], [probed])[0].outage_seconds == 19.0


def test_a_window_that_holds_only_a_part_takes_nothing_away() -> None:
    kept = found(FORCED)[0]
    assert merge([kept], found(FORCED[:2], now=at(60)))[0] == kept
    assert merge([kept], found(FORCED[2:3], now=at(60)))[0] == kept
    failed = found(rds((STARTED, 0), ("Recovered from partial failover.", 20)))[0]
    assert merge([failed], found(rds((STARTED, 0)), now=LATER))[0].result is Result.FAILED


def test_an_end_that_comes_alone_later_belongs_to_the_one_without_end() -> None:
    kept = found(FORCED[:1], now=at(30))
    (joined,) = merge(kept, found(FORCED[2:]))
    assert (joined.id, joined.started_at, joined.completed_at) == (kept[0].id, at(15), at(51))
    (failed,) = found(rds((STARTED, 0), ("Recovered from partial failover.", 20)))
    assert len(merge([failed], found(rds((COMPLETED, 1200))))) == 1
    assert merge([failed], found(rds((COMPLETED, 1200))))[0].id != failed.id


def test_others_are_left_alone() -> None:
    kept = found(FORCED)[0]
    for other in (
        replace(kept, id="x", environment="legacy"),
        replace(kept, id="x", target="other"),
        replace(kept, id="x", target_kind=Target.CACHE),
        replace(kept, id="x", result=Result.ABANDONED),
        replace(kept, id="x", started_at=at(5000), completed_at=at(5050), phases=()),
    ):
        assert merge([kept], [other])[0].id == "x"
    dropped = found(rds((ABANDONED, 90)))[0]
    assert merge([dropped], [replace(dropped, id="x", phases=())])[0].id == "x"


def test_each_is_matched_once() -> None:
    kept = found(FORCED)[0]
    assert [e.id for e in merge([kept, replace(kept, id="y")], [kept])] == [kept.id]
    assert [e.id for e in merge([kept], [kept, replace(kept, id="z")])] == [kept.id, "z"]
