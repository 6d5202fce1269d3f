"""Which outputs a change set may change, through references, attributes, conditions and parameters."""

from typing import Any

from services.domain.deployment.change_set import ChangeSet, PropertyChange, ResourceChange
from services.domain.deployment.outputs import may_change
from tests import builders as b

DOCUMENT: dict[str, Any] = {
    "Conditions": {"Two": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Zones"}, "1"]}]}, "Deep": {"Condition": "Two"}},
    "Outputs": {
        "Id": {"Value": {"Ref": "Vpc"}},
        "Ids": {"Value": {"Fn::Join": [",", [{"Ref": "A"}, {"Ref": "B"}]]}},
        "Endpoint": {"Value": {"Fn::GetAtt": ["Database", "Endpoint.Address"]}},
        "Url": {"Value": {"Fn::Sub": "https://${Database.Endpoint}/${AWS::Region}"}},
        "Port": {"Value": {"Ref": "Port"}},
        "Either": {"Value": {"Fn::If": ["Deep", "x", "y"]}},
        "Fixed": {"Value": "fixed"},
    },
}


def found(*resources: ResourceChange, changed: tuple[str, ...] = (), before: Any = DOCUMENT) -> dict[str, str]:
    made = ChangeSet("arn", "n", "s", "legacy-s", False, "CREATE_COMPLETE", "AVAILABLE", b.NOW, resources=resources)
    return dict(may_change(DOCUMENT, before, made, changed))


def modified(name: str, replacement: str, *properties: PropertyChange, type: str = "X") -> ResourceChange:
    return ResourceChange(name, "x", type, "Modify", replacement, properties=properties)


def test_what_is_edited_in_place_moves_nothing() -> None:
    assert found(modified("Vpc", "False"), modified("Database", "False")) == {}


def test_what_is_replaced_added_or_removed_moves_what_names_it() -> None:
    assert found(modified("Vpc", "True")) == {"Id": "Vpc is replaced"}
    assert found(ResourceChange("B", "", "X", "Add")) == {"Ids": "B is added"}
    assert found(ResourceChange("A", "", "X", "Remove")) == {"Ids": "A is removed"}
    assert found(modified("Database", "True")) == {"Endpoint": "Database is replaced", "Url": "Database is replaced"}


def test_a_conditional_replacement_may_move_unless_it_is_documented_not_to() -> None:
    assert found(modified("Database", "Conditional"))["Endpoint"] == "Database may be replaced"
    zones = PropertyChange(
        "/Properties/MultiAZ", "MultiAZ", "Properties", "false", "true", "Conditionally", True, "ParameterReference"
    )
    assert found(modified("Database", "Conditional", zones, type="AWS::RDS::DBInstance")) == {}


def test_a_parameter_moves_what_it_is_written_in_and_what_hangs_on_its_conditions() -> None:
    assert found(changed=("Port",)) == {"Port": "the parameter Port changes"}
    assert found(changed=("Zones",)) == {"Either": "the parameter Zones changes"}


def test_an_output_that_is_written_otherwise_or_new_moves() -> None:
    before = {"Outputs": {**DOCUMENT["Outputs"], "Fixed": {"Value": "other"}}}
    del before["Outputs"]["Port"]
    said = "its template says it otherwise"
    assert found(before=before) == {"Fixed": said, "Port": said}
    assert found(before=None) == {}
