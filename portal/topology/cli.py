"""The AWS command lines that read what a panel shows: the way without Haven."""

from string import Formatter

from services.domain.topology import Kind, Node

COMMANDS: dict[Kind, tuple[str, ...]] = {
    Kind.ZONE: ("ec2 describe-availability-zones --zone-names {zone}",),
    Kind.GATEWAY: ("apigatewayv2 get-api --api-id {api}", "apigatewayv2 get-vpc-links"),
    Kind.BALANCER: (
        "elbv2 describe-load-balancers --load-balancer-arns {arn}",
        "elbv2 describe-load-balancer-attributes --load-balancer-arn {arn}",
    ),
    Kind.SERVICE: (
        "ecs describe-services --cluster {cluster} --services {service}",
        "application-autoscaling describe-scaling-policies --service-namespace ecs"
        " --resource-id service/{cluster}/{service}",
        "elbv2 describe-target-health --target-group-arn {targets}",
    ),
    Kind.TASK: ("ecs describe-tasks --cluster {cluster} --tasks {task}",),
    Kind.DATABASE: ("rds describe-db-instances --db-instance-identifier {database}",),
    Kind.STANDBY: ("rds describe-db-instances --db-instance-identifier {database}",),
    Kind.DATABASE_CLUSTER: ("rds describe-db-clusters --db-cluster-identifier {database_cluster}",),
    Kind.DATABASE_MEMBER: ("rds describe-db-instances --db-instance-identifier {member}",),
    Kind.CACHE: ("elasticache describe-replication-groups --replication-group-id {cache}",),
    Kind.CACHE_NODE: ("elasticache describe-replication-groups --replication-group-id {cache}",),
    Kind.QUEUE: ("sqs get-queue-attributes --queue-url {queue} --attribute-names All",),
    Kind.NETWORK: (
        "ec2 describe-subnets --filters Name=vpc-id,Values={vpc}",
        "ec2 describe-nat-gateways --filter Name=vpc-id,Values={vpc}",
    ),
    Kind.NAT: ("ec2 describe-nat-gateways --nat-gateway-ids {nat}",),
    Kind.ALARMS: ("cloudwatch describe-alarms --state-value ALARM",),
}
"""By kind of node; a command is left out when what it names is not known."""


def lines(node: Node, region: str) -> tuple[str, ...]:
    """One or more commands, each to be pasted as it is."""
    if node.kind is Kind.STACKS:
        made = [f"cloudformation describe-stacks --stack-name {name}" for _, name in node.aws]
    else:
        known = {name: value for name, value in node.keys if value}
        made = [c.format(**known) for c in COMMANDS.get(node.kind, ()) if _names(c) <= known.keys()]
    return tuple(f"aws {line} --region {region}" for line in made)


def _names(command: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(command) if name}
