"""The price file: every price with its source, read strictly, written again as it was."""

from datetime import date, timedelta

import pytest

from provisioning import prices
from provisioning.prices import PricesError, Quote, parse

TODAY = date(2026, 11, 23)
QUOTE = "{usd: 0.1, per: hour, read: 2026-09, confidence: high, from: AWS's price file}"


def file(quote: str = QUOTE, key: str = "rds:db.x:single-az", region: str = "us-east-1") -> str:
    return f"# what this is\n{region}:\n  {key}: {quote}\n"


def test_the_packaged_file_is_written_as_it_is_read() -> None:
    assert prices.written(prices.packaged(), prices.text()) == prices.text()


def test_every_price_says_whose_word_it_is() -> None:
    for quotes in prices.packaged().values():
        for key, quote in quotes.items():
            assert ("AWS's" in quote.source) != ("not read from AWS" in quote.source) or "others" in quote.source, key
            assert (quote.confidence == "high") == ("others" not in quote.source), key


def test_two_copies_cost_no_less_than_one_and_valkey_no_more_than_redis() -> None:
    for quotes in prices.packaged().values():
        for key, quote in quotes.items():
            if key.endswith(":multi-az"):
                assert quote.usd > quotes[key.replace(":multi-az", ":single-az")].usd
            if key.endswith(":valkey"):
                assert quote.usd == pytest.approx(0.8 * quotes[key.replace(":valkey", ":redis")].usd)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "is no YAML"),
        ("", "its top"),
        ("- 1", "its top"),
        (file("{usd: 0.1, per: hour, confidence: high}"), "us-east-1 rds:db.x:single-az from"),
        (file(QUOTE.replace("0.1", "0")), "greater than 0"),
        (file(QUOTE.replace("0.1", ".inf")), "usd"),
        (file(QUOTE.replace("hour", "week")), "per"),
        (file(QUOTE.replace("high", "sure")), "confidence"),
        (file(QUOTE.replace("2026-09", "2026-13")), "neither a day nor a month"),
        (file(QUOTE.replace("2026-09", "last week")), "neither a day nor a month"),
        (file(QUOTE.replace("high", "high, more: 1")), "more"),
        (file(region="moon"), "a region 'moon'"),
        (file(key="RDS"), "a key 'RDS'"),
    ],
)
def test_a_file_that_does_not_hold_says_where(text: str, said: str) -> None:
    with pytest.raises(PricesError) as refused:
        parse(text)
    assert said in str(refused.value)


def test_a_date_may_be_a_day_or_a_month_or_lack() -> None:
    days = {said: _quote(said).day for said in ("2026-09", "2026-09-14", "")}
    assert days == {"2026-09": date(2026, 9, 1), "2026-09-14": date(2026, 9, 14), "": None}
    unquoted = parse(file(QUOTE.replace("2026-09", "2026-09-14")))["us-east-1"]["rds:db.x:single-az"]
    assert unquoted.read == "2026-09-14"
    assert _quote("").said == "AWS's price file, undated, confidence high"
    assert _quote("2026-09").said == "AWS's price file, read 2026-09, confidence high"


def _quote(read: str) -> Quote:
    told = {"usd": 0.1, "per": "hour", "read": read, "confidence": "high", "from": "AWS's price file"}
    return Quote.model_validate(told)


def test_old_undated_and_future_prices_are_warned_about() -> None:
    day = (TODAY - timedelta(days=180)).isoformat()
    for read, said in (
        (day, ""),
        ((TODAY - timedelta(days=181)).isoformat(), "181 days ago"),
        ("2026-12", "yet to come"),
        ("", "bears no date"),
    ):
        found = prices.warnings({"us-east-1": {"alb:hour": _quote(read)}}, TODAY, 180)
        assert [said in line for line in found] == ([True] if said else [])


def test_what_aws_says_takes_its_place_and_is_dated() -> None:
    known = parse(file())
    told = {
        "rds:db.x:single-az": prices.from_aws("rds:db.x:single-az", 0.2, "2026-08-01", TODAY),
        "rds:gp3:single-az": prices.from_aws("rds:gp3:single-az", 0.115, "", TODAY),
    }
    assert prices.differences(known, "us-east-1", told) == [
        ("rds:db.x:single-az", 0.1, 0.2),
        ("rds:gp3:single-az", None, 0.115),
    ]
    text = prices.written(prices.merged(known, "us-east-1", told), file())
    assert text.startswith("# what this is\nus-east-1:\n  rds:db.x:single-az: {usd: 0.2, per: hour, read: 2026-11-23, ")
    assert "rds:gp3:single-az: {usd: 0.115, per: GB-month, " in text
    assert parse(text)["us-east-1"] == told
    assert told["rds:db.x:single-az"].said == (
        "AWS's Price List API, in force since 2026-08-01, read 2026-11-23, confidence high"
    )


def test_another_region_is_added_and_the_same_price_is_no_difference() -> None:
    known = parse(file())
    told = {"rds:db.x:single-az": prices.from_aws("rds:db.x:single-az", 0.1, "", TODAY)}
    assert prices.differences(known, "us-east-1", told) == []
    assert list(prices.merged(known, "eu-central-1", told)) == ["us-east-1", "eu-central-1"]


def test_small_prices_are_written_plainly() -> None:
    told = {"fargate:X86_64:gb": prices.from_aws("fargate:X86_64:gb", 0.00000889, "", TODAY)}
    assert "usd: 0.00000889," in prices.written({"us-east-1": told}, "")
