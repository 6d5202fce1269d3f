"""From single-az to multi-az nothing is replaced, and nothing that holds data goes without a copy."""

from typing import Any

from provisioning.blueprint import StackSpec, load
from provisioning.template import template
from tests.unit.provisioning.facts import parameters_behind, resources, schema

STORES = {
    "AWS::RDS::DBInstance": "Snapshot",
    "AWS::ElastiCache::ReplicationGroup": "Snapshot",
    "AWS::KMS::Key": "Retain",
    "AWS::S3::Bucket": "Retain",
    "AWS::SQS::Queue": "Delete",
    "AWS::Logs::LogGroup": "Delete",
}
"""What keeps data, and what becomes of it with its stack. On a replacement none of it is ever deleted."""


def differing() -> dict[str, set[str]]:
    """Parameters whose values differ between the two shapes, by template."""
    found: dict[str, set[str]] = {}
    for one, other in zip(load("single-az").stacks("legacy"), load("multi-az").stacks("legacy"), strict=True):
        left, right = values(one), values(other)
        assert left.keys() == right.keys()
        found.setdefault(one.template, set()).update(name for name in left if left[name] != right[name])
    return found


def values(spec: StackSpec) -> dict[str, str]:
    return template(spec.template).effective(dict(spec.parameters))


def at(properties: Any, path: str) -> Any:
    """The value of a schema's property path, None when it is not set; list items are taken together."""
    for step in path.removeprefix("/properties/").split("/"):
        if step == "*":
            continue
        if isinstance(properties, list):
            properties = [item.get(step) for item in properties if isinstance(item, dict)]
        elif isinstance(properties, dict):
            properties = properties.get(step)
    return properties


def touched(kind: str) -> set[tuple[str, str]]:
    """(logical id, property path) of every property of that kind that a differing parameter reaches."""
    changing = differing()
    return {
        (logical_id, path.removeprefix("/properties/"))
        for name, logical_id, resource in resources()
        for path in schema(resource["Type"]).get(kind, ())
        if parameters_behind(template(name), at(resource["Properties"], path)) & changing[name]
    }


def test_the_shapes_do_differ() -> None:
    changing = differing()
    assert {"DatabaseMultiAz", "CacheNodes", "BackupRetentionDays", "DatabaseClass"} <= changing["data"]
    assert changing["network"] == {"NatPerZone", "EndpointPerZone"}
    assert {"Scaling", "ServiceZones", "MinTasks"} <= changing["service"]


def test_no_difference_reaches_a_property_that_replaces_its_resource() -> None:
    assert touched("createOnlyProperties") == set()


def test_differences_that_aws_calls_conditional_are_the_ones_documented_as_in_place() -> None:
    assert touched("conditionalCreateOnlyProperties") == {
        ("Database", "MultiAZ"),
        ("Database", "BackupRetentionPeriod"),
    }


def test_every_data_store_says_what_becomes_of_its_data() -> None:
    seen = set()
    for _, logical_id, resource in resources(*STORES):
        seen.add(resource["Type"])
        kept = STORES[resource["Type"]]
        assert resource["DeletionPolicy"] == kept, logical_id
        assert resource["UpdateReplacePolicy"] == ("Retain" if kept == "Delete" else kept), logical_id
    assert seen == STORES.keys()


def test_a_service_has_no_desired_count_so_that_scaling_keeps_its_word() -> None:
    (service,) = resources("AWS::ECS::Service")
    assert "DesiredCount" not in service[2]["Properties"]


def test_replicas_are_counted_in_the_property_that_changes_in_place() -> None:
    (cache,) = resources("AWS::ElastiCache::ReplicationGroup")
    assert "ReplicasPerNodeGroup" not in cache[2]["Properties"]
    assert cache[2]["Properties"]["NumCacheClusters"] == {"Ref": "CacheNodes"}


def test_every_database_class_that_is_allowed_has_its_alarm_levels() -> None:
    data = template("data")
    (database_class,) = (parameter for parameter in data.parameters if parameter.name == "DatabaseClass")
    assert set(database_class.allowed) == data.document["Mappings"]["DatabaseClasses"].keys()
