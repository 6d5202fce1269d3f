"""The price of a plan on the command line: line by line, with where it comes from."""

import json

import pytest

from tests.unit.cli.test_deploying import Pipeline
from tests.unit.domain.deployment.changes import DATABASE, edited

SMALL = {
    "Engine": "postgres",
    "StorageType": "gp3",
    "DBInstanceClass": "db.t4g.medium",
    "AllocatedStorage": "50",
    "MultiAZ": "false",
}


@pytest.fixture
def pipeline() -> Pipeline:
    made = Pipeline()
    change = edited(DATABASE, SMALL, {**SMALL, "MultiAZ": "true"}, name="Database")
    made.scene.aws.effects[("data", "DatabaseMultiAz")] = change
    return made


def test_what_changes_in_price_is_told_with_its_sources(pipeline: Pipeline) -> None:
    plan = pipeline.planned("--stack", "data", "--set", "data.DatabaseMultiAz=true")
    said = pipeline("show", plan).output
    assert "  data.Database: 53.20 -> " in said
    assert "USD a month: 0.13 USD x 730 h + 50 GB x 0.23 USD; before: 0.065 USD x 730 h" in said
    assert "; a single quote\n" in said
    assert "  db.t4g.medium Multi-AZ: 0.13 USD per hour, several quotes that agree (quoted by others as " in said
    assert "  data.Cache: " not in said, "it costs what it did"


def test_programs_read_every_line_with_its_prices(pipeline: Pipeline) -> None:
    plan = pipeline.planned("--stack", "data", "--set", "data.DatabaseMultiAz=true")
    price = json.loads(pipeline("show", plan, "--json").stdout)["price"]
    found = {each["logical_id"]: each for each in price["lines"]}
    assert found["Key"]["not_known"] == "No list price of a KMS key is known."
    database = found["Database"]
    assert (database["before"], database["sure"]) == (53.2, "a single quote")
    assert database["after"] - database["before"] == pytest.approx(price["change"], abs=0.02)
    first = database["prices"][0]
    assert (first["key"], first["usd"], first["per"]) == ("rds:db.t4g.medium:multi-az", 0.13, "hour")
    assert first["confidence"] == "medium-high"
    assert "not read from AWS's price file" in first["source"]
