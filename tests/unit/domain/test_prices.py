"""What a task costs an hour, by the packaged list."""

import pytest

from services.catalogue import PackagedCatalogue
from services.domain.deployment.cost import PriceList
from services.domain.prices import task_hour


@pytest.fixture(scope="module")
def prices() -> PriceList:
    found = PackagedCatalogue().prices("us-east-1")
    assert found is not None
    return found


def test_a_task_of_half_a_processor_and_a_gigabyte(prices: PriceList) -> None:
    price = task_hour(prices, "512", "1024")
    assert price is not None
    assert price.hourly == pytest.approx(0.5 * 0.04048 + 0.004445)
    assert price.hourly * 730 == pytest.approx(18, abs=0.1)
    assert "0.5 vCPU and 1 GB of Fargate, Linux X86_64, on demand in us-east-1" in price.source
    assert price.source.count("2026-09") == 1


def test_another_processor_costs_less_and_says_that_it_is_less_sure(prices: PriceList) -> None:
    price = task_hour(prices, "1024", "2048", "ARM64")
    assert price is not None
    assert price.hourly == pytest.approx(0.03238 + 2 * 0.00356)
    assert "not read from AWS's price file, undated, confidence medium" in price.source


@pytest.mark.parametrize(
    ("cpu", "memory", "architecture"), [("", "", "X86_64"), ("512", "a lot", "X86_64"), ("512", "1024", "RISCV")]
)
def test_what_is_not_known_has_no_price(prices: PriceList, cpu: str, memory: str, architecture: str) -> None:
    assert task_hour(prices, cpu, memory, architecture) is None


def test_a_region_without_a_list_has_no_price() -> None:
    assert PackagedCatalogue().prices("eu-central-1") is None
    assert task_hour(None, "512", "1024") is None
