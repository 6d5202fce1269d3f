"""What a change set asks for."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from provisioning.template import template, template_body
from services.aws.change_sets import Plan, capabilities, first_failure, is_empty, plan
from services.domain.errors import Conflict, Refused
from services.ports import StackSpec
from tests.builders.places import environment
from tests.unit.aws.stubs import WHEN

PRODUCTION = environment("production")
SPEC = StackSpec(
    name="data",
    template="data",
    parameters=(("MultiAz", "true"),),
    inputs=(("VpcId", ("network", "VpcId")),),
    after=("network",),
    policy=None,
    termination_protection=True,
)
OUTPUTS = {"network": {"VpcId": "vpc-1"}}


def stack(status: str = "CREATE_COMPLETE", **more: Any) -> Any:
    return {"StackName": "production-data", "CreationTime": WHEN, "StackStatus": status, **more}


def planned(spec: StackSpec = SPEC, existing: Any = None, body: str = "Resources: {}") -> Plan:
    return plan(PRODUCTION, spec, OUTPUTS, existing, body=body, document={"Resources": {}})


def test_a_plan_has_fixed_and_fed_parameters_and_the_tags() -> None:
    made = planned()
    assert (made.stack_name, made.type) == ("production-data", "CREATE")
    assert made.parameters == (("MultiAz", "true"), ("VpcId", "vpc-1"))
    assert made.tags == (("haven:environment", "production"), ("haven:stack", "data"))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("REVIEW_IN_PROGRESS", "CREATE"),
        ("CREATE_COMPLETE", "UPDATE"),
        ("UPDATE_COMPLETE", "UPDATE"),
        ("UPDATE_ROLLBACK_COMPLETE", "UPDATE"),
    ],
)
def test_the_stack_as_it_is_decides_between_create_and_update(status: str, kind: str) -> None:
    assert planned(existing=stack(status)).type == kind


def test_the_same_content_has_the_same_token_until_the_stack_was_updated() -> None:
    there = stack("UPDATE_COMPLETE", LastUpdatedTime=WHEN)
    token = planned(existing=there).token
    assert token == planned(existing=dict(there)).token
    changed = replace(SPEC, parameters=(("MultiAz", "false"),))
    assert token != planned(changed, there).token
    assert token != planned(existing=there, body="Resources: {A: {}}").token
    assert token != planned(existing={**there, "LastUpdatedTime": WHEN + timedelta(seconds=1)}).token


def test_a_creation_asked_for_again_after_its_review_began_is_the_same() -> None:
    assert planned().token == planned(existing=stack("REVIEW_IN_PROGRESS")).token


def test_a_token_is_one_that_cloudformation_takes() -> None:
    assert planned().token.startswith("haven-")
    assert len(planned().token) == 38


def test_a_running_operation_is_a_conflict_and_a_dead_end_is_refused() -> None:
    with pytest.raises(Conflict, match="UPDATE_IN_PROGRESS"):
        planned(existing=stack("UPDATE_IN_PROGRESS"))
    with pytest.raises(Refused, match="can only be deleted"):
        planned(existing=stack("ROLLBACK_COMPLETE"))
    with pytest.raises(Refused, match="continue its rollback"):
        planned(existing=stack("UPDATE_ROLLBACK_FAILED"))


def test_a_missing_input_and_a_big_template_are_refused() -> None:
    with pytest.raises(Refused, match="data needs the output Nope of network"):
        planned(replace(SPEC, inputs=(("VpcId", ("network", "Nope")),)))
    with pytest.raises(Refused, match="larger than 51200 bytes"):
        planned(body="x" * 51_201)


def test_capabilities_are_what_the_resources_need_and_no_more() -> None:
    def document(kind: str, **properties: str) -> dict[str, Any]:
        return {"Resources": {"A": {"Type": kind, "Properties": properties}}}

    assert capabilities(document("AWS::SQS::Queue", RoleName="not IAM's")) == ()
    assert capabilities(document("AWS::IAM::Role")) == ("CAPABILITY_IAM",)
    assert capabilities(document("AWS::IAM::Role", RoleName="fixed")) == ("CAPABILITY_NAMED_IAM",)


@pytest.mark.parametrize("name", ["network", "data", "platform", "service"])
def test_our_own_templates_fit_into_a_request(name: str) -> None:
    assert plan(
        PRODUCTION,
        replace(SPEC, template=name),
        OUTPUTS,
        None,
        body=template_body(name),
        document=template(name).document,
    ).token


def test_only_aws_words_for_nothing_to_do_are_empty() -> None:
    told = "The submitted information didn't contain changes. Submit different information to create a change set."
    assert is_empty(told)
    assert is_empty("No updates are to be performed.")
    assert not is_empty("Template error: instance of Fn::GetAtt references undefined resource")


def event(name: str, status: str, reason: str = "", own: bool = False) -> Any:
    found = {"StackId": "id", "EventId": name, "StackName": "production-data", "Timestamp": WHEN}
    found |= {"LogicalResourceId": name, "ResourceStatus": status, "PhysicalResourceId": "id" if own else name}
    return {**found, "ResourceStatusReason": reason} if reason else found


def test_the_reason_is_the_first_failure_of_the_latest_operation() -> None:
    newest_first = [
        event("production-data", "ROLLBACK_COMPLETE", own=True),
        event("production-data", "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [Db].", own=True),
        event("Queue", "CREATE_FAILED", "Resource creation cancelled"),
        event("Cache", "CREATE_FAILED", "Too late"),
        event("Db", "CREATE_FAILED", "Insufficient capacity"),
        event("Db", "CREATE_IN_PROGRESS"),
        event("production-data", "CREATE_IN_PROGRESS", "User Initiated", own=True),
        event("Db", "CREATE_FAILED", "of an operation before"),
    ]
    assert first_failure(newest_first) == "Db: Insufficient capacity"
    assert first_failure([event("Db", "CREATE_COMPLETE")]) == ""
