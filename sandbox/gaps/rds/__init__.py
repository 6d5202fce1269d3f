"""Mends moto's rds: instances live over time, have a standby, fail over, and tell events as AWS does.

Facts: aws-facts 1 and 13.2 ("available at once", "AvailabilityZone <region>a", "reboot is a no-op", "no
SecondaryAvailabilityZone", "describe_events ignores Duration, StartTime, EndTime, Marker, MaxRecords",
"failover_db_cluster flips the writer instantly, no events"), 13.1 (RebootDBCluster, DescribePendingMaintenanceActions,
ApplyPendingMaintenanceAction). Remove when moto has status sequences, standbys, failovers and windows.

Parts: `instances` and `clusters` create and delete, `changes` modify, `failovers` and `cluster_failovers` reboot and
fail over (times in `timeline`, pure), `automatic` lets a primary fail on command, `maintenance` and `patching` keep it
current, `sensing` knows whether it can be reached, `events` and `words` tell.
"""

import json
import secrets
from datetime import datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.rds import models
from moto.rds.exceptions import RDSClientError
from moto.rds.responses import RDSResponse

from sandbox.clock import clock
from sandbox.gaps.rds import (
    changes,
    cluster_failovers,
    clusters,
    events,
    failovers,
    instances,
    maintenance,
    naming,
    sensing,
)
from sandbox.gaps.rds.automatic import CAUSES, fail_over
from sandbox.gaps.rds.cluster_failovers import fail_over_cluster
from sandbox.gaps.rds.failovers import begin_failover
from sandbox.gaps.rds.maintenance import ACTIONS, add_maintenance, remove_maintenance
from sandbox.gaps.rds.sensing import reachable
from sandbox.weather.placement import on_zone_change

HOSTED_ZONE = "Z2R2ITUGPM61AM"
STARTING_WITH: dict[str, Any] = {
    "busy": "",
    "down_since": None,
    "failed_over_at": None,
    "parameter_apply_status": "in-sync",
    "missed": False,
    "pending_modified_values": {},
    "secondary_availability_zone": None,
    "serving_zone": None,
    "standby_lost": False,
    "waiting": {},
}
"""What an instance starts with; always replaced, never changed in place, as all instances share it."""
CLUSTERS_STARTING_WITH: dict[str, Any] = {"busy": "", "down_since": None, "failed_over_at": None, "missed": False}
"""The same for a cluster."""


def _endpoint(self: Any) -> dict[str, Any] | None:
    if self.status == "creating":
        return None
    return {"Address": self.address, "Port": self.port, "HostedZoneId": HOSTED_ZONE}


def _latest_restorable_time(self: Any) -> datetime | None:
    """Transaction logs are shipped every five minutes."""
    if not self.backup_retention_period or self.status == "creating":
        return None
    now = clock.now()
    return now - timedelta(minutes=now.minute % 5, seconds=now.second, microseconds=now.microsecond)


def _parameter_groups(self: Any) -> list[dict[str, str]]:
    status = self.parameter_apply_status
    return [{"DBParameterGroupName": g.name, "ParameterApplyStatus": status} for g in self.db_parameter_groups()]


def _generate_secret_string(self: Any) -> str:
    """A password nobody could guess, for the user the instance really has."""
    username = getattr(self.resource, "master_username", None) or "postgres"
    return json.dumps({"username": username, "password": secrets.token_urlsafe(24)})


def _nothing(self: Any, *args: Any) -> None:
    """moto tells and backs up at creation; here the clock does."""


def _covering(original: Any) -> Any:
    """A subnet group must span two zones."""

    def handler(self: Any) -> ActionResult:
        from moto.ec2.models import ec2_backends

        ec2 = ec2_backends[self.current_account][self.region]
        zones = sorted({ec2.get_subnet(s).availability_zone for s in self.params.get("SubnetIds") or []})
        if len(zones) < 2:
            text = "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement."
            text = f"{text} Current AZ coverage: {', '.join(zones)}. Add subnets to cover at least 2 AZs."
            raise RDSClientError("DBSubnetGroupDoesNotCoverEnoughAZs", text)
        result: ActionResult = original(self)
        return result

    return handler


def _unused(original: Any) -> Any:
    """A subnet group in use is not deleted."""

    def handler(self: Any) -> ActionResult:
        name = self.params.get("DBSubnetGroupName")
        for database in self.backend.databases.values():
            group = getattr(database, "db_subnet_group", None)
            if group is not None and group.name == str(name).lower():
                text = f"Cannot delete the subnet group '{name}' because at least one database instance: "
                text += f"{database.db_instance_identifier} is still using it."
                raise RDSClientError("InvalidDBSubnetGroupStateFault", text)
        result: ActionResult = original(self)
        return result

    return handler


def mend() -> None:
    """Patch moto once."""
    response, instance = RDSResponse, models.DBInstance
    if response.reboot_db_instance is failovers.reboot_db_instance:
        return
    created = instances.create_db_instance(response.create_db_instance)
    response.create_db_instance = clusters.create_member(created)
    response.create_db_subnet_group = _covering(response.create_db_subnet_group)
    response.modify_db_subnet_group = _covering(response.modify_db_subnet_group)
    response.delete_db_subnet_group = _unused(response.delete_db_subnet_group)
    response.delete_db_instance = clusters.delete_member(instances.delete_db_instance)
    response.create_db_cluster = clusters.create_db_cluster(response.create_db_cluster)
    response.modify_db_cluster = clusters.modify_db_cluster(response.modify_db_cluster)
    response.delete_db_cluster = clusters.delete_db_cluster
    response.failover_db_cluster = cluster_failovers.failover_db_cluster
    response.reboot_db_cluster = cluster_failovers.reboot_db_cluster
    response.modify_db_instance = changes.modify_db_instance
    response.reboot_db_instance = failovers.reboot_db_instance
    response.describe_events = events.describe_events
    for name in ("stop_db_instance", "start_db_instance", "stop_db_cluster", "start_db_cluster"):
        setattr(response, name, sensing.on_call(getattr(response, name)))
    response.describe_pending_maintenance_actions = maintenance.describe_pending_maintenance_actions
    response.apply_pending_maintenance_action = maintenance.apply_pending_maintenance_action
    models.RDSBackend.add_event = events.add_event
    instance.save_automated_backup = _nothing
    for name, value in STARTING_WITH.items():
        setattr(instance, name, value)
    _mend_clusters()
    instance.db_instance_port = 0  # AWS says the port in Endpoint only
    instance.address = property(naming.of_instance)
    instance.endpoint = property(_endpoint)
    instance.latest_restorable_time = property(_latest_restorable_time)
    instance.db_parameter_group_status_list = property(_parameter_groups)
    models.MasterUserSecret._generate_secret_string = _generate_secret_string
    on_zone_change(failovers.zone_changed)
    on_zone_change(cluster_failovers.zone_changed)


def _mend_clusters() -> None:
    cluster = models.DBCluster
    for name, value in CLUSTERS_STARTING_WITH.items():
        setattr(cluster, name, value)
    cluster.event_source_type = "db-cluster"
    cluster.endpoint = property(naming.of_writer)
    cluster.reader_endpoint = property(naming.of_readers)
    cluster.save_automated_backup = _nothing
    cluster.latest_restorable_time = property(_latest_restorable_time)
    cluster.status = property(lambda self: self._status, lambda self, value: setattr(self, "_status", value))


def kind_of(account: str, region: str, name: str) -> str | None:
    """Whether a name is that of a DB `instance` or of a `cluster`; None if of neither."""
    if instances.find(account, region, name) is not None:
        return "instance"
    return "cluster" if clusters.find_cluster(account, region, name) is not None else None


__all__ = [
    "ACTIONS",
    "CAUSES",
    "add_maintenance",
    "begin_failover",
    "fail_over",
    "fail_over_cluster",
    "kind_of",
    "mend",
    "reachable",
    "remove_maintenance",
]
