"""`haven prices`: what is said, and how it ends."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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
    base = {
        "HAVEN_HOME": str(tmp_path / "var"),
        "HAVEN_AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }

    def run(*words: str, env: Mapping[str, str] | None = None) -> Result:
        return CliRunner().invoke(haven, ["prices", *words], env={**base, **(env or {})})

    return run


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


class _PriceList(BaseHTTPRequestHandler):
    """Answers every question with one load balancer's price, as the API does on the wire."""

    def do_POST(self) -> None:
        attributes = {"usagetype": "LoadBalancerUsage", "locationType": "AWS Region"}
        tier = {"unit": "Hrs", "beginRange": "0", "pricePerUnit": {"USD": "0.0300000000"}}
        terms = {"OnDemand": {"a.b": {"effectiveDate": "2026-11-01T00:00:00Z", "priceDimensions": {"a.b.c": tier}}}}
        item = json.dumps({"product": {"attributes": attributes}, "terms": terms})
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        found = [item] if asked["ServiceCode"] == "AWSELB" else []
        body = json.dumps({"FormatVersion": "aws_v1", "PriceList": found}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is said on the terminal."""


@pytest.fixture
def price_list() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _PriceList) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_awss_prices_are_shown_and_written_where_told(run: Run, price_list: str, tmp_path: Path) -> None:
    written = tmp_path / "new.yaml"
    told = {"env": {"HAVEN_AWS_ENDPOINT_URL": price_list}}
    shown = run("refresh", **told)
    assert shown.exit_code == 0, shown.output
    assert shown.output.startswith("us-east-1 alb:hour: 0.0225 -> 0.03 USD\n")
    assert "AWS lists no such price for us-east-1." in shown.output
    assert list(tmp_path.glob("*.yaml")) == []
    assert run("refresh", "--write", str(written), **told).output.endswith(f"Written to {written}.\n")
    assert prices.parse(written.read_text(encoding="utf-8"))["us-east-1"]["alb:hour"].usd == 0.03
    assert run("check", "--file", str(written)).exit_code == 0
    again = run("refresh", "--file", str(written), "--write", str(tmp_path / "no" / "such"), **told)
    assert "cannot be written" in again.output
    assert (again.exit_code, "alb:hour: " in again.output) == (1, False)


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
