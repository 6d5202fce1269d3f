"""What the sandbox remembers instead of moto working it out again is what moto works out."""

from collections.abc import Iterator
from inspect import unwrap

import pytest
from moto.core.model import Shape
from moto.core.serialize import AttributePickerContext, XFormedAttributePicker
from moto.core.utils import get_service_model

from sandbox.quicker import hasten, remembered


class DBInstance:
    """Named as the shape is, whose keys then have short forms too."""


class Stack:
    class Meta:
        serialization_aliases = {"Parameters": "parameter_list", "StackName": "called"}  # noqa: RUF012 - as moto has it


def members(service: str, *path: str) -> list[tuple[str, Shape]]:
    """The members of the structure at a path of an operation's output, as the serializer hands them over."""
    operation, *keys = path
    shape = get_service_model(service).operation_model(operation).output_shape
    for key in keys:
        shape = shape.members[key]
        shape = shape.member if shape.type_name == "list" else shape
    for member in shape.members.values():
        member.parent = shape
    return list(shape.members.items())


PLACES = [
    ("rds", "DescribeDBInstances", "DBInstances"),
    ("rds", "DescribeDBInstances", "DBInstances", "DBSubnetGroup"),
    ("cloudformation", "DescribeStacks", "Stacks"),
    ("ecs", "DescribeTasks", "tasks"),
]


@pytest.mark.parametrize("place", PLACES, ids=".".join)
def test_it_remembers_what_moto_works_out(place: tuple[str, ...]) -> None:
    service, *path = place
    picker = XFormedAttributePicker()
    worked_out = unwrap(XFormedAttributePicker.get_possible_keys)
    asked = []

    def keys(self: XFormedAttributePicker, context: AttributePickerContext) -> Iterator[str]:
        asked.append(context.key)
        return worked_out(self, context)

    quick = remembered(keys)
    for thing in ({}, DBInstance(), Stack()):
        for name, shape in members(service, *path):
            context = AttributePickerContext(
                thing, name, shape, service_model=get_service_model(service), key_path="somewhere"
            )
            expected = list(worked_out(picker, context))
            assert expected
            assert list(quick(picker, context)) == expected
            assert list(quick(picker, context)) == expected
    assert len(asked) == 3 * len(members(service, *path))


def test_to_hasten_twice_is_to_hasten_once() -> None:
    hasten()
    before = XFormedAttributePicker.get_possible_keys
    hasten()
    assert XFormedAttributePicker.get_possible_keys is before
    assert unwrap(before) is not before
