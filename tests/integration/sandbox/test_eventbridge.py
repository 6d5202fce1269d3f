"""Events of AWS's services reach the targets of rules as EventBridge delivers them, or not, where nothing lets it."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.integration.sandbox.conftest import Shop
from tests.sandbox_server import ControlRefused, Sandbox

ACCOUNT = "123456789012"
EVERYTHING = {"source": [{"prefix": ""}]}


def policy(queue: str, service: str, source: str) -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": queue,
        "Condition": {"ArnEquals": {"aws:SourceArn": source}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass
class Listener:
    """A queue that a rule of the same name sends to."""

    sandbox: Sandbox
    name: str
    url: str
    arn: str
    rule: str

    def messages(self) -> list[Any]:
        """What came since the last time, oldest first, parsed."""
        sqs, found = self.sandbox.client("sqs"), []
        while got := sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            for message in got:
                sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
                found.append(json.loads(message["Body"]))
        return found

    def put(self, pattern: Any = EVERYTHING, **target: Any) -> None:
        """Make the rule and its only target."""
        events = self.sandbox.client("events")
        events.put_rule(Name=self.name, EventPattern=json.dumps(pattern))
        events.put_targets(Rule=self.name, Targets=[{"Id": "queue", "Arn": self.arn, **target}])


def listener(sandbox: Sandbox, name: str, pattern: Any = EVERYTHING, permit: bool = True) -> Listener:
    sqs = sandbox.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
    made = Listener(sandbox, name, url, arn, f"arn:aws:events:us-east-1:{ACCOUNT}:rule/{name}")
    if permit:
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy(arn, "events.amazonaws.com", made.rule)})
    made.put(pattern)
    return made


@pytest.fixture
def quiet(sandbox: Sandbox, shop: Shop) -> Iterator[Sandbox]:
    """The sandbox with `shop` in it; deliveries are as usual again afterwards, and no rule is left."""
    yield sandbox
    sandbox.control("events", "DELETE")
    events = sandbox.client("events")
    for rule in events.list_rules()["Rules"]:
        events.remove_targets(Rule=rule["Name"], Ids=["queue"])
        events.delete_rule(Name=rule["Name"])


def fail_over(sandbox: Sandbox) -> None:
    sandbox.client("rds").reboot_db_instance(DBInstanceIdentifier="production-app", ForceFailover=True)


def put(sandbox: Sandbox, *numbers: int) -> None:
    entries = [
        {"Source": "my.tests", "DetailType": "Number", "Detail": json.dumps({"number": number})} for number in numbers
    ]
    assert sandbox.client("events").put_events(Entries=entries)["FailedEntryCount"] == 0


def numbers(messages: list[Any]) -> list[int]:
    return [message["detail"]["number"] for message in messages]


def test_a_failover_of_the_database_is_told_in_rds_own_shape(quiet: Sandbox) -> None:
    queue = listener(quiet, "failovers", {"source": ["aws.rds"], "detail-type": ["RDS DB Instance Event"]})
    fail_over(quiet)
    quiet.advance(600)
    told = {event["detail"].get("EventID"): event for event in queue.messages()}
    assert {"RDS-EVENT-0013", "RDS-EVENT-0049"} <= set(told)
    first = told["RDS-EVENT-0013"]
    arn = f"arn:aws:rds:us-east-1:{ACCOUNT}:db:production-app"
    assert {key: first[key] for key in ("version", "source", "account", "region", "resources", "detail-type")} == {
        "version": "0",
        "source": "aws.rds",
        "account": ACCOUNT,
        "region": "us-east-1",
        "resources": [arn],
        "detail-type": "RDS DB Instance Event",
    }
    assert set(first) == {"version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"}
    detail = first["detail"]
    assert detail["Date"][:19] + "Z" == first["time"]
    assert {key: value for key, value in detail.items() if key != "Date"} == {
        "EventCategories": ["failover"],
        "SourceType": "DB_INSTANCE",
        "SourceArn": arn,
        "Message": "Multi-AZ instance failover started. ",
        "SourceIdentifier": "production-app",
        "EventID": "RDS-EVENT-0013",
    }


def test_it_arrives_within_a_second_of_the_sandbox(quiet: Sandbox) -> None:
    queue = listener(quiet, "soon")
    put(quiet, 1)
    assert queue.messages() == []
    quiet.advance(1)
    assert numbers(queue.messages()) == [1]


def test_a_task_that_is_replaced_tells_each_state_with_its_times(quiet: Sandbox, shop: Shop) -> None:
    queue = listener(quiet, "tasks", {"source": ["aws.ecs"], "detail-type": ["ECS Task State Change"]})
    ecs = quiet.client("ecs")
    task = ecs.list_tasks(cluster="production", serviceName="rbac")["taskArns"][0]
    ecs.stop_task(cluster="production", task=task, reason="a test")
    quiet.advance(300)
    told = queue.messages()
    gone = [event["detail"] for event in told if event["resources"] == [task]]
    assert [detail["lastStatus"] for detail in gone] == ["DEACTIVATING", "STOPPING", "DEPROVISIONING", "STOPPED"]
    assert gone[-1]["stopCode"] == "UserInitiated"
    assert gone[-1]["stoppedAt"].endswith("Z")
    assert gone[-1]["clusterArn"] == f"arn:aws:ecs:us-east-1:{ACCOUNT}:cluster/production"
    assert gone[-1]["attachments"][0]["type"] == "eni"
    new = [event["detail"] for event in told if event["resources"] != [task]]
    assert [detail["lastStatus"] for detail in new] == ["PROVISIONING", "PENDING", "ACTIVATING", "RUNNING"]
    assert "startedAt" in new[-1]
    assert "startedAt" not in new[0]


def test_a_deployment_tells_its_beginning_and_its_end_and_the_service_that_it_is_steady(
    quiet: Sandbox, shop: Shop
) -> None:
    kinds = ["ECS Deployment State Change", "ECS Service Action"]
    queue = listener(quiet, "deployments", {"source": ["aws.ecs"], "detail-type": kinds})
    service = quiet.client("ecs").update_service(cluster="production", service="rbac", forceNewDeployment=True)
    quiet.advance(1200)
    told = queue.messages()
    assert {event["resources"][0] for event in told} == {service["service"]["serviceArn"]}
    name = service["service"]["deployments"][0]["id"]
    deployments = [event["detail"] for event in told if event["detail-type"] == kinds[0]]
    assert [(one["eventType"], one["eventName"], one["deploymentId"], one["reason"]) for one in deployments] == [
        ("INFO", "SERVICE_DEPLOYMENT_IN_PROGRESS", name, f"ECS deployment {name} in progress."),
        ("INFO", "SERVICE_DEPLOYMENT_COMPLETED", name, f"ECS deployment {name} completed."),
    ]
    actions = [event["detail"] for event in told if event["detail-type"] == kinds[1]]
    assert [(one["eventType"], one["eventName"]) for one in actions] == [("INFO", "SERVICE_STEADY_STATE")]
    assert actions[0]["clusterArn"].endswith(":cluster/production")
    assert actions[0]["createdAt"].endswith("Z")


def test_an_alarm_tells_both_states_and_what_it_watches(quiet: Sandbox) -> None:
    queue = listener(quiet, "alarms", {"source": ["aws.cloudwatch"]})
    cloudwatch = quiet.client("cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName="cpu",
        AlarmDescription="busy",
        Namespace="AWS/RDS",
        MetricName="CPUUtilization",
        Dimensions=[{"Name": "DBInstanceIdentifier", "Value": "nobody"}],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=99,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    cloudwatch.set_alarm_state(AlarmName="cpu", StateValue="ALARM", StateReason="a test", StateReasonData='{"a": 1}')
    quiet.advance(2)
    [event] = queue.messages()
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["resources"] == [f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:cpu"]
    detail = event["detail"]
    assert detail["alarmName"] == "cpu"
    assert detail["state"]["value"] == "ALARM"
    assert detail["state"]["reason"] == "a test"
    assert detail["state"]["reasonData"] == '{"a": 1}'
    assert detail["state"]["timestamp"].endswith("+0000")
    assert detail["previousState"]["value"] == "INSUFFICIENT_DATA"
    [metric] = detail["configuration"]["metrics"]
    assert detail["configuration"]["description"] == "busy"
    assert metric["returnData"] is True
    assert metric["metricStat"] == {
        "metric": {
            "namespace": "AWS/RDS",
            "name": "CPUUtilization",
            "dimensions": {"DBInstanceIdentifier": "nobody"},
        },
        "period": 60,
        "stat": "Average",
    }


def test_a_stack_tells_each_of_its_statuses(quiet: Sandbox) -> None:
    kind = "CloudFormation Stack Status Change"
    queue = listener(quiet, "stacks", {"source": ["aws.cloudformation"], "detail-type": [kind]})
    body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {}}}})
    stack = quiet.client("cloudformation").create_stack(
        StackName="small", TemplateBody=body, ClientRequestToken="token-1"
    )["StackId"]
    quiet.advance(120)
    told = queue.messages()
    assert [event["detail"]["status-details"]["status"] for event in told] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert all(event["resources"] == [stack] and event["detail"]["stack-id"] == stack for event in told)
    assert told[0]["detail"]["client-request-token"] == "token-1"
    assert told[0]["detail"]["status-details"]["status-reason"] == "User Initiated"


def test_without_the_queues_leave_nothing_comes_and_nobody_says_so(quiet: Sandbox) -> None:
    queue = listener(quiet, "closed", permit=False)
    put(quiet, 1)
    quiet.advance(5)
    assert queue.messages() == []


def test_the_leave_of_another_rule_does_not_help(quiet: Sandbox) -> None:
    queue = listener(quiet, "others")
    wrong = policy(queue.arn, "events.amazonaws.com", queue.rule + "-2")
    quiet.client("sqs").set_queue_attributes(QueueUrl=queue.url, Attributes={"Policy": wrong})
    put(quiet, 1)
    quiet.advance(5)
    assert queue.messages() == []


def test_a_queue_under_a_key_needs_the_keys_leave_too(quiet: Sandbox) -> None:
    queue, kms = listener(quiet, "sealed"), quiet.client("kms")
    key = kms.create_key()["KeyMetadata"]
    quiet.client("sqs").set_queue_attributes(QueueUrl=queue.url, Attributes={"KmsMasterKeyId": key["KeyId"]})
    put(quiet, 1)
    quiet.advance(5)
    assert queue.messages() == []
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": ["kms:GenerateDataKey*", "kms:Decrypt"],
        "Resource": "*",
    }
    kms.put_key_policy(KeyId=key["KeyId"], PolicyName="default", Policy=json.dumps({"Statement": [statement]}))
    put(quiet, 2)
    quiet.advance(5)
    assert numbers(queue.messages()) == [2]


def test_what_may_not_be_delivered_goes_to_the_targets_own_dead_letter_queue(quiet: Sandbox) -> None:
    closed, dead = listener(quiet, "closed-2", permit=False), listener(quiet, "dead", {"source": ["nobody"]})
    leave = policy(dead.arn, "events.amazonaws.com", closed.rule)
    sqs = quiet.client("sqs")
    sqs.set_queue_attributes(QueueUrl=dead.url, Attributes={"Policy": leave})
    closed.put(DeadLetterConfig={"Arn": dead.arn})
    put(quiet, 7)
    quiet.advance(5)
    [message] = sqs.receive_message(QueueUrl=dead.url, MessageAttributeNames=["All"])["Messages"]
    said = {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
    assert json.loads(message["Body"])["detail"] == {"number": 7}
    assert said["ERROR_CODE"] == "NO_PERMISSIONS"
    assert said["RULE_ARN"] == closed.rule
    assert said["TARGET_ARN"] == closed.arn


def test_a_disabled_rule_sends_nothing(quiet: Sandbox) -> None:
    queue = listener(quiet, "disabled")
    quiet.client("events").disable_rule(Name="disabled")
    put(quiet, 1)
    quiet.client("events").enable_rule(Name="disabled")
    put(quiet, 2)
    quiet.advance(5)
    assert numbers(queue.messages()) == [2]


def test_a_target_gets_the_part_or_the_words_it_asked_for(quiet: Sandbox) -> None:
    queue = listener(quiet, "parts")
    queue.put(InputPath="$.detail")
    put(quiet, 3)
    quiet.advance(5)
    assert queue.messages() == [{"number": 3}]
    queue.put(InputTransformer={"InputPathsMap": {"n": "$.detail.number"}, "InputTemplate": '{"told": <n>}'})
    put(quiet, 4)
    quiet.advance(5)
    assert queue.messages() == [{"told": 4}]


def test_topics_and_log_groups_get_events_where_their_policies_say_so(quiet: Sandbox) -> None:
    queue, events, sns, logs = listener(quiet, "both"), *map(quiet.client, ("events", "sns", "logs"))
    topic = sns.create_topic(Name="told")["TopicArn"]
    logs.create_log_group(logGroupName="/aws/events/told")
    group = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/events/told"
    targets = [{"Id": "queue", "Arn": topic}, {"Id": "logs", "Arn": group}]
    events.put_targets(Rule="both", Targets=targets)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": "true"})
    sqs = quiet.client("sqs")
    sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"Policy": policy(queue.arn, "sns.amazonaws.com", topic)})
    put(quiet, 1)
    quiet.advance(5)
    assert queue.messages() == []
    assert logs.filter_log_events(logGroupName="/aws/events/told")["events"] == []
    statement = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Resource": "*"}
    topic_policy = {"Statement": [{**statement, "Action": "sns:Publish"}]}
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(topic_policy))
    log_policy = {"Statement": [{**statement, "Action": ["logs:CreateLogStream", "logs:PutLogEvents"]}]}
    logs.put_resource_policy(policyName="events", policyDocument=json.dumps(log_policy))
    put(quiet, 2)
    quiet.advance(5)
    assert numbers(queue.messages()) == [2]
    written = logs.filter_log_events(logGroupName="/aws/events/told")["events"]
    assert [json.loads(one["message"])["detail"] for one in written] == [{"number": 2}]
    events.remove_targets(Rule="both", Ids=["logs"])


def test_a_topic_reaches_a_queue_only_with_the_queues_leave(quiet: Sandbox) -> None:
    queue, sns = listener(quiet, "unsent", {"source": ["nobody"]}), quiet.client("sns")
    topic = sns.create_topic(Name="unsent")["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn, Attributes={"RawMessageDelivery": "true"})
    sns.publish(TopicArn=topic, Message='"one"')
    leave = policy(queue.arn, "sns.amazonaws.com", topic)
    quiet.client("sqs").set_queue_attributes(QueueUrl=queue.url, Attributes={"Policy": leave})
    sns.publish(TopicArn=topic, Message='"two"')
    assert queue.messages() == ["two"]


def test_events_come_twice_when_ordered_so(quiet: Sandbox) -> None:
    queue = listener(quiet, "twice")
    assert quiet.control("events", duplicate=1)["duplicate"] == 1
    put(quiet, 1)
    quiet.advance(10)
    first, second = queue.messages()
    assert first == second


def test_events_come_out_of_order_when_ordered_so(quiet: Sandbox) -> None:
    queue = listener(quiet, "swapped")
    quiet.control("events", reorder=True)
    put(quiet, 1, 2)
    quiet.advance(5)
    assert numbers(queue.messages()) == [2, 1]
    put(quiet, 3)
    quiet.advance(5)
    assert queue.messages() == []
    quiet.advance(60)
    assert numbers(queue.messages()) == [3]


def test_nothing_stays_behind_when_order_returns(quiet: Sandbox) -> None:
    queue = listener(quiet, "kept")
    quiet.control("events", reorder=True)
    put(quiet, 1)
    assert quiet.control("events")["held"] == 1
    quiet.control("events", reorder=False)
    quiet.advance(5)
    assert numbers(queue.messages()) == [1]


def test_events_never_come_when_ordered_so(quiet: Sandbox) -> None:
    queue = listener(quiet, "lost")
    before = quiet.control("events", drop=True)["dropped"]
    put(quiet, 1)
    assert quiet.control("events")["dropped"] == before + 1
    quiet.control("events", "DELETE")
    put(quiet, 2)
    quiet.advance(5)
    assert numbers(queue.messages()) == [2]


@pytest.mark.parametrize("wrong", [{"duplicate": 11}, {"reorder": "yes"}, {"lose": True}])
def test_orders_that_make_no_sense_are_refused(quiet: Sandbox, wrong: dict[str, Any]) -> None:
    with pytest.raises(ControlRefused) as refused:
        quiet.control("events", "POST", **wrong)
    assert refused.value.status == 400


def test_a_pattern_can_be_tried_out(quiet: Sandbox) -> None:
    event = {
        "id": "1",
        "account": ACCOUNT,
        "source": "aws.ecs",
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail-type": "ECS Task State Change",
        "detail": {"containers": [{"name": "a", "exitCode": 0}, {"name": "b", "exitCode": 137}]},
    }
    events = quiet.client("events")

    def tried(pattern: Any) -> bool:
        found = events.test_event_pattern(EventPattern=json.dumps(pattern), Event=json.dumps(event))
        return bool(found["Result"])

    assert tried({"detail": {"containers": {"exitCode": [137]}}})
    assert not tried({"detail": {"containers": {"exitCode": [1]}}})
    assert tried({"source": ["aws.ecs"], "detail": {"lastStatus": [{"exists": False}]}})


def test_what_is_on_its_way_and_the_orders_survive_a_restart(
    start_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    first = start_sandbox("--frozen", "--limits", "off", "--state", str(tmp_path))
    listener(first, "survives")
    first.control("events", duplicate=1)
    put(first, 1)
    first.stop()
    second = start_sandbox("--frozen", "--limits", "off", "--state", str(tmp_path))
    assert second.control("events")["duplicate"] == 1
    second.advance(5)
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:survives"
    url = second.client("sqs").get_queue_url(QueueName="survives")["QueueUrl"]
    assert numbers(Listener(second, "survives", url, arn, "").messages()) == [1, 1]
    second.stop()
