"""The page about drift as data: one verdict, what counts first, what is meant and what explains itself apart."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from portal.drift import page
from portal.drift.page import DriftPage
from services.domain.access import SYSTEM
from services.domain.operation import State, Target
from services.domain.scaling.edited import Edited
from services.domain.status import Status
from services.usecases.drifts import DriftOverview
from tests import builders as b
from tests.unit.portal import drift_scene as scene
from tests.unit.portal import house as houses
from tests.unit.portal.house import House

EVERY = timedelta(days=1)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return houses.house(tmp_path)


def seen(house: House) -> DriftOverview:
    return house.drifts.overview(SYSTEM, "production")


def made(house: House) -> DriftPage:
    return page.make(seen(house), b.NOW, EVERY)


def all_in_sync(house: House, **changes: float) -> None:
    stacks = [each.stack for each in seen(house).stacks]
    scene.put(house, *(scene.report(stack, **changes) for stack in stacks))  # type: ignore[arg-type]


def test_before_any_look_it_says_so_and_not_that_all_is_well(house: House) -> None:
    shown = made(house)
    assert (shown.said.status, shown.said.strong) == (Status.UNKNOWN, "Never looked.")
    assert {each.word for each in shown.stacks} == {"Never looked"}
    assert (shown.looked_at, shown.due) == (None, True)


def test_in_sync_is_said_when_every_stack_was_compared(house: House) -> None:
    all_in_sync(house)
    shown = made(house)
    assert (shown.said.status, shown.said.strong, shown.differences) == (Status.HEALTHY, "In sync.", 0)
    assert {each.compared for each in shown.stacks} == {"3 resources"}


def test_differences_are_counted_first_and_told_by_stack(house: House) -> None:
    scene.fill(house)
    shown = made(house)
    assert shown.said.status is Status.DEGRADED
    assert (shown.said.strong, shown.said.line) == (
        "3 differences:",
        "2 differences in network and 1 difference in data.",
    )
    assert shown.said.why == "Not counted: 1 difference is accepted and 1 explains itself. Not compared: platform."
    assert [(each.stack, len(each.drifted)) for each in shown.differing] == [("network", 2), ("data", 1)]


def test_accepted_and_explained_stand_apart(house: House) -> None:
    scene.fill(house)
    shown = made(house)
    assert [(row.logical_id, row.path) for row in shown.accepted] == [("Database", "/PreferredBackupWindow")]
    assert [(row.logical_id, row.path) for row in shown.explained] == [("Service", "/DesiredCount")]
    drift = [(row.word, row.logical_id, row.acceptable) for each in shown.stacks for row in each.drifted]
    assert drift == [
        ("Added", "DoorGroup", True),
        ("Deleted", "FlowLog", False),
        ("Changed", "Database", True),
    ]


def test_what_is_not_there_is_called_nothing_and_long_values_are_known(house: House) -> None:
    scene.fill(house)
    row = made(house).stacks[0].drifted[0]
    assert (row.expected, row.long) == ("nothing", True)
    assert not made(house).accepted[0].long


def test_a_stack_that_could_not_be_compared_says_why(house: House) -> None:
    scene.fill(house)
    platform = next(each for each in made(house).stacks if each.stack == "platform")
    assert (platform.status, platform.word, platform.failed) == (
        Status.UNKNOWN,
        "Not compared",
        "It is UPDATE_IN_PROGRESS.",
    )


def test_without_differences_what_is_not_known_is_no_health(house: House) -> None:
    stacks = [each.stack for each in seen(house).stacks]
    scene.put(house, *(scene.report(stack) for stack in stacks if stack != "data"))
    shown = made(house)
    assert (shown.said.status, shown.said.line) == (Status.UNKNOWN, "data could not be compared.")


def test_a_report_that_awss_detection_could_not_finish_is_not_known(house: House) -> None:
    all_in_sync(house)
    told = replace(scene.report("data", status="UNKNOWN", hours=1), reason="Access denied on resource [Database]")
    scene.put(house, told)
    data = next(each for each in made(house).stacks if each.stack == "data")
    assert (data.status, data.failed) == (Status.UNKNOWN, "Access denied on resource [Database]")


def test_what_is_twice_as_old_as_the_schedule_is_old(house: House) -> None:
    all_in_sync(house, hours=49)
    shown = made(house)
    assert (shown.said.status, shown.said.strong, shown.old) == (Status.STALE, "Looked long ago.", True)
    all_in_sync(house, hours=47)
    assert made(house).said.status is Status.HEALTHY


def test_live_edits_of_scaling_count(house: House) -> None:
    all_in_sync(house)
    edited = replace(seen(house), scaling=[("rbac", [Edited("maximum", "Maximum", "MaxTasks", "9", "12")])])
    shown = page.make(edited, b.NOW, EVERY)
    assert (shown.differences, shown.said.line) == (1, "1 live edit of scaling.")
    assert shown.said.status is Status.DEGRADED


def test_what_cloudformation_does_not_compare_is_told(house: House) -> None:
    odd = replace(scene.GROUP, status="NOT_CHECKED", differences=())
    scene.put(house, scene.report("network", odd, odd, status="IN_SYNC"))
    network = next(each for each in made(house).stacks if each.stack == "network")
    assert network.compared == "3 resources; 2 more that CloudFormation does not compare"


def look(state: State, **notes: str) -> DriftOverview:
    operation = b.operation(
        kind="drift",
        target_kind=Target.ENVIRONMENT,
        target="production (drift)",
        state=state,
        because="The role may not.",
        wanted=(("stacks", "network,data,platform"),),
        notes=tuple(notes.items()),
    )
    live = state in (State.REQUESTED, State.RUNNING, State.STUCK)
    return DriftOverview(b.environment(), [], [], operation if live else None, None, None if live else operation, b.NOW)


@pytest.mark.parametrize(
    ("state", "notes", "line"),
    [
        (State.REQUESTED, {}, "The role may not."),
        (State.RUNNING, {"found_network": "in sync", "not_compared_data": "No."}, "2 of 3 stacks compared."),
        (State.STUCK, {}, "It is stuck: The role may not."),
    ],
)
def test_a_look_under_way_says_how_far_it_is(state: State, notes: dict[str, str], line: str) -> None:
    shown = page.make(look(state, **notes), b.NOW, EVERY)
    assert shown.looking
    assert shown.looking.line == line
    assert shown.trouble == ""


def test_a_look_that_failed_is_told() -> None:
    assert page.make(look(State.FAILED), b.NOW, EVERY).trouble == "The last look failed: The role may not."


def test_an_environment_that_was_never_read_is_told_from_one_without_stacks() -> None:
    bare = look(State.SUCCEEDED)
    assert page.make(bare, b.NOW, EVERY).said.strong == "No stacks."
    assert page.make(replace(bare, read_at=None), b.NOW, EVERY).said.strong == "Not read yet."
