"""`haven sandbox fail` against the running sandbox: the next stack fails with the words given, and rolls back."""

from typing import Any

import pytest
from click.testing import CliRunner

from services.cli.sandbox import sandbox as commands
from tests.sandbox_server import ControlRefused, Sandbox

pytestmark = pytest.mark.sandbox
QUEUE = "Resources: {Queue: {Type: 'AWS::SQS::Queue', Properties: {VisibilityTimeout: %s}}}"


def haven(sandbox: Sandbox, *arguments: str) -> str:
    done = CliRunner().invoke(commands, arguments, env={"HAVEN_AWS_ENDPOINT_URL": sandbox.url})
    assert done.exit_code == 0, done.output
    return done.output


def settled(sandbox: Sandbox, name: str) -> tuple[str, list[str]]:
    """A stack's status once it rests, and the reasons of what failed on its way, oldest first."""
    sandbox.advance(600)
    cfn: Any = sandbox.client("cloudformation")
    events = reversed(cfn.describe_stack_events(StackName=name)["StackEvents"])
    why = [e["ResourceStatusReason"] for e in events if e["ResourceStatus"].endswith("_FAILED")]
    return str(cfn.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"]), why


def test_the_next_creation_fails_with_the_words_given_and_is_rolled_back(sandbox: Sandbox) -> None:
    said = haven(sandbox, "fail", "AWS::SQS::Queue", "Insufficient capacity")
    assert said == "AWS::SQS::Queue fails the next time: Insufficient capacity\n"
    sandbox.client("cloudformation").create_stack(StackName="first", TemplateBody=QUEUE % 1)
    assert settled(sandbox, "first") == ("ROLLBACK_COMPLETE", ["Insufficient capacity"])
    assert haven(sandbox, "fail") == "Nothing is going to fail.\n"


def test_a_rollback_can_be_made_to_fail_too_and_is_then_continued(sandbox: Sandbox) -> None:
    cfn: Any = sandbox.client("cloudformation")
    cfn.create_stack(StackName="second", TemplateBody=QUEUE % 1)
    assert settled(sandbox, "second")[0] == "CREATE_COMPLETE"
    haven(sandbox, "fail", "AWS::SQS::Queue", "Not now", "--act", "update", "--logical", "Queue", "--times", "2")
    cfn.update_stack(StackName="second", TemplateBody=QUEUE % 2)
    status, why = settled(sandbox, "second")
    assert (status, why[:2]) == ("UPDATE_ROLLBACK_FAILED", ["Not now", "Not now"])
    cfn.continue_update_rollback(StackName="second")
    assert settled(sandbox, "second")[0] == "UPDATE_ROLLBACK_COMPLETE"


def test_calm_takes_back_what_is_still_to_fail(sandbox: Sandbox) -> None:
    haven(sandbox, "fail", "AWS::SQS::Queue", "Never", "--times", "3")
    assert haven(sandbox, "fail").splitlines() == ["AWS::SQS::Queue: Never"] * 3
    assert haven(sandbox, "calm") == "3 ended.\n"
    sandbox.client("cloudformation").create_stack(StackName="third", TemplateBody=QUEUE % 1)
    assert settled(sandbox, "third") == ("CREATE_COMPLETE", [])


def test_what_no_stack_here_can_have_is_refused(sandbox: Sandbox) -> None:
    with pytest.raises(ControlRefused, match="no stack here can have a AWS::Lambda::Function"):
        sandbox.control("failure", type="AWS::Lambda::Function", reason="No")
