"""Deploying through change sets, over HTTP."""

import json
from dataclasses import replace
from typing import Any

import pytest

from services.domain.environment import Environment
from services.domain.errors import Refused
from services.ports import StackSpec
from tests.integration.aws.conftest import Cloud
from tests.integration.aws.deploying import ended, specs

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(400)]  # the first one deploys both environments


def the(name: str, of: Environment) -> StackSpec:
    return next(spec for spec in specs(of) if spec.name == name)


def outputs(cloud: Cloud) -> dict[str, dict[str, str]]:
    found = {}
    for spec in specs(cloud.production):
        outcome = cloud.provisioner.outcome(cloud.production, spec.name)
        assert outcome is not None
        found[spec.name] = dict(outcome.outputs)
    return found


def sets_of(cloud: Cloud, stack: str) -> list[dict[str, Any]]:
    client = cloud.sandbox.client("cloudformation")
    return list(client.list_change_sets(StackName=stack)["Summaries"])


def test_stacks_are_tagged_protected_and_have_their_policy(cloud: Cloud) -> None:
    client = cloud.sandbox.client("cloudformation")
    for spec in specs(cloud.production):
        stack = client.describe_stacks(StackName=f"production-{spec.name}")["Stacks"][0]
        tags = {tag["Key"]: tag["Value"] for tag in stack["Tags"]}
        assert tags == {"haven:environment": "production", "haven:stack": spec.name}
        assert stack["EnableTerminationProtection"] == spec.termination_protection
        policy = client.get_stack_policy(StackName=f"production-{spec.name}").get("StackPolicyBody")
        assert (json.loads(policy) if policy else None) == (json.loads(spec.policy) if spec.policy else None)


def test_deploying_the_same_again_changes_nothing_and_leaves_nothing(cloud: Cloud) -> None:
    known = outputs(cloud)
    for spec in specs(cloud.production):
        before = len(sets_of(cloud, f"production-{spec.name}"))
        assert cloud.provisioner.change_set(cloud.production, spec, known) is None
        assert len(sets_of(cloud, f"production-{spec.name}")) == before


def changed(spec: StackSpec, **parameters: str) -> StackSpec:
    return replace(spec, parameters=tuple({**dict(spec.parameters), **parameters}.items()))


def test_asking_twice_for_the_same_change_makes_one_change_set(cloud: Cloud) -> None:
    spec, known = the("service-audit", cloud.legacy), {}
    for each in specs(cloud.legacy):
        found = cloud.provisioner.outcome(cloud.legacy, each.name)
        assert found is not None
        known[each.name] = dict(found.outputs)
    longer = changed(spec, LogDays="60")
    first = cloud.provisioner.change_set(cloud.legacy, longer, known)
    assert first is not None
    assert cloud.provisioner.change_set(cloud.legacy, longer, known) == first
    assert len([s for s in sets_of(cloud, "legacy-service-audit") if s["ChangeSetId"] == first]) == 1
    cloud.provisioner.execute(cloud.legacy, longer, first)
    cloud.provisioner.execute(cloud.legacy, longer, first)  # again: the answer could have been lost
    outcome = ended(cloud.provisioner, cloud.legacy, "service-audit", lambda: cloud.advance(30))
    assert (outcome.status, outcome.ok) == ("UPDATE_COMPLETE", True)


def test_a_value_that_the_template_forbids_is_refused_in_aws_words(cloud: Cloud) -> None:
    wrong = changed(the("network", cloud.production), Environment="X")
    with pytest.raises(Refused, match="Environment"):
        cloud.provisioner.change_set(cloud.production, wrong, {})


def test_a_stack_that_never_was_has_no_outcome(cloud: Cloud) -> None:
    assert cloud.provisioner.outcome(cloud.production, "service-nothing") is None
