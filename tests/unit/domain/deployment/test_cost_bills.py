"""What each kind of resource is billed for, and that nothing a template brings is forgotten."""

from typing import Any

import pytest

from provisioning.blueprint import load
from provisioning.template import TEMPLATES, template
from services.domain.deployment.pricing import Bill, Term, arithmetic, missing, monthly, redundancy, single
from services.domain.deployment.pricing_network import endpoint
from services.domain.deployment.pricing_service import service, tasks
from services.domain.deployment.pricing_shapes import NOT_COUNTED, bill_of, holdings
from tests.unit.domain.deployment.bills import values

USD = {"a": 0.225, "b": 0.115}


def test_arithmetic_reads_as_it_is_worked_out() -> None:
    terms = (Term("a", "a thing", 2), Term("b", "storage", amount=50, unit="GB", hourly=False), Term("c", "what"))
    assert arithmetic(terms, USD) == "2 x 0.225 USD x 730 h + 50 GB x 0.115 USD + ? USD x 730 h"
    assert monthly(terms[:2], USD) == pytest.approx(2 * 0.225 * 730 + 50 * 0.115)
    assert monthly(terms, USD) is None
    assert missing((*terms, *terms), USD) == ("what",)
    assert monthly((), {}) == 0


def test_redundancy_is_what_copies_cost() -> None:
    one = Term("a", "a thing")
    assert redundancy(single(one), USD) == 0
    assert redundancy(Bill((Term("a", "a thing", 3),), (one,)), USD) == pytest.approx(2 * 0.225 * 730)
    assert redundancy(Bill((one,), ()), USD) == pytest.approx(0.225 * 730)
    assert redundancy(Bill((one,), (Term("c", "what"),)), USD) == 0


@pytest.mark.parametrize("blueprint", ["single-az", "multi-az"])
def test_every_billed_resource_of_a_template_is_held(blueprint: str) -> None:
    for spec in load(blueprint).stacks("production"):
        given = dict(spec.parameters)
        brought = template(spec.template).resources(given)
        held = holdings(spec.template, template(spec.template).effective(given))
        free = {"S3Endpoint"}
        expected = {name: kind for name, kind in brought.items() if kind not in NOT_COUNTED and name not in free}
        assert {name: each.type for name, each in held.items()} == expected
        assert all(not each.bill.unknown for name, each in held.items() if name != "Key")


def test_every_type_of_our_templates_is_billed_or_left_out_on_purpose() -> None:
    types = {each["Type"] for name in TEMPLATES for each in template(name).document["Resources"].values()}
    for kind in types:
        bill = bill_of(kind, {})
        assert bill is None or "Haven knows no price" not in bill.unknown
    assert types >= NOT_COUNTED


@pytest.mark.parametrize(
    ("kind", "properties", "said"),
    [
        ("AWS::RDS::DBInstance", {"Engine": "mysql"}, "Only PostgreSQL's prices are known, and this is mysql."),
        ("AWS::RDS::DBInstance", {}, "an engine nobody named"),
        ("AWS::RDS::DBInstance", {"Engine": "postgres", "StorageType": "io2"}, "its storage is io2"),
        ("AWS::RDS::DBInstance", {"Engine": "postgres"}, "its storage is of no named type"),
        ("AWS::RDS::DBInstance", {"Engine": "postgres", "StorageType": "gp3"}, "Its class, its storage"),
        (
            "AWS::RDS::DBInstance",
            {"Engine": "postgres", "StorageType": "gp3", "DBInstanceClass": "x", "AllocatedStorage": 5, "MultiAZ": "?"},
            "whether it is Multi-AZ is not known",
        ),
        ("AWS::ElastiCache::ReplicationGroup", {"Engine": "memcached"}, "this is memcached"),
        ("AWS::ElastiCache::ReplicationGroup", {}, "an unnamed engine"),
        (
            "AWS::ElastiCache::ReplicationGroup",
            {"Engine": "redis", "CacheNodeType": "x"},
            "number of nodes is not known",
        ),
        ("AWS::EC2::NatGateway", {"ConnectivityType": "private"}, "public NAT gateway"),
        ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "GatewayLoadBalancer"}, "GatewayLoadBalancer endpoint"),
        ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Interface", "SubnetIds": "later"}, "how many zones"),
        ("AWS::EC2::VPCEndpoint", {"VpcEndpointType": "Interface", "SubnetIds": []}, "how many zones"),
        ("AWS::ElasticLoadBalancingV2::LoadBalancer", {"Type": "network"}, "Application Load Balancer"),
    ],
)
def test_what_cannot_be_billed_says_why(kind: str, properties: dict[str, Any], said: str) -> None:
    bill = bill_of(kind, properties)
    assert bill is not None
    assert said in bill.unknown
    assert bill.terms == ()


def test_a_database_is_single_where_nothing_is_said() -> None:
    told = {"Engine": "postgres", "StorageType": "gp3", "DBInstanceClass": "db.x", "AllocatedStorage": 20}
    bill = bill_of("AWS::RDS::DBInstance", told)
    assert bill is not None
    assert [term.key for term in bill.terms] == ["rds:db.x:single-az", "rds:gp3:single-az"]
    assert bill.terms == bill.alone


def test_a_gateway_endpoint_is_not_billed() -> None:
    assert endpoint({}) is None
    assert endpoint({"VpcEndpointType": "Gateway"}) is None


def test_tasks_beyond_one_a_zone_are_capacity_and_no_redundancy() -> None:
    sized = {"Cpu": "1024", "Memory": "2048", "Architecture": "ARM64", "Scaling": "true"}

    def copies(least: str, zones: str) -> int:
        bill = service({**sized, "MinTasks": least, "ServiceZones": zones})
        return bill.terms[0].copies - bill.alone[0].copies

    assert [copies(*each) for each in (("1", "3"), ("2", "3"), ("3", "3"), ("9", "3"), ("9", "1"))] == [0, 1, 2, 2, 0]


@pytest.mark.parametrize("lacking", ["Cpu", "Memory", "Architecture", "MinTasks", "ServiceZones"])
def test_a_service_that_is_not_told_fully_is_unknown(lacking: str) -> None:
    told = {name: value for name, value in values("multi-az", "service-rbac").items() if name != lacking}
    assert "not known" in service(told).unknown


def test_tasks_need_a_size_in_numbers() -> None:
    assert tasks(1, "half", "1024", "X86_64") is None
    made = tasks(2, "512", "1024", "X86_64")
    assert made is not None
    assert [(term.copies, term.amount, term.unit) for term in made] == [(2, 0.5, "vCPU"), (2, 1, "GB")]


def test_a_network_whose_parameters_are_not_known_is_not_guessed() -> None:
    held = holdings("network", {})
    assert not held["NatGatewayA"].bill.unknown
    assert "NatPerZone" in held["NatGatewayB"].bill.unknown
    assert "how many zones" in held["SqsEndpoint"].bill.unknown
    assert holdings("somebody's", {"NatPerZone": "true"}) == {}
