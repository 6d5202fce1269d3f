"""The guards of a scaling change, each with its arithmetic."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.check import Answer, blocking
from services.domain.scaling import guards
from services.domain.scaling.guards import Bounds, Room, Use
from services.domain.scaling.judging import Facts, judged, rooms_of, uses_of
from tests import builders as b

PASS, FAIL, UNKNOWN = Answer.PASS, Answer.FAIL, Answer.UNKNOWN


def test_the_minimum_is_not_above_the_maximum() -> None:
    assert guards.ordered(Bounds(3, 3)).answer is PASS
    failed = guards.ordered(Bounds(5, 4))
    assert (failed.answer, failed.fact, failed.overridable) == (FAIL, "Not so: 5 ≤ 4.", False)
    assert failed.mend == "Lower the minimum to 4, or raise the maximum to 5."


@pytest.mark.parametrize(("low", "high", "answer"), [(1, 1, PASS), (0, 5, FAIL), (0, 0, FAIL)])
def test_never_none(low: int, high: int, answer: Answer) -> None:
    assert guards.never_none(Bounds(low, high)).answer is answer


@pytest.mark.parametrize(("low", "protected", "answer"), [(3, True, PASS), (2, True, FAIL), (1, False, PASS)])
def test_every_zone_where_it_is_protected(low: int, protected: bool, answer: Answer) -> None:
    check = guards.every_zone(Bounds(low, 9), 3, protected)
    assert check.answer is answer
    assert check.mend == ("Raise the minimum to 3." if answer is FAIL else "")


@pytest.mark.parametrize(
    ("high", "quota", "answer", "mend"),
    [
        (10, 20, PASS, ""),
        (11, 20, FAIL, "Lower the maximum to 10. Ask AWS for a higher quota."),
        (1, 0, FAIL, "Ask AWS for a higher quota."),
        (11, None, UNKNOWN, ""),
    ],
)
def test_the_quota(high: int, quota: int | None, answer: Answer, mend: str) -> None:
    check = guards.within_quota(Bounds(1, high), quota)
    assert (check.answer, check.mend) == (answer, mend)


@pytest.mark.parametrize(
    ("to", "desired", "answer"),
    [(Bounds(2, 6), None, PASS), (Bounds(1, 6), None, FAIL), (Bounds(3, 5), None, FAIL), (Bounds(3, 12), (9, 4), FAIL),
     (Bounds(3, 12), (8, 4), PASS)],
)  # fmt: skip
def test_a_step_down_of_more_than_half_wants_confirmation(
    to: Bounds, desired: tuple[int, int] | None, answer: Answer
) -> None:
    check = guards.small_step(Bounds(3, 12), to, desired)
    assert check.answer is answer
    assert blocking([check], {"step"}) == ()


def test_the_nearest_step_is_named() -> None:
    check = guards.small_step(Bounds(3, 12), Bounds(1, 5))
    assert check.fact == "Not so: minimum 3 → 1 < 3 ÷ 2, maximum 12 → 5 < 12 ÷ 2."
    assert check.mend == "Confirm it, or lower no further than minimum 2 and maximum 6."


def test_the_need_of_now() -> None:
    needs = {"cpu": (91.0, 70.0), "memory": (40.0, 80.0)}
    assert guards.current_need(Bounds(3, 8), 6, needs).fact == "ceil(6 × 91 ÷ 70) = 8 by cpu ≤ maximum 8."
    failed = guards.current_need(Bounds(3, 7), 6, needs)
    assert (failed.answer, failed.overridable, failed.mend) == (FAIL, True, "Set the maximum to 8 or more.")
    assert guards.current_need(Bounds(3, 7), 6, {}).answer is UNKNOWN


USES = (Use("rbac", 12, 200, 10), Use("audit", 6, 150, 5))


def test_the_connection_ceiling_shows_its_sum() -> None:
    check = guards.connections(USES, "rbac", 300, "db.t4g.medium")
    assert check.answer is PASS
    assert check.fact == (
        "ceil(12 × 200/100) × 10 (rbac) + ceil(6 × 150/100) × 5 (audit) + 15 reserved = 300 ≤ 300 (db.t4g.medium)."
    )


def test_the_connection_ceiling_names_the_largest_maximum_that_fits() -> None:
    failed = guards.connections(USES, "rbac", 299, "db.t4g.medium")
    assert (failed.answer, failed.overridable) == (FAIL, False)
    assert failed.mend == "Lower the maximum to 11. Make the pools smaller, or the database larger."
    assert guards.connections(USES, "rbac", 60, "x").mend == "Make the pools smaller, or the database larger."
    assert guards.connections(USES, "other", 60, "x").mend == "Make the pools smaller, or the database larger."


def test_the_connection_ceiling_is_no_pass_without_facts() -> None:
    unsaid = guards.connections((*USES, Use("sync", 3, 200, None)), "rbac", 300, "x")
    assert (unsaid.answer, "stack of sync" in unsaid.fact) == (UNKNOWN, True)
    assert guards.connections(USES, "rbac", None, "x").answer is UNKNOWN


@pytest.mark.parametrize(
    ("high", "zones", "peak", "answer", "mend"),
    [
        (12, 3, 8, PASS, ""), (12, 3, 9, FAIL, "Raise the maximum to 14."), (9, 1, 1, FAIL, "Use two zones or more."),
        (9, 0, 1, FAIL, "Use two zones or more."), (9, 3, None, UNKNOWN, "Wait for metrics."),
        (2, 2, 2, FAIL, "Raise the maximum to 4."),
    ],
)  # fmt: skip
def test_without_a_zone(high: int, zones: int, peak: int | None, answer: Answer, mend: str) -> None:
    check = guards.without_a_zone(Bounds(3, high), zones, peak)
    assert (check.answer, check.mend) == (answer, mend)


def test_addresses_count_the_tightest_zone() -> None:
    rooms = (Room("a", 100, 2), Room("b", 5, 3), Room("c", 90, 1))
    assert guards.addresses(Bounds(3, 12), rooms).fact == "ceil(24 ÷ 3 zones) = 8 ≤ 5 free + 3 own = 8 in b."
    failed = guards.addresses(Bounds(3, 13), rooms)
    assert (failed.answer, failed.mend) == (FAIL, "Lower the maximum to 12. Add larger subnets.")
    assert guards.addresses(Bounds(3, 1), ()).answer is UNKNOWN


@given(st.integers(0, 500), st.integers(100, 300))
def test_the_largest_that_fits_fits_and_one_more_does_not(tasks: int, percent: int) -> None:
    most = guards.fits(tasks, percent)
    assert guards.surge(most, percent) <= tasks
    assert guards.surge(most + 1, percent) > tasks


@given(st.integers(0, 300), st.integers(2, 6))
def test_the_maximum_named_for_a_lost_zone_passes_and_one_less_does_not(peak: int, zones: int) -> None:
    failed = guards.without_a_zone(Bounds(1, 1), zones, peak)
    if failed.answer is PASS:
        assert peak == 0
        return
    nearest = int(failed.mend.removesuffix(".").rpartition(" ")[2])
    assert guards.without_a_zone(Bounds(1, nearest), zones, peak).answer is PASS
    assert guards.without_a_zone(Bounds(1, nearest - 1), zones, peak).answer is FAIL


def test_every_guard_is_judged_once() -> None:
    facts = Facts(
        "rbac", Bounds(3, 12), Bounds(3, 12), 4, 3, True, {"cpu": (50.0, 70.0)}, 6, USES, 300, "db.t4g.medium",
        (Room("a", 100, 1), Room("b", 100, 1), Room("c", 100, 1)),
    )  # fmt: skip
    checks = judged(facts)
    assert [check.key for check in checks] == [
        "bounds", "never-zero", "zones", "quota", "step", "need", "connections", "one-zone-gone", "addresses",
    ]  # fmt: skip
    assert {check.answer for check in checks} == {PASS}
    assert [c.key for c in judged(replace(facts, desired_once=1)) if c.answer is FAIL] == ["step"]


def test_facts_are_gathered_from_a_snapshot() -> None:
    snapshot = b.snapshot()
    rbac = next(each for each in snapshot.services if each.name == "rbac")
    uses = uses_of(snapshot, None, "rbac", Bounds(3, 20, 150))
    mine = next(use for use in uses if use.service == "rbac")
    others = {use.service: use.max_capacity for use in uses if use.service != "rbac"}
    assert (mine.max_capacity, mine.maximum_percent) == (20, 150)
    assert set(others.values()) == {12}
    rooms = rooms_of(snapshot, rbac)
    assert [(room.zone, room.tasks) for room in rooms] == [("us-east-1a", 1), ("us-east-1b", 1), ("us-east-1c", 1)]
    assert all(room.free > 0 for room in rooms)
    assert rooms_of(replace(snapshot, network=None), rbac) == ()


def test_a_service_that_does_not_scale_counts_what_it_runs() -> None:
    snapshot = replace(b.snapshot(), services=(b.service("rbac"), b.service("audit", scaling=None, desired=7)))
    uses = uses_of(snapshot, None, "rbac", Bounds(3, 20))
    assert [use.max_capacity for use in uses] == [20, 7]
