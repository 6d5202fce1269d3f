"""Risks of a plan as a whole: order, names to type, what is unchanged or unknown, and rules that always hold."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.template import Template, template
from services.domain.deployment.danger import short
from services.domain.deployment.risk import Danger, Level, risks, to_confirm
from services.domain.deployment.stateful import HOLDS
from tests.unit.domain.deployment.changes import (
    DATABASE,
    POLICY,
    QUEUE,
    change,
    edited,
    plan,
    prop,
    stack,
)

ALARM, NAT = "AWS::CloudWatch::Alarm", "AWS::EC2::NatGateway"


def test_the_worst_comes_first_of_equals_in_order_of_deployment() -> None:
    network = stack(
        change(NAT, "Remove", name="NatGatewayB"), change(ALARM, "Modify", prop("Threshold")), name="network"
    )
    data = stack(
        change(QUEUE, "Remove", name="Queue", physical="https://sqs/1/production-events"),
        edited(DATABASE, {"MultiAZ": "true"}, {"MultiAZ": "false"}, name="Database", physical="production-app"),
    )
    found = risks(plan(network, data))
    assert [(each.level, each.danger, each.logical_id) for each in found] == [
        (Level.HIGH, Danger.DATA_LOSS, "Queue"),
        (Level.HIGH, Danger.REDUNDANCY_LOSS, "NatGatewayB"),
        (Level.HIGH, Danger.REDUNDANCY_LOSS, "Database"),
        (Level.MEDIUM, Danger.OUTAGE, "NatGatewayB"),
        (Level.LOW, Danger.COST, "NatGatewayB"),
        (Level.LOW, Danger.COST, "Database"),
        (Level.LOW, Danger.ORDINARY, "Thing"),
    ]
    assert to_confirm(found) == ("production-events", "the-thing", "production-app")


def test_a_name_is_typed_once_however_many_dangers_it_has() -> None:
    was = {"MultiAZ": "true", "BackupRetentionPeriod": "7"}
    found = risks(plan(stack(edited(DATABASE, was, {"MultiAZ": "false", "BackupRetentionPeriod": "0"}))))
    assert sum(each.level is Level.HIGH for each in found) == 2
    assert to_confirm(found) == ("the-thing",)


def test_an_unchanged_plan_has_none_and_an_unknown_stack_says_so() -> None:
    assert risks(plan(stack(unchanged=True))) == ()
    assert risks(plan(stack())) == ()
    (found,) = risks(plan(stack(unknown="It waits for network.")))
    assert (found.level, found.danger, found.confirm) == (Level.LOW, Danger.ORDINARY, "")
    assert found.because.startswith("It waits for network.")


def test_what_was_unknown_and_got_its_change_set_is_judged_by_it() -> None:
    (found,) = risks(plan(stack(change(ALARM, "Add"), unknown="It waits for network.")))
    assert found.sentence == "Thing is added."


@pytest.mark.parametrize(
    ("made", "level", "says"),
    [
        (change(ALARM, "Add"), Level.LOW, "Thing is added."),
        (change(ALARM, "Import"), Level.LOW, "the-thing is taken into the stack as it is."),
        (change(ALARM, "Remove"), Level.LOW, "the-thing is removed; nothing else is known to need it."),
        (change(ALARM, "SyncWithActual"), Level.NONE, "the-thing stays; CloudFormation takes note of how it is."),
        (change(ALARM, "Modify", prop("Threshold")), Level.LOW, "the-thing is changed in place."),
        (change(ALARM, "Modify", prop("Tags")), Level.NONE, "Only tags and notes of the-thing change."),
        (
            change(ALARM, "Modify", prop("", attribute="Metadata")),
            Level.NONE,
            "Only tags and notes of the-thing change.",
        ),
        (
            change(ALARM, "Modify", prop("AlarmName"), replacement="True"),
            Level.LOW,
            "the-thing is replaced; nothing else is known to need the old one.",
        ),
        (
            change(ALARM, "Modify", prop("AlarmName"), replacement="Conditional"),
            Level.LOW,
            "the-thing may be replaced; nothing else is known to need the old one.",
        ),
        (
            change("AWS::ECS::TaskDefinition", "Modify", prop("Family"), replacement="True"),
            Level.LOW,
            "Thing gets a new revision; the old one stays.",
        ),
    ],
)
def test_what_is_dangerous_to_nothing_is_ordinary(made: Any, level: Level, says: str) -> None:
    (found,) = risks(plan(stack(made)))
    assert (found.danger, found.level, found.sentence) == (Danger.ORDINARY, level, says)


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (change(NAT, "Add", name="NatGatewayB"), "NatGatewayB is added, which is billed by the hour."),
        (change("AWS::EC2::EIP", "Remove"), "the-thing is gone, which is billed by the hour."),
        (
            change("AWS::ECS::TaskDefinition", "Modify", prop("Cpu"), replacement="True"),
            "the-thing will be billed otherwise.",
        ),
    ],
)
def test_cost_is_a_low_mention(made: Any, says: str) -> None:
    (found,) = risks(plan(stack(made)))
    assert (found.danger, found.level, found.sentence) == (Danger.COST, Level.LOW, says)


def test_several_changes_are_named_once_each() -> None:
    twice = prop("Threshold", path="/Properties/Threshold/0")
    (found,) = risks(plan(stack(change(ALARM, "Modify", prop("Threshold"), twice, prop("Period")))))
    assert found.because == "Threshold and Period change."


def test_what_a_stack_policy_denies_without_being_lifted_is_stopped() -> None:
    closed = '{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "Update:*", "Resource": "*"}]}'
    made = change(ALARM, "Modify", prop("Threshold"))
    (found,) = risks(plan(stack(made, policy=closed)))
    assert (found.level, found.danger) == (Level.STOPPED, Danger.OUTAGE)
    assert "stack policy denies" in found.sentence
    (lifted,) = risks(plan(stack(made, policy=closed, lifts_policy=True)))
    assert lifted.level is Level.LOW


@pytest.mark.parametrize(
    ("physical", "name"),
    [
        ("production-app", "production-app"),
        ("https://sqs.us-east-1.amazonaws.com/123456789012/production-events", "production-events"),
        ("arn:aws:ecs:us-east-1:1:service/production/rbac", "rbac"),
        ("arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/app/production-alb/50dc", "production-alb"),
        ("arn:aws:elasticloadbalancing:us-east-1:1:targetgroup/rbac/50dc", "rbac"),
        ("arn:aws:elasticloadbalancing:us-east-1:1:targetgroup", ""),
        ("arn:aws:elasticloadbalancing:us-east-1:1:listener/app/production-alb/50dc/f2f7", ""),
        ("arn:aws:sns:us-east-1:1:production-alarms", "production-alarms"),
        ("", ""),
    ],
)
def test_the_name_to_type_is_the_telling_part_of_a_physical_id(physical: str, name: str) -> None:
    assert short(physical) == name


def test_what_has_no_name_is_typed_by_its_logical_id() -> None:
    arn = "arn:aws:elasticloadbalancing:us-east-1:1:listener/app/production-alb/50dc/f2f7"
    made = change("AWS::ElasticLoadBalancingV2::Listener", "Remove", name="Listener", physical=arn)
    assert to_confirm(risks(plan(stack(made)))) == ("Listener",)


def _added(ours: Template) -> list[Any]:
    return [
        change(body["Type"], "Add", name=name, after=body.get("Properties", {}))
        for name, body in ours.document["Resources"].items()
    ]


@pytest.mark.parametrize("name", ["network", "data", "platform", "service"])
def test_a_new_stack_of_ours_has_nothing_above_low(name: str) -> None:
    found = risks(plan(stack(*_added(template(name)), policy=POLICY)))
    assert len({each.logical_id for each in found}) == len(template(name).document["Resources"])
    assert [each for each in found if each.level > Level.LOW] == []


ACTIONS = st.sampled_from(["Add", "Modify", "Remove", "Import", "Dynamic", "SyncWithActual"])
POLICIES = st.sampled_from(["", "Delete", "Retain", "Snapshot", "ReplaceAndDelete", "ReplaceAndRetain"])
TYPES = st.sampled_from([*HOLDS, ALARM, NAT, "AWS::ECS::Service", "AWS::IAM::Role", "AWS::EC2::SecurityGroup"])
NAMES = st.sampled_from(["MultiAZ", "NumCacheClusters", "Tags", "KmsKeyId", "BackupRetentionPeriod", "Policies"])
VALUES = st.one_of(st.none(), st.sampled_from(["0", "1", "true", "false", "{{changeSet:KNOWN_AFTER_APPLY}}", "[1]"]))
PROPERTIES = st.builds(
    prop, NAMES, VALUES, VALUES, st.sampled_from(["Never", "Conditionally", "Always"]), known=st.booleans()
)


@st.composite
def changes(draw: st.DrawFn) -> Any:
    action = draw(ACTIONS)
    return change(
        draw(TYPES),
        action,
        *draw(st.lists(PROPERTIES, max_size=3)),
        name=draw(st.sampled_from(["A", "B", "C", "D"])),
        replacement=draw(st.sampled_from(["True", "False", "Conditional"])) if action == "Modify" else "",
        policy_action=draw(POLICIES),
    )


STACKS = st.builds(
    lambda made, policy, lifts: stack(*made, policy=policy, lifts_policy=lifts),
    st.lists(changes(), max_size=5),
    st.sampled_from([None, POLICY]),
    st.booleans(),
)


@given(STACKS)
def test_removing_or_replacing_what_holds_something_is_never_below_high(given: Any) -> None:
    found = risks(plan(given))
    for each in given.change_set.resources if given.change_set else ():
        if each.type in HOLDS and (each.action == "Remove" or each.replacement == "True"):
            worst = max(risk.level for risk in found if risk.logical_id == each.logical_id)
            assert worst >= Level.HIGH


@given(st.lists(STACKS, max_size=3))
def test_the_order_is_total_and_stable_and_every_resource_is_told(given: Any) -> None:
    made = plan(*(replace(each, name=f"s{number}") for number, each in enumerate(given)))
    found = risks(made)
    assert found == risks(made)
    ranks = [(-each.level, list(Danger).index(each.danger)) for each in found]
    assert ranks == sorted(ranks)
    told = {(each.stack, each.logical_id) for each in found}
    assert told == {
        (s.name, r.logical_id) for s in made.stacks for r in (s.change_set.resources if s.change_set else ())
    }
    assert all(bool(each.confirm) is (each.level is Level.HIGH) for each in found)
    assert all(each.sentence and each.because and each.source for each in found)
