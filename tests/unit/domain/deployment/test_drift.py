"""Drift: what is true, what was accepted, what explains itself."""

from collections.abc import Mapping
from typing import Any

import pytest

from services.domain.deployment.drift import Accepted, Difference, DriftedResource, DriftReport, Judged, judged
from tests.builders.places import NOW
from tests.unit.domain.deployment.changes import DATABASE, QUEUE, SCALABLE, SERVICE

TASKS = Difference("/DesiredCount", "2", "5", "NOT_EQUAL")
ZONE = Difference("/AvailabilityZone", "us-east-1a", "us-east-1b", "NOT_EQUAL")
LEAST = Difference("/MinCapacity", "3", "6", "NOT_EQUAL")


def report(*resources: DriftedResource) -> DriftReport:
    return DriftReport("production", "data", "arn:stack", NOW, "DRIFTED", resources)


def resource(type: str, *differences: Difference, name: str = "Thing", status: str = "MODIFIED") -> DriftedResource:
    return DriftedResource("data", name, "thing", type, status, differences)


def template(type: str, properties: object, **others: str) -> dict[str, Any]:
    made: dict[str, Any] = {"Thing": {"Type": type, "Properties": properties}}
    return {"Resources": made | {name: {"Type": kind} for name, kind in others.items()}}


def accepted(actual: str, **other: str) -> Accepted:
    place = {"environment": "production", "stack": "data", "logical_id": "Thing", "path": "/VisibilityTimeout"} | other
    return Accepted(**place, actual=actual, by="ann", at=NOW, reason="busy week")


def only(type: str, difference: Difference, known: Mapping[str, Any] | None, *meant: Accepted) -> Judged:
    found = judged(report(resource(type, difference)), meant, known)
    assert len(found) == 1
    return found[0]


TIMEOUT = Difference("/VisibilityTimeout", "60", "90", "NOT_EQUAL")


def test_true_drift_comes_first_then_what_was_accepted_then_what_explains_itself() -> None:
    service = template(SERVICE, {"DesiredCount": 2}, Scaling=SCALABLE)
    given = report(
        resource(SERVICE, TASKS),
        resource(QUEUE, TIMEOUT),
        resource(QUEUE, Difference("/DelaySeconds", "0", "5", "NOT_EQUAL"), name="Other"),
        resource("AWS::SNS::Topic", name="Gone", status="DELETED"),
        resource("AWS::SNS::Topic", name="Same", status="IN_SYNC"),
        resource("AWS::SNS::Topic", name="Odd"),
    )
    found = judged(given, [accepted("90")], service)
    assert [(each.verdict, each.resource.logical_id) for each in found] == [
        ("drift", "Other"),
        ("drift", "Gone"),
        ("drift", "Odd"),
        ("accepted", "Thing"),
        ("explained", "Thing"),
    ]
    assert (found[1].difference, found[2].difference) == (None, None)
    assert "deleted past CloudFormation" in found[1].why
    assert "not where" in found[2].why


def test_accepted_is_this_value_at_this_place_only() -> None:
    assert only(QUEUE, TIMEOUT, None, accepted("90")).why == "ann accepted it: busy week"
    assert only(QUEUE, TIMEOUT, None, accepted("90")).accepted == accepted("90")
    other = only(QUEUE, TIMEOUT, None, accepted("75"))
    assert (other.verdict, other.accepted) == ("drift", None)
    assert other.why == "ann accepted 75 here, but it has changed since."
    assert "accepted nothing here" in only(QUEUE, TIMEOUT, None, accepted("")).why
    for place in ({"environment": "legacy"}, {"stack": "network"}, {"logical_id": "B"}, {"path": "/Delay"}):
        assert only(QUEUE, TIMEOUT, None, accepted("90", **place)).verdict == "drift", place


@pytest.mark.parametrize(
    ("type", "difference", "why"),
    [
        (QUEUE, TIMEOUT, "changed past CloudFormation"),
        (QUEUE, Difference("/Tags/3", "null", "{}", "ADD"), "added past CloudFormation"),
        (QUEUE, Difference("/RedrivePolicy", "{}", "null", "REMOVE"), "taken away past CloudFormation"),
        (SERVICE, Difference("/TaskDefinition", "a:1", "a:2", "NOT_EQUAL"), "deployed another task definition"),
        (SERVICE, TASKS, "changed past CloudFormation"),
        (DATABASE, ZONE, "changed past CloudFormation"),
    ],
)
def test_without_the_template_nothing_explains_itself(type: str, difference: Difference, why: str) -> None:
    found = only(type, difference, None)
    assert found.verdict == "drift"
    assert why in found.why


def test_a_number_of_tasks_is_explained_where_the_template_scales() -> None:
    assert only(SERVICE, TASKS, template(SERVICE, {"DesiredCount": 2}, Scaling=SCALABLE)).verdict == "explained"
    assert only(SERVICE, TASKS, template(SERVICE, {"DesiredCount": 2})).verdict == "drift"


@pytest.mark.parametrize(
    ("multi_az", "verdict"),
    [(True, "explained"), ({"Ref": "DatabaseMultiAz"}, "explained"), ("false", "drift"), (None, "drift")],
)
def test_a_zone_is_explained_where_there_may_be_a_standby(multi_az: object, verdict: str) -> None:
    said = {"AvailabilityZone": "us-east-1a"} | ({} if multi_az is None else {"MultiAZ": multi_az})
    assert only(DATABASE, ZONE, template(DATABASE, said)).verdict == verdict


def action(low: object) -> dict[str, Any]:
    return {"ScheduledActionName": "busy", "ScalableTargetAction": {"MinCapacity": low}}


@pytest.mark.parametrize(
    ("actions", "verdict"),
    [
        ([action(6)], "explained"),
        ([action({"Ref": "BusyMinTasks"})], "explained"),
        ({"Fn::If": ["HasSchedule", [action("6")], {"Ref": "AWS::NoValue"}]}, "explained"),
        ([action(9)], "drift"),
        ([{"ScalableTargetAction": {"MaxCapacity": 6}}], "drift"),
        ([{"ScalableTargetAction": "odd"}], "drift"),
        (None, "drift"),
    ],
)
def test_a_bound_is_explained_where_a_scheduled_action_sets_it(actions: object, verdict: str) -> None:
    said = {"MinCapacity": 3, "ScheduledActions": actions}
    assert only(SCALABLE, LEAST, template(SCALABLE, said)).verdict == verdict


@pytest.mark.parametrize(
    ("type", "path", "said", "verdict"),
    [
        (QUEUE, "/MaximumMessageSize", {"QueueName": "q"}, "explained"),
        (QUEUE, "/Deep/Inner", {"Deep": {"Other": 1}}, "explained"),
        (QUEUE, "/Deep/Inner", {"Deep": {"Inner": 1}}, "drift"),
        (QUEUE, "/Deep/Inner", {"Deep": {"Fn::If": ["A", {}, {}]}}, "drift"),
        (QUEUE, "/Tags/3", {"Tags": []}, "drift"),
        (QUEUE, "/MaximumMessageSize", {}, "drift"),
        (QUEUE, "/MaximumMessageSize", "odd", "drift"),
        ("AWS::EC2::SecurityGroup", "/SecurityGroupIngress", {"VpcId": "v"}, "drift"),
        ("AWS::IAM::Role", "/Policies", {"Path": "/"}, "drift"),
    ],
)
def test_what_aws_fills_in_is_explained_unless_it_opens_something(
    type: str, path: str, said: object, verdict: str
) -> None:
    assert only(type, Difference(path, "null", "x", "ADD"), template(type, said)).verdict == verdict


@pytest.mark.parametrize("document", [{}, {"Resources": "odd"}, {"Resources": {"Thing": "odd"}}])
def test_a_template_that_does_not_have_the_resource_explains_nothing(document: dict[str, Any]) -> None:
    assert only(QUEUE, Difference("/DelaySeconds", "null", "5", "ADD"), document).verdict == "drift"
