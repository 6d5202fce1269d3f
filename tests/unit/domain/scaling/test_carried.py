"""Carrying live edits into the template."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.domain.scaling.carried import Carried, carried
from services.domain.scaling.edited import edited_live
from services.domain.snapshot import ScheduledAction
from tests.unit.domain.scaling.edits import BUSY, CPU, MEMORY, QUIET, SAID, live, world

SCHEDULED = {**SAID, "BusySchedule": BUSY.schedule}


def carry(*given: Any, **more: Any) -> Carried:
    return carried(*world(*given), **more)


def test_values_become_parameters() -> None:
    edited = replace(
        live(min_capacity=4, max_capacity=20),
        policies=(
            replace(CPU, target=52.5, scale_out_cooldown=30),
            replace(MEMORY, target=80.0, scale_out_cooldown=30),
        ),
    )
    found = carry(edited)
    assert found.parameters == {
        "MinTasks": "4", "MaxTasks": "20", "CpuTarget": "52.5", "MemoryTarget": "80", "ScaleOutCooldown": "30",
    }  # fmt: skip
    assert found.before == {name: SAID[name] for name in found.parameters}
    assert (found.left, found.overwritten) == ((), ())


def test_nothing_edited_is_nothing_to_carry() -> None:
    assert carry(live()) == Carried({}, {}, (), ())
    assert carry(live(max_capacity=20), {"EnvironmentName": "x"}) == Carried({}, {}, (), ())


def test_one_cooldown_for_two_policies_cannot_be_two() -> None:
    found = carry(replace(live(), policies=(replace(CPU, scale_out_cooldown=30, target=50.0), MEMORY)))
    assert found.parameters == {"CpuTarget": "50"}
    (left,) = found.left
    assert left.edited.key == "policy/rbac-cpu/scale-out cooldown"
    assert left.why == "ScaleOutCooldown also stands for policy/rbac-memory/scale-out cooldown, which differs."
    # carrying the target writes the policy whole, and so its cooldown
    assert [(each.edited.key, each.to) for each in found.overwritten] == [(left.edited.key, "60 s")]


def test_what_the_template_has_no_parameter_for_is_left_and_stays_unless_its_resource_is_written() -> None:
    edited = replace(live(scale_in_suspended=True), policies=(replace(CPU, scale_in_disabled=True), MEMORY))
    found = carry(edited)
    assert (found.parameters, found.overwritten) == ({}, ())
    assert {each.edited.key for each in found.left} == {"scaling in", "policy/rbac-cpu/scale-in"}
    assert {each.why for each in found.left} == {"The template has no parameter for it."}


def test_a_policy_taken_away_or_a_cooldown_left_open_cannot_be_said() -> None:
    gone = {each.edited.key: each.why for each in carry(replace(live(), policies=(CPU,))).left}
    assert gone["policy/rbac-memory/target"] == "The template always makes it."
    opened = replace(CPU, scale_in_cooldown=None), replace(MEMORY, scale_in_cooldown=None)
    found = carry(replace(live(), policies=opened))
    assert found.parameters == {}
    assert {each.why for each in found.left} == {"ScaleInCooldown needs a value."}


def test_the_maximum_leads_the_bounds_of_the_actions() -> None:
    found = carry(live(max_capacity=20, scheduled=(BUSY, QUIET)), SCHEDULED)
    assert (found.parameters, found.left) == ({"MaxTasks": "20"}, ())
    assert [(each.edited.key, each.edited.live, each.to) for each in found.overwritten] == [
        ("scheduled/rbac-busy/maximum", "12", "20"),
        ("scheduled/rbac-quiet/maximum", "12", "20"),
    ]
    found = carry(live(scheduled=(replace(BUSY, max_capacity=20), QUIET)), SCHEDULED)
    assert found.parameters == {}
    assert [each.edited.key for each in found.left] == ["scheduled/rbac-busy/maximum"]


def test_a_minimum_set_by_an_action_is_not_carried_and_what_a_deployment_does_to_it_is_told() -> None:
    snapshot, service = world(live(min_capacity=6, max_capacity=20, scheduled=(BUSY, QUIET)), SCHEDULED)
    found = carried(replace(snapshot, taken_at=datetime(2026, 11, 23, 10, 0, tzinfo=UTC)), service)
    assert found.parameters == {"MaxTasks": "20"}
    assert [(each.edited.key, each.to) for each in found.overwritten] == [
        ("minimum", "3"),
        ("scheduled/rbac-busy/maximum", "20"),
        ("scheduled/rbac-quiet/maximum", "20"),
    ]


def test_schedules_are_carried() -> None:
    later = (replace(BUSY, schedule="cron(0 8 * * ? *)", min_capacity=7), QUIET)
    found = carry(live(scheduled=later), SCHEDULED)
    assert found.parameters == {"BusySchedule": "cron(0 8 * * ? *)", "BusyMinTasks": "7"}
    zoned = tuple(replace(each, timezone="Europe/Berlin") for each in (BUSY, QUIET))
    assert carry(live(scheduled=zoned), SCHEDULED).parameters == {"ScheduleTimezone": "Europe/Berlin"}
    assert carry(live(scheduled=(BUSY, QUIET))).parameters == {"BusySchedule": BUSY.schedule}
    assert carry(live(), SCHEDULED).parameters == {"BusySchedule": ""}


def test_one_action_of_two_cannot_be_said() -> None:
    found = carry(live(scheduled=(BUSY,)), SCHEDULED)
    assert found.parameters == {}
    assert {each.edited.key.rpartition("/")[0] for each in found.left} == {"scheduled/rbac-quiet"}


def test_scaling_itself_can_be_carried() -> None:
    off = {**SAID, "Scaling": "false"}
    found = carry(live(max_capacity=20, scale_in_suspended=True), off)
    assert found.parameters == {"Scaling": "true", "MaxTasks": "20"}
    assert [each.edited.key for each in found.left] == ["scaling in"]
    assert carry(None).parameters == {"Scaling": "false"}


def test_a_value_the_template_refuses_is_left_with_its_words() -> None:
    found = carry(live(max_capacity=2000, min_capacity=4), refused={"MaxTasks": "It must be from 1 to 500."})
    assert found.parameters == {"MinTasks": "4"}
    assert [(each.edited.key, each.why) for each in found.left] == [("maximum", "It must be from 1 to 500.")]
    assert [(each.edited.key, each.to) for each in found.overwritten] == [("maximum", "12")]


_ACTIONS = st.tuples(
    st.sampled_from(["cron(0 8 * * ? *)", BUSY.schedule, "at(2030-01-01T00:00:00)"]),
    st.sampled_from(["Etc/UTC", "Europe/Berlin", None]),
    st.sampled_from([None, 3, 6, 8]),
    st.sampled_from([None, 12, 20]),
)


@st.composite
def scalings(draw: Any) -> Any:
    """Whatever people may make of a service's scaling."""
    cooldowns = st.sampled_from([None, 30, 60, 300])
    policies = tuple(
        replace(
            each,
            target=draw(st.sampled_from([40.0, 60.0, 70.0, 72.5])),
            scale_out_cooldown=draw(cooldowns),
            scale_in_cooldown=draw(cooldowns),
            scale_in_disabled=draw(st.booleans()),
        )
        for each in draw(st.sampled_from([(CPU, MEMORY), (CPU,), (), (CPU, MEMORY, replace(CPU, name="mine"))]))
    )
    names = draw(st.sampled_from([(), ("rbac-busy",), ("rbac-busy", "rbac-quiet"), ("mine",)]))
    actions = tuple(ScheduledAction(name, *draw(_ACTIONS)) for name in names)
    low = draw(st.integers(1, 8))
    made = live(min_capacity=low, max_capacity=draw(st.integers(low, 30)), scheduled=actions)
    return replace(made, policies=policies, scale_in_suspended=draw(st.booleans()))


@settings(max_examples=150, deadline=None)
@given(scalings(), st.sampled_from([SAID, SCHEDULED, {**SAID, "Scaling": "false"}]))
def test_once_carried_only_what_was_said_to_be_left_is_edited(scaling: Any, said: dict[str, str]) -> None:
    snapshot, service = world(scaling, said)
    found = carried(snapshot, service)
    after, same = world(scaling, {**said, **found.parameters})
    told = {each.edited.key for each in found.left} | {each.edited.key for each in found.overwritten}
    assert {each.key for each in edited_live(after, same)} <= told
    assert all(each.why.endswith(".") for each in found.left)
    assert found.parameters.keys() == found.before.keys()
    assert all(value != said[name] for name, value in found.parameters.items())


@pytest.mark.parametrize("said", [SAID, SCHEDULED])
def test_carrying_twice_carries_nothing_more(said: dict[str, str]) -> None:
    scaling = replace(live(max_capacity=20), policies=(replace(CPU, target=50.0, scale_out_cooldown=30), MEMORY))
    found = carry(scaling, said)
    assert carry(scaling, {**said, **found.parameters}).parameters == {}
