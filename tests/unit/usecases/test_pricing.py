"""The price desk: the file against the blueprints, and against AWS."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from provisioning import prices
from services.catalogue import PackagedCatalogue, PackagedPrices
from services.domain.errors import Invalid
from services.ports.pricing import Answered, Difference, Quoted
from services.usecases.pricing import Pricing
from tests.fakes.clock import MovableClock


@dataclass
class Source:
    """AWS's answers, and what was asked."""

    answer: Answered = Answered()  # noqa: RUF009 - frozen
    asked: list[tuple[str, list[str]]] = field(default_factory=list)

    def ask(self, region: str, keys: Sequence[str]) -> Answered:
        self.asked.append((region, list(keys)))
        return self.answer


def desk(text: str | None = None, source: Source | None = None) -> Pricing:
    return Pricing(MovableClock(), PackagedCatalogue(), PackagedPrices(text), source or Source())


def without(*keys: str) -> str:
    return "\n".join(line for line in prices.text().splitlines() if not any(f"  {key}: " in line for key in keys))


def test_the_packaged_file_has_all_that_the_blueprints_need() -> None:
    found = desk().check()
    assert list(found.missing) == []
    assert found.count == sum(map(len, prices.packaged().values())) > 20
    assert any("bears no date" in line for line in found.warnings)
    assert not any("days ago" in line for line in found.warnings)


def test_a_price_that_a_blueprint_needs_is_missed_and_told_with_it() -> None:
    found = desk(without("elasticache:cache.r7g.large:valkey", "rds:db.r6g.large:single-az")).check()
    assert list(found.missing) == [
        "us-east-1 has no price elasticache:cache.r7g.large:valkey, which the blueprint multi-az needs.",
        "us-east-1 has no price rds:db.r6g.large:single-az, which the blueprint multi-az needs.",
    ]


def test_old_prices_are_warned_about() -> None:
    assert any("fargate:X86_64:gb was read 2026-09" in line for line in desk().check(timedelta(days=1)).warnings)


@pytest.mark.parametrize(("text", "said"), [("{}", "no region"), ("moon: {}", "moon"), ("a: [", "no YAML")])
def test_a_file_that_does_not_hold_is_refused(text: str, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        desk(text).check()
    if text != "{}":
        with pytest.raises(Invalid, match=said):
            desk(text).refresh("us-east-1")


def test_refreshing_asks_for_all_and_tells_what_differs() -> None:
    answer = Answered(
        {"alb:hour": Quoted(0.03, "2026-11-01"), "nat-gateway:hour": Quoted(0.045)}, {"rds:gp3:multi-az": "Several."}
    )
    source = Source(answer)
    found = desk(source=source).refresh("us-east-1")
    assert source.asked == [("us-east-1", list(prices.packaged()["us-east-1"]))]
    assert list(found.differences) == [Difference("us-east-1", "alb:hour", 0.0225, 0.03)]
    assert found.unanswered == {"rds:gp3:multi-az": "Several."}
    renewed = prices.parse(found.text)["us-east-1"]
    assert renewed["alb:hour"].source == "AWS's Price List API, in force since 2026-11-01"
    assert renewed["nat-gateway:hour"].read == MovableClock().now().date().isoformat()
    assert renewed["rds:gp3:multi-az"] == prices.packaged()["us-east-1"]["rds:gp3:multi-az"]
    assert found.asked == len(renewed)


def test_another_region_is_asked_for_what_the_known_ones_have() -> None:
    source = Source(Answered({"alb:hour": Quoted(0.027)}))
    found = desk(source=source).refresh("eu-central-1")
    assert source.asked == [("eu-central-1", list(prices.packaged()["us-east-1"]))]
    assert list(found.differences) == [Difference("eu-central-1", "alb:hour", None, 0.027)]
    assert list(prices.parse(found.text)["eu-central-1"]) == ["alb:hour"]


def test_only_regions_are_asked_about() -> None:
    with pytest.raises(Invalid, match="no region"):
        desk().refresh("nowhere")
