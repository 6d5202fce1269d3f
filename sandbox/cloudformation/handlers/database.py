"""RDS: subnet groups, parameter groups, instances, event subscriptions."""

from typing import Any

from sandbox.cloudformation.errors import Failed
from sandbox.cloudformation.handlers.base import (
    Handler,
    Properties,
    absent,
    changed,
    handles,
    only,
    renamed,
    retag,
    tag_list,
    without,
)
from sandbox.cloudformation.world import Target


def rds_retag(target: Target, arn: str, before: Properties, after: Properties) -> None:
    """Bring the tags of an RDS resource from before to after."""
    retag(
        before,
        after,
        lambda tags: target.call("rds", "add_tags_to_resource", ResourceName=arn, Tags=tag_list(tags)),
        lambda keys: target.call("rds", "remove_tags_from_resource", ResourceName=arn, TagKeys=keys),
    )


def rds_arn(target: Target, kind: str, name: str) -> str:
    """The ARN of an RDS resource."""
    return f"arn:aws:rds:{target.region}:{target.account}:{kind}:{name}"


@handles("AWS::RDS::DBSubnetGroup")
class SubnetGroup(Handler):
    name_property = "DBSubnetGroupName"

    def create(self, target: Target, properties: Properties) -> str:
        name = str(properties.get("DBSubnetGroupName") or target.generated(255, lower=True)).lower()
        target.call("rds", "create_db_subnet_group", **{**properties, "DBSubnetGroupName": name})
        return name

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        asked = only(after, "DBSubnetGroupDescription", "SubnetIds")
        if changed(before, asked):
            target.call("rds", "modify_db_subnet_group", DBSubnetGroupName=physical, **asked)
        rds_retag(target, rds_arn(target, "subgrp", physical), before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("rds", "delete_db_subnet_group", DBSubnetGroupName=physical)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"DBSubnetGroupArn": rds_arn(target, "subgrp", physical)}


@handles("AWS::RDS::DBParameterGroup")
class ParameterGroup(Handler):
    name_property = "DBParameterGroupName"

    def create(self, target: Target, properties: Properties) -> str:
        name = str(properties.get("DBParameterGroupName") or target.generated(255, lower=True)).lower()
        target.call(
            "rds",
            "create_db_parameter_group",
            DBParameterGroupName=name,
            DBParameterGroupFamily=properties["Family"],
            Description=properties["Description"],
            Tags=tag_list(properties.get("Tags")),
        )
        self._set(target, name, properties.get("Parameters") or {})
        return name

    def _set(self, target: Target, name: str, values: dict[str, Any]) -> None:
        wanted = [{"ParameterName": k, "ParameterValue": v, "ApplyMethod": "pending-reboot"} for k, v in values.items()]
        for start in range(0, len(wanted), 20):  # ModifyDBParameterGroup takes twenty at a time
            batch = wanted[start : start + 20]
            target.call("rds", "modify_db_parameter_group", DBParameterGroupName=name, Parameters=batch)

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        old, new = before.get("Parameters") or {}, after.get("Parameters") or {}
        self._set(target, physical, changed(old, new))
        reset = [{"ParameterName": k, "ApplyMethod": "pending-reboot"} for k in old if k not in new]
        if reset:
            target.call("rds", "reset_db_parameter_group", DBParameterGroupName=physical, Parameters=reset)
        rds_retag(target, rds_arn(target, "pg", physical), before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("rds", "delete_db_parameter_group", DBParameterGroupName=physical)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"DBParameterGroupArn": rds_arn(target, "pg", physical), "DBParameterGroupName": physical}


_API_NAMES = {"VPCSecurityGroups": "VpcSecurityGroupIds"}
_FAILED = {"failed", "incompatible-network", "incompatible-parameters", "storage-full", "incompatible-create"}
_NOT_MODIFIED = ("Tags", "EnableCloudwatchLogsExports", "MasterUserSecret", "DBParameterGroupName", "Port")


@handles("AWS::RDS::DBInstance")
class Instance(Handler):
    name_property = "DBInstanceIdentifier"
    takes_snapshots = True

    def create(self, target: Target, properties: Properties) -> str:
        name = str(properties.get("DBInstanceIdentifier") or target.generated(63, lower=True)).lower()
        asked = self._asked(properties)
        target.call("rds", "create_db_instance", **{**asked, "DBInstanceIdentifier": name})
        return name

    def _asked(self, properties: Properties) -> Properties:
        secret = properties.get("MasterUserSecret") or {}
        key = {"MasterUserSecretKmsKeyId": secret["KmsKeyId"]} if "KmsKeyId" in secret else {}
        return {**renamed(without(properties, "MasterUserSecret"), _API_NAMES), **key}

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        different = changed(before, after, *_NOT_MODIFIED)
        asked = renamed(different, _API_NAMES)
        for name, api in (("DBParameterGroupName", "DBParameterGroupName"), ("Port", "DBPortNumber")):
            if name in changed(before, after):
                asked[api] = after[name]
        old = before.get("EnableCloudwatchLogsExports") or []
        new = after.get("EnableCloudwatchLogsExports") or []
        if sorted(old) != sorted(new):
            asked["CloudwatchLogsExportConfiguration"] = {
                "EnableLogTypes": [t for t in new if t not in old],
                "DisableLogTypes": [t for t in old if t not in new],
            }
        for name, default in (("MultiAZ", False), ("DeletionProtection", False)):
            if name in before and name not in after:
                asked[name] = default
        if asked:
            target.call("rds", "modify_db_instance", DBInstanceIdentifier=physical, ApplyImmediately=True, **asked)
        rds_retag(target, rds_arn(target, "db", physical), before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        last: Properties = {"SkipFinalSnapshot": True}
        if snapshot:
            name = target.generated(255, lower=True).replace("--", "-")
            last = {"SkipFinalSnapshot": False, "FinalDBSnapshotIdentifier": f"{name}-snapshot"}
        target.call("rds", "delete_db_instance", DBInstanceIdentifier=physical, **last)

    def _found(self, target: Target, physical: str) -> dict[str, Any]:
        found = target.call("rds", "describe_db_instances", DBInstanceIdentifier=physical)
        return dict(found["DBInstances"][0])

    def ready(self, target: Target, physical: str, properties: Properties) -> bool:
        status = str(self._found(target, physical)["DBInstanceStatus"])
        if status in _FAILED:
            raise Failed(f"DB Instance {physical} is in state {status} and hence failed to stabilize.")
        return status in ("available", "storage-optimization")

    def gone(self, target: Target, physical: str, properties: Properties) -> bool:
        return absent(lambda: self._found(target, physical))

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        found = self._found(target, physical)
        endpoint = found.get("Endpoint") or {}
        made: dict[str, Any] = {
            **only(found, "DBInstanceArn", "DbiResourceId", "DBSystemId", "InstanceCreateTime"),
            "Endpoint": {"Address": endpoint.get("Address", ""), "Port": str(endpoint.get("Port", ""))},
            "CertificateDetails": found.get("CertificateDetails") or {},
        }
        made["Endpoint"].update(only(endpoint, "HostedZoneId"))
        if found.get("MasterUserSecret"):
            made["MasterUserSecret"] = {"SecretArn": found["MasterUserSecret"]["SecretArn"]}
        made.pop("InstanceCreateTime", None)
        made["CertificateDetails"] = {k: str(v) for k, v in made["CertificateDetails"].items()}
        return made


@handles("AWS::RDS::EventSubscription")
class EventSubscription(Handler):
    name_property = "SubscriptionName"

    def create(self, target: Target, properties: Properties) -> str:
        name = str(properties.get("SubscriptionName") or target.generated(255, lower=True))
        target.call("rds", "create_event_subscription", **{**properties, "SubscriptionName": name})
        return name

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        asked = changed(before, after, "Tags", "SourceIds", "SubscriptionName")
        if asked:
            target.call("rds", "modify_event_subscription", SubscriptionName=physical, **asked)
        old, new = before.get("SourceIds") or [], after.get("SourceIds") or []
        for word, ids in (("add", [i for i in new if i not in old]), ("remove", [i for i in old if i not in new])):
            way = "to" if word == "add" else "from"
            for source in ids:
                operation = f"{word}_source_identifier_{way}_subscription"
                target.call("rds", operation, SubscriptionName=physical, SourceIdentifier=source)
        rds_retag(target, rds_arn(target, "es", physical), before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("rds", "delete_event_subscription", SubscriptionName=physical)
