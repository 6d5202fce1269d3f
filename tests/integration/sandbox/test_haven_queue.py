"""The data stack's queue for Haven, deployed: what comes, in which shape, and what does not."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from provisioning.blueprint import load, template_body
from sandbox.clock import clock
from tests.integration.sandbox.stacks_ground import Stacks, fresh, values

pytestmark = pytest.mark.timeout(180)


class Data:
    """Network and data of an environment, deployed as multi-az."""

    def __init__(self, environment: str, **overrides: str) -> None:
        self.stacks: Stacks = fresh()
        self.name = environment
        self.outputs: dict[str, dict[str, str]] = {}
        for spec in load("multi-az").stacks(environment, {"data": overrides})[:2]:
            fed = {name: self.outputs[stack][output] for name, (stack, output) in spec.inputs}
            given = values(**dict(spec.parameters), **fed)
            made = self.stacks.deployed(f"{environment}-{spec.name}", template_body(spec.template), Parameters=given)
            assert made["StackStatus"] == "CREATE_COMPLETE", spec.name
            self.outputs[spec.name] = {o["OutputKey"]: o["OutputValue"] for o in made["Outputs"]}

    def heard(self) -> list[Any]:
        """Everything that waits in Haven's queue, parsed and removed."""
        sqs, url, found = self.stacks.aws("sqs"), self.outputs["data"]["HavenQueueUrl"], []
        while got := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=0).get("Messages"):
            for message in got:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(message["Body"]))
        return found


@pytest.fixture(scope="module")
def data() -> Data:
    return Data("production")


@pytest.fixture
def hear(data: Data) -> Callable[[], list[Any]]:
    data.heard()
    return data.heard


def test_its_url_and_arn_are_outputs(data: Data) -> None:
    outputs = data.outputs["data"]
    assert outputs["HavenQueueArn"] == f"arn:aws:sqs:us-east-1:{data.stacks.account}:production-haven-events"
    assert outputs["HavenQueueUrl"].endswith(f"/{data.stacks.account}/production-haven-events")
    found = data.stacks.aws("sqs").get_queue_attributes(QueueUrl=outputs["HavenQueueUrl"], AttributeNames=["All"])
    assert found["Attributes"]["SqsManagedSseEnabled"] == "true"
    redrive = json.loads(found["Attributes"]["RedrivePolicy"])
    assert redrive["deadLetterTargetArn"].endswith(":production-haven-events-dlq")


def test_a_failover_of_the_database_is_heard(data: Data, hear: Callable[[], list[Any]]) -> None:
    data.stacks.aws("rds").reboot_db_instance(DBInstanceIdentifier="production-app", ForceFailover=True)
    clock.advance(600)
    ids = [event["detail"].get("EventID") for event in hear() if event.get("source") == "aws.rds"]
    assert {"RDS-EVENT-0013", "RDS-EVENT-0049"} <= set(ids)


def test_a_failover_of_the_cache_is_heard_in_elasticaches_own_words(data: Data, hear: Callable[[], list[Any]]) -> None:
    data.stacks.aws("elasticache").test_failover(ReplicationGroupId="production-cache", NodeGroupId="0001")
    clock.advance(1200)
    notices = [message for message in hear() if "source" not in message]
    assert [set(notice) for notice in notices] == [
        {"ElastiCache:FailoverComplete"},
        {"ElastiCache:CacheNodeReplaceStarted"},
        {"ElastiCache:CacheNodeReplaceComplete"},
    ]
    assert notices[0]["ElastiCache:FailoverComplete"].startswith("production-cache-00")


def test_an_alarm_and_a_stack_of_the_environment_are_heard_and_those_of_others_are_not(
    data: Data, hear: Callable[[], list[Any]]
) -> None:
    cloudwatch, cfn = data.stacks.aws("cloudwatch"), data.stacks.cfn
    cloudwatch.set_alarm_state(AlarmName="production-database-cpu", StateValue="ALARM", StateReason="a test")
    alarm = {"Namespace": "X", "MetricName": "Y", "Period": 60, "EvaluationPeriods": 1, "Threshold": 1}
    cloudwatch.put_metric_alarm(AlarmName="other", Statistic="Sum", ComparisonOperator="GreaterThanThreshold", **alarm)
    cloudwatch.set_alarm_state(AlarmName="other", StateValue="ALARM", StateReason="a test")
    body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {}}}})
    for name in ("production-more", "other"):
        cfn.create_stack(StackName=name, TemplateBody=body)
    clock.advance(30)
    told = [(e["source"], e["detail"].get("alarmName") or e["detail"]["stack-id"].split("/")[1]) for e in hear()]
    assert told.count(("aws.cloudformation", "production-more")) == 2
    assert ("aws.cloudwatch", "production-database-cpu") in told
    assert not [one for one in told if one[1] == "other"]


def test_a_task_of_the_environments_cluster_is_heard(data: Data, hear: Callable[[], list[Any]]) -> None:
    ecs, subnet = data.stacks.aws("ecs"), data.outputs["network"]["ComputeSubnetIds"].split(",")[0]
    container = {"name": "once", "image": "once:1", "command": ["exit 3"]}
    ecs.register_task_definition(
        family="once",
        networkMode="awsvpc",
        requiresCompatibilities=["FARGATE"],
        cpu="256",
        memory="512",
        containerDefinitions=[container],
    )
    network = {"awsvpcConfiguration": {"subnets": [subnet]}}
    for cluster in ("production", "other"):
        ecs.create_cluster(clusterName=cluster)
        ecs.run_task(cluster=cluster, taskDefinition="once", launchType="FARGATE", networkConfiguration=network)
    clock.advance(120)
    told = [event["detail"] for event in hear() if event.get("source") == "aws.ecs"]
    assert [detail["lastStatus"] for detail in told] == ["PROVISIONING", "RUNNING", "DEACTIVATING", "STOPPED"]
    assert {detail["clusterArn"].rpartition("/")[2] for detail in told} == {"production"}
    assert told[-1]["containers"][0]["exitCode"] == 3


def test_it_can_be_turned_off_and_on_again_under_the_stack_policy(data: Data) -> None:
    spec = load("multi-az").stacks("production")[1]
    data.stacks.cfn.set_stack_policy(StackName="production-data", StackPolicyBody=spec.policy)
    fed = {name: data.outputs[stack][output] for name, (stack, output) in spec.inputs}
    for wanted in ("false", "true"):
        given = values(**{**dict(spec.parameters), **fed, "HavenEvents": wanted})
        changed = data.stacks.deployed("production-data", template_body("data"), "UPDATE", Parameters=given)
        assert changed["StackStatus"] == "UPDATE_COMPLETE"
        names = {o["OutputKey"] for o in changed["Outputs"]}
        assert ("HavenQueueUrl" in names) == (wanted == "true")
    queues = data.stacks.aws("sqs").list_queues()["QueueUrls"]
    assert [url for url in queues if url.endswith("-haven-events")]


def test_drift_that_was_found_is_heard(data: Data, hear: Callable[[], list[Any]]) -> None:
    queue = data.outputs["data"]["QueueUrl"]
    data.stacks.aws("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "77"})
    detection = data.stacks.cfn.detect_stack_drift(StackName="production-data")["StackDriftDetectionId"]
    clock.advance(120)
    kind = "CloudFormation Drift Detection Status Change"
    told = [event["detail"] for event in hear() if event.get("detail-type") == kind]
    assert [detail["status-details"] for detail in told] == [
        {"detection-status": "DETECTION_IN_PROGRESS"},
        {"detection-status": "DETECTION_COMPLETE", "stack-drift-status": "DRIFTED"},
    ]
    assert told[1]["drift-detection-details"] == {"drifted-stack-resource-count": 1}
    assert {detail["stack-drift-detection-id"] for detail in told} == {detection}
