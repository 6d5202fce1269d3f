"""EC2, API Gateway and load balancing answers as Haven's shapes."""

import pytest
from botocore.exceptions import ClientError

from services.aws import apigatewayv2, ec2, elbv2
from services.domain.snapshot import Gateway, LoadBalancer, NatGateway, Subnet, Target, TargetGroup, VpcLink, Zone
from tests.unit.aws.stubs import answering, arn, refusing

ALB = arn("elasticloadbalancing", "loadbalancer/app/production-alb/50dc")
GROUP = arn("elasticloadbalancing", "targetgroup/production-rbac/73e2")
OF_VPC = [{"Name": "vpc-id", "Values": ["vpc-1"]}]


def test_zones_come_by_name_with_their_ids() -> None:
    answer = {
        "AvailabilityZones": [
            {"ZoneName": "us-east-1b", "ZoneId": "use1-az6", "State": "impaired"},
            {"ZoneName": "us-east-1a", "ZoneId": "use1-az4", "State": "available"},
        ]
    }
    asked = {"Filters": [{"Name": "zone-type", "Values": ["availability-zone"]}]}
    with answering("ec2", ("describe_availability_zones", asked, answer)) as client:
        zones = ec2.list_zones(client)
    assert zones == (Zone("us-east-1a", "use1-az4"), Zone("us-east-1b", "use1-az6", "impaired"))


def test_subnets_are_followed_over_pages_and_only_known_tiers_are_tiers() -> None:
    def subnet(number: int, zone: str, tags: list[dict[str, str]]) -> dict[str, object]:
        return {
            "SubnetId": f"subnet-{number}",
            "AvailabilityZone": zone,
            "CidrBlock": f"10.0.{number}.0/24",
            "AvailableIpAddressCount": 251,
            "Tags": tags,
        }

    first = {"Subnets": [subnet(2, "us-east-1b", [{"Key": "Tier", "Value": "odd"}])], "NextToken": "more"}
    second = {"Subnets": [subnet(1, "us-east-1a", [{"Key": "Tier", "Value": "data"}])]}
    asked = {"Filters": OF_VPC}
    with answering(
        "ec2", ("describe_subnets", asked, first), ("describe_subnets", {**asked, "NextToken": "more"}, second)
    ) as client:
        subnets = ec2.list_subnets(client, "vpc-1")
    assert subnets == (
        Subnet("subnet-1", "us-east-1a", "10.0.1.0/24", "data", 251),
        Subnet("subnet-2", "us-east-1b", "10.0.2.0/24", None, 251),
    )


def test_nat_gateways_get_their_subnets_zone_and_deleted_ones_are_left_out() -> None:
    answer = {
        "NatGateways": [
            {
                "NatGatewayId": "nat-1",
                "SubnetId": "subnet-1",
                "State": "available",
                "NatGatewayAddresses": [{"PrivateIp": "10.0.1.5"}, {"PublicIp": "203.0.113.7"}],
            },
            {"NatGatewayId": "nat-2", "SubnetId": "subnet-1", "State": "deleted"},
            {"NatGatewayId": "nat-3", "SubnetId": "subnet-9", "State": "failed"},
        ]
    }
    with answering("ec2", ("describe_nat_gateways", {"Filter": OF_VPC}, answer)) as client:
        found = ec2.list_nat_gateways(client, "vpc-1")
    subnets = (Subnet("subnet-1", "us-east-1a", "10.0.1.0/24", "public", 9),)
    network = ec2.to_network("vpc-1", "10.0.0.0/16", subnets, found)
    assert network.nat_gateways == (
        NatGateway("nat-3", "", "failed"),
        NatGateway("nat-1", "us-east-1a", "available", "203.0.113.7"),
    )


@pytest.mark.parametrize(
    ("vpcs", "cidr"), [([{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}], "10.0.0.0/16"), ([], None)]
)
def test_a_vpc_that_is_gone_has_no_range(vpcs: list[dict[str, str]], cidr: str | None) -> None:
    with answering("ec2", ("describe_vpcs", {"Filters": OF_VPC}, {"Vpcs": vpcs})) as client:
        assert ec2.vpc_cidr(client, "vpc-1") == cidr


def test_the_http_api_and_its_link() -> None:
    api = {"ApiId": "a1", "Name": "production-api", "ApiEndpoint": "https://a1.example", "ProtocolType": "HTTP"}
    link = {"VpcLinkId": "l1", "Name": "production", "VpcLinkStatus": "INACTIVE", "SubnetIds": ["s1", "s2"]}
    with answering(
        "apigatewayv2", ("get_api", {"ApiId": "a1"}, api), ("get_vpc_link", {"VpcLinkId": "l1"}, link)
    ) as client:
        assert apigatewayv2.read_api(client, "a1") == Gateway("a1", "production-api", "https://a1.example")
        assert apigatewayv2.read_link(client, "l1") == VpcLink("l1", "production", "INACTIVE", ("s1", "s2"))


def test_the_load_balancer_with_attributes_and_listeners() -> None:
    balancer = {
        "LoadBalancerArn": ALB,
        "LoadBalancerName": "production-alb",
        "DNSName": "internal.example",
        "Scheme": "internal",
        "State": {"Code": "active"},
        "AvailabilityZones": [{"ZoneName": "us-east-1b"}, {"ZoneName": "us-east-1a"}],
    }
    attributes = [
        {"Key": "deletion_protection.enabled", "Value": "true"},
        {"Key": "access_logs.s3.enabled", "Value": "false"},
    ]
    listeners = [{"Port": 443, "Protocol": "HTTPS"}, {"Port": 80, "Protocol": "HTTP"}]
    of = {"LoadBalancerArn": ALB}
    with answering(
        "elbv2",
        ("describe_load_balancers", {"LoadBalancerArns": [ALB]}, {"LoadBalancers": [balancer]}),
        ("describe_load_balancer_attributes", of, {"Attributes": attributes}),
        ("describe_listeners", of, {"Listeners": listeners}),
    ) as client:
        found = elbv2.with_attributes(
            elbv2.read_balancer(client, ALB), elbv2.read_attributes(client, ALB), elbv2.list_listeners(client, ALB)
        )
    assert found == LoadBalancer(
        arn=ALB,
        name="production-alb",
        dns_name="internal.example",
        scheme="internal",
        state="active",
        zones=("us-east-1a", "us-east-1b"),
        deletion_protection=True,
        zonal_shift_enabled=None,  # not in AWS's list: unknown, not off
        access_logs=False,
        listeners=("HTTP:80", "HTTPS:443"),
    )


def test_target_groups_with_their_targets() -> None:
    health = [
        {
            "Target": {"Id": "10.0.2.9", "Port": 8080, "AvailabilityZone": "us-east-1b"},
            "TargetHealth": {"State": "unhealthy", "Reason": "Target.Timeout", "Description": "Request timed out"},
        },
        {"Target": {"Id": "10.0.1.9", "Port": 8080}, "TargetHealth": {"State": "healthy"}},
    ]
    group = {"TargetGroupArn": GROUP, "TargetGroupName": "production-rbac", "HealthCheckPath": "/health"}
    stray = {"TargetGroupArn": f"{GROUP}x", "TargetGroupName": "not-ours"}
    with answering(
        "elbv2",
        ("describe_target_groups", {"LoadBalancerArn": ALB}, {"TargetGroups": [group, stray]}),
        ("describe_target_health", {"TargetGroupArn": GROUP}, {"TargetHealthDescriptions": health}),
    ) as client:
        found = elbv2.join(elbv2.list_groups(client, ALB), {GROUP: elbv2.list_targets(client, GROUP)})
    assert found == {
        GROUP: TargetGroup(
            GROUP,
            "production-rbac",
            "/health",
            (
                Target("10.0.1.9", 8080, None, "healthy"),
                Target("10.0.2.9", 8080, "us-east-1b", "unhealthy", "Target.Timeout", "Request timed out"),
            ),
        )
    }


def test_a_target_group_that_is_gone_has_no_targets_but_other_errors_stay() -> None:
    with refusing("elbv2", "describe_target_health", "TargetGroupNotFound") as client:
        assert elbv2.list_targets(client, GROUP) == ()
    with refusing("elbv2", "describe_target_health", "HealthUnavailable", 500) as client, pytest.raises(ClientError):
        elbv2.list_targets(client, GROUP)
