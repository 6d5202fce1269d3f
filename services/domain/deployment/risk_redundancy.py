"""Redundancy loss: a copy, a zone or a spare that is there now and will not be."""

from collections.abc import Callable, Iterator, Mapping

from services.domain.deployment.danger import Danger, Level, Risk, Subject
from services.domain.deployment.sides import attributes
from services.domain.deployment.stateful import CLUSTER, DATABASE, GROUP
from services.domain.wording import counted, listed

SUBNET, NAT = "AWS::EC2::Subnet", "AWS::EC2::NatGateway"
SERVICE, SCALABLE = "AWS::ECS::Service", "AWS::ApplicationAutoScaling::ScalableTarget"
BALANCER = "AWS::ElasticLoadBalancingV2::LoadBalancer"
_SUBNETS: Mapping[str, tuple[str, ...]] = {
    SERVICE: ("NetworkConfiguration", "AwsvpcConfiguration", "Subnets"),
    BALANCER: ("Subnets",),
    "AWS::RDS::DBSubnetGroup": ("SubnetIds",),
    "AWS::ElastiCache::SubnetGroup": ("SubnetIds",),
    "AWS::EC2::VPCEndpoint": ("SubnetIds",),
    "AWS::ApiGatewayV2::VpcLink": ("SubnetIds",),
}
_HINGES: Mapping[str, tuple[tuple[str, ...], ...]] = {
    DATABASE: (("MultiAZ",),),
    CLUSTER: (("MultiAZ",),),
    GROUP: (("AutomaticFailoverEnabled",), ("MultiAZEnabled",), ("NumCacheClusters",), ("ReplicasPerNodeGroup",)),
    SERVICE: (("AvailabilityZoneRebalancing",), ("DesiredCount",)),
    SCALABLE: (("MinCapacity",),),
}
"""By type, the places that redundancy hangs on beside subnets."""
_TIED = {SUBNET: "What stands in it has one zone less.", NAT: "Its zone depends on another one to reach the internet."}


def redundancy_loss(subject: Subject) -> Iterator[Risk]:
    """What a change takes away of several."""
    kind, action = subject.change.type, subject.change.action
    if action == "Remove":
        if kind in _TIED:
            sentence = f"{kind.rpartition('::')[2]} {subject.name} is removed. {_TIED[kind]}"
            yield _risk(subject, Level.HIGH, sentence, "The change set removes it.")
        if kind == SCALABLE:
            sentence = f"{subject.name} is no longer scaled: the number of tasks stays as it is, whatever happens."
            yield _risk(subject, Level.MEDIUM, sentence, "The change set removes the scalable target.")
    elif action != "Add":
        yield from _zones(subject)
        yield from _unknown(subject)
        for rule in _RULES.get(kind, ()):
            yield from rule(subject)


def _risk(subject: Subject, level: Level, sentence: str, because: str) -> Risk:
    return subject.risk(Danger.REDUNDANCY_LOSS, level, sentence, because)


def _zones(subject: Subject) -> Iterator[Risk]:
    path = _SUBNETS.get(subject.change.type)
    if path is None:
        return
    was, becomes = (len(side.items(*path)) for side in (subject.before, subject.after))
    if 0 < becomes < was and subject.after.known(*path):
        sentence = f"{subject.name} loses a zone: it stands in {counted(becomes, 'subnet')} instead of {was}."
        yield _risk(subject, Level.HIGH, sentence, f"{path[-1]}: {was} become {becomes}.")


def _unknown(subject: Subject) -> Iterator[Risk]:
    """What redundancy hangs on and nobody can tell yet."""
    kind = subject.change.type
    places = [*_HINGES.get(kind, ()), *([_SUBNETS[kind]] if kind in _SUBNETS else [])]
    names = [path[-1] for path in places if not subject.after.known(*path)]
    if names:
        sentence = f"What becomes of {listed(names)} of {subject.name} is only known once it runs."
        yield _risk(subject, Level.MEDIUM, sentence, "The change set does not have the value.")


def _standby(subject: Subject) -> Iterator[Risk]:
    if subject.before.on("MultiAZ") and subject.after.off("MultiAZ"):
        sentence = f"The standby of {subject.name} is deleted: when its zone or host is lost, nothing takes over."
        yield _risk(subject, Level.HIGH, sentence, "MultiAZ is turned off.")


def _nodes(subject: Subject) -> Iterator[Risk]:
    before, after = subject.before, subject.after
    losses, facts = [], []
    for name, word in (("AutomaticFailoverEnabled", "automatic failover"), ("MultiAZEnabled", "Multi-AZ")):
        if before.on(name) and after.off(name):
            losses.append(word)
            facts.append(f"{name} is turned off")
    for name, default in (("NumCacheClusters", 1.0), ("ReplicasPerNodeGroup", 0.0)):
        was, becomes = before.number(name, default=default), after.number(name, default=default)
        if was is not None and becomes is not None and becomes < was:
            losses.append(f"{was - becomes:g} of its {was:g} {'nodes' if default else 'replicas'}")
            facts.append(f"{name}: {was:g} becomes {becomes:g}")
    if losses:
        yield _risk(subject, Level.HIGH, f"The cache {subject.name} loses {listed(losses)}.", f"{'; '.join(facts)}.")


def _rebalancing(subject: Subject) -> Iterator[Risk]:
    path = "AvailabilityZoneRebalancing"
    if subject.before.on(path) and subject.after.off(path):
        sentence = (
            f"Tasks of {subject.name} that pile up in one zone after trouble stay there until the next deployment."
        )
        yield _risk(subject, Level.MEDIUM, sentence, f"{path} is turned off.")


def _shift(subject: Subject) -> Iterator[Risk]:
    was, becomes = (attributes(side).get("zonal_shift.config.enabled") for side in (subject.before, subject.after))
    if was == "true" and becomes != "true":
        sentence = f"A zone in trouble cannot be shifted away from {subject.name} any more."
        yield _risk(subject, Level.MEDIUM, sentence, "zonal_shift.config.enabled is turned off.")


def _least(subject: Subject) -> Iterator[Risk]:
    name = "MinCapacity" if subject.change.type == SCALABLE else "DesiredCount"
    was, becomes = subject.before.number(name), subject.after.number(name)
    if was is None or becomes is None or becomes >= was:
        return
    zones = _zone_count(subject)
    fewer = f"{name}: {was:g} becomes {becomes:g}"
    if becomes < zones:
        sentence = f"{subject.name} may run fewer tasks than the {zones} zones it should stand in."
        yield _risk(subject, Level.HIGH, sentence, f"{fewer}, below {zones} zones.")
    else:
        sentence = f"{subject.name} may run fewer tasks, still one for each of {zones} zones."
        yield _risk(subject, Level.LOW, sentence, f"{fewer}.")


def _zone_count(subject: Subject) -> int:
    """In how many zones a service is to stand: its parameter, else its subnets, else the two redundancy needs."""
    said = {each.name: each.after or "" for each in subject.stack.parameters}.get("ServiceZones", "")
    subnets = len(subject.after.items(*_SUBNETS[SERVICE]))
    return int(said) if said.isdigit() else subnets or 2


Rule = Callable[[Subject], Iterator[Risk]]
_RULES: Mapping[str, tuple[Rule, ...]] = {
    DATABASE: (_standby,),
    CLUSTER: (_standby,),
    GROUP: (_nodes,),
    SERVICE: (_rebalancing, _least),
    SCALABLE: (_least,),
    BALANCER: (_shift,),
}
