"""Everything an account holds, by the services' own lists: what was there before and what a deployment left."""

from collections.abc import Callable, Iterator
from typing import Any

Ask = Callable[[str], Any]
LISTS = (
    ("apigatewayv2", "get_apis", "Items", "ApiId"),
    ("apigatewayv2", "get_vpc_links", "Items", "VpcLinkId"),
    ("application-autoscaling", "describe_scalable_targets", "ScalableTargets", "ResourceId"),
    ("application-autoscaling", "describe_scaling_policies", "ScalingPolicies", "PolicyARN"),
    ("application-autoscaling", "describe_scheduled_actions", "ScheduledActions", "ScheduledActionARN"),
    ("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    ("cloudwatch", "describe_alarms", "CompositeAlarms", "AlarmName"),
    ("ec2", "describe_addresses", "Addresses", "AllocationId"),
    ("ec2", "describe_flow_logs", "FlowLogs", "FlowLogId"),
    ("ec2", "describe_internet_gateways", "InternetGateways", "InternetGatewayId"),
    ("ec2", "describe_network_acls", "NetworkAcls", "NetworkAclId"),
    ("ec2", "describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId"),
    ("ec2", "describe_route_tables", "RouteTables", "RouteTableId"),
    ("ec2", "describe_security_groups", "SecurityGroups", "GroupId"),
    ("ec2", "describe_security_group_rules", "SecurityGroupRules", "SecurityGroupRuleId"),
    ("ec2", "describe_subnets", "Subnets", "SubnetId"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId"),
    ("ec2", "describe_vpcs", "Vpcs", "VpcId"),
    ("elasticache", "describe_cache_clusters", "CacheClusters", "CacheClusterId"),
    ("elasticache", "describe_cache_parameter_groups", "CacheParameterGroups", "CacheParameterGroupName"),
    ("elasticache", "describe_cache_subnet_groups", "CacheSubnetGroups", "CacheSubnetGroupName"),
    ("elasticache", "describe_replication_groups", "ReplicationGroups", "ReplicationGroupId"),
    ("elbv2", "describe_load_balancers", "LoadBalancers", "LoadBalancerArn"),
    ("elbv2", "describe_target_groups", "TargetGroups", "TargetGroupArn"),
    ("events", "list_rules", "Rules", "Name"),
    ("iam", "list_roles", "Roles", "RoleName"),
    ("kms", "list_aliases", "Aliases", "AliasName"),
    ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    ("rds", "describe_db_clusters", "DBClusters", "DBClusterIdentifier"),
    ("rds", "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
    ("rds", "describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupName"),
    ("rds", "describe_db_snapshots", "DBSnapshots", "DBSnapshotIdentifier"),
    ("rds", "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupName"),
    ("rds", "describe_event_subscriptions", "EventSubscriptionsList", "CustSubscriptionId"),
    ("s3", "list_buckets", "Buckets", "Name"),
    ("secretsmanager", "list_secrets", "SecretList", "Name"),
    ("sns", "list_subscriptions", "Subscriptions", "SubscriptionArn"),
    ("sns", "list_topics", "Topics", "TopicArn"),
)
"""Service, operation, the key of its answer, and what tells one from another."""
_ONLY_ECS = ("describe_scalable_targets", "describe_scaling_policies", "describe_scheduled_actions")


def inventory(aws: Ask) -> set[tuple[str, str]]:
    """(kind, name) of all that is there; what is deleted and only remembered for a while is not."""
    found = set()
    for service, operation, key, name in LISTS:
        asked = {"ServiceNamespace": "ecs"} if operation in _ONLY_ECS else {}
        rows = getattr(aws(service), operation)(**asked).get(key, [])
        found |= {(f"{service} {key}", str(row[name])) for row in rows}
    return found | {*_ended(aws), *_containers(aws), *_rights(aws)}


def _ended(aws: Ask) -> Iterator[tuple[str, str]]:
    """What keeps being listed after its end, and queues, which are listed as bare URLs."""
    for url in aws("sqs").list_queues().get("QueueUrls", []):
        yield "sqs queue", url
    for gateway in aws("ec2").describe_nat_gateways()["NatGateways"]:
        if gateway["State"] != "deleted":
            yield "ec2 NatGateways", gateway["NatGatewayId"]
    for key in aws("kms").list_keys()["Keys"]:
        if aws("kms").describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] == "Enabled":
            yield "kms key", key["KeyId"]


def _containers(aws: Ask) -> Iterator[tuple[str, str]]:
    ecs = aws("ecs")
    for definition in ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"]:
        yield "ecs task definition", definition
    for cluster in ecs.list_clusters()["clusterArns"]:
        yield "ecs cluster", cluster
        for each in ecs.list_tasks(cluster=cluster)["taskArns"] + ecs.list_services(cluster=cluster)["serviceArns"]:
            yield "ecs task or service", each


def _rights(aws: Ask) -> Iterator[tuple[str, str]]:
    for role in aws("iam").list_roles()["Roles"]:
        for policy in aws("iam").list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            yield "iam role policy", f"{role['RoleName']}/{policy}"
