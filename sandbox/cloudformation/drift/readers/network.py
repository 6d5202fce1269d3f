"""Subnets, route tables and routes as they are now."""

from typing import Any

from sandbox.cloudformation.drift.compare import ABSENT
from sandbox.cloudformation.drift.readers.base import first, own_tags, reads
from sandbox.cloudformation.model import Resource, Stack
from sandbox.cloudformation.world import Target


@reads("AWS::EC2::VPC")
def vpc(target: Target, resource: Resource, stack: Stack) -> dict[str, Any] | None:
    found = first(target.call("ec2", "describe_vpcs", VpcIds=[resource.physical])["Vpcs"])
    if found is None:
        return None
    made: dict[str, Any] = {"InstanceTenancy": found.get("InstanceTenancy"), "Tags": own_tags(found.get("Tags"))}
    for name in ("EnableDnsSupport", "EnableDnsHostnames"):
        asked = {"VpcId": resource.physical, "Attribute": name[:1].lower() + name[1:]}
        made[name] = target.call("ec2", "describe_vpc_attribute", **asked)[name]["Value"]
    return made


@reads("AWS::EC2::Subnet")
def subnet(target: Target, resource: Resource, stack: Stack) -> dict[str, Any] | None:
    found = first(target.call("ec2", "describe_subnets", SubnetIds=[resource.physical])["Subnets"])
    if found is None:
        return None
    return {"MapPublicIpOnLaunch": found["MapPublicIpOnLaunch"], "Tags": own_tags(found.get("Tags"))}


@reads("AWS::EC2::RouteTable")
def route_table(target: Target, resource: Resource, stack: Stack) -> dict[str, Any] | None:
    found = first(target.call("ec2", "describe_route_tables", RouteTableIds=[resource.physical])["RouteTables"])
    return None if found is None else {"Tags": own_tags(found.get("Tags"))}


@reads("AWS::EC2::Route")
def route(target: Target, resource: Resource, stack: Stack) -> dict[str, Any] | None:
    """Where the table sends what goes to the destination."""
    table, _, destination = resource.physical.partition("|")
    found = first(target.call("ec2", "describe_route_tables", RouteTableIds=[table])["RouteTables"])
    names = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
    routes = (found or {}).get("Routes", [])
    mine = next((dict(r) for r in routes if destination in [r.get(name) for name in names]), None)
    if mine is None:
        return None
    ways = ("GatewayId", "NatGatewayId", "TransitGatewayId", "VpcPeeringConnectionId", "NetworkInterfaceId")
    return {way: mine.get(way, ABSENT) for way in ways}


@reads("AWS::EC2::SubnetRouteTableAssociation")
def association(target: Target, resource: Resource, stack: Stack) -> dict[str, Any] | None:
    """An association that leads elsewhere has another id: this one is gone."""
    mine = [{"Name": "association.route-table-association-id", "Values": [resource.physical]}]
    return {} if target.call("ec2", "describe_route_tables", Filters=mine)["RouteTables"] else None
