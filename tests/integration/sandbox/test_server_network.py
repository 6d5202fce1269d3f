"""EC2 and IAM as the network and service templates need them."""

from ipaddress import ip_address, ip_network
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox_server import Sandbox

pytestmark = pytest.mark.sandbox
EXECUTION = "arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"


@pytest.fixture(scope="module")
def network(sandbox: Sandbox) -> dict[str, str]:
    ec2 = sandbox.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.3.0/28", AvailabilityZone="us-east-1b")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(VpcId=vpc, GroupName="endpoints", Description="x")["GroupId"]
    return {"vpc": vpc, "subnet": subnet, "group": group}


def free(sandbox: Sandbox, subnet: str) -> int:
    found: int = sandbox.client("ec2").describe_subnets(SubnetIds=[subnet])["Subnets"][0]["AvailableIpAddressCount"]
    return found


def interface(sandbox: Sandbox, name: str) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.client("ec2").describe_network_interfaces(NetworkInterfaceIds=[name])[
        "NetworkInterfaces"
    ][0]
    return found


def test_a_nat_gateway_takes_its_time_and_has_believable_addresses(sandbox: Sandbox, network: dict[str, str]) -> None:
    ec2, before = sandbox.client("ec2"), free(sandbox, network["subnet"])
    address = ec2.allocate_address(Domain="vpc")
    assert ip_address(address["PublicIp"]).is_global
    nat = ec2.create_nat_gateway(SubnetId=network["subnet"], AllocationId=address["AllocationId"])["NatGateway"]
    given = nat["NatGatewayAddresses"][0]
    assert (nat["State"], given["PublicIp"]) == ("pending", address["PublicIp"])
    assert ip_address(given["PrivateIp"]) in ip_network("10.9.3.0/28")
    assert interface(sandbox, given["NetworkInterfaceId"])["InterfaceType"] == "nat_gateway"
    assert free(sandbox, network["subnet"]) == before - 1

    def state() -> str:
        found: str = ec2.describe_nat_gateways(NatGatewayIds=[nat["NatGatewayId"]])["NatGateways"][0]["State"]
        return found

    sandbox.advance(61)
    assert state() == "available"
    ec2.delete_nat_gateway(NatGatewayId=nat["NatGatewayId"])
    assert state() == "deleting"
    assert free(sandbox, network["subnet"]) == before
    ec2.release_address(AllocationId=address["AllocationId"])
    sandbox.advance(31)
    assert state() == "deleted"
    sandbox.advance(3601)
    assert ec2.describe_nat_gateways()["NatGateways"] == []


def test_an_interface_endpoint_has_its_group_and_takes_its_time(sandbox: Sandbox, network: dict[str, str]) -> None:
    ec2 = sandbox.client("ec2")
    endpoint = ec2.create_vpc_endpoint(
        VpcId=network["vpc"],
        ServiceName="com.amazonaws.us-east-1.ecr.api",
        VpcEndpointType="Interface",
        SubnetIds=[network["subnet"]],
        SecurityGroupIds=[network["group"]],
    )["VpcEndpoint"]
    assert endpoint["State"] == "pending"
    eni = interface(sandbox, endpoint["NetworkInterfaceIds"][0])
    assert [g["GroupId"] for g in eni["Groups"]] == [network["group"]]
    assert eni["Description"] == f"VPC Endpoint Interface {endpoint['VpcEndpointId']}"
    sandbox.advance(61)
    found = ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])["VpcEndpoints"][0]
    assert found["State"] == "available"
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
    sandbox.advance(31)
    assert ec2.describe_vpc_endpoints()["VpcEndpoints"] == []


def test_no_two_interfaces_share_an_address_and_aws_keeps_its_own(sandbox: Sandbox, network: dict[str, str]) -> None:
    ec2 = sandbox.client("ec2")
    room = free(sandbox, network["subnet"])
    made = [ec2.create_network_interface(SubnetId=network["subnet"])["NetworkInterface"] for _ in range(room)]
    addresses = {i["PrivateIpAddress"] for i in made}
    assert len(addresses) == room == 11
    assert not addresses & {f"10.9.3.{n}" for n in (0, 1, 2, 3, 15)}
    for one in made:
        ec2.delete_network_interface(NetworkInterfaceId=one["NetworkInterfaceId"])


def test_zones_have_aws_s_ids(sandbox: Sandbox) -> None:
    zones = sandbox.client("ec2").describe_availability_zones()["AvailabilityZones"]
    assert {z["ZoneId"] for z in zones} == {f"use1-az{n}" for n in range(1, 7)}
    assert {z["State"] for z in zones} == {"available"}


def test_aws_s_own_policies_can_be_attached(sandbox: Sandbox) -> None:
    iam = sandbox.client("iam")
    iam.create_role(RoleName="execution", AssumeRolePolicyDocument="{}")
    iam.attach_role_policy(RoleName="execution", PolicyArn=EXECUTION)
    attached = iam.list_attached_role_policies(RoleName="execution")["AttachedPolicies"]
    assert attached == [{"PolicyName": "AmazonECSTaskExecutionRolePolicy", "PolicyArn": EXECUTION}]
    version = iam.get_policy(PolicyArn=EXECUTION)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=EXECUTION, VersionId=version)["PolicyVersion"]["Document"]
    assert "ecr:GetAuthorizationToken" in str(document)
    with pytest.raises(ClientError) as refused:
        iam.attach_role_policy(RoleName="execution", PolicyArn="arn:aws:iam::aws:policy/NoSuchPolicy")
    assert refused.value.response["Error"]["Code"] == "NoSuchEntity"
