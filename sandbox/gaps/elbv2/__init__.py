"""Mends moto's elbv2: load balancers take time to become active and can be protected; targets have a health.

Facts: aws-facts 5.1 (states, reasons, descriptions), 5.2 (`zonal_shift.config.enabled`), moto.md 2 ("any registered
target is healthy at once, no initial or draining, AvailabilityZone dropped, ECS never registers").
Remove when moto keeps a health state per target, honours deletion protection and echoes the zone of a target.
"""

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elbv2 import models
from moto.elbv2.exceptions import ELBClientError, TargetGroupNotFoundError
from moto.elbv2.responses import ELBV2Response

from sandbox.clock import clock, transition
from sandbox.gaps.elbv2 import targets
from sandbox.gaps.elbv2.targets import (
    FAILED,
    MISMATCHED,
    REGISTRATION,
    TIMED_OUT,
    faults,
    find_group,
    health_changed,
    recheck,
    set_fault,
    state_of,
)
from sandbox.weather.placement import on_zone_change

ACTIVATION = 90  # seconds until a new load balancer answers; minutes on AWS too
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


@transition("elbv2.activate")
def _activate(account: str, region: str, arn: str) -> None:
    balancer = models.elbv2_backends[account][region].load_balancers.get(arn)
    if balancer is not None and balancer.state == "provisioning":
        balancer.state = "active"


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


def describe_target_health(self: Any) -> ActionResult:
    """DescribeTargetHealth: all registered targets, or the ones asked for."""
    group = self.elbv2_backend.target_groups.get(self._get_param("TargetGroupArn"))
    if group is None:
        raise TargetGroupNotFoundError()
    asked = self._get_param("Targets", []) or list(group.targets.values())
    return ActionResult({"TargetHealthDescriptions": [targets.health(group, target) for target in asked]})


def delete_load_balancer(self: Any) -> ActionResult:
    """DeleteLoadBalancer: refused while protected; unknown ones are no error, as on AWS."""
    arn = self._get_param("LoadBalancerArn")
    balancer = self.elbv2_backend.load_balancers.get(arn)
    if balancer is not None and str(balancer.attrs.get("deletion_protection.enabled")).lower() == "true":
        text = f"Load balancer '{arn}' cannot be deleted because deletion protection is enabled"
        raise ELBClientError("OperationNotPermitted", text)
    self.elbv2_backend.delete_load_balancer(arn)
    return EmptyResult()


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
    group.register, group.deregister = targets.register, targets.deregister
    group.load_balancer_arns = property(_load_balancer_arns, _forget_list)
    ELBV2Response.describe_target_health = describe_target_health
    ELBV2Response.delete_load_balancer = delete_load_balancer
    ELBV2Response.modify_target_group_attributes = modify_target_group_attributes
    on_zone_change(targets.zone_changed)


__all__ = [
    "FAILED",
    "MISMATCHED",
    "REGISTRATION",
    "TIMED_OUT",
    "faults",
    "find_group",
    "health_changed",
    "mend",
    "recheck",
    "set_fault",
    "state_of",
]
