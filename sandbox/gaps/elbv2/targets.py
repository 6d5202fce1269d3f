"""The health of a target over time (aws-facts 5.1): initial, healthy, unhealthy, draining, gone.

A target is a plain dictionary in `target_groups[arn].targets[id]`: Id, Port, AvailabilityZone, State, Reason,
Description, `fault` (why it would fail its checks, or None), `token` (so that a late transition knows it is stale) and
`turn` (how often its fault changed: only as many checks in a row as the threshold asks for change the state).
"""

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any
from uuid import uuid4

from moto.elbv2 import models
from moto.elbv2.exceptions import InvalidTargetError

from sandbox.clock import clock, transition
from sandbox.weather.placement import zones_down

REGISTRATION = 5
TIMED_OUT = ("Target.Timeout", "Request timed out")
MISMATCHED = ("Target.ResponseCodeMismatch", "Health checks failed with these codes: [503]")
FAILED = ("Target.FailedHealthChecks", "Health checks failed")
IN_REGISTRATION = ("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
IN_CHECKING = ("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
DRAINING = ("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
UNATTACHED = ("Target.NotInUse", "Target group is not configured to receive traffic from the load balancer")
ZONE_OFF = ("Target.NotInUse", "Target is in an Availability Zone that is not enabled for the load balancer")
UNREGISTERED = ("unused", "Target.NotRegistered", "Target is not registered to the target group")

health_changed: list[Callable[[str, str, str, str], None]] = []
"""Called with (account, region, target group ARN, target id) after a target's state changed; filled by mend()."""


faults: list[Callable[[str, str, str], tuple[str, str] | None]] = []
"""Called with (account, region, target group ARN): why the targets' application would answer its checks badly now."""


def find_group(account: str, region: str, arn: str) -> Any:
    """The target group, or None."""
    return models.elbv2_backends[account][region].target_groups.get(arn)


def state_of(account: str, region: str, arn: str, target_id: str) -> str:
    """The target's state as DescribeTargetHealth says it; `unused` when it is not registered."""
    group = find_group(account, region, arn)
    return str(health(group, {"Id": target_id})["TargetHealth"]["State"]) if group else "unused"


def set_fault(account: str, region: str, arn: str, target_id: str, fault: tuple[str, str] | None) -> None:
    """Let a target fail its health checks for a (reason, description), or pass them again with None.

    The state follows after as many intervals as the group's thresholds ask for."""
    group = find_group(account, region, arn)
    target = group.targets.get(target_id) if group else None
    if target is None or target["fault"] == fault:
        return
    target["fault"] = fault
    target["turn"] = target.get("turn", 0) + 1
    _schedule_settling(group, target)


def recheck(account: str, region: str, arn: str) -> None:
    """Look anew what the targets of a group answer to their health checks."""
    group = find_group(account, region, arn)
    for target in list(group.targets.values()) if group else ():
        set_fault(account, region, arn, target["Id"], _fault_of(group, target["AvailabilityZone"]))


def _fault_of(group: Any, zone: str | None) -> tuple[str, str] | None:
    """A target in a lost zone does not answer; another one answers as its application feels."""
    if zone in zones_down():
        return TIMED_OUT
    felt = (ask(group.account_id, group.region_name, group.arn) for ask in faults)
    return next((fault for fault in felt if fault), None)


def _schedule_settling(group: Any, target: dict[str, Any]) -> None:
    checks = group.unhealthy_threshold_count if target["fault"] else group.healthy_threshold_count
    if target["State"] == "initial" and not target["fault"]:
        checks = 1  # a new target needs to pass once only
    clock.after(
        int(checks) * int(group.health_check_interval_seconds),
        "elbv2.settle",
        account=group.account_id,
        region=group.region_name,
        group=group.arn,
        target=target["Id"],
        token=target["token"],
        turn=target.get("turn", 0),
    )


def _set(target: dict[str, Any], state: str, reason: str | None = None, description: str | None = None) -> bool:
    changed = target["State"] != state
    target.update(State=state, Reason=reason, Description=description)
    return changed


def _current(account: str, region: str, group: str, target: str, token: str) -> tuple[Any, dict[str, Any] | None]:
    found = find_group(account, region, group)
    entry = found.targets.get(target) if found else None
    return found, entry if entry is not None and entry["token"] == token else None


@transition("elbv2.check")
def _check(account: str, region: str, group: str, target: str, token: str) -> None:
    found, entry = _current(account, region, group, target, token)
    if entry is not None and entry["State"] == "initial":
        _set(entry, *IN_CHECKING)
        _schedule_settling(found, entry)


@transition("elbv2.settle")
def _settle(account: str, region: str, group: str, target: str, token: str, turn: int | None = None) -> None:
    _, entry = _current(account, region, group, target, token)
    if entry is None or entry["State"] == "draining" or turn not in (None, entry.get("turn", 0)):
        return
    changed = _set(entry, "unhealthy", *entry["fault"]) if entry["fault"] else _set(entry, "healthy")
    if changed:
        for listener in health_changed:
            listener(account, region, group, target)


@transition("elbv2.drained")
def _drained(account: str, region: str, group: str, target: str, token: str) -> None:
    found, entry = _current(account, region, group, target, token)
    if entry is not None and entry["State"] == "draining":
        del found.targets[target]


def _zone_of(group: Any, target: dict[str, Any]) -> str | None:
    """The zone given, or the one of the VPC's subnet the address lies in."""
    if target.get("AvailabilityZone"):
        return str(target["AvailabilityZone"])
    try:
        address = ip_address(target["Id"])
    except ValueError:
        return None
    for subnet in group.ec2_backend.describe_subnets(filters={"vpc-id": [group.vpc_id]}):
        if address in ip_network(subnet.cidr_block):
            return str(subnet.availability_zone)
    return None


def register(self: Any, targets: list[dict[str, Any]]) -> None:
    """FakeTargetGroup.register: a new or draining target starts over."""
    for target in targets:
        known = self.targets.get(target["Id"])
        if known is not None and known["State"] != "draining":
            continue
        zone = _zone_of(self, target)
        entry = {
            "Id": target["Id"],
            "Port": target.get("Port", self.port),
            "AvailabilityZone": zone,
            "fault": _fault_of(self, zone),
            "token": str(uuid4()),
            "turn": 0,
        }
        entry["State"], entry["Reason"], entry["Description"] = IN_REGISTRATION
        self.targets[target["Id"]] = entry
        arguments = {"group": self.arn, "target": target["Id"], "token": entry["token"]}
        clock.after(REGISTRATION, "elbv2.check", account=self.account_id, region=self.region_name, **arguments)


def deregister(self: Any, targets: list[dict[str, Any]]) -> None:
    """FakeTargetGroup.deregister: it drains for the group's delay; an unknown target is an error."""
    for target in targets:
        entry = self.targets.get(target["Id"])
        if entry is None:
            raise InvalidTargetError()
        if _set(entry, *DRAINING):
            arguments = {"group": self.arn, "target": target["Id"], "token": entry["token"]}
            delay = float(self.attributes["deregistration_delay.timeout_seconds"])
            clock.after(delay, "elbv2.drained", account=self.account_id, region=self.region_name, **arguments)


def health(group: Any, target: dict[str, Any]) -> dict[str, Any]:
    """A row of DescribeTargetHealth."""
    entry = group.targets.get(target["Id"])
    shown = {"Id": target["Id"], "Port": (entry or target).get("Port", group.port)}
    if entry is None:
        state, reason, description = UNREGISTERED
    else:
        if entry["AvailabilityZone"]:
            shown["AvailabilityZone"] = entry["AvailabilityZone"]
        state, reason, description = entry["State"], entry["Reason"], entry["Description"]
        if state != "draining" and (unused := _unused(group, entry)):
            state, (reason, description) = "unused", unused
    health = {"State": state, "Reason": reason, "Description": description}
    port = str(shown["Port"]) if group.health_check_port == "traffic-port" else str(group.health_check_port)
    return {"Target": shown, "HealthCheckPort": port, "TargetHealth": {k: v for k, v in health.items() if v}}


def _unused(group: Any, entry: dict[str, Any]) -> tuple[str, str] | None:
    balancers = group.load_balancer_arns
    if not balancers:
        return UNATTACHED
    backend = models.elbv2_backends[group.account_id][group.region_name]
    zones = {subnet.availability_zone for arn in balancers for subnet in backend.load_balancers[arn].subnets}
    return ZONE_OFF if entry["AvailabilityZone"] and entry["AvailabilityZone"] not in zones else None


def zone_changed(zone: str, failed: bool) -> None:
    """Targets in a failed zone time out, and pass again when it recovered."""
    for account, regions in list(models.elbv2_backends.items()):
        for region, backend in list(regions.items()):
            for group in backend.target_groups.values():
                recheck(account, region, group.arn)
