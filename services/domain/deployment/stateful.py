"""Which resources hold something that is lost with them, and what CloudFormation's policies make of it."""

from collections.abc import Mapping

DATABASE, CLUSTER = "AWS::RDS::DBInstance", "AWS::RDS::DBCluster"
GROUP, NODE = "AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::CacheCluster"
QUEUE, KEY, BUCKET = "AWS::SQS::Queue", "AWS::KMS::Key", "AWS::S3::Bucket"

HOLDS: Mapping[str, tuple[str, str]] = {
    DATABASE: ("database", "everything in it"),
    CLUSTER: ("database cluster", "everything in it"),
    GROUP: ("cache", "everything in it, sessions too"),
    NODE: ("cache", "everything in it, sessions too"),
    QUEUE: ("queue", "every message that waits in it"),
    KEY: ("key", "everything that is encrypted with it, snapshots too"),
    BUCKET: ("bucket", "every object in it"),
    "AWS::DynamoDB::Table": ("table", "everything in it"),
    "AWS::EFS::FileSystem": ("file system", "every file in it"),
    "AWS::SecretsManager::Secret": ("secret", "the password in it"),
}
"""By type, what it is called and what is lost with it."""
DURABLE = frozenset(HOLDS) - {QUEUE}
"""Those that are never deleted with nothing left of them. What a queue holds is at most days old."""
_STRENGTH = {"Delete": 0, "Snapshot": 1, "Retain": 2, "RetainExceptOnCreate": 2}


def deletion_policy(type: str, said: str, in_cluster: bool = False) -> str:
    """What becomes of a resource that is removed: what the template says, else CloudFormation's default (Snapshot of a
    database cluster, and of an instance that belongs to none; else Delete)."""
    if said:
        return said
    return "Snapshot" if type == CLUSTER or (type == DATABASE and not in_cluster) else "Delete"


def strength(policy: str) -> int:
    """How much a policy leaves: nothing (0), a snapshot (1) or the resource itself (2)."""
    return _STRENGTH.get(policy, 0)
