"""RDS: DB clusters. A Multi-AZ DB cluster comes with its members; Aurora's are DBInstance resources of their own."""

from typing import Any

from sandbox.cloudformation.comparison import same
from sandbox.cloudformation.errors import Failed
from sandbox.cloudformation.handlers.base import Handler, Properties, absent, changed, handles, only, renamed, without
from sandbox.cloudformation.handlers.database import rds_arn, rds_retag
from sandbox.cloudformation.world import Target

_API_NAMES = {"PerformanceInsightsEnabled": "EnablePerformanceInsights"}
_NOT_MODIFIED = ("Tags", "EnableCloudwatchLogsExports", "MasterUserSecret", "DeleteAutomatedBackups")
_NEEDS_A_NEW_ONE = ("AvailabilityZones", "Engine", "GlobalClusterIdentifier", "MasterUsername")
_FAILED = {"failed", "inaccessible-encryption-credentials", "incompatible-create"}


@handles("AWS::RDS::DBCluster")
class Cluster(Handler):
    name_property = "DBClusterIdentifier"
    takes_snapshots = True

    def create(self, target: Target, properties: Properties) -> str:
        name = str(properties.get("DBClusterIdentifier") or target.generated(63, lower=True)).lower()
        asked = renamed(without(properties, "MasterUserSecret", "DeleteAutomatedBackups"), _API_NAMES)
        target.call("rds", "create_db_cluster", **{**asked, **self._key(properties), "DBClusterIdentifier": name})
        return name

    def _key(self, properties: Properties) -> Properties:
        secret = properties.get("MasterUserSecret") or {}
        return {"MasterUserSecretKmsKeyId": secret["KmsKeyId"]} if "KmsKeyId" in secret else {}

    def replaces(self, before: Properties, after: Properties) -> bool:
        return any(not same(before.get(name, ""), after.get(name, "")) for name in _NEEDS_A_NEW_ONE)

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        asked = renamed(changed(before, after, *_NOT_MODIFIED), _API_NAMES)
        if "EngineVersion" in asked:
            asked["AllowMajorVersionUpgrade"] = True  # the template is the consent
        if self._key(before) != self._key(after):
            asked = {**asked, "ManageMasterUserPassword": True, **self._key(after)}
        old = before.get("EnableCloudwatchLogsExports") or []
        new = after.get("EnableCloudwatchLogsExports") or []
        if sorted(old) != sorted(new):
            asked["CloudwatchLogsExportConfiguration"] = {
                "EnableLogTypes": [t for t in new if t not in old],
                "DisableLogTypes": [t for t in old if t not in new],
            }
        if "DeletionProtection" in before and "DeletionProtection" not in after:
            asked["DeletionProtection"] = False
        if asked:
            target.call("rds", "modify_db_cluster", DBClusterIdentifier=physical, ApplyImmediately=True, **asked)
        rds_retag(target, rds_arn(target, "cluster", physical), before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        last: Properties = {"SkipFinalSnapshot": True}
        if snapshot:
            name = target.generated(255, lower=True).replace("--", "-")
            last = {"SkipFinalSnapshot": False, "FinalDBSnapshotIdentifier": f"{name}-snapshot"}
        last |= only(properties, "DeleteAutomatedBackups")
        target.call("rds", "delete_db_cluster", DBClusterIdentifier=physical, **last)

    def _found(self, target: Target, physical: str) -> dict[str, Any]:
        found = target.call("rds", "describe_db_clusters", DBClusterIdentifier=physical)
        return dict(found["DBClusters"][0])

    def ready(self, target: Target, physical: str, properties: Properties) -> bool:
        status = str(self._found(target, physical)["Status"])
        if status in _FAILED:
            raise Failed(f"DBCluster {physical} is in state {status} and hence failed to stabilize.")
        return status == "available"

    def gone(self, target: Target, physical: str, properties: Properties) -> bool:
        return absent(lambda: self._found(target, physical))

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        found = self._found(target, physical)
        made: dict[str, Any] = {
            **only(found, "DBClusterArn", "StorageThroughput", "StorageEncryptionType"),
            "DBClusterResourceId": found.get("DbClusterResourceId", ""),
            "Endpoint": {"Address": found.get("Endpoint", ""), "Port": str(found.get("Port", ""))},
            "ReadEndpoint": {"Address": found.get("ReaderEndpoint", "")},
        }
        if found.get("MasterUserSecret"):
            made["MasterUserSecret"] = {"SecretArn": found["MasterUserSecret"]["SecretArn"]}
        return made
