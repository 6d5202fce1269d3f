"""Updates really modify: what changes in the template is read back from the resource's own service."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.integration.sandbox.stacks_ground import Stacks, fresh

Read = Callable[[Callable[[str], Any], dict[str, str]], Any]


def group(rules: str) -> str:
    return f"""
    Vpc: {{Type: AWS::EC2::VPC, Properties: {{CidrBlock: 10.0.0.0/16}}}}
    X:
      Type: AWS::EC2::SecurityGroup
      Properties: {{GroupDescription: x, VpcId: !Ref Vpc, SecurityGroupIngress: {rules}}}
    """


def balancer(priority: int, path: str, interval: int, timeout: int) -> str:
    return f"""
    Vpc: {{Type: AWS::EC2::VPC, Properties: {{CidrBlock: 10.0.0.0/16}}}}
    A: {{Type: AWS::EC2::Subnet, Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: us-east-1a}}}}
    B: {{Type: AWS::EC2::Subnet, Properties: {{VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24, AvailabilityZone: us-east-1b}}}}
    Alb:
      Type: AWS::ElasticLoadBalancingV2::LoadBalancer
      Properties:
        Scheme: internal
        Subnets: [!Ref A, !Ref B]
        LoadBalancerAttributes: [{{Key: idle_timeout.timeout_seconds, Value: "{timeout}"}}]
    Group:
      Type: AWS::ElasticLoadBalancingV2::TargetGroup
      Properties:
        {{TargetType: ip, Protocol: HTTP, Port: 80, VpcId: !Ref Vpc, HealthCheckIntervalSeconds: {interval}}}
    Listener:
      Type: AWS::ElasticLoadBalancingV2::Listener
      Properties:
        LoadBalancerArn: !Ref Alb
        Port: 80
        Protocol: HTTP
        DefaultActions: [{{Type: forward, TargetGroupArn: !Ref Group}}]
    X:
      Type: AWS::ElasticLoadBalancingV2::ListenerRule
      Properties:
        ListenerArn: !Ref Listener
        Priority: {priority}
        Conditions: [{{Field: path-pattern, PathPatternConfig: {{Values: ["{path}"]}}}}]
        Actions: [{{Type: forward, TargetGroupArn: !Ref Group}}]
    """


def one(kind: str, properties: str, more: str = "") -> str:
    return f"    X: {{Type: 'AWS::{kind}', Properties: {{{properties}}}}}\n{more}"


def read_rules(aws: Callable[[str], Any], ids: dict[str, str]) -> Any:
    found = aws("ec2").describe_security_groups(GroupIds=[ids["X"]])["SecurityGroups"][0]["IpPermissions"]
    return sorted((p["FromPort"], p["IpRanges"][0]["CidrIp"]) for p in found)


def read_balancer(aws: Callable[[str], Any], ids: dict[str, str]) -> Any:
    elb = aws("elbv2")
    rule = elb.describe_rules(RuleArns=[ids["X"]])["Rules"][0]
    group_of = elb.describe_target_groups(TargetGroupArns=[ids["Group"]])["TargetGroups"][0]
    attributes = elb.describe_load_balancer_attributes(LoadBalancerArn=ids["Alb"])["Attributes"]
    idle = next(a["Value"] for a in attributes if a["Key"] == "idle_timeout.timeout_seconds")
    path = rule["Conditions"][0]["PathPatternConfig"]["Values"][0]
    return int(rule["Priority"]), path, group_of["HealthCheckIntervalSeconds"], int(idle)


def read_role(aws: Callable[[str], Any], ids: dict[str, str]) -> Any:
    role = aws("iam").get_role(RoleName=ids["X"])["Role"]
    return role["MaxSessionDuration"], aws("iam").list_role_policies(RoleName=ids["X"])["PolicyNames"]


def read_log_group(aws: Callable[[str], Any], ids: dict[str, str]) -> Any:
    found = aws("logs").describe_log_groups(logGroupNamePrefix=ids["X"])["logGroups"][0]
    return found.get("retentionInDays"), "kmsKeyId" in found


def read_key(aws: Callable[[str], Any], ids: dict[str, str]) -> Any:
    key = aws("kms").describe_key(KeyId=ids["X"])["KeyMetadata"]
    return key["Description"], aws("kms").get_key_rotation_status(KeyId=ids["X"])["KeyRotationEnabled"]


def read_parameters(aws: Callable[[str], Any], ids: dict[str, str]) -> Any:
    found = aws("rds").describe_db_parameters(DBParameterGroupName=ids["X"], Source="user")["Parameters"]
    return {p["ParameterName"]: p["ParameterValue"] for p in found if p.get("ParameterValue")}


def read_cache_parameters(aws: Callable[[str], Any], ids: dict[str, str]) -> Any:
    found = aws("elasticache").describe_cache_parameters(CacheParameterGroupName=ids["X"], Source="user")["Parameters"]
    return {p["ParameterName"]: p["ParameterValue"] for p in found}


def read_subscription(aws: Callable[[str], Any], ids: dict[str, str]) -> Any:
    found = aws("rds").describe_event_subscriptions(SubscriptionName=ids["X"])["EventSubscriptionsList"][0]
    return found["EventCategoriesList"], found["Enabled"]


def read_alarm(aws: Callable[[str], Any], ids: dict[str, str]) -> Any:
    found = aws("cloudwatch").describe_alarms(AlarmNames=[ids["X"]])["MetricAlarms"][0]
    return found["Threshold"], found["EvaluationPeriods"]


def read_bucket(aws: Callable[[str], Any], ids: dict[str, str]) -> Any:
    rules = aws("s3").get_bucket_lifecycle_configuration(Bucket=ids["X"])["Rules"]
    return rules[0]["Expiration"]["Days"]


def read_rule(aws: Callable[[str], Any], ids: dict[str, str]) -> Any:
    found = aws("events").describe_rule(Name=ids["X"])
    return found["State"], [t["Id"] for t in aws("events").list_targets_by_rule(Rule=ids["X"])["Targets"]]


def read_stage(aws: Callable[[str], Any], ids: dict[str, str]) -> Any:
    api = aws("apigatewayv2")
    found = api.get_stage(ApiId=ids["Api"], StageName=ids["X"])
    return found["DefaultRouteSettings"]["ThrottlingBurstLimit"], api.get_api(ApiId=ids["Api"])["Description"]


def read_topic(aws: Callable[[str], Any], ids: dict[str, str]) -> Any:
    return aws("sns").get_topic_attributes(TopicArn=ids["X"])["Attributes"]["DisplayName"]


def read_cluster(aws: Callable[[str], Any], ids: dict[str, str]) -> Any:
    found = aws("ecs").describe_clusters(clusters=[ids["X"]], include=["SETTINGS", "TAGS"])["clusters"][0]
    return found["settings"][0]["value"], found["tags"]


def read_vpc(aws: Callable[[str], Any], ids: dict[str, str]) -> Any:
    found = aws("ec2").describe_vpc_attribute(VpcId=ids["X"], Attribute="enableDnsHostnames")
    tags = aws("ec2").describe_vpcs(VpcIds=[ids["X"]])["Vpcs"][0].get("Tags", [])
    return found["EnableDnsHostnames"]["Value"], {t["Key"]: t["Value"] for t in tags}


def api_stage(burst: int, words: str) -> str:
    return f"""
    Api: {{Type: AWS::ApiGatewayV2::Api, Properties: {{Name: a, ProtocolType: HTTP, Description: {words}}}}}
    X:
      Type: AWS::ApiGatewayV2::Stage
      Properties: {{ApiId: !Ref Api, StageName: $default, DefaultRouteSettings: {{ThrottlingBurstLimit: {burst}}}}}
    """


MAY = "{Version: '2012-10-17', Statement: [{Effect: Allow, Action: 's3:GetObject', Resource: '*'}]}"
WHO = "{Version: '2012-10-17', Statement: [{Effect: Allow, Action: 'sts:AssumeRole', Principal: {Service: ecs}}]}"
TRUST = f"AssumeRolePolicyDocument: {WHO}"
POLICY = "{PolicyName: %s, PolicyDocument: " + MAY + "}"
ALARM = "Namespace: n, MetricName: m, Statistic: Sum, Period: 60, ComparisonOperator: GreaterThanThreshold"
TOPIC = "    T: {Type: 'AWS::SNS::Topic'}\n"
KEY = "    K: {Type: 'AWS::KMS::Key', Properties: {KeyPolicy: {Version: '2012-10-17', Statement: []}}}\n"
LIFE = "LifecycleConfiguration: {Rules: [{Id: a, Status: Enabled, ExpirationInDays: %d}]}"
RULE = "EventPattern: {source: [aws.ecs]}, State: %s, Targets: [{Id: %s, Arn: !Ref T}]"
SUBSCRIBED = "SnsTopicArn: !Ref T, SourceType: db-instance, EventCategories: [%s], Enabled: %s"
FAMILY = "Family: postgres16, Description: d, Parameters: {%s}"
VALKEY = "CacheParameterGroupFamily: valkey8, Description: d, Properties: {%s}"

CASES: dict[str, tuple[str, str, Read, Any, Any]] = {
    "security group rules": (
        group("[{IpProtocol: tcp, FromPort: 80, ToPort: 80, CidrIp: 10.0.0.0/8}]"),
        group("[{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 10.1.0.0/16}]"),
        read_rules,
        [(80, "10.0.0.0/8")],
        [(443, "10.1.0.0/16")],
    ),
    "load balancer": (
        balancer(10, "/a", 30, 60),
        balancer(20, "/b", 10, 90),
        read_balancer,
        (10, "/a", 30, 60),
        (20, "/b", 10, 90),
    ),
    "role": (
        one("IAM::Role", f"{TRUST}, Policies: [{POLICY % 'a'}]"),
        one("IAM::Role", f"{TRUST}, MaxSessionDuration: 7200, Policies: [{POLICY % 'b'}]"),
        read_role,
        (3600, ["a"]),
        (7200, ["b"]),
    ),
    "log group": (
        one("Logs::LogGroup", "RetentionInDays: 7", KEY),
        one("Logs::LogGroup", "RetentionInDays: 30, KmsKeyId: !GetAtt K.Arn", KEY),
        read_log_group,
        (7, False),
        (30, True),
    ),
    "key": (
        one("KMS::Key", "Description: a, EnableKeyRotation: false, KeyPolicy: {Version: '2012-10-17', Statement: []}"),
        one("KMS::Key", "Description: b, EnableKeyRotation: true, KeyPolicy: {Version: '2012-10-17', Statement: []}"),
        read_key,
        ("a", False),
        ("b", True),
    ),
    "database parameters": (
        one("RDS::DBParameterGroup", FAMILY % "log_lock_waits: '1', rds.force_ssl: '0'"),
        one("RDS::DBParameterGroup", FAMILY % "rds.force_ssl: '1'"),
        read_parameters,
        {"log_lock_waits": "1", "rds.force_ssl": "0"},
        {"rds.force_ssl": "1"},
    ),
    "cache parameters": (
        one("ElastiCache::ParameterGroup", VALKEY % "maxmemory-policy: allkeys-lru, timeout: '10'"),
        one("ElastiCache::ParameterGroup", VALKEY % "maxmemory-policy: noeviction"),
        read_cache_parameters,
        {"maxmemory-policy": "allkeys-lru", "timeout": "10"},
        {"maxmemory-policy": "noeviction"},
    ),
    "event subscription": (
        one("RDS::EventSubscription", SUBSCRIBED % ("failover", "true"), TOPIC),
        one("RDS::EventSubscription", SUBSCRIBED % ("failover, backup", "false"), TOPIC),
        read_subscription,
        (["failover"], True),
        (["failover", "backup"], False),
    ),
    "alarm": (
        one("CloudWatch::Alarm", f"{ALARM}, Threshold: 1, EvaluationPeriods: 2"),
        one("CloudWatch::Alarm", f"{ALARM}, Threshold: 5, EvaluationPeriods: 3"),
        read_alarm,
        (1.0, 2),
        (5.0, 3),
    ),
    "bucket": (one("S3::Bucket", LIFE % 10), one("S3::Bucket", LIFE % 20), read_bucket, 10, 20),
    "rule": (
        one("Events::Rule", RULE % ("ENABLED", "a"), TOPIC),
        one("Events::Rule", RULE % ("DISABLED", "b"), TOPIC),
        read_rule,
        ("ENABLED", ["a"]),
        ("DISABLED", ["b"]),
    ),
    "api": (api_stage(10, "first"), api_stage(20, "second"), read_stage, (10, "first"), (20, "second")),
    "topic": (one("SNS::Topic", "DisplayName: a"), one("SNS::Topic", "DisplayName: b"), read_topic, "a", "b"),
    "cluster": (
        one(
            "ECS::Cluster", "ClusterSettings: [{Name: containerInsights, Value: disabled}], Tags: [{Key: a, Value: b}]"
        ),
        one("ECS::Cluster", "ClusterSettings: [{Name: containerInsights, Value: enabled}]"),
        read_cluster,
        ("disabled", [{"key": "a", "value": "b"}]),
        ("enabled", []),
    ),
    "vpc": (
        one("EC2::VPC", "CidrBlock: 10.0.0.0/16, EnableDnsHostnames: false, Tags: [{Key: a, Value: '1'}]"),
        one("EC2::VPC", "CidrBlock: 10.0.0.0/16, EnableDnsHostnames: true, Tags: [{Key: b, Value: '2'}]"),
        read_vpc,
        (False, {"a": "1"}),
        (True, {"b": "2"}),
    ),
}


@pytest.fixture
def stacks() -> Stacks:
    return fresh()


@pytest.mark.parametrize("name", CASES)
def test_an_update_is_read_back_and_undone_by_the_next(stacks: Stacks, name: str) -> None:
    first, second, read, before, after = CASES[name]
    seen = []
    for kind, body in (("CREATE", first), ("UPDATE", second), ("UPDATE", first)):
        done = stacks.deployed("one", "Resources:\n" + body, kind)
        failed = [e for e in stacks.events("one") if e["ResourceStatus"].endswith("FAILED")]
        assert done["StackStatus"] == f"{kind}_COMPLETE", failed
        listed = stacks.cfn.list_stack_resources(StackName="one")["StackResourceSummaries"]
        seen.append(read(stacks.aws, {r["LogicalResourceId"]: r["PhysicalResourceId"] for r in listed}))
    assert seen == [before, after, before]
    assert not any(e["ResourceStatus"].startswith("DELETE") for e in stacks.events("one"))


def test_the_rules_of_their_own_take_the_place_of_the_default_egress(stacks: Stacks) -> None:
    text = """
    Resources:
      Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
      G: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: x, VpcId: !Ref Vpc}}
      Out:
        Type: AWS::EC2::SecurityGroupEgress
        Properties: {GroupId: !Ref G, IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: 0.0.0.0/0}
    """
    stacks.deployed("one", text)
    found = stacks.aws("ec2").describe_security_groups(GroupIds=[stacks.physical("one", "G")])["SecurityGroups"][0]
    assert [(p["IpProtocol"], p.get("FromPort")) for p in found["IpPermissionsEgress"]] == [("tcp", 443)]


def test_a_secret_is_generated_after_its_pattern(stacks: Stacks) -> None:
    text = """
    Resources:
      S:
        Type: AWS::SecretsManager::Secret
        Properties:
          GenerateSecretString:
            {SecretStringTemplate: '{"username": "haven"}', GenerateStringKey: password, PasswordLength: 20}
    """
    stacks.deployed("one", text)
    value = stacks.aws("secretsmanager").get_secret_value(SecretId=stacks.physical("one", "S"))["SecretString"]
    found = yaml.safe_load(value)
    assert (found["username"], len(found["password"])) == ("haven", 20)


def test_managed_policies_are_attached_and_go_with_the_stack(stacks: Stacks) -> None:
    text = f"""
    Resources:
      R: {{Type: AWS::IAM::Role, Properties: {{{TRUST}}}}}
      M: {{Type: AWS::IAM::ManagedPolicy, Properties: {{Roles: [!Ref R], PolicyDocument: {MAY}}}}}
      P: {{Type: AWS::IAM::Policy, Properties: {{PolicyName: p, Roles: [!Ref R], PolicyDocument: {MAY}}}}}
    """
    made = stacks.deployed("one", text)
    iam, role = stacks.aws("iam"), stacks.physical("one", "R")
    attached = iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]
    assert [p["PolicyArn"] for p in attached] == [stacks.physical("one", "M")]
    assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["p"]
    stacks.cfn.delete_stack(StackName="one")
    assert stacks.settled(made["StackId"])["StackStatus"] == "DELETE_COMPLETE"
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_the_cache_groups_made_for_stacks_refuse_as_aws_does(stacks: Stacks) -> None:
    cache = stacks.aws("elasticache")
    cache.create_cache_parameter_group(
        CacheParameterGroupName="p", CacheParameterGroupFamily="valkey8", Description="d"
    )
    with pytest.raises(cache.exceptions.CacheParameterGroupAlreadyExistsFault):
        cache.create_cache_parameter_group(
            CacheParameterGroupName="p", CacheParameterGroupFamily="valkey8", Description="d"
        )
    cache.delete_cache_parameter_group(CacheParameterGroupName="p")
    with pytest.raises(cache.exceptions.CacheParameterGroupNotFoundFault):
        cache.describe_cache_parameter_groups(CacheParameterGroupName="p")
    with pytest.raises(cache.exceptions.CacheSubnetGroupNotFoundFault):
        cache.delete_cache_subnet_group(CacheSubnetGroupName="nobody")
