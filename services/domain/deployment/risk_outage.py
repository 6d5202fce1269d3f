"""Outage: what requests or services need and is replaced, removed, restarted or cut off."""

from collections.abc import Callable, Iterator, Mapping

from services.domain.deployment.danger import RULE, Danger, Level, Risk, Subject, changing
from services.domain.deployment.expected import expectation
from services.domain.deployment.sides import attributes
from services.domain.deployment.stateful import DATABASE, GROUP, HOLDS
from services.domain.wording import listed

_GUIDE = "AWS's documentation, CloudFormation user guide"
_RDS = "AWS's documentation, RDS's ModifyDBInstance and aws-facts 1.2"
_ELB, _EC2, _API = "AWS::ElasticLoadBalancingV2::", "AWS::EC2::", "AWS::ApiGatewayV2::"
SERVICE = "AWS::ECS::Service"
_NEEDED: Mapping[str, tuple[str, Level, Level]] = {
    f"{_ELB}LoadBalancer": ("load balancer", Level.HIGH, Level.HIGH),
    f"{_ELB}Listener": ("listener", Level.HIGH, Level.HIGH),
    f"{_ELB}ListenerRule": ("listener rule", Level.HIGH, Level.MEDIUM),
    f"{_ELB}TargetGroup": ("target group", Level.HIGH, Level.HIGH),
    f"{_API}Api": ("API", Level.HIGH, Level.HIGH),
    f"{_API}VpcLink": ("VPC link", Level.HIGH, Level.HIGH),
    f"{_API}Integration": ("integration", Level.HIGH, Level.MEDIUM),
    f"{_API}Route": ("route of the API", Level.HIGH, Level.MEDIUM),
    f"{_API}Stage": ("stage of the API", Level.HIGH, Level.HIGH),
    "AWS::ECS::Cluster": ("cluster", Level.HIGH, Level.HIGH),
    SERVICE: ("service", Level.HIGH, Level.HIGH),
    f"{_EC2}VPC": ("VPC", Level.HIGH, Level.HIGH),
    f"{_EC2}Subnet": ("subnet", Level.HIGH, Level.HIGH),
    f"{_EC2}SecurityGroup": ("security group", Level.HIGH, Level.HIGH),
    f"{_EC2}SecurityGroupIngress": ("rule for traffic in", Level.MEDIUM, Level.MEDIUM),
    f"{_EC2}SecurityGroupEgress": ("rule for traffic out", Level.MEDIUM, Level.MEDIUM),
    f"{_EC2}RouteTable": ("route table", Level.HIGH, Level.MEDIUM),
    f"{_EC2}Route": ("route", Level.HIGH, Level.MEDIUM),
    f"{_EC2}SubnetRouteTableAssociation": ("way out of a subnet", Level.HIGH, Level.MEDIUM),
    f"{_EC2}InternetGateway": ("internet gateway", Level.HIGH, Level.HIGH),
    f"{_EC2}VPCGatewayAttachment": ("internet gateway", Level.HIGH, Level.HIGH),
    f"{_EC2}NatGateway": ("NAT gateway", Level.MEDIUM, Level.MEDIUM),
    f"{_EC2}VPCEndpoint": ("endpoint", Level.MEDIUM, Level.MEDIUM),
    "AWS::IAM::Role": ("role", Level.MEDIUM, Level.MEDIUM),
    "AWS::RDS::DBSubnetGroup": ("subnet group", Level.HIGH, Level.HIGH),
    "AWS::ElastiCache::SubnetGroup": ("subnet group", Level.HIGH, Level.HIGH),
}
"""By type: what it is called, and how bad it is when it is removed and when it is replaced."""
_ROLLS = frozenset(
    {"TaskDefinition", "PlatformVersion", "NetworkConfiguration", "LoadBalancers", "CapacityProviderStrategy"}
)
_BREAKER = ("DeploymentConfiguration", "DeploymentCircuitBreaker", "Enable")
_HEALTHY = ("DeploymentConfiguration", "MinimumHealthyPercent")


def outage(subject: Subject) -> Iterator[Risk]:
    """What a change may take away from who uses it now."""
    action = subject.change.action
    if action == "Remove" or (subject.replaced and subject.change.type not in HOLDS):
        yield from _gone(subject)
    elif subject.perhaps_replaced:
        yield from _perhaps(subject)
    if action == "Modify" and not subject.replaced:
        for rule in _RULES.get(subject.change.type, ()):
            yield from rule(subject)


def _risk(subject: Subject, level: Level, sentence: str, because: str, source: str = "CloudFormation") -> Risk:
    return subject.risk(Danger.OUTAGE, level, sentence, because, source)


def _changed(subject: Subject) -> frozenset[str]:
    return frozenset(p.name for p in subject.change.properties if p.attribute == "Properties")


def _gone(subject: Subject) -> Iterator[Risk]:
    if subject.change.type not in _NEEDED:
        return
    kind, removed, replaced = _NEEDED[subject.change.type]
    if subject.change.action == "Remove":
        sentence = f"The {kind} {subject.name} is removed; what still uses it fails."
        yield _risk(subject, removed, sentence, "The change set removes it.")
        return
    causes = listed([p.name for p in subject.change.properties if p.recreation == "Always"])
    sentence = f"The {kind} {subject.name} is replaced; what uses the old one is cut off while it changes over."
    yield _risk(subject, replaced, sentence, f"The change set says Replacement True: {causes or 'no cause given'}.")


def _perhaps(subject: Subject) -> Iterator[Risk]:
    if subject.change.type not in _NEEDED:
        return
    kind, _, replaced = _NEEDED[subject.change.type]
    asking = [p for p in subject.change.properties if p.recreation in ("Conditionally", "Always")]
    if asking and all(expectation(subject.change.type, p) for p in asking):
        return  # documented to happen in place; what that does, the rules below say
    level = Level(max(replaced - 1, Level.LOW))
    names = listed(list(dict.fromkeys(p.name for p in asking))) or "it cannot tell which"
    sentence = f"The {kind} {subject.name} may be replaced; then what uses the old one is cut off for a while."
    yield _risk(subject, level, sentence, f"The change set says Conditional: {names}.")


def _deployment(subject: Subject) -> Iterator[Risk]:
    rolls = sorted(_changed(subject) & _ROLLS)
    guarded, was_guarded = subject.after.on(*_BREAKER), subject.before.on(*_BREAKER)
    if rolls and not guarded:
        sentence = f"{subject.name} is deployed without a circuit breaker: tasks that do not start are tried for ever."
        yield _risk(subject, Level.MEDIUM, sentence, f"{changing(rolls)} The circuit breaker is off.", RULE)
    elif rolls:
        sentence = f"The tasks of {subject.name} are replaced one after the other; if they fail, ECS stops."
        yield _risk(subject, Level.LOW, sentence, f"{changing(rolls)} The circuit breaker is on.")
    elif was_guarded and not guarded:
        sentence = f"Deployments of {subject.name} are no longer stopped when their tasks do not start."
        yield _risk(subject, Level.MEDIUM, sentence, "The circuit breaker is turned off.")
    was, becomes = subject.before.number(*_HEALTHY), subject.after.number(*_HEALTHY)
    if was is not None and becomes is not None and becomes < min(was, 100):
        sentence = f"While {subject.name} is deployed, fewer tasks than wanted may run."
        yield _risk(subject, Level.MEDIUM, sentence, f"MinimumHealthyPercent: {was:g} becomes {becomes:g}.")


def _database(subject: Subject) -> Iterator[Risk]:
    changed, name = _changed(subject), subject.name
    if "DBInstanceClass" in changed:
        what = (
            f"DBInstanceClass: {subject.before.text('DBInstanceClass')} becomes {subject.after.text('DBInstanceClass')}"
        )
        if subject.before.on("MultiAZ") and subject.after.on("MultiAZ"):
            sentence = f"{name} fails over to a standby of the new class: about a minute or two without it."
            yield _risk(subject, Level.MEDIUM, sentence, f"{what}, with Multi-AZ.", _RDS)
        else:
            sentence = f"{name} is away while its class changes, for minutes: there is no standby to take over."
            yield _risk(subject, Level.HIGH, sentence, f"{what}, without Multi-AZ on both sides.", _RDS)
    if "EngineVersion" in changed:
        sentence = f"{name} is away while its engine is upgraded, with or without a standby."
        yield _risk(subject, Level.HIGH, sentence, "EngineVersion changes.", "AWS's documentation, aws-facts 1.9")
    if "DBParameterGroupName" in changed:
        sentence = f"{name} is restarted if its new parameter group has static parameters."
        yield _risk(subject, Level.MEDIUM, sentence, "DBParameterGroupName changes.", _GUIDE)
    if "BackupRetentionPeriod" in changed and "0" in (
        subject.before.text("BackupRetentionPeriod"),
        subject.after.text("BackupRetentionPeriod"),
    ):
        sentence = f"Reading from and writing to {name} pause for seconds to a few minutes."
        yield _risk(subject, Level.MEDIUM, sentence, "Backups are turned on or off.", _RDS)


def _parameters(subject: Subject) -> Iterator[Risk]:
    if "Parameters" in _changed(subject):
        sentence = "The database that uses these parameters is restarted if static ones change."
        yield _risk(subject, Level.MEDIUM, sentence, "Parameters change.", _GUIDE)


def _cache(subject: Subject) -> Iterator[Risk]:
    changed = _changed(subject)
    if "EngineVersion" in changed:
        sentence = f"The engine of {subject.name} is upgraded; an earlier version never comes back."
        source = "AWS's documentation, ElastiCache's ModifyReplicationGroup"
        yield _risk(subject, Level.MEDIUM, sentence, "EngineVersion changes.", source)
    if "CacheNodeType" in changed:
        sentence = f"The nodes of {subject.name} are exchanged for others in place."
        yield _risk(subject, Level.LOW, sentence, "CacheNodeType changes; documented without interruption.", _GUIDE)


def _routing(subject: Subject) -> Iterator[Risk]:
    changed = sorted(_changed(subject) - {"Tags"})
    if changed:
        sentence = f"Requests are taken in or handed on otherwise by {subject.change.logical_id}."
        yield _risk(subject, Level.MEDIUM, sentence, changing(changed))


def _doors(subject: Subject) -> Iterator[Risk]:
    if "SecurityGroups" in _changed(subject):
        sentence = f"Other security groups decide who reaches {subject.name}."
        yield _risk(subject, Level.MEDIUM, sentence, "SecurityGroups changes.")
    was, becomes = (attributes(side).get("deletion_protection.enabled") for side in (subject.before, subject.after))
    if was == "true" and becomes != "true":
        sentence = f"Nothing keeps {subject.name} from being deleted any more."
        yield _risk(subject, Level.MEDIUM, sentence, "deletion_protection.enabled is turned off.")


def _narrowed(subject: Subject) -> Iterator[Risk]:
    closed = []
    for path in ("SecurityGroupIngress", "SecurityGroupEgress"):
        stays = [str(each) for each in subject.after.items(path)]
        if any(str(each) not in stays for each in subject.before.items(path)):
            closed.append(path)
    if closed:
        sentence = f"Traffic that {subject.name} lets through now may be refused."
        yield _risk(subject, Level.MEDIUM, sentence, f"Rules go or change in {listed(closed)}.")


def _rule_changes(subject: Subject) -> Iterator[Risk]:
    changed = sorted(_changed(subject) - {"Tags", "Description"})
    if changed:
        sentence = f"Traffic that {subject.change.logical_id} lets through now may be refused."
        yield _risk(subject, Level.MEDIUM, sentence, changing(changed))


Rule = Callable[[Subject], Iterator[Risk]]
_RULES: Mapping[str, tuple[Rule, ...]] = {
    SERVICE: (_deployment,),
    DATABASE: (_database,),
    "AWS::RDS::DBParameterGroup": (_parameters,),
    GROUP: (_cache,),
    f"{_ELB}Listener": (_routing,),
    f"{_ELB}ListenerRule": (_routing,),
    f"{_API}Integration": (_routing,),
    f"{_ELB}LoadBalancer": (_doors,),
    f"{_EC2}SecurityGroup": (_narrowed,),
    f"{_EC2}SecurityGroupIngress": (_rule_changes,),
    f"{_EC2}SecurityGroupEgress": (_rule_changes,),
}
