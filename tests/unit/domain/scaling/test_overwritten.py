"""What a deployment does to live edits."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from services.domain.scaling.overwritten import Overwritten, kept, overwritten
from services.domain.scaling.templated import PARAMETERS
from tests.unit.domain.scaling.edits import BUSY, CPU, MEMORY, QUIET, SAID, live, world

STACK = "service-rbac"


def told(scaling: Any, *asked: tuple[str, str], said: dict[str, str] = SAID) -> dict[str, tuple[str, str]]:
    """By key, what is live and what it becomes."""
    snapshot, _ = world(scaling, said)
    return {each.edited.key: (each.edited.live, each.to) for each in overwritten(snapshot, {STACK: dict(asked)})}


def test_a_deployment_that_changes_nothing_of_a_resource_leaves_its_edits_alone() -> None:
    edited = replace(live(max_capacity=20), policies=(replace(CPU, target=50.0), MEMORY))
    assert told(edited) == {}
    assert told(edited, ("CpuTarget", "60"), ("MaxTasks", "12")) == {}
    assert told(edited, ("Cpu", "1024")) == {}
    assert told(edited, ("MemoryTarget", "75")) == {}


def test_a_resource_that_changes_is_written_whole() -> None:
    edited = replace(live(max_capacity=20), policies=(replace(CPU, target=50.0, scale_in_disabled=True), MEMORY))
    assert told(edited, ("MinTasks", "4")) == {"maximum": ("20", "12")}
    assert told(edited, ("CpuTarget", "55")) == {
        "policy/rbac-cpu/target": ("50", "55"),
        "policy/rbac-cpu/scale-in": ("off", "on"),
    }
    assert set(told(edited, ("ScaleInCooldown", "240"))) == {"policy/rbac-cpu/target", "policy/rbac-cpu/scale-in"}


def test_an_edit_that_the_deployment_asks_for_too_is_not_overwritten() -> None:
    assert told(live(max_capacity=20), ("MaxTasks", "20")) == {}


def test_what_no_resource_says_is_left_alone() -> None:
    edited = replace(live(scale_in_suspended=True), policies=(CPU, MEMORY, replace(CPU, name="by-hand")))
    assert told(edited, ("MinTasks", "4"), ("CpuTarget", "55"), ("MemoryTarget", "75")) == {}


def test_a_bound_set_by_a_scheduled_action_goes_back_until_its_next_run() -> None:
    said = {**SAID, "BusySchedule": BUSY.schedule}
    snapshot, _ = world(live(min_capacity=6, scheduled=(BUSY, QUIET)), said)
    snapshot = replace(snapshot, taken_at=datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
    (found,) = overwritten(snapshot, {STACK: {"MaxTasks": "15"}})
    assert (found.edited.key, found.to, found.because) == ("minimum", "3", ("MaxTasks",))


def test_busy_tasks_without_a_busy_time_change_nothing() -> None:
    assert told(live(max_capacity=20), ("BusyMinTasks", "9")) == {}


def test_it_is_said_in_a_sentence() -> None:
    snapshot, _ = world(live(max_capacity=20))
    (found,) = overwritten(snapshot, {STACK: {"MinTasks": "4"}, "network": {"NatPerZone": "true"}})
    assert isinstance(found, Overwritten)
    assert (found.service, found.stack, found.resource) == ("rbac", STACK, "ScalableTarget")
    assert found.sentence == "rbac: Maximum is 20 live and becomes 12, as MinTasks changes."


def test_switching_scaling_off_takes_every_edit_with_it() -> None:
    assert told(live(max_capacity=20), ("Scaling", "false")) == {"maximum": ("20", "none")}


def test_switching_it_on_where_it_is_on_already_overwrites_nothing_yet_known() -> None:
    off = {**SAID, "Scaling": "false"}
    assert told(live(), ("Scaling", "true"), said=off) == {}
    assert told(None, ("Scaling", "true"), said=off) == {}


def test_scaling_taken_away_comes_back_when_it_is_written() -> None:
    assert told(None, ("MaxTasks", "15")) == {"scaling": ("off", "on")}
    assert told(None, ("MaxTasks", "12")) == {}


def test_stacks_of_other_templates_have_nothing_to_lose() -> None:
    assert told(live(max_capacity=20), ("MinTasks", "4"), said={"EnvironmentName": "x"}) == {}


def test_a_plain_deployment_keeps_the_scaling_that_was_deployed() -> None:
    blueprint = {**SAID, "Cpu": "512"}
    deployed = {**SAID, "Cpu": "1024", "MaxTasks": "20", "ScaleInCooldown": "600"}
    assert kept(blueprint, deployed) == {"MaxTasks": "20", "ScaleInCooldown": "600"}
    assert kept(blueprint, SAID) == {}
    assert kept(blueprint, {}) == {}


def test_a_blueprint_that_turns_scaling_on_or_off_brings_its_own() -> None:
    small = {**SAID, "Scaling": "false", "MinTasks": "1", "MaxTasks": "1"}
    assert kept(SAID, small) == {}
    assert kept(small, SAID) == {}
    assert kept(small, {**small, "MinTasks": "2"}) == {}
    assert set(PARAMETERS) == SAID.keys() - {"ServiceName"}
