"""EC2: the VPC, its subnets, gateways and routes."""

from typing import Any

from botocore.exceptions import ClientError

from sandbox.cloudformation.errors import Failed
from sandbox.cloudformation.handlers.base import Handler, Properties, changed, handles, only, retag, tag_list, without
from sandbox.cloudformation.world import Target, missing


def specification(kind: str, properties: Properties) -> list[dict[str, Any]] | None:
    """EC2's form of tags on creation."""
    tags = tag_list(properties.get("Tags"))
    return [{"ResourceType": kind, "Tags": tags}] if tags else None


def ec2_retag(target: Target, id: str, before: Properties, after: Properties) -> None:
    """Bring the tags of an EC2 resource from before to after."""
    retag(
        before,
        after,
        lambda tags: target.call("ec2", "create_tags", Resources=[id], Tags=tag_list(tags)),
        lambda keys: target.call("ec2", "delete_tags", Resources=[id], Tags=[{"Key": k} for k in keys]),
    )


@handles("AWS::EC2::VPC")
class Vpc(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        rest = without(properties, "EnableDnsSupport", "EnableDnsHostnames", "Tags")
        made = target.call("ec2", "create_vpc", **rest, TagSpecifications=specification("vpc", properties))
        made_id = str(made["Vpc"]["VpcId"])
        self._dns(target, made_id, properties)
        return made_id

    def _dns(self, target: Target, id: str, properties: Properties) -> None:
        for name in ("EnableDnsSupport", "EnableDnsHostnames"):
            if name in properties:
                target.call("ec2", "modify_vpc_attribute", VpcId=id, **{name: {"Value": properties[name]}})

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        defaults = {"EnableDnsSupport": True, "EnableDnsHostnames": False}
        self._dns(target, physical, changed(before, {**defaults, **after}, "Tags"))
        ec2_retag(target, physical, before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("ec2", "delete_vpc", VpcId=physical)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        vpc = target.call("ec2", "describe_vpcs", VpcIds=[physical])["Vpcs"][0]
        mine = [{"Name": "vpc-id", "Values": [physical]}]
        groups = target.call(
            "ec2", "describe_security_groups", Filters=[*mine, {"Name": "group-name", "Values": ["default"]}]
        )["SecurityGroups"]
        acls = target.call("ec2", "describe_network_acls", Filters=mine)["NetworkAcls"]
        return {
            "VpcId": physical,
            "CidrBlock": vpc["CidrBlock"],
            "CidrBlockAssociations": [a["AssociationId"] for a in vpc.get("CidrBlockAssociationSet", [])],
            "DefaultSecurityGroup": groups[0]["GroupId"] if groups else "",
            "DefaultNetworkAcl": next((a["NetworkAclId"] for a in acls if a.get("IsDefault")), ""),
            "Ipv6CidrBlocks": [],
        }

    offers = frozenset({"CidrBlock"})


@handles("AWS::EC2::Subnet")
class Subnet(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        rest = without(properties, "MapPublicIpOnLaunch", "Tags")
        made = target.call("ec2", "create_subnet", **rest, TagSpecifications=specification("subnet", properties))
        made_id = str(made["Subnet"]["SubnetId"])
        if "MapPublicIpOnLaunch" in properties:
            self._public(target, made_id, properties["MapPublicIpOnLaunch"])
        return made_id

    def _public(self, target: Target, id: str, on: Any) -> None:
        target.call("ec2", "modify_subnet_attribute", SubnetId=id, MapPublicIpOnLaunch={"Value": on})

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        different = changed(before, {"MapPublicIpOnLaunch": False, **after}, "Tags")
        if "MapPublicIpOnLaunch" in different:
            self._public(target, physical, different["MapPublicIpOnLaunch"])
        ec2_retag(target, physical, before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("ec2", "delete_subnet", SubnetId=physical)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        subnet = target.call("ec2", "describe_subnets", SubnetIds=[physical])["Subnets"][0]
        return {**only(subnet, "AvailabilityZone", "AvailabilityZoneId", "CidrBlock", "VpcId"), "SubnetId": physical}

    offers = frozenset({"AvailabilityZone", "AvailabilityZoneId", "CidrBlock", "VpcId"})


@handles("AWS::EC2::InternetGateway")
class InternetGateway(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        tags = specification("internet-gateway", properties)
        made = target.call("ec2", "create_internet_gateway", **without(properties, "Tags"), TagSpecifications=tags)
        return str(made["InternetGateway"]["InternetGatewayId"])

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        ec2_retag(target, physical, before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("ec2", "delete_internet_gateway", InternetGatewayId=physical)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"InternetGatewayId": physical}


@handles("AWS::EC2::VPCGatewayAttachment")
class GatewayAttachment(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        target.call("ec2", "attach_internet_gateway", **properties)
        return f"IGW|{properties['VpcId']}"

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("ec2", "detach_internet_gateway", **properties)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"AttachmentType": "IGW"}


@handles("AWS::EC2::EIP")
class Address(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        tags = specification("elastic-ip", properties)
        asked = {"Domain": "vpc", **without(properties, "Tags")}
        return str(target.call("ec2", "allocate_address", **asked, TagSpecifications=tags)["PublicIp"])

    def _allocation(self, target: Target, physical: str) -> str:
        found = target.call("ec2", "describe_addresses", PublicIps=[physical])["Addresses"]
        return str(found[0]["AllocationId"])

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        ec2_retag(target, self._allocation(target, physical), before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("ec2", "release_address", AllocationId=self._allocation(target, physical))

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"AllocationId": self._allocation(target, physical), "PublicIp": physical}


@handles("AWS::EC2::NatGateway")
class NatGateway(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        tags = specification("natgateway", properties)
        made = target.call("ec2", "create_nat_gateway", **without(properties, "Tags"), TagSpecifications=tags)
        return str(made["NatGateway"]["NatGatewayId"])

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        ec2_retag(target, physical, before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("ec2", "delete_nat_gateway", NatGatewayId=physical)

    def _found(self, target: Target, physical: str) -> dict[str, Any]:
        found = target.call("ec2", "describe_nat_gateways", NatGatewayIds=[physical])["NatGateways"]
        return dict(found[0]) if found else {"State": "deleted"}

    def ready(self, target: Target, physical: str, properties: Properties) -> bool:
        found = self._found(target, physical)
        if found["State"] == "failed":
            raise Failed(f"NatGateway {physical} is in state failed and hence failed to stabilize.")
        return bool(found["State"] == "available")

    def gone(self, target: Target, physical: str, properties: Properties) -> bool:
        return self._found(target, physical)["State"] == "deleted"

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        addresses = self._found(target, physical).get("NatGatewayAddresses") or [{}]
        return {"NatGatewayId": physical, "EniId": addresses[0].get("NetworkInterfaceId", "")}


@handles("AWS::EC2::RouteTable")
class RouteTable(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        tags = specification("route-table", properties)
        made = target.call("ec2", "create_route_table", **without(properties, "Tags"), TagSpecifications=tags)
        return str(made["RouteTable"]["RouteTableId"])

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        ec2_retag(target, physical, before, after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        target.call("ec2", "delete_route_table", RouteTableId=physical)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"RouteTableId": physical}


@handles("AWS::EC2::Route")
class Route(Handler):
    def _destination(self, properties: Properties) -> Properties:
        return only(properties, "DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")

    def create(self, target: Target, properties: Properties) -> str:
        target.call("ec2", "create_route", **properties)
        return f"{properties['RouteTableId']}|{next(iter(self._destination(properties).values()), '')}"

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        target.call("ec2", "replace_route", **after)

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        where = self._destination(properties)
        target.call("ec2", "delete_route", RouteTableId=properties["RouteTableId"], **where)

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"CidrBlock": physical.partition("|")[2]}


@handles("AWS::EC2::SubnetRouteTableAssociation")
class RouteTableAssociation(Handler):
    def create(self, target: Target, properties: Properties) -> str:
        return str(target.call("ec2", "associate_route_table", **properties)["AssociationId"])

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        try:
            target.call("ec2", "disassociate_route_table", AssociationId=physical)
        except ClientError as error:
            if not missing(error):
                raise

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        return {"Id": physical}
