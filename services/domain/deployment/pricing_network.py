"""What ways in and out are billed for as long as they stand. Traffic through them comes on top and is not counted."""

from collections.abc import Mapping
from typing import Any

from services.domain.deployment.pricing import Bill, Term, single
from services.domain.wording import counted


def nat_gateway(properties: Mapping[str, Any]) -> Bill:
    """A NAT gateway, without the data it processes."""
    if properties.get("ConnectivityType", "public") != "public":
        return Bill(unknown="Only the price of a public NAT gateway is known.")
    return single(Term("nat-gateway:hour", "a NAT gateway"))


def address(_properties: Mapping[str, Any]) -> Bill:
    """A public IPv4 address; it costs the same in use and idle."""
    return single(Term("public-ipv4:hour", "a public IPv4 address"))


def endpoint(properties: Mapping[str, Any]) -> Bill | None:
    """An interface endpoint in each of its subnets' zones; None for a gateway endpoint, which is not billed."""
    kind, subnets = properties.get("VpcEndpointType", "Gateway"), properties.get("SubnetIds")
    if kind == "Gateway":
        return None
    if kind != "Interface":
        return Bill(unknown=f"The price of a {kind} endpoint is not known.")
    if not isinstance(subnets, (list, tuple)) or not subnets:
        return Bill(unknown="In how many zones it stands is not known.")
    key, what, zones = "endpoint:zone-hour", "an interface endpoint in a zone", len(subnets)
    return Bill((Term(key, what, zones),), (Term(key, what),), f"in {counted(zones, 'zone')}")


def load_balancer(properties: Mapping[str, Any]) -> Bill:
    """An Application Load Balancer, whatever its number of zones, without capacity units (LCU)."""
    if properties.get("Type", "application") != "application":
        return Bill(unknown="Only the price of an Application Load Balancer is known.")
    return single(Term("alb:hour", "an Application Load Balancer"))
