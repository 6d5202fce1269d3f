"""Where things stand: stacks, zones and the network."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Stack:
    """A CloudFormation stack of the environment. `name` is Haven's (`service-rbac`), `stack_name` is AWS's."""

    name: str
    stack_name: str
    stack_id: str
    status: str
    status_reason: str | None
    created_at: datetime
    updated_at: datetime | None
    termination_protection: bool
    parameters: tuple[tuple[str, str], ...] = ()
    outputs: tuple[tuple[str, str], ...] = ()
    resources: tuple["StackResource", ...] = ()


@dataclass(frozen=True)
class StackResource:
    """One resource of a stack: logical id, physical id, type and status as CloudFormation says them."""

    logical_id: str
    physical_id: str
    type: str
    status: str


@dataclass(frozen=True)
class Zone:
    """An Availability Zone: `name` (us-east-1a) and the account-independent `zone_id` (use1-az4); `state` is AWS's."""

    name: str
    zone_id: str
    state: str = "available"


@dataclass(frozen=True)
class Subnet:
    """A subnet of the environment's VPC. `tier` is public, compute or data (from its Tier tag), else None."""

    subnet_id: str
    zone: str
    cidr: str
    tier: str | None
    free_addresses: int


@dataclass(frozen=True)
class NatGateway:
    """A NAT gateway; `state` is AWS's (available, pending, failed, deleting, deleted)."""

    nat_gateway_id: str
    zone: str
    state: str
    public_ip: str | None = None


@dataclass(frozen=True)
class Network:
    """The environment's VPC with its subnets and NAT gateways."""

    vpc_id: str
    cidr: str
    subnets: tuple[Subnet, ...] = ()
    nat_gateways: tuple[NatGateway, ...] = ()
