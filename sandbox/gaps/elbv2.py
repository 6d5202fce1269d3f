"""Mends moto's elbv2: load balancers take time to become active and can be protected; targets have a health.

Facts: aws-facts 5.1 (states, reasons, descriptions), 5.2 (`zonal_shift.config.enabled`), moto.md 2 ("any registered
target is healthy at once, no initial or draining, AvailabilityZone dropped, ECS never registers").
Remove when moto keeps a health state per target, honours deletion protection and echoes the zone of a target.

A target is a plain dictionary in `target_groups[arn].targets[id]`: Id, Port, AvailabilityZone, State, Reason,
Description, `fault` (why it would fail its checks, or None) and `token` (so that a late transition knows it is stale).
"""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from moto.core.responses import ActionResult, EmptyResult
from moto.elbv2 import models
from moto.elbv2.exceptions import ELBClientError, InvalidTargetError, TargetGroupNotFoundError
from moto.elbv2.responses import ELBV2Response

from sandbox.clock import clock, transition
from sandbox.weather.placement import on_zone_change, zones_down

ACTIVATION = 90  # seconds until a new load balancer answers; minutes on AWS too
REGISTRATION = 5
TIMED_OUT = ("Target.Timeout", "Request timed out")
FAILED = ("Target.FailedHealthChecks", "Health checks failed")
IN_REGISTRATION = ("initial", "Elb.RegistrationInProgress", "Target registration is in progress")
IN_CHECKING = ("initial", "Elb.InitialHealthChecking", "Initial health checks in progress")
DRAINING = ("draining", "Target.DeregistrationInProgress", "Target deregistration is in progress")
UNATTACHED = ("Target.NotInUse", "Target group is not configured to receive traffic from the load balancer")
ZONE_OFF = ("Target.NotInUse", "Target is in an Availability Zone that is not enabled for the load balancer")
UNREGISTERED = ("unused", "Target.NotRegistered", "Target is not registered to the target group")
ATTRIBUTES = {
    "access_logs.s3.enabled": "false",
    "access_logs.s3.bucket": "",
    "access_logs.s3.prefix": "",
    "client_keep_alive.seconds": "3600",
    "connection_logs.s3.enabled": "false",
    "connection_logs.s3.bucket": "",
    "connection_logs.s3.prefix": "",
    "deletion_protection.enabled": "false",
    "idle_timeout.timeout_seconds": "60",
    "load_balancing.cross_zone.enabled": "true",
    "routing.http.desync_mitigation_mode": "defensive",
    "routing.http.drop_invalid_header_fields.enabled": "false",
    "routing.http.preserve_host_header.enabled": "false",
    "routing.http.x_amzn_tls_version_and_cipher_suite.enabled": "false",
    "routing.http.xff_client_port.enabled": "false",
    "routing.http.xff_header_processing.mode": "append",
    "routing.http2.enabled": "true",
    "waf.fail_open.enabled": "false",
    "zonal_shift.config.enabled": "false",
}
GROUP_ATTRIBUTES = {
    "target_group_health.dns_failover.minimum_healthy_targets.count": "1",
    "target_group_health.dns_failover.minimum_healthy_targets.percentage": "off",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.count": "1",
    "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage": "off",
    "load_balancing.algorithm.anomaly_mitigation": "off",
    "stickiness.lb_cookie.duration_seconds": "86400",
    "stickiness.app_cookie.cookie_name": "",
    "stickiness.app_cookie.duration_seconds": "86400",
}

health_changed: list[Callable[[str, str, str, str], None]] = []
"""Called with (account, region, target group ARN, target id) after a target's state changed; filled by mend()."""


def find_group(account: str, region: str, arn: str) -> Any:
    """The target group, or None."""
    return models.elbv2_backends[account][region].target_groups.get(arn)


def state_of(account: str, region: str, arn: str, target_id: str) -> str:
    """The target's state as DescribeTargetHealth says it; `unused` when it is not registered."""
    group = find_group(account, region, arn)
    return str(_health(group, {"Id": target_id})["TargetHealth"]["State"]) if group else "unused"


def set_fault(account: str, region: str, arn: str, target_id: str, fault: tuple[str, str] | None) -> None:
    """Let a target fail its health checks for a (reason, description), or pass them again with None.

    The state follows after as many intervals as the group's thresholds ask for."""
    group = find_group(account, region, arn)
    target = group.targets.get(target_id) if group else None
    if target is None or target["fault"] == fault:
        return
    target["fault"] = fault
    _schedule_settling(group, target)


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
def _settle(account: str, region: str, group: str, target: str, token: str) -> None:
    _, entry = _current(account, region, group, target, token)
    if entry is None or entry["State"] == "draining":
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


@transition("elbv2.activate")
def _activate(account: str, region: str, arn: str) -> None:
    balancer = models.elbv2_backends[account][region].load_balancers.get(arn)
    if balancer is not None and balancer.state == "provisioning":
        balancer.state = "active"


def _zone_of(group: Any, target: dict[str, Any]) -> str | None:
    """The zone given, or the one of the VPC's subnet the address lies in."""
    if target.get("AvailabilityZone"):
        return str(target["AvailabilityZone"])
    from ipaddress import ip_address, ip_network

    try:
        address = ip_address(target["Id"])
    except ValueError:
        return None
    for subnet in group.ec2_backend.describe_subnets(filters={"vpc-id": [group.vpc_id]}):
        if address in ip_network(subnet.cidr_block):
            return str(subnet.availability_zone)
    return None


def _register(self: Any, targets: list[dict[str, Any]]) -> None:
    for target in targets:
        known = self.targets.get(target["Id"])
        if known is not None and known["State"] != "draining":
            continue
        zone = _zone_of(self, target)
        entry = {
            "Id": target["Id"],
            "Port": target.get("Port", self.port),
            "AvailabilityZone": zone,
            "fault": TIMED_OUT if zone in zones_down() else None,
            "token": str(uuid4()),
        }
        entry["State"], entry["Reason"], entry["Description"] = IN_REGISTRATION
        self.targets[target["Id"]] = entry
        arguments = {"group": self.arn, "target": target["Id"], "token": entry["token"]}
        clock.after(REGISTRATION, "elbv2.check", account=self.account_id, region=self.region_name, **arguments)


def _deregister(self: Any, targets: list[dict[str, Any]]) -> None:
    for target in targets:
        entry = self.targets.get(target["Id"])
        if entry is None:
            raise InvalidTargetError()
        if _set(entry, *DRAINING):
            arguments = {"group": self.arn, "target": target["Id"], "token": entry["token"]}
            delay = float(self.attributes["deregistration_delay.timeout_seconds"])
            clock.after(delay, "elbv2.drained", account=self.account_id, region=self.region_name, **arguments)


def _load_balancer_arns(self: Any) -> list[str]:
    """Which load balancers forward to this group now; moto only ever adds to its list."""
    backend = models.elbv2_backends[self.account_id][self.region_name]
    return [
        balancer.arn
        for balancer in backend.load_balancers.values()
        if any(
            self.arn in backend._get_target_group_arns_from(action_data=action.data)
            for listener in balancer.listeners.values()
            for rule in listener.rules.values()
            for action in rule.actions
        )
    ]


def _stay(self: Any) -> None:
    """The clock activates a load balancer, not the act of looking at it."""


def _forget_list(self: Any, value: list[str]) -> None:
    """moto sets an empty list in its constructor; what is listed is always looked up."""


def _health(group: Any, target: dict[str, Any]) -> dict[str, Any]:
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


def describe_target_health(self: Any) -> ActionResult:
    """DescribeTargetHealth: all registered targets, or the ones asked for."""
    group = self.elbv2_backend.target_groups.get(self._get_param("TargetGroupArn"))
    if group is None:
        raise TargetGroupNotFoundError()
    targets = self._get_param("Targets", []) or list(group.targets.values())
    return ActionResult({"TargetHealthDescriptions": [_health(group, target) for target in targets]})


def delete_load_balancer(self: Any) -> ActionResult:
    """DeleteLoadBalancer: refused while protected; unknown ones are no error, as on AWS."""
    arn = self._get_param("LoadBalancerArn")
    balancer = self.elbv2_backend.load_balancers.get(arn)
    if balancer is not None and str(balancer.attrs.get("deletion_protection.enabled")).lower() == "true":
        text = f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        raise ELBClientError("OperationNotPermitted", text)
    self.elbv2_backend.delete_load_balancer(arn)
    return EmptyResult()


def _zone_changed(zone: str, failed: bool) -> None:
    for account, regions in list(models.elbv2_backends.items()):
        for region, backend in list(regions.items()):
            for group in backend.target_groups.values():
                for target in [t for t in group.targets.values() if t["AvailabilityZone"] == zone]:
                    set_fault(account, region, group.arn, target["Id"], TIMED_OUT if failed else None)


def mend() -> None:
    """Patch moto once."""
    backend, group, balancer = models.ELBv2Backend, models.FakeTargetGroup, models.FakeLoadBalancer
    if ELBV2Response.describe_target_health is describe_target_health:
        return
    made, made_group = backend.create_load_balancer, backend.create_target_group

    def create_load_balancer(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
        if any(known.name == name for known in self.load_balancers.values()):
            raise models.DuplicateLoadBalancerName()
        new = made(self, name, *args, **kwargs)
        new.scheme = new.scheme or "internet-facing"
        number = int(new.arn.rsplit("/", 1)[1], 16) % 10**10
        internal = "internal-" if new.scheme == "internal" else ""
        new.dns_name = f"{internal}{name}-{number}.{self.region_name}.elb.amazonaws.com"
        new.canonical_hosted_zone_id = "Z35SXDOTRQ7X7K"
        new.created_time = clock.now()
        new.attrs = dict(ATTRIBUTES)
        clock.after(ACTIVATION, "elbv2.activate", account=self.account_id, region=self.region_name, arn=new.arn)
        return new

    def create_target_group(self: Any, name: str, **kwargs: Any) -> Any:
        new = made_group(self, name, **kwargs)
        new.attributes = {**GROUP_ATTRIBUTES, **{key: str(value) for key, value in new.attributes.items()}}
        return new

    def modify_target_group_attributes(self: Any) -> ActionResult:
        """Answers with all attributes, as AWS does, not only with the changed ones."""
        arn = self._get_param("TargetGroupArn")
        changed = {a["Key"]: str(a["Value"]) for a in self._get_param("Attributes", [])}
        self.elbv2_backend.modify_target_group_attributes(arn, changed)
        return ActionResult({"Attributes": self.elbv2_backend.target_groups[arn].attributes})

    backend.create_load_balancer = create_load_balancer
    backend.create_target_group = create_target_group
    balancer.activate = _stay
    group.register, group.deregister = _register, _deregister
    group.load_balancer_arns = property(_load_balancer_arns, _forget_list)
    ELBV2Response.describe_target_health = describe_target_health
    ELBV2Response.delete_load_balancer = delete_load_balancer
    ELBV2Response.modify_target_group_attributes = modify_target_group_attributes
    on_zone_change(_zone_changed)
