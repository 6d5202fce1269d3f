"""Live edits are found by drift detection, and nothing else is."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from provisioning.blueprint import load, template_body
from sandbox.clock import clock
from tests.integration.sandbox.stacks_ground import Stacks, fresh, refusal, values

pytestmark = pytest.mark.timeout(240)
Aws = Callable[[str], Any]
STACKS = ("network", "data", "platform", "service-rbac")
QUEUE = "Resources: {{Q: {{Type: AWS::SQS::Queue, Properties: {{VisibilityTimeout: {}}}}}}}"


class Built:
    """An environment with one service, as multi-az."""

    def __init__(self) -> None:
        self.stacks: Stacks = fresh()
        self.outputs: dict[str, dict[str, str]] = {}
        for spec in load("multi-az").stacks("production"):
            if spec.name not in STACKS:
                continue
            fed = {name: self.outputs[stack][output] for name, (stack, output) in spec.inputs}
            given = values(**dict(spec.parameters), **fed)
            made = self.stacks.deployed(f"production-{spec.name}", template_body(spec.template), Parameters=given)
            assert made["StackStatus"] == "CREATE_COMPLETE", spec.name
            self.outputs[spec.name] = {o["OutputKey"]: o["OutputValue"] for o in made["Outputs"]}
        self.at_first = {name: (self.detected(name), self.drifts(name)) for name in STACKS}
        """What was found before any test changed anything."""

    def id(self, stack: str, logical: str) -> str:
        return self.stacks.physical(f"production-{stack}", logical)

    def detected(self, stack: str, **asked: Any) -> dict[str, Any]:
        cfn, name = self.stacks.cfn, f"production-{stack}"
        identity = cfn.detect_stack_drift(StackName=name, **asked)["StackDriftDetectionId"]
        clock.advance(120)
        found: dict[str, Any] = cfn.describe_stack_drift_detection_status(StackDriftDetectionId=identity)
        return found

    def drifts(self, stack: str) -> list[dict[str, Any]]:
        found = self.stacks.cfn.describe_stack_resource_drifts(StackName=f"production-{stack}")
        return list(found["StackResourceDrifts"])

    def one(self, stack: str, logical: str) -> dict[str, Any]:
        found = self.stacks.cfn.detect_stack_resource_drift(StackName=f"production-{stack}", LogicalResourceId=logical)
        return dict(found["StackResourceDrift"])


@pytest.fixture(scope="module")
def built() -> Built:
    return Built()


@pytest.mark.parametrize("stack", STACKS[1:])
def test_a_stack_just_deployed_is_in_sync(built: Built, stack: str) -> None:
    found, drifts = built.at_first[stack]
    assert (found["DetectionStatus"], found["StackDriftStatus"]) == ("DETECTION_COMPLETE", "IN_SYNC")
    assert found["DriftedStackResourceCount"] == 0
    assert len(drifts) > 8
    assert {drift["StackResourceDriftStatus"] for drift in drifts} == {"IN_SYNC"}


def test_a_rule_that_another_stack_attached_counts_as_drift_of_its_group(built: Built) -> None:
    found, drifts = built.at_first["network"]
    assert (found["StackDriftStatus"], found["DriftedStackResourceCount"]) == ("DRIFTED", 1)
    [drift] = [drift for drift in drifts if drift["StackResourceDriftStatus"] != "IN_SYNC"]
    assert (drift["LogicalResourceId"], drift["StackResourceDriftStatus"]) == ("VpcLinkSecurityGroup", "MODIFIED")
    assert [d["DifferenceType"] for d in drift["PropertyDifferences"]] == ["ADD"]


def test_a_detection_takes_its_time_and_is_one_at_a_time() -> None:
    stacks = fresh()
    stacks.deployed("one", QUEUE.format(30))
    identity = stacks.cfn.detect_stack_drift(StackName="one")["StackDriftDetectionId"]
    running = stacks.cfn.describe_stack_drift_detection_status(StackDriftDetectionId=identity)
    assert running["DetectionStatus"] == "DETECTION_IN_PROGRESS"
    assert "StackDriftStatus" not in running
    assert stacks.stack("one")["DriftInformation"] == {"StackDriftStatus": "NOT_CHECKED"}
    with pytest.raises(ClientError) as refused:
        stacks.cfn.detect_stack_drift(StackName="one")
    assert "already in progress" in refusal(refused.value)[1]
    clock.advance(10)
    done = stacks.cfn.describe_stack_drift_detection_status(StackDriftDetectionId=identity)
    assert (done["DetectionStatus"], done["StackDriftStatus"]) == ("DETECTION_COMPLETE", "IN_SYNC")
    shown = stacks.stack("one")["DriftInformation"]
    assert shown == {"StackDriftStatus": "IN_SYNC", "LastCheckTimestamp": done["Timestamp"]}


def test_drifts_can_be_asked_for_by_what_was_found() -> None:
    stacks = fresh()
    stacks.deployed("one", QUEUE.format(30))
    stacks.cfn.detect_stack_resource_drift(StackName="one", LogicalResourceId="Q")
    for wanted, count in (("MODIFIED", 0), ("IN_SYNC", 1)):
        found = stacks.cfn.describe_stack_resource_drifts(
            StackName="one", StackResourceDriftStatusFilters=[wanted, "DELETED"]
        )
        assert len(found["StackResourceDrifts"]) == count


def service(aws: Aws, id: str) -> None:
    aws("ecs").update_service(cluster="production", service=id, healthCheckGracePeriodSeconds=7)


def database(aws: Aws, id: str) -> None:
    aws("rds").modify_db_instance(DBInstanceIdentifier=id, BackupRetentionPeriod=3, ApplyImmediately=True)


def cache(aws: Aws, id: str) -> None:
    aws("elasticache").modify_replication_group(ReplicationGroupId=id, SnapshotRetentionLimit=1, ApplyImmediately=True)


def open_door(aws: Aws, id: str) -> None:
    everyone = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    aws("ec2").authorize_security_group_egress(GroupId=id, IpPermissions=[everyone])


def closed_door(aws: Aws, id: str) -> None:
    aws("ec2").revoke_security_group_egress(
        GroupId=id, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "127.0.0.1/32"}]}]
    )


def target_group(aws: Aws, id: str) -> None:
    aws("elbv2").modify_target_group(TargetGroupArn=id, UnhealthyThresholdCount=9)


def drain(aws: Aws, id: str) -> None:
    slow = [{"Key": "deregistration_delay.timeout_seconds", "Value": "301"}]
    aws("elbv2").modify_target_group_attributes(TargetGroupArn=id, Attributes=slow)


def alarm(aws: Aws, id: str) -> None:
    found = aws("cloudwatch").describe_alarms(AlarmNames=[id])["MetricAlarms"][0]
    kept = (
        *("AlarmName", "Namespace", "MetricName", "Dimensions", "Statistic", "Period", "EvaluationPeriods"),
        *("ComparisonOperator", "AlarmActions", "OKActions", "TreatMissingData", "AlarmDescription"),
    )
    aws("cloudwatch").put_metric_alarm(**{k: found[k] for k in kept}, Threshold=99)


def queue(aws: Aws, id: str) -> None:
    aws("sqs").set_queue_attributes(QueueUrl=id, Attributes={"VisibilityTimeout": "61"})


def no_dead_letters(aws: Aws, id: str) -> None:
    aws("sqs").set_queue_attributes(QueueUrl=id, Attributes={"RedrivePolicy": ""})


def subnet(aws: Aws, id: str) -> None:
    aws("ec2").modify_subnet_attribute(SubnetId=id, MapPublicIpOnLaunch={"Value": True})


def tag(aws: Aws, id: str) -> None:
    aws("ec2").create_tags(Resources=[id], Tags=[{"Key": "who", "Value": "me"}])


def balancer(aws: Aws, id: str) -> None:
    off = [{"Key": "zonal_shift.config.enabled", "Value": "false"}]
    aws("elbv2").modify_load_balancer_attributes(LoadBalancerArn=id, Attributes=off)


def rule(aws: Aws, id: str) -> None:
    aws("events").disable_rule(Name=id)


EDITS = [
    ("service-rbac", "Service", service, "/HealthCheckGracePeriodSeconds", "NOT_EQUAL", "7"),
    ("data", "Database", database, "/BackupRetentionPeriod", "NOT_EQUAL", "3"),
    ("data", "Cache", cache, "/SnapshotRetentionLimit", "NOT_EQUAL", "1"),
    ("network", "DatabaseSecurityGroup", open_door, "/SecurityGroupEgress/1", "ADD", None),
    ("network", "CacheSecurityGroup", closed_door, "/SecurityGroupEgress/0", "REMOVE", "null"),
    ("service-rbac", "TargetGroup", target_group, "/UnhealthyThresholdCount", "NOT_EQUAL", "9"),
    ("data", "DatabaseCpuAlarm", alarm, "/Threshold", "NOT_EQUAL", "99.0"),
    ("data", "Queue", queue, "/VisibilityTimeout", "NOT_EQUAL", "61"),
    ("data", "HavenQueue", no_dead_letters, "/RedrivePolicy", "REMOVE", "null"),
    ("network", "PublicSubnetA", subnet, "/MapPublicIpOnLaunch", "NOT_EQUAL", "true"),
    ("network", "PublicRouteTable", tag, "/Tags/4", "ADD", '{"Key":"who","Value":"me"}'),
    ("platform", "LoadBalancer", balancer, "/LoadBalancerAttributes/1/Value", "NOT_EQUAL", "false"),
    ("platform", "TroubleRule", rule, "/State", "NOT_EQUAL", "DISABLED"),
]


@pytest.mark.parametrize(
    ("stack", "logical", "edit", "path", "kind", "actual"), EDITS, ids=[f"{e[1]}-{e[2].__name__}" for e in EDITS]
)
def test_a_live_edit_is_found(
    built: Built, stack: str, logical: str, edit: Callable[[Aws, str], None], path: str, kind: str, actual: str | None
) -> None:
    before = built.one(stack, logical)
    assert before["StackResourceDriftStatus"] == "IN_SYNC"
    edit(built.stacks.aws, built.id(stack, logical))
    clock.advance(900)
    found = built.one(stack, logical)
    assert found["StackResourceDriftStatus"] == "MODIFIED"
    [difference] = found["PropertyDifferences"]
    assert (difference["PropertyPath"], difference["DifferenceType"]) == (path, kind)
    assert actual in (None, difference["ActualValue"])
    assert json.loads(found["ExpectedProperties"]).keys() >= json.loads(found["ActualProperties"]).keys()


def test_a_route_that_leads_elsewhere_and_one_that_is_gone_are_found(built: Built) -> None:
    ec2 = built.stacks.aws("ec2")
    table = built.id("network", "PublicRouteTable")
    nat = built.id("network", "NatGatewayA")
    ec2.replace_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    found = built.one("network", "PublicDefaultRoute")
    assert [d["PropertyPath"] for d in found["PropertyDifferences"]] == ["/GatewayId"]
    ec2.delete_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0")
    assert built.one("network", "PublicDefaultRoute")["StackResourceDriftStatus"] == "DELETED"


def test_what_is_deleted_is_found_and_counted(built: Built) -> None:
    built.stacks.aws("cloudwatch").delete_alarms(AlarmNames=["production-queue-age"])
    found = built.detected("data", LogicalResourceIds=["QueueAgeAlarm", "KeyAlias"])
    assert (found["StackDriftStatus"], found["DriftedStackResourceCount"]) == ("DRIFTED", 1)
    shown = built.stacks.cfn.describe_stack_resource(StackName="production-data", LogicalResourceId="QueueAgeAlarm")
    assert shown["StackResourceDetail"]["DriftInformation"]["StackResourceDriftStatus"] == "DELETED"


def test_scaling_is_not_checked(built: Built) -> None:
    drifts = built.at_first["service-rbac"][1]
    assert not [drift for drift in drifts if "ApplicationAutoScaling" in drift["ResourceType"]]
    resource = built.stacks.cfn.describe_stack_resource(
        StackName="production-service-rbac", LogicalResourceId="ScalableTarget"
    )["StackResourceDetail"]
    assert resource["DriftInformation"] == {"StackResourceDriftStatus": "NOT_CHECKED"}


@pytest.mark.parametrize(
    ("call", "asked"),
    [
        ("detect_stack_drift", {"StackName": "nowhere"}),
        ("detect_stack_drift", {"StackName": "production-data", "LogicalResourceIds": ["Nothing"]}),
        ("detect_stack_resource_drift", {"StackName": "production-data", "LogicalResourceId": "Nothing"}),
        ("detect_stack_resource_drift", {"StackName": "production-data", "LogicalResourceId": "KeyAlias"}),
        ("describe_stack_drift_detection_status", {"StackDriftDetectionId": "0" * 36}),
        ("describe_stack_resource_drifts", {"StackName": "nowhere"}),
    ],
)
def test_what_is_not_there_is_refused(built: Built, call: str, asked: dict[str, Any]) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(built.stacks.cfn, call)(**asked)
    assert refusal(refused.value)[0] == "ValidationError"


def test_a_stack_on_its_way_is_not_looked_at() -> None:
    stacks = fresh()
    body = json.dumps({"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {}}}})
    stacks.cfn.create_stack(StackName="young", TemplateBody=body)
    with pytest.raises(ClientError) as refused:
        stacks.cfn.detect_stack_drift(StackName="young")
    assert "CREATE_IN_PROGRESS" in refusal(refused.value)[1]


def test_an_update_forgets_what_was_found_of_a_resource() -> None:
    stacks = fresh()
    stacks.deployed("one", QUEUE.format(30))
    queue(stacks.aws, stacks.physical("one", "Q"))
    found = stacks.cfn.detect_stack_resource_drift(StackName="one", LogicalResourceId="Q")["StackResourceDrift"]
    assert found["StackResourceDriftStatus"] == "MODIFIED"
    stacks.deployed("one", QUEUE.format(40), "UPDATE")
    assert stacks.cfn.describe_stack_resource_drifts(StackName="one")["StackResourceDrifts"] == []


def test_the_cost_of_a_template_is_a_link_once_its_parameters_are_given() -> None:
    cfn = fresh().cfn
    body = "{Parameters: {A: {Type: String}}, Resources: {T: {Type: 'AWS::SNS::Topic'}}}"
    with pytest.raises(ClientError) as refused:
        cfn.estimate_template_cost(TemplateBody=body)
    assert refusal(refused.value)[1] == "Parameters: [A] must have values"
    found = cfn.estimate_template_cost(TemplateBody=body, Parameters=values(A="x"))["Url"]
    assert found.startswith("https://calculator.aws/#/estimate?id=")
