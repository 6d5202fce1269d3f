"""Whether a stack's resource is really there, asked of its own service's API and not of CloudFormation."""

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

Ask = Callable[[str], Any]
Look = Callable[[Callable[[str], Any], str, dict[str, Any]], bool]


def _ec2(operation: str, key: str, names: str) -> Look:
    return lambda aws, it, _: bool(getattr(aws("ec2"), operation)(**{names: [it]})[key])


def _route(aws: Ask, id: str, _: dict[str, Any]) -> bool:
    table, _sep, destination = id.partition("|")
    found = aws("ec2").describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    return destination in [r.get("DestinationCidrBlock") for r in found]


def _association(aws: Ask, id: str, _: dict[str, Any]) -> bool:
    tables = aws("ec2").describe_route_tables()["RouteTables"]
    return id in [a["RouteTableAssociationId"] for t in tables for a in t["Associations"]]


def _attachment(aws: Ask, id: str, _: dict[str, Any]) -> bool:
    gateways = aws("ec2").describe_internet_gateways()["InternetGateways"]
    return id.split("|")[1] in [a["VpcId"] for g in gateways for a in g["Attachments"]]


def _topic_policy(aws: Ask, _: str, properties: dict[str, Any]) -> bool:
    arn = properties["Topics"][0]
    statements = properties["PolicyDocument"]["Statement"]
    return str(statements[0]["Sid"]) in aws("sns").get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]


def _queue_policy(aws: Ask, _: str, properties: dict[str, Any]) -> bool:
    url = properties["Queues"][0]
    return "Policy" in aws("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {})


def _alias(aws: Ask, id: str, _: dict[str, Any]) -> bool:
    return id in [a["AliasName"] for a in aws("kms").list_aliases()["Aliases"]]


def _target(aws: Ask, id: str, _: dict[str, Any]) -> bool:
    resource, dimension, namespace = id.split("|")
    given = {"ServiceNamespace": namespace, "ResourceIds": [resource], "ScalableDimension": dimension}
    return bool(aws("application-autoscaling").describe_scalable_targets(**given)["ScalableTargets"])


def _policy(aws: Ask, id: str, _: dict[str, Any]) -> bool:
    found = aws("application-autoscaling").describe_scaling_policies(ServiceNamespace="ecs")["ScalingPolicies"]
    return id in [p["PolicyARN"] for p in found]


def _log_group(aws: Ask, id: str, _: dict[str, Any]) -> bool:
    return id in [g["logGroupName"] for g in aws("logs").describe_log_groups(logGroupNamePrefix=id)["logGroups"]]


def _alive_service(aws: Ask, id: str, _: dict[str, Any]) -> bool:
    found = aws("ecs").describe_services(cluster=id.split("/")[-2], services=[id])["services"]
    return bool(found) and found[0]["status"] == "ACTIVE"


def _alive_cluster(aws: Ask, id: str, _: dict[str, Any]) -> bool:
    found = aws("ecs").describe_clusters(clusters=[id])["clusters"]
    return bool(found) and found[0]["status"] == "ACTIVE"


def _alive_definition(aws: Ask, id: str, _: dict[str, Any]) -> bool:
    return bool(aws("ecs").describe_task_definition(taskDefinition=id)["taskDefinition"]["status"] == "ACTIVE")


def _alive_nat(aws: Ask, id: str, _: dict[str, Any]) -> bool:
    found = aws("ec2").describe_nat_gateways(NatGatewayIds=[id])["NatGateways"]
    return bool(found) and found[0]["State"] == "available"


def _alive_key(aws: Ask, id: str, _: dict[str, Any]) -> bool:
    return bool(aws("kms").describe_key(KeyId=id)["KeyMetadata"]["KeyState"] == "Enabled")


def _of(service: str, operation: str, name: str, key: str = "", *, many: bool = False) -> Look:
    """Asks with `name=id`, or a list of it; there when the call succeeds and `key`, if given, is not empty."""

    def look(aws: Ask, id: str, _: dict[str, Any]) -> bool:
        found = getattr(aws(service), operation)(**{name: [id] if many else id})
        return bool(found[key]) if key else True

    return look


def _part(kind: str, key: str) -> Look:
    return lambda aws, it, p: bool(getattr(aws("apigatewayv2"), f"get_{kind}")(ApiId=p["ApiId"], **{key: it}))


LOOKS: dict[str, Look] = {
    "AWS::ApiGatewayV2::Api": _of("apigatewayv2", "get_api", "ApiId"),
    "AWS::ApiGatewayV2::Integration": _part("integration", "IntegrationId"),
    "AWS::ApiGatewayV2::Route": _part("route", "RouteId"),
    "AWS::ApiGatewayV2::Stage": _part("stage", "StageName"),
    "AWS::ApiGatewayV2::VpcLink": _of("apigatewayv2", "get_vpc_link", "VpcLinkId"),
    "AWS::ApplicationAutoScaling::ScalableTarget": _target,
    "AWS::ApplicationAutoScaling::ScalingPolicy": _policy,
    "AWS::CloudWatch::Alarm": _of("cloudwatch", "describe_alarms", "AlarmNames", "MetricAlarms", many=True),
    "AWS::EC2::EIP": _ec2("describe_addresses", "Addresses", "PublicIps"),
    "AWS::EC2::FlowLog": _ec2("describe_flow_logs", "FlowLogs", "FlowLogIds"),
    "AWS::EC2::InternetGateway": _ec2("describe_internet_gateways", "InternetGateways", "InternetGatewayIds"),
    "AWS::EC2::NatGateway": _alive_nat,
    "AWS::EC2::Route": _route,
    "AWS::EC2::RouteTable": _ec2("describe_route_tables", "RouteTables", "RouteTableIds"),
    "AWS::EC2::SecurityGroup": _ec2("describe_security_groups", "SecurityGroups", "GroupIds"),
    "AWS::EC2::SecurityGroupEgress": _ec2(
        "describe_security_group_rules", "SecurityGroupRules", "SecurityGroupRuleIds"
    ),
    "AWS::EC2::SecurityGroupIngress": _ec2(
        "describe_security_group_rules", "SecurityGroupRules", "SecurityGroupRuleIds"
    ),
    "AWS::EC2::Subnet": _ec2("describe_subnets", "Subnets", "SubnetIds"),
    "AWS::EC2::SubnetRouteTableAssociation": _association,
    "AWS::EC2::VPC": _ec2("describe_vpcs", "Vpcs", "VpcIds"),
    "AWS::EC2::VPCEndpoint": _ec2("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointIds"),
    "AWS::EC2::VPCGatewayAttachment": _attachment,
    "AWS::ECS::Cluster": _alive_cluster,
    "AWS::ECS::Service": _alive_service,
    "AWS::ECS::TaskDefinition": _alive_definition,
    "AWS::ElastiCache::ParameterGroup": _of(
        "elasticache", "describe_cache_parameter_groups", "CacheParameterGroupName", "CacheParameterGroups"
    ),
    "AWS::ElastiCache::ReplicationGroup": _of(
        "elasticache", "describe_replication_groups", "ReplicationGroupId", "ReplicationGroups"
    ),
    "AWS::ElastiCache::SubnetGroup": _of(
        "elasticache", "describe_cache_subnet_groups", "CacheSubnetGroupName", "CacheSubnetGroups"
    ),
    "AWS::ElasticLoadBalancingV2::Listener": _of("elbv2", "describe_listeners", "ListenerArns", "Listeners", many=True),
    "AWS::ElasticLoadBalancingV2::ListenerRule": _of("elbv2", "describe_rules", "RuleArns", "Rules", many=True),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": _of(
        "elbv2", "describe_load_balancers", "LoadBalancerArns", "LoadBalancers", many=True
    ),
    "AWS::ElasticLoadBalancingV2::TargetGroup": _of(
        "elbv2", "describe_target_groups", "TargetGroupArns", "TargetGroups", many=True
    ),
    "AWS::Events::Rule": _of("events", "describe_rule", "Name"),
    "AWS::IAM::Role": _of("iam", "get_role", "RoleName"),
    "AWS::KMS::Alias": _alias,
    "AWS::KMS::Key": _alive_key,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::RDS::DBInstance": _of("rds", "describe_db_instances", "DBInstanceIdentifier", "DBInstances"),
    "AWS::RDS::DBParameterGroup": _of(
        "rds", "describe_db_parameter_groups", "DBParameterGroupName", "DBParameterGroups"
    ),
    "AWS::RDS::DBSubnetGroup": _of("rds", "describe_db_subnet_groups", "DBSubnetGroupName", "DBSubnetGroups"),
    "AWS::RDS::EventSubscription": _of(
        "rds", "describe_event_subscriptions", "SubscriptionName", "EventSubscriptionsList"
    ),
    "AWS::S3::Bucket": _of("s3", "head_bucket", "Bucket"),
    "AWS::S3::BucketPolicy": _of("s3", "get_bucket_policy", "Bucket"),
    "AWS::SNS::Subscription": _of("sns", "get_subscription_attributes", "SubscriptionArn"),
    "AWS::SNS::Topic": _of("sns", "get_topic_attributes", "TopicArn"),
    "AWS::SNS::TopicPolicy": _topic_policy,
    "AWS::SQS::Queue": _of("sqs", "get_queue_attributes", "QueueUrl"),
    "AWS::SQS::QueuePolicy": _queue_policy,
}


def present(aws: Ask, kind: str, physical: str, properties: dict[str, Any]) -> bool:
    """Whether the resource is there; `properties` are the resolved ones, for those found through another."""
    try:
        return LOOKS[kind](aws, physical, properties)
    except ClientError:
        return False
