"""Permission widening: who may do more, and what is reached by more."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from services.domain.deployment.danger import Danger, Level, Risk, Subject
from services.domain.deployment.grants import Grant, grown
from services.domain.deployment.openings import Opening, opened
from services.domain.deployment.sides import Side
from services.domain.deployment.stateful import BUCKET, DATABASE, KEY
from services.domain.wording import listed

ROLE, GROUP = "AWS::IAM::Role", "AWS::EC2::SecurityGroup"
INGRESS = "AWS::EC2::SecurityGroupIngress"
_DOCUMENTS: Mapping[str, str] = {
    "AWS::IAM::Policy": "PolicyDocument",
    "AWS::IAM::RolePolicy": "PolicyDocument",
    "AWS::IAM::ManagedPolicy": "PolicyDocument",
    "AWS::SQS::QueuePolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::SecretsManager::ResourcePolicy": "ResourcePolicy",
    KEY: "KeyPolicy",
}
"""By type, the property that is a policy."""
_POWERFUL = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")
_SHOWN = 3


def permission(subject: Subject) -> Iterator[Risk]:
    """What a change lets more people or more traffic do."""
    kind, new = subject.change.type, subject.change.action == "Add"
    # What a new queue, key or bucket allows on itself widens nothing that there is. One that goes denies nothing more.
    if kind in _DOCUMENTS and not (new and not kind.startswith("AWS::IAM::")):
        name = _DOCUMENTS[kind]
        yield from _told(subject, grown((subject.before.get(name),), (subject.after.get(name),)), "The policy")
    if subject.change.action != "Remove":
        for rule in _RULES.get(kind, ()):
            yield from rule(subject)


def _level(subject: Subject, wide: bool) -> Level:
    if subject.change.action == "Add":
        # In a stack that is new as well, nothing has this permission yet that anybody relied on.
        return Level.MEDIUM if wide else Level.LOW
    return Level.HIGH if wide else Level.MEDIUM


def _risk(subject: Subject, level: Level, sentence: str, because: str) -> Risk:
    return subject.risk(Danger.PERMISSION, level, sentence, because)


def _told(subject: Subject, new: tuple[Grant, ...], what: str) -> Iterator[Risk]:
    if not new:
        return
    wide = any(each.wide for each in new)
    shown = listed(list(dict.fromkeys(_words(each) for each in new)), _SHOWN)
    yield _risk(
        subject,
        _level(subject, wide),
        f"{what} {subject.name} allows more: {shown}.",
        "Its statements allow what they did not, or deny less.",
    )


def _words(grant: Grant) -> str:
    who = f" for {grant.principal}" if grant.principal else ""
    return f"{grant.action} on {grant.resource}{who}"


def _role(subject: Subject) -> Iterator[Risk]:
    before, after = subject.before, subject.after
    yield from _told(subject, grown(_inline(before), _inline(after)), "The role")
    attached = [str(each) for each in after.items("ManagedPolicyArns") if each not in before.items("ManagedPolicyArns")]
    if attached:
        level = _level(subject, any(each.endswith(_POWERFUL) for each in attached))
        names = listed([each.rpartition("/")[2] for each in attached], _SHOWN)
        yield _risk(subject, level, f"The role {subject.name} gets {names} as well.", "ManagedPolicyArns grows.")
    if subject.change.action == "Add":
        return
    trusted = grown((before.get("AssumeRolePolicyDocument"),), (after.get("AssumeRolePolicyDocument"),))
    if trusted:
        who = listed(list(dict.fromkeys(each.principal or "anybody" for each in trusted)), _SHOWN)
        sentence = f"The role {subject.name} may be taken on by more: {who}."
        yield _risk(subject, Level.HIGH, sentence, "AssumeRolePolicyDocument grows.")
    if before.text("PermissionsBoundary") and not after.text("PermissionsBoundary"):
        sentence = f"Nothing bounds what the role {subject.name} may be given any more."
        yield _risk(subject, Level.HIGH, sentence, "PermissionsBoundary is removed.")


def _inline(side: Side) -> tuple[Any, ...]:
    return tuple(each.get("PolicyDocument") for each in side.items("Policies") if isinstance(each, Mapping))


def _group(subject: Subject) -> Iterator[Risk]:
    new = opened(*(side.items("SecurityGroupIngress") for side in (subject.before, subject.after)))
    yield from _open(subject, new)


def _ingress(subject: Subject) -> Iterator[Risk]:
    before, after = ([side.get()] if side.get() else [] for side in (subject.before, subject.after))
    yield from _open(subject, opened(before, after))


def _open(subject: Subject, new: tuple[Opening, ...]) -> Iterator[Risk]:
    if not new:
        return
    public = any(each.public for each in new)
    shown = listed([f"{each.words} from {'anybody' if each.public else each.source}" for each in new], _SHOWN)
    yield _risk(
        subject, _level(subject, public), f"{subject.name} lets in more: {shown}.", "Its rules for ingress grow."
    )


def _turned(path: tuple[str, ...], to: str, level: Level, what: str) -> Callable[[Subject], Iterator[Risk]]:
    """A rule for a setting that opens something when it comes to a value."""

    def rule(subject: Subject) -> Iterator[Risk]:
        was, becomes = (side.text(*path).lower() for side in (subject.before, subject.after))
        if subject.change.action != "Add" and becomes == to != was:
            yield _risk(subject, level, f"{subject.name} {what}.", f"{path[-1]}: {was or 'nothing'} becomes {to}.")

    return rule


def _bucket(subject: Subject) -> Iterator[Risk]:
    names = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
    path = "PublicAccessBlockConfiguration"
    open_now = [n for n in names if subject.before.on(path, n) and not subject.after.on(path, n)]
    if open_now:
        sentence = f"The bucket {subject.name} may be opened to the public."
        yield _risk(subject, Level.HIGH, sentence, f"{listed(open_now)} is turned off.")


Rule = Callable[[Subject], Iterator[Risk]]
_RULES: Mapping[str, tuple[Rule, ...]] = {
    ROLE: (_role,),
    GROUP: (_group,),
    INGRESS: (_ingress,),
    BUCKET: (_bucket,),
    DATABASE: (_turned(("PubliclyAccessible",), "true", Level.HIGH, "can be reached from the internet"),),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (
        _turned(("Scheme",), "internet-facing", Level.HIGH, "can be reached from the internet"),
    ),
    "AWS::ApiGatewayV2::Route": (
        _turned(("AuthorizationType",), "none", Level.HIGH, "asks nobody any more who they are"),
    ),
    "AWS::ECS::Service": (
        _turned(("EnableExecuteCommand",), "true", Level.MEDIUM, "lets people run commands in its tasks"),
        _turned(
            ("NetworkConfiguration", "AwsvpcConfiguration", "AssignPublicIp"),
            "enabled",
            Level.MEDIUM,
            "gives its tasks public addresses",
        ),
    ),
}
