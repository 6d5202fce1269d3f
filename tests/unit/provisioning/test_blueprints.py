"""The two shapes: complete, in order, within every constraint, and different where it matters."""

import json
import math
from collections import Counter
from dataclasses import fields

import pytest
import yaml

from provisioning.blueprint import Blueprint, BlueprintError, StackSpec, assemble, load, names, render
from provisioning.shape import Service, Shape, Wire, shape, wiring
from provisioning.stack import in_order
from provisioning.template import template, template_version
from services.ports import StackSpec as PortStackSpec

ORDER = ["network", "data", "platform", "service-rbac", "service-audit", "service-identity-sync"]


@pytest.fixture(params=["multi-az", "single-az"])
def blueprint(request: pytest.FixtureRequest) -> Blueprint:
    return load(request.param)


def by_name(specs: tuple[StackSpec, ...]) -> dict[str, StackSpec]:
    return {spec.name: spec for spec in specs}


def brought(spec: StackSpec) -> Counter[str]:
    return Counter(template(spec.template).resources(dict(spec.parameters)).values())


def test_there_are_two() -> None:
    assert names() == ("multi-az", "single-az")


def test_stacks_come_in_order_and_wait_for_what_they_use(blueprint: Blueprint) -> None:
    specs = blueprint.stacks("production")
    assert [spec.name for spec in specs] == ORDER
    reach: dict[str, set[str]] = {}
    for spec in specs:
        assert set(spec.after) <= reach.keys()
        reach[spec.name] = {spec.name}.union(*(reach[stack] for stack in spec.after))
        assert {stack for _, (stack, _) in spec.inputs} <= reach[spec.name] - {spec.name}


def test_every_parameter_is_given_fed_or_has_a_default_and_nothing_else_is(blueprint: Blueprint) -> None:
    for spec in blueprint.stacks("production"):
        declared = {parameter.name: parameter for parameter in template(spec.template).parameters}
        given = {name for name, _ in spec.parameters}
        fed = {name for name, _ in spec.inputs}
        assert given | fed <= declared.keys()
        assert not given & fed
        assert {name for name, parameter in declared.items() if parameter.default is None} <= given | fed


def test_inputs_name_real_outputs(blueprint: Blueprint) -> None:
    specs = by_name(blueprint.stacks("production"))
    for spec in specs.values():
        for _, (stack, output) in spec.inputs:
            assert output in template(specs[stack].template).outputs


def test_data_may_not_be_replaced_or_removed_by_an_update(blueprint: Blueprint) -> None:
    policies = {spec.name: spec.policy for spec in blueprint.stacks("production") if spec.policy}
    assert policies.keys() == {"data"}
    allow, deny = json.loads(policies["data"])["Statement"]
    assert (allow["Effect"], allow["Action"]) == ("Allow", "Update:*")
    assert (deny["Effect"], deny["Action"]) == ("Deny", ["Update:Replace", "Update:Delete"])
    guarded = set(deny["Condition"]["StringEquals"]["ResourceType"])
    assert guarded == {
        "AWS::RDS::DBInstance",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::SQS::Queue",
        "AWS::KMS::Key",
    }


def test_only_the_proper_shape_is_protected_from_deletion() -> None:
    assert all(spec.termination_protection for spec in load("multi-az").stacks("production"))
    assert not any(spec.termination_protection for spec in load("single-az").stacks("legacy"))


def test_multi_az_brings_redundancy() -> None:
    specs = by_name(load("multi-az").stacks("production"))
    assert brought(specs["network"])["AWS::EC2::NatGateway"] == 3
    for name in ORDER[3:]:
        assert brought(specs[name])["AWS::ApplicationAutoScaling::ScalableTarget"] == 1
        assert brought(specs[name])["AWS::ApplicationAutoScaling::ScalingPolicy"] == 2
        values = dict(specs[name].parameters)
        assert int(values["MinTasks"]) >= int(values["ServiceZones"]) == 3
        assert values["ZoneRebalancing"] == "ENABLED"
        assert values["CircuitBreaker"] == "true"
    data = dict(specs["data"].parameters)
    assert (data["DatabaseMultiAz"], data["CacheNodes"], data["DeletionProtection"]) == ("true", "3", "true")
    assert int(data["BackupRetentionDays"]) >= 7


def test_single_az_is_as_found() -> None:
    specs = by_name(load("single-az").stacks("legacy"))
    assert brought(specs["network"])["AWS::EC2::NatGateway"] == 1
    for name in ORDER[3:]:
        assert "AWS::ApplicationAutoScaling::ScalableTarget" not in brought(specs[name])
        values = dict(specs[name].parameters)
        assert (values["ServiceZones"], values["Scaling"], values["ZoneRebalancing"]) == ("1", "false", "DISABLED")
        assert values["CircuitBreaker"] == "false"
    data = dict(specs["data"].parameters)
    assert (data["DatabaseMultiAz"], data["CacheNodes"], data["BackupRetentionDays"]) == ("false", "1", "0")


@pytest.mark.parametrize("name", ["multi-az", "single-az"])
def test_the_most_tasks_there_can_be_do_not_exhaust_the_databases_connections(name: str) -> None:
    specs = by_name(load(name).stacks("production"))
    planned = template("data").document["Mappings"]["DatabaseClasses"]
    ceiling = planned[dict(specs["data"].parameters)["DatabaseClass"]]["ConnectionsAlarm"]
    wanted = 15  # superuser, RDS's own, migrations
    for service in ORDER[3:]:
        values = template("service").effective(dict(specs[service].parameters))
        tasks = math.ceil(int(values["MaxTasks"]) * int(values["MaximumPercent"]) / 100)
        wanted += tasks * int(values["PoolSize"])
    assert wanted <= ceiling


def test_no_two_services_claim_the_same_place_on_the_listener(blueprint: Blueprint) -> None:
    services = [dict(spec.parameters) for spec in blueprint.stacks("production") if spec.template == "service"]
    assert len({values["RulePriority"] for values in services}) == len(services)
    assert len({values["PathPatterns"] for values in services}) == len(services)


def test_a_fourth_service_is_one_more_row() -> None:
    written = shape("multi-az")
    values = {"ImageRepository": "services/billing", "PathPatterns": "/billing/*", "RulePriority": 130}
    row = Service.model_validate({"name": "billing", "parameters": values})
    more = written.model_copy(
        update={"services": written.services.model_copy(update={"rows": (*written.services.rows, row)})}
    )
    specs = by_name(assemble("multi-az", more, wiring()).stacks("production"))
    assert dict(specs["service-billing"].parameters)["ServiceName"] == "billing"
    assert specs["service-billing"].after == ("data", "platform")


def test_overrides_take_the_place_of_the_blueprints_values() -> None:
    specs = by_name(load("single-az").stacks("legacy", {"data": {"CacheNodes": "2"}}))
    assert dict(specs["data"].parameters)["CacheNodes"] == "2"
    assert dict(specs["data"].parameters)["DatabaseMultiAz"] == "false"


def test_everything_that_does_not_fit_is_named_at_once() -> None:
    with pytest.raises(BlueprintError) as refused:
        load("multi-az").stacks(
            "production",
            {"data": {"CacheNodes": "9", "Nonsense": "1"}, "platform": {"PublicSubnetIds": "subnet-1"}, "moon": {}},
        )
    assert refused.value.fields == {
        "data.CacheNodes": "It must be one of 1, 2, 3.",
        "data.Nonsense": "The template data has no such parameter.",
        "platform.PublicSubnetIds": "It is fed by another stack's output and cannot be set.",
        "moon": "The blueprint multi-az has no such stack.",
    }


@pytest.mark.parametrize("environment", ["ab", "Production", "double--hyphen", "ends-", "1st", "x" * 29])
def test_an_environment_name_that_would_break_a_physical_name_is_refused(environment: str) -> None:
    with pytest.raises(BlueprintError) as refused:
        load("multi-az").stacks(environment)
    assert refused.value.fields.keys() == {f"{stack}.Environment" for stack in ORDER}


def test_an_unknown_blueprint_is_refused_with_the_ones_there_are() -> None:
    with pytest.raises(BlueprintError, match="multi-az, single-az"):
        load("../multi-az")


def test_wiring_and_blueprint_must_know_each_other() -> None:
    written = shape("multi-az")
    stranger = written.model_copy(update={"stacks": {**written.stacks, "moon": written.stacks["data"]}})
    with pytest.raises(BlueprintError, match="does not know moon"):
        assemble("multi-az", stranger, wiring())


def test_stacks_that_wait_for_each_other_are_refused() -> None:
    circular = dict(wiring(), network=Wire(after=("platform",), inputs={}))
    with pytest.raises(BlueprintError, match="network, data, platform"):
        assemble("multi-az", shape("multi-az"), circular)


def test_two_stacks_of_one_name_are_refused() -> None:
    spec = load("multi-az").plan[0]
    with pytest.raises(BlueprintError, match="Two stacks are named network"):
        in_order([spec, spec])


def test_a_blueprints_file_takes_no_unknown_key() -> None:
    with pytest.raises(ValueError, match="extra_forbidden"):
        Shape.model_validate({**shape("multi-az").model_dump(), "moon": 1})


def test_the_render_tells_all_of_it_in_order() -> None:
    told = yaml.safe_load(render(load("single-az"), "legacy"))
    assert (told["blueprint"], told["environment"]) == ("single-az", "legacy")
    assert [stack["stack"] for stack in told["stacks"]] == ORDER
    network, data = told["stacks"][:2]
    assert network["version"] == template_version("network")
    assert network["resources"]["NatGatewayA"] == "AWS::EC2::NatGateway"
    assert "NatGatewayB" not in network["resources"]
    assert data["inputs"]["DataSubnetIds"] == "network.DataSubnetIds"
    assert data["parameters"]["QueueMaxReceives"] == "5", "defaults are filled in"


def test_a_stack_spec_has_the_fields_the_use_cases_ask_for() -> None:
    made, wanted = ([(f.name, f.type) for f in fields(each)] for each in (StackSpec, PortStackSpec))
    assert made == wanted[: len(made)]
    assert [(f.name, f.default) for f in fields(PortStackSpec)[len(made) :]] == [("body", "")], "today's text otherwise"
