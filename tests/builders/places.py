"""Where things are and who acts: people, environments, network, the way in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.domain.access import Actor, Role, User
from services.domain.environment import Environment
from services.domain.snapshot import Gateway, LoadBalancer, NatGateway, Network, Subnet, VpcLink

NOW = datetime(2026, 11, 22, 2, 13, tzinfo=UTC)
ACCOUNT = "123456789012"
REGION = "us-east-1"
ZONES = ("us-east-1a", "us-east-1b", "us-east-1c")
SERVICES = ("rbac", "audit", "identity-sync")
TIERS = ("public", "compute", "data")


def arn(service: str, rest: str) -> str:
    """An ARN in the sandbox's account and region."""
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{rest}"


def user(name: str = "ada", role: Role = Role.OPERATOR, **changes: Any) -> User:
    """An enabled person, never logged in."""
    return replace(User(name, role, disabled=False, created_at=NOW - timedelta(days=30)), **changes)


def actor(role: Role = Role.OPERATOR, name: str = "ada") -> Actor:
    """Someone acting with a role."""
    return Actor(name, role)


def environment(name: str = "production", **changes: Any) -> Environment:
    """An environment; `legacy` is unprotected and single-AZ, every other name protected and Multi-AZ."""
    made = Environment(
        name=name,
        account=ACCOUNT,
        region=REGION,
        blueprint="single-az" if name == "legacy" else "multi-az",
        stack_prefix=name,
        protected=name != "legacy",
        slo_target=99.95,
        created_at=NOW - timedelta(days=90),
    )
    return replace(made, **changes)


def subnet(zone: str = ZONES[0], tier: str = "compute", **changes: Any) -> Subnet:
    """A /24 of one tier in one zone."""
    third = TIERS.index(tier) * 16 + ZONES.index(zone)
    return replace(Subnet(f"subnet-{tier}-{zone[-1]}", zone, f"10.0.{third}.0/24", tier, 240), **changes)


def nat_gateway(zone: str = ZONES[0], **changes: Any) -> NatGateway:
    """An available NAT gateway."""
    return replace(NatGateway(f"nat-{zone[-1]}", zone, "available", f"203.0.113.{ZONES.index(zone) + 1}"), **changes)


def network(zones: tuple[str, ...] = ZONES, nat_zones: tuple[str, ...] | None = None, **changes: Any) -> Network:
    """Three tiers over the zones and a NAT gateway in each of `nat_zones` (all of them unless said)."""
    made = Network(
        vpc_id="vpc-0production",
        cidr="10.0.0.0/16",
        subnets=tuple(subnet(zone, tier) for tier in TIERS for zone in zones),
        nat_gateways=tuple(nat_gateway(zone) for zone in (zones if nat_zones is None else nat_zones)),
    )
    return replace(made, **changes)


def gateway(env: str = "production", **changes: Any) -> Gateway:
    """The HTTP API with one available VPC link."""
    link = VpcLink("vl-1", f"{env}-link", "AVAILABLE", tuple(f"subnet-compute-{zone[-1]}" for zone in ZONES))
    return replace(
        Gateway("api1", f"{env}-api", f"https://api1.execute-api.{REGION}.amazonaws.com", (link,)), **changes
    )


def load_balancer(env: str = "production", **changes: Any) -> LoadBalancer:
    """An active internal ALB over three zones with everything switched on that should be."""
    made = LoadBalancer(
        arn=arn("elasticloadbalancing", f"loadbalancer/app/{env}-alb/50dc6c495c0c9188"),
        name=f"{env}-alb",
        dns_name=f"internal-{env}-alb-1.{REGION}.elb.amazonaws.com",
        scheme="internal",
        state="active",
        zones=ZONES,
        deletion_protection=True,
        zonal_shift_enabled=True,
        access_logs=True,
        listeners=("HTTPS:443",),
    )
    return replace(made, **changes)
