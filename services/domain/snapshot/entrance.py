"""The way in: API Gateway, its VPC links, the load balancer and its targets."""

from dataclasses import dataclass


@dataclass(frozen=True)
class VpcLink:
    """An API Gateway VPC link v2; `status` is AWS's (AVAILABLE, PENDING, INACTIVE, FAILED, DELETING)."""

    vpc_link_id: str
    name: str
    status: str
    subnet_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class Gateway:
    """The HTTP API in front."""

    api_id: str
    name: str
    endpoint: str
    links: tuple[VpcLink, ...] = ()


@dataclass(frozen=True)
class LoadBalancer:
    """The internal ALB. `state` is AWS's (active, provisioning, active_impaired, failed)."""

    arn: str
    name: str
    dns_name: str
    scheme: str
    state: str
    zones: tuple[str, ...]
    deletion_protection: bool | None = None
    zonal_shift_enabled: bool | None = None
    access_logs: bool | None = None
    listeners: tuple[str, ...] = ()


@dataclass(frozen=True)
class Target:
    """One registered target: `state`, `reason`, `description` are AWS's (healthy, initial, unhealthy, draining...)."""

    ip: str
    port: int
    zone: str | None
    state: str
    reason: str | None = None
    description: str | None = None


@dataclass(frozen=True)
class TargetGroup:
    """A service's target group with its targets."""

    arn: str
    name: str
    health_path: str | None
    targets: tuple[Target, ...] = ()
