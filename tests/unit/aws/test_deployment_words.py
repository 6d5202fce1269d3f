"""What CloudFormation says about change sets, stacks, events and drift, in Haven's words."""

from datetime import timedelta
from typing import Any

import pytest

from services.aws.change_set_words import UNKNOWN, to_change_set, to_properties, to_resource
from services.aws.stack_words import name_of, to_drift, to_event, to_standing
from services.domain.deployment.change_set import PropertyChange
from services.domain.deployment.drift import Difference
from tests.builders.places import environment
from tests.unit.aws.cloudformation_desk import SET, STACK, change, change_set, detail, event, stack
from tests.unit.aws.stubs import WHEN

PRODUCTION = environment("production")


def properties(*details: dict[str, Any]) -> tuple[PropertyChange, ...]:
    told: Any = details
    return to_properties(told)


def test_a_change_set_of_several_pages_is_one_with_all_its_resources() -> None:
    pages: Any = [
        change_set(Parameters=[{"ParameterKey": "Secret", "ParameterValue": "****"}], Changes=[change("A")]),
        change_set(Changes=[change("B", "Remove", PolicyAction="Snapshot", PhysicalResourceId="b-1")]),
    ]
    found = to_change_set(pages, stack="network", creates=False)
    assert (found.arn, found.name, found.stack, found.stack_name) == (SET, "haven-1", "network", "production-network")
    assert (found.status, found.execution_status, found.created_at) == ("CREATE_COMPLETE", "AVAILABLE", WHEN)
    assert found.parameters == (("Secret", "****"),)
    assert [(r.logical_id, r.action, r.policy_action, r.physical_id) for r in found.resources] == [
        ("A", "Modify", "", ""),
        ("B", "Remove", "Snapshot", "b-1"),
    ]


def test_a_new_resource_has_only_what_it_will_be() -> None:
    told: Any = change("Db", "Add", AfterContext='{"Properties":{"MultiAZ":"true"}}')["ResourceChange"]
    found = to_resource(told)
    assert (found.before, found.after) == ("", '{"Properties":{"MultiAZ":"true"}}')
    assert (found.replacement, found.properties) == ("", ())


def test_a_property_has_its_path_both_values_and_what_brings_it() -> None:
    place = {"Path": "/Properties/MultiAZ", "BeforeValue": "false", "AfterValue": "true"}
    (found,) = properties(
        detail("MultiAZ", "Dynamic", **place, RequiresRecreation="Conditionally"),
        detail(
            "MultiAZ",
            "Static",
            "ParameterReference",
            CausingEntity="MultiAz",
            **place,
            RequiresRecreation="Conditionally",
        ),
    )
    assert found == PropertyChange(
        path="/Properties/MultiAZ",
        name="MultiAZ",
        attribute="Properties",
        before="false",
        after="true",
        recreation="Conditionally",
        known=True,
        source="ParameterReference",
        cause="MultiAz",
    )


def test_what_is_only_known_later_says_so_and_keeps_aws_text() -> None:
    (whole,) = properties(
        detail("VpcId", "Dynamic", "ResourceReference", CausingEntity="Vpc", BeforeValue="vpc-1", AfterValue=UNKNOWN)
    )
    assert (whole.before, whole.after, whole.known, whole.cause) == ("vpc-1", UNKNOWN, False, "Vpc")
    (within,) = properties(detail("Policy", "Static", AfterValue=f'["{UNKNOWN}"]'))
    assert not within.known
    (dynamic,) = properties(detail("Role", "Dynamic", "ResourceAttribute", CausingEntity="Role.Arn"))
    assert not dynamic.known


def test_the_worst_recreation_of_a_place_counts() -> None:
    (found,) = properties(
        detail("Engine", Path="/Properties/Engine"),
        detail("Engine", Path="/Properties/Engine", RequiresRecreation="Always"),
        detail("Engine", Path="/Properties/Engine", RequiresRecreation="Conditionally"),
    )
    assert found.recreation == "Always"


def test_two_places_of_a_property_are_two() -> None:
    paths = [f"/Properties/Tags/{number}/Value" for number in range(2)]
    assert [p.path for p in properties(*(detail("Tags", Path=path) for path in paths))] == paths


def test_nothing_there_is_none_and_another_attribute_has_no_name() -> None:
    (added,) = properties(detail("KmsKeyId", AfterValue="key"))
    (removed,) = properties(detail("KmsKeyId", BeforeValue="key", AttributeChangeType="Remove"))
    assert (added.before, added.after) == (None, "key")
    assert (removed.before, removed.after, removed.known) == ("key", None, True)
    target = {"Attribute": "DeletionPolicy", "BeforeValue": "Delete", "AfterValue": "Retain"}
    told: Any = [{"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"}]
    (policy,) = to_properties(told)
    assert (policy.path, policy.name, policy.attribute, policy.recreation) == (
        "/DeletionPolicy",
        "",
        "DeletionPolicy",
        "Never",
    )


@pytest.mark.parametrize(
    ("stack_name", "tags", "name"),
    [
        ("production-service-rbac", (), "service-rbac"),
        ("production-network", (("haven:environment", "production"),), "network"),
        ("production-extra", (("haven:environment", "production"),), "extra"),
        ("production-eu-network", (("haven:environment", "production-eu"),), "production-eu-network"),
        ("production-wordpress", (), "production-wordpress"),
        ("wordpress", (("haven:environment", "production"),), "wordpress"),
    ],
)
def test_a_stack_of_the_environment_goes_by_havens_name(
    stack_name: str, tags: tuple[tuple[str, str], ...], name: str
) -> None:
    assert name_of(PRODUCTION, stack_name, tags) == name


def test_a_standing_has_everything_and_a_deletion_is_its_last_operation() -> None:
    told: Any = stack(
        "DELETE_IN_PROGRESS",
        LastUpdatedTime=WHEN,
        DeletionTime=WHEN + timedelta(hours=1),
        EnableTerminationProtection=True,
        Parameters=[{"ParameterKey": "Environment", "ParameterValue": "production"}],
        Outputs=[{"OutputKey": "VpcId", "OutputValue": "vpc-1"}],
        Tags=[{"Key": "haven:environment", "Value": "production"}],
    )
    found = to_standing(told, PRODUCTION, "why")
    assert (found.stack, found.stack_name, found.stack_id, found.status) == (
        "network",
        "production-network",
        STACK,
        "DELETE_IN_PROGRESS",
    )
    assert (found.reason, found.protected, found.updated_at) == ("why", True, WHEN + timedelta(hours=1))
    assert (found.parameters, found.outputs) == ((("Environment", "production"),), (("VpcId", "vpc-1"),))
    assert found.tags == (("haven:environment", "production"),)


def test_an_event_has_its_token_and_a_hook_says_how_it_did() -> None:
    own: Any = event("1", ClientRequestToken="haven-1", PhysicalResourceId=STACK, ResourceStatusReason="User Initiated")
    found = to_event(own, "network")
    assert (found.id, found.at, found.stack, found.token, found.reason) == (
        "1",
        WHEN,
        "network",
        "haven-1",
        "User Initiated",
    )
    assert found.own
    told: Any = event("2", HookStatus="HOOK_COMPLETE_FAILED", HookStatusReason="No public buckets")
    hook = {key: value for key, value in told.items() if key != "ResourceStatus"}
    assert (to_event(hook, "network").status, to_event(hook, "network").reason) == (  # type: ignore[arg-type]
        "HOOK_COMPLETE_FAILED",
        "No public buckets",
    )


def test_drift_has_both_values_where_there_are_two() -> None:
    status: Any = {"StackId": STACK, "Timestamp": WHEN, "StackDriftStatus": "DRIFTED"}

    def difference(kind: str) -> dict[str, str]:
        return {"PropertyPath": "/P", "ExpectedValue": "1", "ActualValue": "2", "DifferenceType": kind}

    drifts: Any = [
        {
            "StackId": STACK,
            "LogicalResourceId": "Db",
            "ResourceType": "AWS::RDS::DBInstance",
            "StackResourceDriftStatus": "MODIFIED",
            "Timestamp": WHEN,
            "PropertyDifferences": [difference(kind) for kind in ("NOT_EQUAL", "ADD", "REMOVE")],
        }
    ]
    found = to_drift(status, drifts, PRODUCTION, "data")
    assert (found.environment, found.stack, found.stack_id, found.status, found.at) == (
        "production",
        "data",
        STACK,
        "DRIFTED",
        WHEN,
    )
    (resource,) = found.resources
    assert resource.differences == (
        Difference("/P", "1", "2", "NOT_EQUAL"),
        Difference("/P", "", "2", "ADD"),
        Difference("/P", "1", "", "REMOVE"),
    )
