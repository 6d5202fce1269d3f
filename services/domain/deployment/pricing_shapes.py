"""What there is to bill: what the values of our templates bring, and what CloudFormation says of any resource."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from services.domain.deployment.pricing import Bill
from services.domain.deployment.pricing_database import cache, database
from services.domain.deployment.pricing_network import address, endpoint, load_balancer, nat_gateway
from services.domain.deployment.pricing_service import service

SERVICE = "AWS::ECS::Service"
NOT_COUNTED = frozenset(
    {
        "AWS::ApiGatewayV2::Api",
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::Route",
        "AWS::ApiGatewayV2::Stage",
        "AWS::ApiGatewayV2::VpcLink",
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "AWS::CloudWatch::Alarm",
        "AWS::EC2::FlowLog",
        "AWS::EC2::InternetGateway",
        "AWS::EC2::Route",
        "AWS::EC2::RouteTable",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::SecurityGroupEgress",
        "AWS::EC2::SecurityGroupIngress",
        "AWS::EC2::Subnet",
        "AWS::EC2::SubnetRouteTableAssociation",
        "AWS::EC2::VPC",
        "AWS::EC2::VPCGatewayAttachment",
        "AWS::ECS::Cluster",
        "AWS::ECS::TaskDefinition",
        "AWS::ElastiCache::ParameterGroup",
        "AWS::ElastiCache::SubnetGroup",
        "AWS::ElasticLoadBalancingV2::Listener",
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        "AWS::Events::Rule",
        "AWS::IAM::Role",
        "AWS::KMS::Alias",
        "AWS::Logs::LogGroup",
        "AWS::RDS::DBParameterGroup",
        "AWS::RDS::DBSubnetGroup",
        "AWS::RDS::EventSubscription",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
    }
)
"""Types without a line: billed by use (as `cost.LEFT_OUT` says), or not at all."""
_BILLED: Mapping[str, Callable[[Mapping[str, Any]], Bill | None]] = {
    "AWS::EC2::EIP": address,
    "AWS::EC2::NatGateway": nat_gateway,
    "AWS::EC2::VPCEndpoint": endpoint,
    "AWS::ElastiCache::ReplicationGroup": cache,
    "AWS::ElasticLoadBalancingV2::LoadBalancer": load_balancer,
    "AWS::KMS::Key": lambda _: Bill(unknown="No list price of a KMS key is known."),
    "AWS::RDS::DBInstance": database,
    SERVICE: lambda _: Bill(unknown="What its tasks need is said elsewhere in its template, which is not Haven's."),
}
_ENDPOINTS = ("EcrApiEndpoint", "EcrDkrEndpoint", "LogsEndpoint", "SecretsManagerEndpoint", "SqsEndpoint")
_SPARE = frozenset({"NatAddressB", "NatAddressC", "NatGatewayB", "NatGatewayC"})
"""In `network`: there only so that a zone does not depend on another."""
_ELSEWHERE = {"AWS::ECS::TaskDefinition": SERVICE, "AWS::ApplicationAutoScaling::ScalableTarget": SERVICE}


@dataclass(frozen=True)
class Holding:
    """A resource that is billed."""

    type: str
    bill: Bill


def bill_of(type: str, properties: Mapping[str, Any]) -> Bill | None:
    """The bill of a resource with these properties; None for one that has no line."""
    if type in NOT_COUNTED:
        return None
    known = _BILLED.get(type)
    return known(properties) if known else Bill(unknown=f"Haven knows no price of {type}.")


def holdings(template: str, values: Mapping[str, str]) -> Mapping[str, Holding]:
    """What one of our templates brings with these values, by logical id; nothing for a template that is not ours."""
    found = {}
    for logical_id, kind, properties in _SHAPES.get(template, _nothing)(values):
        bill = service(values) if kind == SERVICE else bill_of(kind, properties)
        if logical_id in _SPARE and values.get("NatPerZone") != "true":
            bill = Bill(unknown="Whether it is there is not known, as NatPerZone is not.")
        if bill is not None:
            found[logical_id] = Holding(kind, as_spare(template, logical_id, bill))
    return found


def as_spare(template: str, logical_id: str, bill: Bill) -> Bill:
    """The bill, all of it for redundancy if the resource is there for nothing else."""
    return replace(bill, alone=()) if template == "network" and logical_id in _SPARE else bill


def counted_with(type: str) -> str:
    """The type in whose line a change of this type shows: a task definition's in its service's."""
    return _ELSEWHERE.get(type, type)


def properties_of(context: str) -> Mapping[str, Any] | None:
    """The properties in what CloudFormation says of a whole resource; None when it says nothing that can be read."""
    try:
        found = json.loads(context)
    except ValueError:
        return None
    properties = found.get("Properties") if isinstance(found, dict) else None
    return properties if isinstance(properties, dict) else None


_Found = Iterator[tuple[str, str, Mapping[str, Any]]]


def _network(values: Mapping[str, str]) -> _Found:
    for zone in "A" if values.get("NatPerZone") == "false" else "ABC":
        yield f"NatAddress{zone}", "AWS::EC2::EIP", {}
        yield f"NatGateway{zone}", "AWS::EC2::NatGateway", {}
    yield "S3Endpoint", "AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Gateway"}
    zones = {"true": list("ABC"), "false": ["A"]}.get(values.get("EndpointPerZone", ""))
    for endpoint_id in _ENDPOINTS:
        yield endpoint_id, "AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Interface", "SubnetIds": zones}


def _data(values: Mapping[str, str]) -> _Found:
    yield "Key", "AWS::KMS::Key", {}
    yield (
        "Database",
        "AWS::RDS::DBInstance",
        {
            "Engine": "postgres",
            "StorageType": "gp3",
            "DBInstanceClass": values.get("DatabaseClass"),
            "AllocatedStorage": values.get("DatabaseStorage"),
            "MultiAZ": values.get("DatabaseMultiAz"),
        },
    )
    nodes, size = values.get("CacheNodes"), values.get("CacheClass")
    properties = {"Engine": "valkey", "CacheNodeType": size, "NumCacheClusters": nodes}
    yield "Cache", "AWS::ElastiCache::ReplicationGroup", properties


def _platform(_values: Mapping[str, str]) -> _Found:
    yield "LoadBalancer", "AWS::ElasticLoadBalancingV2::LoadBalancer", {"Type": "application"}


def _service(_values: Mapping[str, str]) -> _Found:
    yield "Service", SERVICE, {}


def _nothing(_values: Mapping[str, str]) -> _Found:
    yield from ()


_SHAPES: Mapping[str, Callable[[Mapping[str, str]], _Found]] = {
    "network": _network,
    "data": _data,
    "platform": _platform,
    "service": _service,
}
