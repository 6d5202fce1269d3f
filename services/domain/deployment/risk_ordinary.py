"""What is left: what costs more or less, and what is dangerous to nothing."""

from collections.abc import Iterator, Mapping

from services.domain.deployment.danger import Danger, Level, Risk, Subject, changing

_COSTLY: Mapping[str, tuple[str, ...]] = {
    "AWS::RDS::DBInstance": ("DBInstanceClass", "MultiAZ", "AllocatedStorage"),
    "AWS::RDS::DBCluster": ("DBClusterInstanceClass", "AllocatedStorage"),
    "AWS::ElastiCache::ReplicationGroup": ("CacheNodeType", "NumCacheClusters", "ReplicasPerNodeGroup"),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (),
    "AWS::EC2::NatGateway": (),
    "AWS::EC2::VPCEndpoint": ("SubnetIds",),
    "AWS::EC2::EIP": (),
    "AWS::ECS::TaskDefinition": ("Cpu", "Memory"),
    "AWS::ECS::Service": ("DesiredCount",),
    "AWS::ApplicationAutoScaling::ScalableTarget": ("MinCapacity",),
}
"""By type, the properties that its price hangs on. It is billed by the hour as long as it is there."""
_BY_TASK = frozenset({"AWS::ECS::TaskDefinition", "AWS::ECS::Service", "AWS::ApplicationAutoScaling::ScalableTarget"})
"""Those that cost nothing themselves: tasks do."""
_ATTRIBUTES = frozenset({"Tags", "Metadata"})


def cost(subject: Subject) -> Iterator[Risk]:
    """A mention where the price changes; how much, the estimate says."""
    change = subject.change
    if change.type not in _COSTLY:
        return
    moved = [n for n in _COSTLY[change.type] if any(p.name == n for p in change.properties)]
    if change.action in ("Add", "Remove") and change.type not in _BY_TASK:
        word, verb = ("added", "The change set adds") if change.action == "Add" else ("gone", "The change set removes")
        yield _mention(subject, f"{subject.name} is {word}, which is billed by the hour.", f"{verb} it.")
    elif change.action == "Modify" and moved:
        yield _mention(subject, f"{subject.name} will be billed otherwise.", changing(moved))


def _mention(subject: Subject, sentence: str, because: str) -> Risk:
    return subject.risk(Danger.COST, Level.LOW, sentence, because, "Haven's rule")


def ordinary(subject: Subject) -> Risk:
    """The risk of what no rule calls dangerous."""
    change = subject.change
    if change.action == "SyncWithActual":
        return _plain(subject, Level.NONE, f"{subject.name} stays; CloudFormation takes note of how it is.")
    if change.action == "Add":
        return _plain(subject, Level.LOW, f"{change.logical_id} is added.")
    if change.action == "Import":
        return _plain(subject, Level.LOW, f"{subject.name} is taken into the stack as it is.")
    if change.action == "Remove":
        return _plain(subject, Level.LOW, f"{subject.name} is removed; nothing else is known to need it.")
    if change.type == "AWS::ECS::TaskDefinition":
        return _plain(subject, Level.LOW, f"{change.logical_id} gets a new revision; the old one stays.")
    if subject.replaced:
        return _plain(subject, Level.LOW, f"{subject.name} is replaced; nothing else is known to need the old one.")
    if subject.perhaps_replaced:
        return _plain(subject, Level.LOW, f"{subject.name} may be replaced; nothing else is known to need the old one.")
    if all(p.attribute in _ATTRIBUTES or p.name == "Tags" for p in change.properties):
        return _plain(subject, Level.NONE, f"Only tags and notes of {subject.name} change.")
    return _plain(subject, Level.LOW, f"{subject.name} is changed in place.")


def _plain(subject: Subject, level: Level, sentence: str) -> Risk:
    names = [p.name or p.attribute for p in subject.change.properties]
    because = changing(names) if names else f"The change set says {subject.change.action}."
    return subject.risk(Danger.ORDINARY, level, sentence, because)
