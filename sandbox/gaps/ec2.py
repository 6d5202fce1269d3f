"""EC2: addresses that could be real, and gateways and endpoints that take time.

Mends: Elastic IPs outside 127/8; every network interface has an address of its own inside its subnet (moto: random
ones anywhere, so NAT gateways, endpoints and tasks were outside), with AWS's description, type and security groups;
NAT gateways and interface endpoints are `pending` before `available`, `deleting` before they go, and take their
interface and address association with them; an interface in a VPC without DNS hostnames has no DNS name (moto: 500);
a VPC's default network ACL goes with it (moto: stays for ever).
Facts: moto.md 1.1 and 2; states of NatGateway and VpcEndpoint in botocore's model.
Not mended because right: a lost zone stays `available` in DescribeAvailabilityZones, as on AWS.
Remove when: moto gives addresses from the subnet and lets these states take time.
"""

import ipaddress
from random import Random
from typing import Any

from moto.ec2.models import ec2_backends, elastic_ip_addresses
from moto.ec2.models.elastic_network_interfaces import NetworkInterface
from moto.ec2.models.nat_gateways import NatGatewayBackend
from moto.ec2.models.subnets import Subnet
from moto.ec2.models.vpcs import VPCBackend

from sandbox.clock import clock, transition

NAT_READY, ENDPOINT_READY, GONE, FORGOTTEN = 60, 60, 30, 3600
PUBLIC = [ipaddress.ip_network(n) for n in ("3.208.0.0/12", "44.192.0.0/11", "52.0.0.0/11", "54.144.0.0/12")]
"""Ranges AWS uses in us-east-1."""
RESERVED = 4  # the first addresses of a subnet belong to AWS, as does the last
_draw = Random()  # its own: whoever seeds the global one would have addresses drawn twice


def public_address() -> str:
    """An address out of AWS's ranges."""
    network = _draw.choice(PUBLIC)
    return str(network.network_address + _draw.randrange(256, network.num_addresses - 256))


def taken(subnet: Any) -> set[str]:
    """Addresses in use in a subnet."""
    interfaces = (e for e in subnet.ec2_backend.enis.values() if e.subnet.id == subnet.id)
    used = {a["PrivateIpAddress"] for e in interfaces for a in e.private_ip_addresses}
    return used | set(subnet._subnet_ips)


def free_address(subnet: Any) -> str:
    """An address of a subnet nobody uses. Raises ValueError when there is none."""
    used = taken(subnet)
    size = subnet.cidr.num_addresses
    begin = _draw.randrange(RESERVED, size - 1)
    for step in range(size - 1 - RESERVED):
        place = RESERVED + (begin - RESERVED + step) % (size - 1 - RESERVED)
        address = str(subnet.cidr.network_address + place)
        if address not in used:
            return address
    raise ValueError(f"{subnet.id} has no free address")


def usable(subnet: Any, address: str) -> bool:
    """Whether an address is one of a subnet's that AWS does not keep for itself."""
    place = int(ipaddress.ip_address(address)) - int(subnet.cidr.network_address)
    return RESERVED <= place < subnet.cidr.num_addresses - 1


def settle(interface: Any) -> None:
    """Move an interface's addresses into its subnet unless they are there already."""
    subnet = interface.subnet
    if not isinstance(subnet.cidr, ipaddress.IPv4Network):
        return
    for entry in interface.private_ip_addresses:
        address = entry["PrivateIpAddress"]
        if usable(subnet, address) and address not in taken(subnet):
            continue
        entry["PrivateIpAddress"] = free_address(subnet)
        if address == interface.private_ip_address:
            interface.private_ip_address = entry["PrivateIpAddress"]
            if interface.private_dns_name:
                name = f"ip-{interface.private_ip_address.replace('.', '-')}.ec2.internal"
                interface.private_dns_name = entry["PrivateDnsName"] = name


def managed(interface: Any, kind: str, description: str) -> None:
    """Mark an interface as made by a service for somebody else."""
    interface.status, interface.interface_type = "in-use", kind
    interface.description, interface.requester_managed = description, True


@transition("ec2.nat_state")
def nat_state(account: str, region: str, nat: str, state: str) -> None:
    """A NAT gateway reaches its next state; after `deleted` it is forgotten in time."""
    known = ec2_backends[account][region].nat_gateways
    if nat not in known:
        return
    if state == "forgotten":
        del known[nat]
    elif known[nat].state not in ("deleting", "deleted") or state == "deleted":
        known[nat].state = state
        if state == "deleted":
            clock.after(FORGOTTEN, "ec2.nat_state", account=account, region=region, nat=nat, state="forgotten")


@transition("ec2.endpoint_state")
def endpoint_state(account: str, region: str, endpoint: str, state: str) -> None:
    """A VPC endpoint becomes available, or goes."""
    known = ec2_backends[account][region].vpc_end_points
    if endpoint not in known:
        return
    if state == "gone":
        del known[endpoint]
    elif known[endpoint].state == "pending":
        known[endpoint].state = state


def _create_nat_gateway(original: Any) -> Any:
    def create(self: Any, subnet_id: str, allocation_id: str, *args: Any, **kwargs: Any) -> Any:
        nat = original(self, subnet_id, allocation_id, *args, **kwargs)
        nat.private_ip = nat._eni.private_ip_address
        nat.state = "pending"
        for address in nat.address_set:
            address.update(isPrimary=True, status="succeeded")
        managed(nat._eni, "nat_gateway", f"Interface for NAT Gateway {nat.id}")
        clock.after(
            NAT_READY, "ec2.nat_state", account=self.account_id, region=self.region_name, nat=nat.id, state="available"
        )
        return nat

    return create


def _delete_nat_gateway(original: Any) -> Any:
    def delete(self: Any, nat_gateway_id: str) -> Any:
        nat = original(self, nat_gateway_id)
        nat.state = "deleting"
        for eip in self.addresses:
            if eip.eni is not None and eip.eni.id == nat._eni.id:
                self.disassociate_address(association_id=eip.association_id)
        self.enis.pop(nat._eni.id, None)
        clock.after(
            GONE, "ec2.nat_state", account=self.account_id, region=self.region_name, nat=nat.id, state="deleted"
        )
        return nat

    return delete


def _create_vpc_endpoint(original: Any) -> Any:
    def create(self: Any, *args: Any, **kwargs: Any) -> Any:
        endpoint = original(self, *args, **kwargs)
        if (endpoint.vpc_endpoint_type or "").lower() != "interface":
            return endpoint
        endpoint.state = "pending"
        groups = [self.get_security_group_from_id(g) for g in endpoint.security_group_ids]
        for interface in (self.enis[i] for i in endpoint.network_interface_ids):
            managed(interface, "vpc_endpoint", f"VPC Endpoint Interface {endpoint.id}")
            interface._group_set = [g for g in groups if g] or interface._group_set
        place = {"account": self.account_id, "region": self.region_name, "endpoint": endpoint.id}
        clock.after(ENDPOINT_READY, "ec2.endpoint_state", **place, state="available")
        return endpoint

    return create


def _delete_vpc_endpoints(original: Any) -> Any:
    def delete(self: Any, vpce_ids: list[str] | None = None) -> None:
        original(self, vpce_ids)
        for one in vpce_ids or []:
            if one in self.vpc_end_points:
                self.vpc_end_points[one].state = "deleting"
                place = {"account": self.account_id, "region": self.region_name, "endpoint": one}
                clock.after(GONE, "ec2.endpoint_state", **place, state="gone")

    return delete


def _delete_vpc(original: Any) -> Any:
    def delete(self: Any, vpc_id: str) -> Any:
        gone = original(self, vpc_id)
        for acl in [a.id for a in self.network_acls.values() if a.vpc_id == vpc_id and a.default]:
            del self.network_acls[acl]
        return gone

    return delete


def _create_interface(original: Any) -> Any:
    def create(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        settle(self)

    return create


def _available_subnet_ip(self: Any, instance: Any) -> str:
    address = free_address(self)
    self._subnet_ips[address] = instance
    return address


def mend() -> None:
    """Put the above in place of moto's."""
    elastic_ip_addresses.random_ip = public_address
    NetworkInterface.private_dns_name = None
    NetworkInterface.__init__ = _create_interface(NetworkInterface.__init__)
    Subnet.get_available_subnet_ip = _available_subnet_ip
    NatGatewayBackend.create_nat_gateway = _create_nat_gateway(NatGatewayBackend.create_nat_gateway)
    NatGatewayBackend.delete_nat_gateway = _delete_nat_gateway(NatGatewayBackend.delete_nat_gateway)
    VPCBackend.delete_vpc = _delete_vpc(VPCBackend.delete_vpc)
    VPCBackend.create_vpc_endpoint = _create_vpc_endpoint(VPCBackend.create_vpc_endpoint)
    VPCBackend.delete_vpc_endpoints = _delete_vpc_endpoints(VPCBackend.delete_vpc_endpoints)
