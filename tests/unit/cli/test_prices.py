"""`haven prices`: what is said, and how it ends."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from provisioning import prices
from services.cli import haven
from services.cli.prices import checked_lines, renewed_lines
from services.ports.pricing import Difference
from services.usecases.pricing import Checked, Renewed

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Nothing listens at the endpoint; there is no database, and none is needed."""
    env = {
        "HAVEN_HOME": str(tmp_path / "var"),
        "HAVEN_AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }
    return lambda *words: CliRunner().invoke(haven, ["prices", *words], env=env)


def test_the_packaged_file_holds(run: Run) -> None:
    found = run("check")
    assert found.exit_code == 0, found.output
    assert "all that the blueprints need" in found.output.splitlines()[-1]
    assert "warning: us-east-1 alb:hour bears no date" in found.output


def test_a_missing_price_ends_with_one(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "prices.yaml"
    kept = [line for line in prices.text().splitlines() if "  nat-gateway:hour" not in line]
    file.write_text("\n".join(kept), encoding="utf-8")
    found = run("check", "--file", str(file))
    assert found.exit_code == 1
    assert found.output.startswith(
        "missing: us-east-1 has no price nat-gateway:hour, which the blueprint multi-az needs."
    )
    assert "2 missing" in found.output


def test_a_file_that_does_not_hold_is_one_clear_line(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "prices.yaml"
    file.write_bytes(b"us-east-1: {alb:hour: {usd: 1}}")
    found = run("check", "--file", str(file))
    assert (found.exit_code, found.output.count("\n")) == (1, 1)
    assert found.output.startswith("Error: The price file does not hold at us-east-1 alb:hour")
    file.write_bytes(b"\xff\xfe")
    assert "cannot be read" in run("check", "--file", str(file)).output
    assert run("check", "--file", str(tmp_path / "none")).exit_code == 2
    assert run("check", "--days", "0").exit_code == 2


def test_an_aws_that_does_not_answer_is_one_clear_line(run: Run, tmp_path: Path) -> None:
    written = tmp_path / "new.yaml"
    found = run("refresh", "--write", str(written))
    assert (found.exit_code, found.output) == (1, "Error: AWS could not be reached.\n")
    assert not written.exists()
    assert "is no region" in run("refresh", "--region", "nowhere").output


def test_differences_are_told_line_by_line() -> None:
    found = Renewed(
        9,
        [Difference("us-east-1", "alb:hour", 0.0225, 0.03), Difference("us-east-1", "rds:db.x:single-az", None, 0.1)],
        {"rds:gp3:multi-az": "AWS lists no such price for us-east-1."},
        "",
    )
    assert renewed_lines(found, "us-east-1") == [
        "us-east-1 alb:hour: 0.0225 -> 0.03 USD",
        "us-east-1 rds:db.x:single-az: none -> 0.1 USD",
        "us-east-1 rds:gp3:multi-az: AWS lists no such price for us-east-1.",
        "9 asked: 6 the same, 2 differ, 1 without answer.",
    ]


def test_a_check_says_the_worst_first() -> None:
    assert checked_lines(Checked(3, ["a is missing."], ["b is old."])) == [
        "missing: a is missing.",
        "warning: b is old.",
        "3 prices, 1 missing; 1 warning.",
    ]
    assert checked_lines(Checked(3, [], [])) == ["3 prices, all that the blueprints need; 0 warnings."]
