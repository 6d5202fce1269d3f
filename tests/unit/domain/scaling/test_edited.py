"""Live values that differ from the stack's parameters."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from provisioning import blueprint
from provisioning.template import template
from services.domain.scaling.bounds import last_run
from services.domain.scaling.difference import rows
from services.domain.scaling.edited import Edited, edited_live, explained
from services.domain.scaling.overwritten import _SAID
from services.domain.scaling.step import Adjustment, Step, StepPolicy
from services.domain.scaling.templated import PARAMETERS, against, of_parameters
from services.domain.snapshot import Part, ScheduledAction
from tests import builders as b
from tests.builders import NOW
from tests.unit.domain.scaling.edits import BUSY, CPU, MEMORY, QUIET, SAID, live, world

SCHEDULED = {**SAID, "BusySchedule": BUSY.schedule}


def edits(*given: Any, **more: Any) -> tuple[Edited, ...]:
    return edited_live(*world(*given, **more))


def test_what_the_template_made_is_not_edited() -> None:
    assert edits(live()) == ()
    assert edits(live(scheduled=(BUSY, QUIET)), SCHEDULED) == ()


@pytest.mark.parametrize(
    ("scaling", "expected"),
    [
        (live(max_capacity=20), Edited("maximum", "Maximum", "MaxTasks", "12", "20")),
        (live(min_capacity=4), Edited("minimum", "Minimum", "MinTasks", "3", "4")),
        (live(scale_in_suspended=True), Edited("scaling in", "Scaling in", "", "active", "suspended")),
        (live(scale_out_suspended=True), Edited("scaling out", "Scaling out", "", "active", "suspended")),
        (live(scheduled_suspended=True), Edited("scheduled actions", "Scheduled actions", "", "active", "suspended")),
        (
            replace(live(), policies=(replace(CPU, target=72.5), MEMORY)),
            Edited("policy/rbac-cpu/target", "Policy rbac-cpu: target", "CpuTarget", "60", "72.5"),
        ),
        (
            replace(live(), policies=(CPU, replace(MEMORY, scale_in_cooldown=600))),
            Edited(
                "policy/rbac-memory/scale-in cooldown",
                "Policy rbac-memory: scale-in cooldown",
                "ScaleInCooldown",
                "300 s",
                "600 s",
            ),
        ),
        (
            replace(live(), policies=(replace(CPU, scale_in_disabled=True), MEMORY)),
            Edited("policy/rbac-cpu/scale-in", "Policy rbac-cpu: scale-in", "", "on", "off"),
        ),
    ],
)
def test_each_value_is_told_with_its_parameter(scaling: Any, expected: Edited) -> None:
    assert edits(scaling) == (expected,)


def test_keys_are_those_of_a_difference() -> None:
    changed = replace(live(max_capacity=20), policies=(replace(CPU, target=72.5), MEMORY))
    assert {each.key for each in edits(changed)} == {row.key for row in rows(live(), changed)}


def test_things_the_template_has_no_parameter_for_have_none() -> None:
    other = b.policy(name="by-hand", metric="ALBRequestCountPerTarget", target=500.0)
    steps = StepPolicy("steps", Adjustment.CHANGE, (Step(2, 0.0),), 60)
    stepped = replace(other, name="steps", type="StepScaling", metric=None, target=None)
    once = ScheduledAction("fair", "at(2030-01-01T00:00:00)", None, 9, None)
    changed = replace(live(), policies=(CPU, MEMORY, other, stepped), steps=(steps,), scheduled=(once,))
    found = edits(changed)
    assert {each.key.rpartition("/")[0] for each in found} == {"policy/by-hand", "policy/steps", "scheduled/fair"}
    assert {each.parameter for each in found} == {""}
    assert {each.template for each in found} == {"none"}


def test_a_policy_taken_away_is_told() -> None:
    found = edits(replace(live(), policies=(CPU,)))
    assert {each.live for each in found} == {"none"}
    assert {each.parameter for each in found} == {"", "MemoryTarget", "ScaleOutCooldown", "ScaleInCooldown"}


@pytest.mark.parametrize(
    ("said", "scaling", "words"), [("true", None, ("on", "off")), ("false", live(), ("off", "on"))]
)
def test_scaling_switched_is_one_edit(said: str, scaling: Any, words: tuple[str, str]) -> None:
    assert edits(scaling, {**SAID, "Scaling": said}) == (Edited("scaling", "Scaling", "Scaling", *words),)


def test_no_scaling_where_none_is_asked_for_is_as_it_must_be() -> None:
    assert edits(None, {**SAID, "Scaling": "false"}) == ()


def test_a_bound_that_a_scheduled_action_set_is_no_edit_but_explained() -> None:
    morning = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
    snapshot, service = world(live(min_capacity=6, scheduled=(BUSY, QUIET)), SCHEDULED)
    busy = replace(snapshot, taken_at=morning)
    assert edited_live(busy, service) == ()
    assert explained(busy, service) == (
        "The minimum is 6: the scheduled action rbac-busy set it at 2026-11-23 06:30 UTC. "
        "The template's own is 3; that is no edit.",
    )
    night = replace(snapshot, taken_at=morning + timedelta(hours=12))
    assert [(each.key, each.template, each.live) for each in edited_live(night, service)] == [("minimum", "3", "6")]
    assert explained(night, service) == ()


def test_a_bound_that_differs_from_what_the_last_action_set_is_an_edit() -> None:
    snapshot, service = world(live(min_capacity=8, scheduled=(BUSY, QUIET)), SCHEDULED)
    found = edited_live(replace(snapshot, taken_at=datetime(2026, 11, 23, 10, 0, tzinfo=UTC)), service)
    assert [(each.key, each.live) for each in found] == [("minimum", "8")]


def test_an_action_of_ones_own_explains_what_it_set() -> None:
    party = ScheduledAction("party", f"at({NOW - timedelta(hours=3):%Y-%m-%dT%H:%M:%S})", None, None, 30)
    assert {each.key for each in edits(live(max_capacity=30, scheduled=(party,)))} == {
        "scheduled/party/schedule", "scheduled/party/time zone", "scheduled/party/minimum", "scheduled/party/maximum",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("schedule", "ago"),
    [
        ("rate(1 minute)", timedelta()),
        ("cron(* * * * ? *)", timedelta()),
        ("cron(0 0 1 1 ? *)", timedelta(days=366)),
        ("at(2020-01-01T00:00:00)", None),
        ("every day", None),
    ],
)
def test_the_last_run(schedule: str, ago: timedelta | None) -> None:
    found = last_run(ScheduledAction("x", schedule, None, 1, 2), NOW)
    assert (found is None) == (ago is None)
    if found is not None and ago is not None:
        assert NOW - ago - timedelta(minutes=1) <= found <= NOW


def test_nothing_is_told_of_what_cannot_be_compared() -> None:
    changed = live(max_capacity=20)
    assert edits(changed, {"EnvironmentName": "production"}) == ()
    assert edits(changed, {**SAID, "CpuTarget": "much"}) == ()
    assert edits(changed, status="UPDATE_IN_PROGRESS") == ()
    snapshot, service = world(changed)
    assert edited_live(replace(snapshot, stacks=()), service) == ()
    unread = tuple(r for r in snapshot.readings if r.part is not Part.SCALING)
    assert edited_live(replace(snapshot, readings=unread), service) == ()


def test_the_template_is_the_one_that_is_deployed() -> None:
    document = template("service").document
    for resource, parameters in _SAID.items():
        found = set(_refs(document["Resources"][resource]["Properties"])) | (
            {"BusySchedule"} if resource == "ScalableTarget" else set()
        )
        assert found & set(PARAMETERS) == set(parameters)
    assert set(PARAMETERS) <= {parameter.name for parameter in template("service").parameters}


def test_every_service_of_the_blueprints_is_understood() -> None:
    for name in blueprint.names():
        for spec in blueprint.load(name).stacks("production"):
            if spec.template == "service":
                said = template("service").effective(dict(spec.parameters))
                found = of_parameters(said, b.service("rbac"))
                assert found is not None
                assert found.service == said["ServiceName"]
                assert found.on is (name == "multi-az")
                assert against(found.scaling, found.scaling) == ()


def _refs(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            else:
                yield from _refs(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _refs(inner)
