"""How long AWS takes, in its own seconds, to make, change and remove a resource of each type.

Rounded from what stacks of this kind show. Types whose service has a status of its own are waited for besides: a
resource is complete when both its time is up and its service says it is ready.
"""

DEFAULT = (4.0, 4.0, 4.0)
POLL = 10.0
"""Seconds between two looks at a resource that is not ready yet."""
PATIENCE = 7200.0
"""Seconds after which a resource that never becomes ready has failed to stabilize."""

SECONDS: dict[str, tuple[float, float, float]] = {
    "AWS::ApiGatewayV2::VpcLink": (120, 5, 60),
    "AWS::CloudWatch::Alarm": (3, 3, 3),
    "AWS::ECS::Cluster": (8, 8, 8),
    "AWS::ECS::Service": (20, 20, 20),
    "AWS::ECS::TaskDefinition": (2, 2, 2),
    "AWS::EC2::EIP": (16, 5, 5),
    "AWS::EC2::FlowLog": (5, 5, 5),
    "AWS::EC2::InternetGateway": (16, 5, 5),
    "AWS::EC2::NatGateway": (95, 5, 60),
    "AWS::EC2::SecurityGroup": (6, 5, 5),
    "AWS::EC2::VPC": (12, 5, 5),
    "AWS::EC2::VPCEndpoint": (45, 20, 45),
    "AWS::ElastiCache::ReplicationGroup": (360, 120, 180),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (122, 10, 15),
    "AWS::IAM::ManagedPolicy": (16, 6, 3),
    "AWS::IAM::Policy": (15, 6, 3),
    "AWS::IAM::Role": (17, 10, 4),
    "AWS::KMS::Key": (31, 12, 5),
    "AWS::RDS::DBCluster": (540, 60, 240),
    "AWS::RDS::DBInstance": (480, 60, 240),
    "AWS::S3::Bucket": (22, 20, 5),
    "AWS::SQS::Queue": (66, 65, 62),
}


def seconds(type: str, verb: str) -> float:
    """Seconds for `verb` (create, update, delete) on a resource of that type."""
    return SECONDS.get(type, DEFAULT)[("create", "update", "delete").index(verb)]
