"""Where a failover went from and to: zones only once they are certain."""

from dataclasses import replace
from typing import Any

import pytest

from services.domain.failover.episodes import Place, places_of
from services.domain.operation import Target
from services.domain.snapshot import Part
from tests import builders as b
from tests.builders.places import NOW
from tests.builders.whole import readings
from tests.unit.domain.failover.test_episodes import COMPLETED, FORCED, STARTED, A, B, C, at, cluster, found, rds
from tests.unit.domain.failover.test_targets import db_cluster


def place(seconds: float, zone: str | None, other: str | None = None, **changes: Any) -> Place:
    return replace(
        Place(Target.DATABASE_INSTANCE, "production-app", at(seconds), zone, "production-app", other), **changes
    )


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        ([], (None, None)),
        ([place(-60, A, B)], (A, B)),
        ([place(-60, A)], (A, None)),
        ([place(40, A, B), place(45, A, B)], (A, B)),
        ([place(100, A, B)], (None, None)),
        ([place(-60, A), place(100, A), place(400, C)], (A, C)),
        ([place(700, B, A)], (A, B)),
        ([place(-90000, C, B)], (None, None)),
        ([place(-60, A, B, target="other")], (None, None)),
    ],
)
def test_zones_of_an_instance_once_they_are_certain(
    places: list[Place], expected: tuple[str | None, str | None]
) -> None:
    (one,) = found(FORCED, places=places)
    assert (one.from_zone, one.to_zone) == expected


def test_without_a_start_a_place_just_before_the_end_is_not_certain() -> None:
    events = rds((COMPLETED, 51))
    assert found(events, places=[place(20, A, B)])[0].from_zone is None
    assert found(events, places=[place(-20, A, B)])[0].from_zone == A


def test_what_the_api_still_shows_of_the_one_before_is_not_taken_for_this_one() -> None:
    events = [*FORCED, *rds((STARTED, 300), (COMPLETED, 340))]
    one, two = found(events, places=[place(-60, A, B), place(200, A, B), place(2000, A, B)])
    assert (one.from_zone, one.to_zone) == (A, B)
    assert (two.from_zone, two.to_zone) == (B, A)


def test_a_zone_that_swaps_early_is_not_taken_for_the_one_of_before() -> None:
    """Where time runs faster than on AWS, the new zone may show while the old one usually still does."""
    (one,) = found(FORCED, places=[place(-60, A, B), place(35, B, A), place(60, B, A)])
    assert (one.from_zone, one.to_zone) == (A, B)


def test_a_second_one_soon_after_the_first_has_shown() -> None:
    events = [*FORCED, *rds((STARTED, 300), (COMPLETED, 340))]
    seen = [place(-60, A, B), place(120, B, A), place(290, B, A), place(420, A, B)]
    one, two = found(events, places=seen)
    assert (one.from_zone, one.to_zone) == (A, B)
    assert (two.from_zone, two.to_zone) == (B, A)


def test_nowhere_yet_while_it_runs() -> None:
    (one,) = found(rds((STARTED, 15)), now=at(30), places=[place(-60, A, B)])
    assert (one.from_zone, one.to_zone) == (A, None)


def test_zones_and_members_of_a_cluster_by_its_writer() -> None:
    told = [("Started cross AZ failover to DB instance: db-3", 3), ("Completed failover to DB instance: db-3", 30)]
    before = Place(Target.DATABASE_CLUSTER, "db", at(-60), A, "db-1")
    after = Place(Target.DATABASE_CLUSTER, "db", at(60), B, "db-3")
    (one,) = found(cluster(*told), places=[after, before])
    assert (one.from_zone, one.to_zone, one.from_member, one.to_member) == (A, B, "db-1", "db-3")


def test_places_are_read_off_a_snapshot_with_the_time_of_their_reading() -> None:
    seen = places_of(b.snapshot(clusters=(db_cluster(), db_cluster(identifier="x", members=()))))
    assert [(p.kind, p.target, p.zone, p.member, p.other, p.at) for p in seen] == [
        (Target.DATABASE_INSTANCE, "production-app", A, "production-app", B, NOW),
        (Target.DATABASE_CLUSTER, "db", A, "db-1", None, NOW),
        (Target.CACHE, "production-cache", A, "production-cache-001", None, NOW),
    ]
    assert places_of(b.snapshot(readings=())) == ()
    swapped = b.snapshot(readings=readings(at(900)), databases=(b.database(zone=B, secondary_zone=A),))
    assert found(FORCED, snapshot=swapped)[0].to_zone == B
    assert found(FORCED, snapshot=swapped)[0].from_zone == A
    assert swapped.reading(Part.DATABASE).read_at == at(900)
