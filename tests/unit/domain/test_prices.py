"""What a task costs an hour."""

import pytest

from services.domain.prices import task_hour


def test_a_task_of_half_a_processor_and_a_gigabyte() -> None:
    price = task_hour("us-east-1", "512", "1024")
    assert price is not None
    assert price.hourly == pytest.approx(0.5 * 0.04048 + 0.004445)
    assert price.hourly * 730 == pytest.approx(18, abs=0.1)
    assert "0.5 vCPU and 1 GB of Fargate, Linux X86_64, on demand in us-east-1" in price.source
    assert "2026-09" in price.source


def test_another_processor_costs_less_and_says_that_it_is_less_sure() -> None:
    price = task_hour("us-east-1", "1024", "2048", "ARM64")
    assert price is not None
    assert price.hourly == pytest.approx(0.03238 + 2 * 0.00356)
    assert "not read from AWS's price file" in price.source


@pytest.mark.parametrize(
    ("region", "cpu", "memory", "architecture"),
    [
        ("eu-central-1", "512", "1024", "X86_64"),
        ("us-east-1", "", "", "X86_64"),
        ("us-east-1", "512", "1024", "RISCV"),
    ],
)
def test_what_is_not_known_has_no_price(region: str, cpu: str, memory: str, architecture: str) -> None:
    assert task_hour(region, cpu, memory, architecture) is None
