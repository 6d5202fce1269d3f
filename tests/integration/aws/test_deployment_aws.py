"""Deployments on a sandbox of their own, over HTTP: small stacks, so that each way to go is cheap to walk."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from provisioning.roles import roles_template
from services.aws.change_set_words import UNKNOWN
from services.aws.change_sets import execution_token
from services.aws.deployment_calls import DeploymentCaller
from services.aws.deployment_reader import DeploymentReader
from services.aws.session import Sessions, Wire
from services.domain.deployment.change_set import ChangeSet
from services.domain.deployment.event import rollouts
from services.domain.deployment.plan import Plan, PlanState, StackPlan
from services.domain.environment import Environment
from services.domain.errors import Conflict, Refused
from services.ports import StackSpec, StackStanding
from services.usecases.plan_tidying import PlanTidying
from tests.builders import environment
from tests.fakes.store import MemoryUnit
from tests.integration.aws.conftest import WallClock
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(200)]
ENVIRONMENT = environment("production")
TEMPLATE = """# As it was sent: comments and all.
Parameters:
  Delay: {Type: Number, Default: 0}
  Name: {Type: String, Default: ""}
  Second: {Type: String, Default: ""}
  Secret: {Type: String, NoEcho: true, Default: hidden}
Conditions:
  Named: !Not [!Equals [!Ref Name, ""]]
  Two: !Not [!Equals [!Ref Second, ""]]
Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      DelaySeconds: !Ref Delay
      QueueName: !If [Named, !Ref Name, !Ref AWS::NoValue]
  Other:
    Type: AWS::SQS::Queue
    Condition: Two
    DependsOn: Queue
    Properties: {QueueName: !Ref Second, DelaySeconds: 5}
  Told:
    Type: AWS::SQS::Queue
    Properties:
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Queue.Arn, maxReceiveCount: 3}
Outputs:
  Url: {Value: !Ref Queue}
"""
DENY = {"Effect": "Deny", "Principal": "*", "Action": "Update:Replace", "Resource": "LogicalResourceId/Queue"}
ALLOW = {"Effect": "Allow", "Principal": "*", "Action": "Update:*", "Resource": "*"}
_numbers = count(1)


@dataclass(frozen=True)
class Ground:
    """A sandbox and Haven's gateways to it; `again` are gateways as another worker would have them."""

    sandbox: Sandbox
    caller: DeploymentCaller
    reader: DeploymentReader
    again: DeploymentCaller

    def prepare(self, stack: str, **parameters: str) -> ChangeSet:
        made = self.caller.prepare(ENVIRONMENT, spec(stack, **parameters), {})
        assert made is not None
        return made

    def begin(self, stack: str, **parameters: str) -> ChangeSet:
        made = self.prepare(stack, **parameters)
        self.caller.execute(ENVIRONMENT, stack, made.arn)
        return made

    def deploy(self, stack: str, **parameters: str) -> StackStanding:
        self.begin(stack, **parameters)
        return self.ended(stack)

    def standing(self, stack: str) -> StackStanding:
        found = self.reader.standing(ENVIRONMENT, stack)
        assert found is not None
        return found

    def ended(self, stack: str) -> StackStanding:
        for _ in range(100):
            found = self.standing(stack)
            if not found.status.endswith("_IN_PROGRESS"):
                return found
            self.sandbox.advance(20)
        raise AssertionError(f"{stack} does not come to an end")

    def statuses(self, stack: str) -> list[str]:
        return [event.status for event in self.reader.events(ENVIRONMENT, stack, frozenset()) if event.own]


def spec(stack: str, body: str = TEMPLATE, **parameters: str) -> StackSpec:
    return StackSpec(stack, "data", tuple(parameters.items()), (), (), None, False, body)


@pytest.fixture(scope="module")
def ground(start_sandbox: Callable[..., Sandbox]) -> Iterator[Ground]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        sandbox = start_sandbox("--frozen", "--limits", "off")
        sessions, others = (Sessions(Wire(endpoint_url=sandbox.url), WallClock()) for _ in range(2))
        callers = [DeploymentCaller(each, pause=lambda _: sandbox.advance(2)) for each in (sessions, others)]
        yield Ground(sandbox, callers[0], DeploymentReader(sessions), callers[1])


@pytest.fixture
def stack() -> str:
    """A stack's name that no other test has."""
    return f"service-{next(_numbers)}"


def test_a_new_stack_is_prepared_once_however_often_it_is_asked_for(ground: Ground, stack: str) -> None:
    made = ground.prepare(stack)
    again = ground.again.prepare(ENVIRONMENT, spec(stack), {})
    assert again == made
    assert (made.creates, made.status, made.execution_status) == (True, "CREATE_COMPLETE", "AVAILABLE")
    assert {r.logical_id: r.action for r in made.resources} == {"Queue": "Add", "Told": "Add"}
    assert ground.standing(stack).status == "REVIEW_IN_PROGRESS"
    client = ground.sandbox.client("cloudformation")
    assert len(client.list_change_sets(StackName=f"production-{stack}")["Summaries"]) == 1
    assert ground.reader.change_set(ENVIRONMENT, stack, made.arn) == made


def test_an_abandoned_plan_of_a_new_stack_leaves_neither_change_set_nor_stack(ground: Ground, stack: str) -> None:
    made = ground.prepare(stack)
    template = spec(stack)
    unit, clock = MemoryUnit(), WallClock()
    planned = StackPlan(stack, f"production-{stack}", template.template, "", change_set=made)
    plan = Plan("plan-1", "production", "new", "ada", clock.now(), "", PlanState.DISCARDED, stacks=(planned,))
    with unit() as store:
        store.environments.add(ENVIRONMENT)
        store.plans.add(plan)
    assert not ground.caller.clear(ENVIRONMENT, stack)
    here = ground.standing(stack)
    tidying = PlanTidying(unit, clock, ground.reader, ground.caller, keep=timedelta(days=30))
    (done,) = tidying.tidy("production")
    assert done.deleted == (f"{made.name} of production-{stack}", f"production-{stack}")
    assert ground.reader.standing(ENVIRONMENT, stack) is None
    assert ground.reader.change_sets(ENVIRONMENT, stack) == ()
    assert not ground.again.clear(ENVIRONMENT, stack)
    told = ground.reader.events(ENVIRONMENT, here.stack_id, frozenset())
    assert [event.status for event in told] == ["REVIEW_IN_PROGRESS", "DELETE_IN_PROGRESS", "DELETE_COMPLETE"]
    assert rollouts(told) == ()
    assert ground.deploy(stack).status == "CREATE_COMPLETE"
    assert not ground.caller.clear(ENVIRONMENT, stack)
    assert ground.standing(stack).status == "CREATE_COMPLETE"


def test_a_change_shows_both_values_and_nothing_to_change_is_none(ground: Ground, stack: str) -> None:
    assert ground.deploy(stack).status == "CREATE_COMPLETE"
    assert ground.caller.prepare(ENVIRONMENT, spec(stack), {}) is None
    made = ground.prepare(stack, Delay="7", Name=f"queue-{stack}", Secret="****")
    queue, told = made.resources
    delay = next(p for p in queue.properties if p.name == "DelaySeconds")
    assert (delay.path, delay.before, delay.after, delay.known) == ("/Properties/DelaySeconds", "0", "7", True)
    assert (delay.recreation, delay.source, delay.cause) == ("Never", "ParameterReference", "Delay")
    assert (queue.replacement, queue.policy_action) == ("True", "ReplaceAndDelete")
    (redrive,) = [p for p in told.properties if not p.known]
    assert UNKNOWN in (redrive.after or "")
    assert dict(made.parameters)["Secret"] == "****"
    ground.caller.discard(ENVIRONMENT, stack, made.arn)
    ground.caller.discard(ENVIRONMENT, stack, made.arn)
    assert ground.reader.change_set(ENVIRONMENT, stack, made.arn) is None
    with pytest.raises(Conflict, match="nothing shows that it was executed"):
        ground.caller.execute(ENVIRONMENT, stack, made.arn)


def test_executed_twice_it_is_done_once_and_its_events_are_ours(ground: Ground, stack: str) -> None:
    ground.deploy(stack)
    known = frozenset(event.id for event in ground.reader.events(ENVIRONMENT, stack, frozenset()))
    made = ground.begin(stack, Delay="3")
    ground.again.execute(ENVIRONMENT, stack, made.arn)
    assert ground.ended(stack).status == "UPDATE_COMPLETE"
    ground.again.execute(ENVIRONMENT, stack, made.arn)  # long after
    assert ground.ended(stack).status == "UPDATE_COMPLETE"
    assert ground.statuses(stack).count("UPDATE_IN_PROGRESS") == 1
    fresh = ground.reader.events(ENVIRONMENT, stack, known)
    assert fresh[0].status == "UPDATE_IN_PROGRESS"
    assert {event.token for event in fresh} == {execution_token(made.arn)}
    assert not {event.id for event in fresh} & known


def test_one_that_aws_deleted_after_its_execution_is_known_by_its_stack(ground: Ground, stack: str) -> None:
    ground.deploy(stack)
    made = ground.begin(stack, Delay="3")
    ground.ended(stack)
    ground.sandbox.client("cloudformation").delete_change_set(ChangeSetName=made.arn)
    ground.caller.execute(ENVIRONMENT, stack, made.arn)
    ground.deploy(stack, Delay="4")  # and by its events, when the stack has gone on
    ground.caller.execute(ENVIRONMENT, stack, made.arn)
    assert ground.statuses(stack).count("UPDATE_IN_PROGRESS") == 2


def test_the_text_that_runs_can_be_deployed_again(ground: Ground, stack: str) -> None:
    ground.deploy(stack)
    newer = TEMPLATE.replace("maxReceiveCount: 3", "maxReceiveCount: 5")
    made = ground.caller.prepare(ENVIRONMENT, spec(stack, newer), {})
    assert made is not None
    ground.caller.execute(ENVIRONMENT, stack, made.arn)
    ground.ended(stack)
    assert ground.reader.template(ENVIRONMENT, stack) == newer
    back = ground.prepare(stack)
    assert [r.logical_id for r in back.resources] == ["Told"]


def test_a_policy_denies_a_replacement_in_aws_words_until_it_is_lifted(ground: Ground, stack: str) -> None:
    ground.deploy(stack)
    policy = json.dumps({"Statement": [ALLOW, DENY]})
    ground.caller.set_policy(ENVIRONMENT, stack, policy)
    assert ground.reader.policy(ENVIRONMENT, stack) == policy
    found = ground.deploy(stack, Name=f"queue-{stack}")
    assert found.status == "UPDATE_ROLLBACK_COMPLETE"
    assert found.reason.startswith("Queue: Action denied by stack policy")
    ground.caller.set_policy(ENVIRONMENT, stack, "")
    assert ground.deploy(stack, Name=f"queue-{stack}").status == "UPDATE_COMPLETE"


def test_a_running_update_is_cancelled_once(ground: Ground, stack: str) -> None:
    ground.deploy(stack)
    with pytest.raises(Refused, match="cannot be called from current stack status"):
        ground.caller.cancel(ENVIRONMENT, stack, "op-0")
    ground.begin(stack, Delay="9")
    assert ground.standing(stack).status == "UPDATE_IN_PROGRESS"
    ground.caller.cancel(ENVIRONMENT, stack, "op-1")
    ground.again.cancel(ENVIRONMENT, stack, "op-1")
    assert ground.ended(stack).status == "UPDATE_ROLLBACK_COMPLETE"
    assert "haven-op-1" in {event.token for event in ground.reader.events(ENVIRONMENT, stack, frozenset())}
    ground.again.cancel(ENVIRONMENT, stack, "op-1")
    assert ground.statuses(stack).count("UPDATE_ROLLBACK_IN_PROGRESS") == 1


def failing(ground: Ground, stack: str) -> str:
    """A name that another queue has already."""
    name = f"taken-{stack}"
    ground.sandbox.client("sqs").create_queue(QueueName=name, Attributes={"DelaySeconds": "77"})
    return name


def test_a_failed_update_rolls_back_and_says_why(ground: Ground, stack: str) -> None:
    ground.deploy(stack)
    found = ground.deploy(stack, Delay="3", Second=failing(ground, stack))
    assert found.status == "UPDATE_ROLLBACK_COMPLETE"
    assert found.reason.startswith("Other: ")
    assert dict(found.parameters)["Delay"] == "0"


def test_a_rollback_that_failed_goes_on_without_what_cannot_be_brought_back(ground: Ground, stack: str) -> None:
    url = dict(ground.deploy(stack).outputs)["Url"]
    ground.begin(stack, Delay="3", Second=failing(ground, stack))
    for _ in range(50):
        done = {e.logical_id: e.status for e in ground.reader.events(ENVIRONMENT, stack, frozenset())}
        if done["Queue"] == "UPDATE_COMPLETE":
            break
        ground.sandbox.advance(1)
    ground.sandbox.client("sqs").delete_queue(QueueUrl=url)
    assert ground.ended(stack).status == "UPDATE_ROLLBACK_FAILED"
    with pytest.raises(Refused, match="continue its rollback first"):
        ground.prepare(stack, Delay="4")
    ground.caller.continue_rollback(ENVIRONMENT, stack, ["Queue"], "op-2")
    ground.again.continue_rollback(ENVIRONMENT, stack, ["Queue"], "op-2")
    assert ground.ended(stack).status == "UPDATE_ROLLBACK_COMPLETE"
    assert ground.statuses(stack).count("UPDATE_ROLLBACK_IN_PROGRESS") == 2


def test_a_protected_stack_is_kept_and_an_unprotected_one_is_deleted(ground: Ground, stack: str) -> None:
    here = ground.deploy(stack)
    ground.caller.protect(ENVIRONMENT, stack, True)
    assert ground.standing(stack).protected
    with pytest.raises(Refused, match="TerminationProtection"):
        ground.caller.delete(ENVIRONMENT, stack, (), "op-3")
    ground.caller.protect(ENVIRONMENT, stack, False)
    with pytest.raises(Refused, match="only once a deletion has failed"):
        ground.caller.delete(ENVIRONMENT, stack, ["Queue"], "op-3")
    ground.caller.delete(ENVIRONMENT, stack, (), "op-3")
    ground.again.delete(ENVIRONMENT, stack, (), "op-3")
    ground.sandbox.advance(300)
    assert ground.reader.standing(ENVIRONMENT, stack) is None
    gone = ground.reader.standing(ENVIRONMENT, here.stack_id)
    assert gone is not None
    assert (gone.stack, gone.status) == (stack, "DELETE_COMPLETE")
    told = ground.reader.events(ENVIRONMENT, here.stack_id, frozenset())
    assert (told[-1].stack, told[-1].status, told[-1].token) == (stack, "DELETE_COMPLETE", "haven-op-3")


def test_drift_is_found_once_the_detection_has_ended(ground: Ground, stack: str) -> None:
    url = dict(ground.deploy(stack, Delay="2").outputs)["Url"]
    ground.sandbox.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"DelaySeconds": "60"})
    detection = ground.caller.start_drift(ENVIRONMENT, stack)
    assert ground.reader.drift(ENVIRONMENT, stack, detection) is None
    ground.sandbox.advance(120)
    report = ground.reader.drift(ENVIRONMENT, stack, detection)
    assert report is not None
    assert (report.stack, report.status) == (stack, "DRIFTED")
    (drifted,) = [resource for resource in report.resources if resource.status == "MODIFIED"]
    (difference,) = drifted.differences
    assert (drifted.logical_id, difference.path) == ("Queue", "/DelaySeconds")
    assert (difference.expected, difference.actual, difference.kind) == ("2", "60", "NOT_EQUAL")


def test_others_are_there_to_be_adopted(ground: Ground, stack: str) -> None:
    ground.deploy(stack)
    ground.sandbox.client("cloudformation").create_stack(StackName=f"wiki-{stack}", TemplateBody=TEMPLATE)
    names = {standing.stack for standing in ground.reader.others(ENVIRONMENT)}
    assert {stack, f"wiki-{stack}"} <= names


def role(ground: Ground, name: str, *statements: dict[str, Any]) -> str:
    iam = ground.sandbox.client("iam")
    anyone = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [anyone]}
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(document))
    return str(made["Arn"])


def allowing(*actions: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def test_each_role_is_told_what_it_lacks(ground: Ground) -> None:
    ours = {"StringEquals": {"aws:ResourceTag/haven:environment": "production"}}
    theirs = {"StringEquals": {"aws:ResourceTag/haven:environment": "staging"}}
    of: Environment = environment(
        "production",
        reader_role_arn=role(ground, "reader", allowing("*"), {**allowing("sqs:*"), "Effect": "Deny"}),
        operator_role_arn=role(
            ground,
            "operator",
            allowing("rds:*", Condition=ours),
            allowing("elasticache:*", Condition=theirs),
            allowing("ecs:UpdateService", resource="arn:aws:ecs:*:*:service/production/*"),
            allowing("application-autoscaling:*", "sqs:*"),
        ),
        provisioner_role_arn=role(ground, "provisioner", allowing("cloudformation:*")),
    )
    assert ground.reader.missing_rights(of) == {
        "reader": ("sqs:GetQueueAttributes",),
        "operator": ("elasticache:TestFailover",),
    }
    assert ground.reader.missing_rights(ENVIRONMENT) == {}


def test_the_roles_that_come_with_haven_lack_nothing(ground: Ground) -> None:
    given = {
        "Environment": "production",
        "StackPrefix": "production",
        "HavenPrincipal": "arn:aws:iam::123456789012:root",
        "ExternalId": "a-long-random-text",
    }
    client = ground.sandbox.client("cloudformation")
    client.create_stack(
        StackName="haven-roles",
        TemplateBody=roles_template(),
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        Capabilities=["CAPABILITY_NAMED_IAM"],
    )
    ground.sandbox.advance(600)
    made = client.describe_stacks(StackName="haven-roles")["Stacks"][0]
    arns = {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}
    of = environment(
        "production",
        reader_role_arn=arns["ReaderRoleArn"],
        operator_role_arn=arns["OperatorRoleArn"],
        provisioner_role_arn=arns["ProvisionerRoleArn"],
        external_id=given["ExternalId"],
    )
    assert ground.reader.missing_rights(of) == {}
    swapped = replace(of, reader_role_arn=of.operator_role_arn)
    assert "rds:DescribeDBInstances" in ground.reader.missing_rights(swapped)["reader"]


def test_a_role_of_another_account_is_said(ground: Ground) -> None:
    of = environment("production", reader_role_arn="arn:aws:iam::999999999999:role/elsewhere")
    (sentence,) = ground.reader.missing_rights(of)["reader"]
    assert "999999999999" in sentence
