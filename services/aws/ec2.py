"""EC2: the region's Availability Zones and the environment's network."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from services.domain.snapshot import NatGateway, Network, Subnet, Zone

if TYPE_CHECKING:
    from types_boto3_ec2.client import EC2Client
    from types_boto3_ec2.type_defs import NatGatewayTypeDef, SubnetTypeDef, TagTypeDef

_TIERS = frozenset({"public", "compute", "data"})


def list_zones(client: "EC2Client") -> tuple[Zone, ...]:
    """The region's zones that this account may use, by name."""
    answer = client.describe_availability_zones(Filters=[{"Name": "zone-type", "Values": ["availability-zone"]}])
    found = [Zone(z["ZoneName"], z["ZoneId"], z.get("State", "available")) for z in answer["AvailabilityZones"]]
    return tuple(sorted(found, key=lambda zone: zone.name))


def vpc_cidr(client: "EC2Client", vpc_id: str) -> str | None:
    """The VPC's address range, None when there is no such VPC. Filters, unlike ids, do not fail for what is gone."""
    vpcs = client.describe_vpcs(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])["Vpcs"]
    return vpcs[0]["CidrBlock"] if vpcs else None


def list_subnets(client: "EC2Client", vpc_id: str) -> tuple[Subnet, ...]:
    """The VPC's subnets by zone and address."""
    pages = client.get_paginator("describe_subnets").paginate(Filters=[{"Name": "vpc-id", "Values": [vpc_id]}])
    found = [to_subnet(subnet) for page in pages for subnet in page["Subnets"]]
    return tuple(sorted(found, key=lambda s: (s.zone, s.cidr)))


def list_nat_gateways(client: "EC2Client", vpc_id: str) -> tuple["NatGatewayTypeDef", ...]:
    """The VPC's NAT gateways as AWS describes them: their zone is known only with the subnets (`to_network`)."""
    # AWS names this argument Filter, in the singular; the type stubs do not.
    pages = client.get_paginator("describe_nat_gateways").paginate(  # type: ignore[call-arg]
        Filter=[{"Name": "vpc-id", "Values": [vpc_id]}]
    )
    return tuple(gateway for page in pages for gateway in page["NatGateways"])


def to_network(vpc_id: str, cidr: str, subnets: tuple[Subnet, ...], gateways: Iterable["NatGatewayTypeDef"]) -> Network:
    """The network put together. Deleted NAT gateways, which AWS shows for an hour, are left out."""
    zones = {subnet.subnet_id: subnet.zone for subnet in subnets}
    nats = [
        NatGateway(
            nat_gateway_id=gateway["NatGatewayId"],
            zone=zones.get(gateway.get("SubnetId", ""), ""),
            state=gateway["State"],
            public_ip=next((a["PublicIp"] for a in gateway.get("NatGatewayAddresses", []) if "PublicIp" in a), None),
        )
        for gateway in gateways
        if gateway["State"] != "deleted"
    ]
    return Network(vpc_id, cidr, subnets, tuple(sorted(nats, key=lambda n: (n.zone, n.nat_gateway_id))))


def to_subnet(found: "SubnetTypeDef") -> Subnet:
    """Haven's subnet of EC2's."""
    tier = _tag(found.get("Tags", []), "Tier")
    return Subnet(
        subnet_id=found["SubnetId"],
        zone=found["AvailabilityZone"],
        cidr=found["CidrBlock"],
        tier=tier if tier in _TIERS else None,
        free_addresses=found["AvailableIpAddressCount"],
    )


def _tag(tags: Iterable["TagTypeDef"], key: str) -> str | None:
    return next((tag.get("Value") for tag in tags if tag.get("Key") == key), None)
