"""What AWS documents to happen in place although a change set says Conditional, each with its source.

CloudFormation's schemas mark many properties as replacing conditionally without saying on which condition. Only what a
document of AWS says is here; for everything else AWS's word in the change set stands.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.domain.deployment.change_set import PropertyChange

DATABASE = "AWS::RDS::DBInstance"
CACHE = "AWS::ElastiCache::ReplicationGroup"
SERVICE = "AWS::ECS::Service"
SCALABLE = "AWS::ApplicationAutoScaling::ScalableTarget"
_GUIDE = "AWS's documentation, CloudFormation user guide"
_RDS = f"{_GUIDE} and RDS's ModifyDBInstance"
_FACTS = "AWS's documentation, aws-facts"


@dataclass(frozen=True)
class Expectation:
    """What is expected of one property's change: `in_place` without a new physical id; `sentence` says what it does
    meanwhile, `source` who says so. `interrupts`: the resource may be away for a while."""

    in_place: bool
    sentence: str
    source: str
    interrupts: bool = False


Rule = Callable[[PropertyChange], Expectation | None]


def _always(sentence: str, source: str, interrupts: bool = False) -> Rule:
    found = Expectation(True, sentence, source, interrupts)
    return lambda _: found


def _multi_az(change: PropertyChange) -> Expectation:
    if _true(change.after):
        return Expectation(
            True,
            "The standby is added in place from a snapshot, without an outage; writing is slower until it has caught "
            "up (7 to 21 minutes were seen).",
            f"{_FACTS} 1.7 and 6.6, and RDS's ModifyDBInstance",
        )
    return Expectation(
        True,
        "The standby is deleted in place, without an outage of the primary.",
        f"{_FACTS} 1.7 and 6.6, and RDS's ModifyDBInstance",
    )


def _storage(change: PropertyChange) -> Expectation | None:
    try:
        grows = float(change.after or "") > float(change.before or "")
    except ValueError:
        return None
    # RDS never makes a volume smaller: of a shrinking one nothing is documented but the refusal.
    return Expectation(True, "The storage grows in place, without an outage.", _RDS) if grows else None


def _backups(change: PropertyChange) -> Expectation:
    if "0" in (change.before, change.after):
        sentence = (
            "Backups are turned on or off in place; reading and writing pause for seconds to a few minutes meanwhile."
        )
        return Expectation(True, sentence, _RDS, interrupts=True)
    return Expectation(True, "The days backups are kept change in place.", _RDS)


_ROLLING = _always("ECS replaces the tasks one after the other; the service itself stays.", f"{_FACTS} 3.2")
_SETTING = _always("It is changed in place and starts no deployment.", f"{_FACTS} 3.2")
_BOUND = _always(
    "The bound is changed in place, and the number of tasks is drawn into the bounds at once.", f"{_FACTS} 4.1"
)
_WINDOW = _always("The window is changed in place.", _GUIDE)
_RULES: Mapping[str, Mapping[str, Rule]] = {
    DATABASE: {
        "MultiAZ": _multi_az,
        "AllocatedStorage": _storage,
        "BackupRetentionPeriod": _backups,
        "DBInstanceClass": _always(
            "The class is changed in place with an outage; with a standby that is a failover.", _RDS, interrupts=True
        ),
        "EngineVersion": _always(
            "The engine is upgraded in place, primary and standby together: the database is away meanwhile even with "
            "Multi-AZ.",
            f"{_FACTS} 1.9",
            interrupts=True,
        ),
        "DBParameterGroupName": _always(
            "The parameter group is changed in place; static parameters in it restart the database.",
            _GUIDE,
            interrupts=True,
        ),
        "StorageType": _always("The storage is converted in place, with some interruption.", _GUIDE, interrupts=True),
        "AutoMinorVersionUpgrade": _always("The setting is changed in place.", _GUIDE),
        "PreferredMaintenanceWindow": _WINDOW,
        "PreferredBackupWindow": _WINDOW,
        "DeletionProtection": _always("The setting is changed in place.", _GUIDE),
    },
    CACHE: {
        "AutomaticFailoverEnabled": _always("It is changed in place, without interruption.", f"{_FACTS} 6.6"),
        "MultiAZEnabled": _always("It is changed in place, without interruption.", f"{_FACTS} 6.6"),
        "NumCacheClusters": _always("Nodes are added or removed in place, without interruption.", f"{_FACTS} 6.6"),
        "CacheNodeType": _always("The nodes are exchanged in place, without interruption.", _GUIDE),
        "CacheParameterGroupName": _always("It is changed in place, without interruption.", _GUIDE),
        "SnapshotRetentionLimit": _always("The days snapshots are kept change in place.", _GUIDE),
        "SecurityGroupIds": _always("They are changed in place, without interruption.", _GUIDE),
        "PreferredMaintenanceWindow": _WINDOW,
        "SnapshotWindow": _WINDOW,
    },
    SERVICE: {
        "DesiredCount": _SETTING,
        "DeploymentConfiguration": _SETTING,
        "AvailabilityZoneRebalancing": _SETTING,
        "TaskDefinition": _ROLLING,
        "PlatformVersion": _ROLLING,
        "NetworkConfiguration": _ROLLING,
        "LoadBalancers": _ROLLING,
        "CapacityProviderStrategy": _ROLLING,
    },
    SCALABLE: {"MinCapacity": _BOUND, "MaxCapacity": _BOUND},
}


def expectation(type: str, change: PropertyChange) -> Expectation | None:
    """What is documented of this change; None when nothing is known, and AWS's word stands. Where AWS says that it
    always replaces, nothing else is to be expected."""
    rule = _RULES.get(type, {}).get(change.name)
    if rule is None or change.attribute != "Properties" or change.recreation == "Always":
        return None
    return rule(change)


def _true(value: str | None) -> bool:
    return (value or "").lower() == "true"
