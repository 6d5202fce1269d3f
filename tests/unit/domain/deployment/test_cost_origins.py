"""Where a line's prices come from and how sure they are."""

import pytest

from provisioning import prices
from services.domain.deployment.cost import PriceList, estimate
from services.domain.deployment.pricing_origins import SURE, Origin, how_sure
from tests.unit.domain.deployment.bills import PRICES, lines, plan, stack, values

SINGLE, MULTI = values("single-az", "data"), values("multi-az", "data")


def test_a_line_names_every_price_in_it_with_its_source() -> None:
    database = lines(stack("data", SINGLE, MULTI))["Database"]
    assert [(each.key, each.per) for each in database.origins] == [
        ("rds:db.r6g.large:multi-az", "hour"),
        ("rds:gp3:multi-az", "GB-month"),
        ("rds:db.r6g.large:single-az", "hour"),
        ("rds:gp3:single-az", "GB-month"),
        ("rds:db.t4g.medium:single-az", "hour"),
    ]
    quotes = prices.packaged()["us-east-1"]
    for each in database.origins:
        quote = quotes[each.key]
        assert (each.usd, each.source, each.confidence) == (quote.usd, quote.said, quote.confidence)
    assert database.sure == "a single quote"


def test_what_aws_itself_says_is_told_from_quotes() -> None:
    found = lines(stack("data", SINGLE, MULTI), stack("service-rbac", None, values("multi-az", "service-rbac")))
    assert found["Cache"].sure == "AWS's own price"
    assert all(each.aws for each in found["Cache"].origins)
    assert [each.per for each in found["Service"].origins] == ["vCPU-hour", "GB-hour"]


def test_what_has_no_price_has_no_origin() -> None:
    found = lines(stack("data", SINGLE, {**MULTI, "DatabaseClass": "db.r6g.2xlarge"}))
    assert "rds:db.r6g.2xlarge:multi-az" not in [each.key for each in found["Database"].origins]
    assert (found["Key"].origins, found["Key"].sure) == ((), "")
    assert all(each.origins == () for each in estimate(plan(stack("data", SINGLE, MULTI)), None).lines)


def test_a_list_that_does_not_say_how_sure_it_is_is_not_trusted_more() -> None:
    bare = PriceList(PRICES.region, PRICES.as_of, PRICES.usd, {})
    found = lines(stack("data", SINGLE, MULTI), prices=bare)["Cache"]
    assert (found.sure, found.origins[0].source, found.origins[0].aws) == ("not said how sure", "", False)


@pytest.mark.parametrize(
    ("confidences", "said"),
    [
        ([], ""),
        (["high"], "AWS's own price"),
        (["high", "medium-high"], "several quotes that agree"),
        (["medium", "high"], "a single quote"),
        (["high", ""], "not said how sure"),
    ],
)
def test_a_sum_is_as_sure_as_its_least_sure_part(confidences: list[str], said: str) -> None:
    assert how_sure([Origin(str(n), "", 1.0, "hour", "", each) for n, each in enumerate(confidences)]) == said


def test_every_confidence_of_the_price_file_has_words() -> None:
    used = {quote.confidence for quotes in prices.packaged().values() for quote in quotes.values()}
    assert used <= SURE.keys()
