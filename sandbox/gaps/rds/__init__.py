"""Mends moto's rds: instances live over time, have a standby, fail over, and tell events as AWS does.

Facts: aws-facts 1 and 13.2 ("available at once", "AvailabilityZone <region>a", "reboot is a no-op", "no
SecondaryAvailabilityZone", "describe_events ignores Duration, StartTime, EndTime, Marker, MaxRecords"), 13.1
(DescribePendingMaintenanceActions missing). Remove when moto has status sequences, standbys, failovers and windows.

Parts: `instances` create and delete, `changes` modify, `failovers` reboot and fail over (times in `timeline`, pure),
`events` and `words` tell.
"""

import json
import secrets
import zlib
from datetime import datetime, timedelta
from typing import Any

from moto.core.responses import ActionResult
from moto.rds import models
from moto.rds.exceptions import RDSClientError
from moto.rds.responses import RDSResponse

from sandbox.clock import clock
from sandbox.gaps.rds import changes, events, failovers, instances
from sandbox.gaps.rds.failovers import begin_failover, reachable
from sandbox.weather.placement import on_zone_change

HOSTED_ZONE = "Z2R2ITUGPM61AM"
STARTING_WITH: dict[str, Any] = {
    "busy": "",
    "down_since": None,
    "failed_over_at": None,
    "parameter_apply_status": "in-sync",
    "pending_modified_values": {},
    "secondary_availability_zone": None,
    "serving_zone": None,
    "waiting": {},
}
"""What an instance starts with; always replaced, never changed in place, as all instances share it."""


def _address(self: Any) -> str:
    """A host name of its own for each account."""
    unique = f"c{zlib.crc32(f'{self.account_id}{self.region}'.encode()):08x}xyz"
    return f"{self.db_instance_identifier}.{unique}.{self.region}.rds.amazonaws.com"


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


def describe_pending_maintenance_actions(self: Any) -> ActionResult:
    """DescribePendingMaintenanceActions: what `pending_maintenance` of the backend says, ARN -> actions."""
    pending = getattr(self.backend, "pending_maintenance", {})
    wanted = self.params.get("ResourceIdentifier")
    rows = [
        {"ResourceIdentifier": arn, "PendingMaintenanceActionDetails": actions}
        for arn, actions in pending.items()
        if wanted in (None, arn)
    ]
    return ActionResult({"PendingMaintenanceActions": rows})


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
    response.create_db_instance = instances.create_db_instance(response.create_db_instance)
    response.create_db_subnet_group = _covering(response.create_db_subnet_group)
    response.modify_db_subnet_group = _covering(response.modify_db_subnet_group)
    response.delete_db_subnet_group = _unused(response.delete_db_subnet_group)
    response.delete_db_instance = instances.delete_db_instance
    response.modify_db_instance = changes.modify_db_instance
    response.reboot_db_instance = failovers.reboot_db_instance
    response.describe_events = events.describe_events
    response.describe_pending_maintenance_actions = describe_pending_maintenance_actions
    models.RDSBackend.add_event = events.add_event
    instance.save_automated_backup = _nothing
    for name, value in STARTING_WITH.items():
        setattr(instance, name, value)
    instance.db_instance_port = 0  # AWS says the port in Endpoint only
    instance.address = property(_address)
    instance.endpoint = property(_endpoint)
    instance.latest_restorable_time = property(_latest_restorable_time)
    instance.db_parameter_group_status_list = property(_parameter_groups)
    models.MasterUserSecret._generate_secret_string = _generate_secret_string
    on_zone_change(failovers.zone_changed)


__all__ = ["begin_failover", "mend", "reachable"]
