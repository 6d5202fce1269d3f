"""The Price List API: what is asked, which product is meant, and what is not taken for one."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, cast

import pytest
from botocore.stub import Stubber

from provisioning.prices import packaged
from services.aws.prices import PriceReader
from services.aws.session import Sessions
from services.domain.errors import Misconfigured, NotNow
from services.ports.pricing import Answered, Quoted
from tests.unit.aws.stubs import client_of

KEYS = tuple(packaged()["us-east-1"])


class _Own:
    """Sessions that give out one client, in place of Haven's own."""

    def __init__(self, client: Any) -> None:
        self._client, self.regions = client, list[str]()

    def own(self, region: str) -> "_Own":
        self.regions.append(region)
        return self

    def client(self, service: str) -> Any:
        assert service == "pricing"
        return self._client


def product(
    usd: str,
    usage: str = "",
    unit: str = "Hrs",
    *,
    since: str = "2026-08-01T00:00:00Z",
    tiers: tuple[tuple[str, str], ...] = (),
    location: str = "AWS Region",
) -> str:
    """A product as the API gives it: a JSON document in a string."""
    dimensions = {
        f"sku.term.{start}": {"unit": unit, "beginRange": start, "endRange": "Inf", "pricePerUnit": {"USD": price}}
        for start, price in (("0", usd), *tiers)
    }
    return json.dumps(
        {
            "product": {
                "productFamily": "x",
                "attributes": {"usagetype": usage, "locationType": location},
                "sku": "sku",
            },
            "serviceCode": "x",
            "terms": {
                "OnDemand": {"sku.term": {"effectiveDate": since, "priceDimensions": dimensions}},
                "Reserved": {"sku.other": {"priceDimensions": {"a": {"unit": "Hrs", "pricePerUnit": {"USD": "9"}}}}},
            },
            "version": "20261101000000",
            "publicationDate": "2026-11-01T00:00:00Z",
        }
    )


@contextmanager
def asked(key: str, *pages: list[str], region: str = "us-east-1") -> Iterator[Callable[[], Answered]]:
    """A reader whose one question has these pages of answers."""
    client = client_of("pricing")
    with Stubber(client) as stub:
        for number, page in enumerate(pages):
            token = {} if number + 1 == len(pages) else {"NextToken": f"more-{number}"}
            stub.add_response("get_products", {"FormatVersion": "aws_v1", "PriceList": page, **token})
        reader = PriceReader(cast(Sessions, _Own(client)))
        yield lambda: reader.ask(region, [key])
        stub.assert_no_pending_responses()


def ask(key: str, *products: str) -> Answered:
    with asked(key, list(products)) as answer:
        return answer()


def test_every_key_of_the_file_is_asked_for_within_awss_model() -> None:
    client, own = client_of("pricing"), []
    sent: list[dict[str, Any]] = []
    client.meta.events.register("provide-client-params.pricing.GetProducts", lambda params, **_: sent.append(params))
    with Stubber(client) as stub:
        for _ in KEYS:
            stub.add_response("get_products", {"FormatVersion": "aws_v1", "PriceList": []})
        sessions = _Own(client)
        answer = PriceReader(cast(Sessions, sessions)).ask("eu-central-1", KEYS)
        stub.assert_no_pending_responses()
    own = sessions.regions
    assert own == ["us-east-1"]  # where the API lives
    assert set(answer.unanswered.values()) == {"AWS lists no such price for eu-central-1."}
    assert list(answer.unanswered) == list(KEYS)
    assert all(
        {"Type": "TERM_MATCH", "Field": "regionCode", "Value": "eu-central-1"} in each["Filters"] for each in sent
    )
    by_key = dict(zip(KEYS, sent, strict=True))
    database = by_key["rds:db.r6g.large:multi-az"]
    assert database["ServiceCode"] == "AmazonRDS"
    assert {each["Field"]: each["Value"] for each in database["Filters"]} == {
        "regionCode": "eu-central-1",
        "productFamily": "Database Instance",
        "instanceType": "db.r6g.large",
        "databaseEngine": "PostgreSQL",
        "deploymentOption": "Multi-AZ",
    }


@pytest.mark.parametrize(
    ("key", "usage", "unit"),
    [
        ("rds:db.r6g.large:multi-az", "Multi-AZUsage:db.r6g.large", "Hrs"),
        ("rds:gp3:single-az", "RDS:GP3-Storage", "GB-Mo"),
        ("elasticache:cache.r7g.large:valkey", "NodeUsage:cache.r7g.large", "Hrs"),
        ("elasticache:cache.r7g.large:redis", "EUC1-NodeUsage:cache.r7g.large", "Hrs"),
        ("fargate:X86_64:vcpu", "USE1-Fargate-vCPU-Hours:perCPU", "hours"),
        ("fargate:ARM64:gb", "Fargate-ARM-GB-Hours", "GB-Hours"),
        ("alb:hour", "LoadBalancerUsage", "Hrs"),
        ("endpoint:zone-hour", "EU-VpcEndpoint-Hours", "Hrs"),
        ("nat-gateway:hour", "NatGateway-Hours", "Hrs"),
        ("public-ipv4:hour", "USE1-PublicIPv4:InUseAddress", "Hrs"),
    ],
)
def test_a_product_gives_its_price(key: str, usage: str, unit: str) -> None:
    assert ask(key, product("0.4500000000", usage, unit)) == Answered({key: Quoted(0.45, "2026-08-01")}, {})


@pytest.mark.parametrize(
    "other",
    [
        product("9", "USE1-Fargate-ARM-vCPU-Hours:perCPU", "hours"),
        product("9", "USE1-Fargate-Windows-vCPU-Hours:perCPU", "hours"),
        product("9", "USE1-Fargate-vCPU-Hours:perCPU", "Quantity"),
        product("0", "USE1-Fargate-vCPU-Hours:perCPU", "hours"),
        product("9", "USE1-Fargate-vCPU-Hours:perCPU", "hours", location="AWS Outposts"),
    ],
)
def test_another_product_is_not_taken_for_it(other: str) -> None:
    right = product("0.04048", "USE1-Fargate-vCPU-Hours:perCPU", "hours")
    assert ask("fargate:X86_64:vcpu", other, right).found == {"fargate:X86_64:vcpu": Quoted(0.04048, "2026-08-01")}
    assert "no such price" in ask("fargate:X86_64:vcpu", other).unanswered["fargate:X86_64:vcpu"]


def test_the_first_tier_counts_and_equal_prices_are_one() -> None:
    tiered = product("0.01", "VpcEndpoint-Hours", tiers=(("1000", "0.006"),))
    again = product("0.01", "USE1-VpcEndpoint-Hours", since="2026-10-01T00:00:00Z")
    assert ask("endpoint:zone-hour", tiered, again).found == {"endpoint:zone-hour": Quoted(0.01, "2026-10-01")}


def test_several_prices_are_not_chosen_from() -> None:
    found = ask("rds:db.r6g.large:single-az", product("0.225"), product("0.3"))
    said = "AWS lists several prices (0.225, 0.3 USD), and which one it is does not show."
    assert found == Answered({}, {"rds:db.r6g.large:single-az": said})


def test_all_pages_are_read() -> None:
    page = [product("9", "Fargate-GB-Hours", "hours")]
    with asked("fargate:X86_64:vcpu", page, [product("0.04", "Fargate-vCPU-Hours:perCPU", "hours")]) as answer:
        assert answer().found["fargate:X86_64:vcpu"].usd == 0.04


@pytest.mark.parametrize("document", ["no JSON", "[]", '{"terms": {}}', product("many", "LoadBalancerUsage")])
def test_an_answer_of_another_form_is_said(document: str) -> None:
    assert "form that Haven does not understand" in ask("alb:hour", document).unanswered["alb:hour"]


def test_what_aws_cannot_be_asked_for_is_not_asked() -> None:
    client = client_of("pricing")
    keys = ["rds:db.x:triple", "rds:db.x", "elasticache:cache.x:memcached", "fargate:RISCV:gb", "moon:hour"]
    with Stubber(client):
        found = PriceReader(cast(Sessions, _Own(client))).ask("us-east-1", keys)
    assert found == Answered({}, dict.fromkeys(keys, "Haven does not know what to ask AWS for."))


def test_a_refusal_ends_it_in_one_sentence() -> None:
    for code, status, kind, said in (
        ("AccessDeniedException", 400, Misconfigured, "Haven may not call GetProducts"),
        ("ThrottlingException", 400, NotNow, "throttling GetProducts"),
        ("InternalErrorException", 500, NotNow, "failed inside GetProducts"),
    ):
        client = client_of("pricing")
        with Stubber(client) as stub:
            stub.add_client_error("get_products", code, "not authorized", status)
            with pytest.raises(kind, match=said):
                PriceReader(cast(Sessions, _Own(client))).ask("us-east-1", KEYS)
