"""`haven sandbox`, against a small server that answers like the control API."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import click
import pytest
from click.testing import CliRunner

from services.cli.sandbox import endpoint, sandbox, where_a_run_has_it

STATUS = {
    "time": "2026-11-22T16:00:00+00:00",
    "frozen": False,
    "speed": 10.0,
    "zones": {"us-east-1b": 1.0},
    "limits": "on",
    "pending": 3,
    "trouble": [{"service": "rds", "operation": None, "kind": "throttle", "rate": 0.5, "hit": 4}],
    "load": [{"service": "rbac", "factor": 3.0, "until": 2.0}],
}


EVENTS = {"duplicate": 0, "reorder": False, "drop": False, "held": 0, "delivered": 7, "dropped": 0}


SURGE = {
    "services": ["legacy/rbac", "production/rbac"],
    "since": "2026-11-22T23:58:00+00:00",
    "until": "2026-11-23T00:20:41.5+00:00",
}


class Fake:
    """Answers like the control API and remembers what it was told."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, Any]] = []
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {("GET", "status"): (200, STATUS)}
        fake = self

        class Handler(BaseHTTPRequestHandler):
            def _answer(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                path = self.path.removeprefix("/haven-sandbox/")
                fake.heard.append((self.command, path, json.loads(raw) if raw else None))
                status, said = fake.answers.get((self.command, path), (200, {}))
                body = said if isinstance(said, bytes) else json.dumps(said).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = _answer  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self._thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture
def fake() -> Iterator[Fake]:
    one = Fake()
    yield one
    one.stop()


def run(url: str | None, *arguments: str) -> Any:
    return CliRunner().invoke(sandbox, arguments, env={"HAVEN_AWS_ENDPOINT_URL": url})


@pytest.mark.parametrize(
    "url",
    ["https://127.0.0.1:5001", "http://rds.us-east-1.amazonaws.com", "http://127.0.0.1.example.com", "file:///etc"],
)
def test_refuses_what_is_not_loopback(url: str) -> None:
    with pytest.raises(click.ClickException, match="is not a sandbox"):
        endpoint(url)


@pytest.mark.parametrize("url", ["http://127.0.0.1:5001/", "http://localhost:5001", "http://[::1]:5001"])
def test_takes_loopback(url: str) -> None:
    assert endpoint(url) == url.rstrip("/")


def test_without_an_endpoint_it_is_the_local_run_s(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SANDBOX_PORT", raising=False)
    assert where_a_run_has_it() == "http://127.0.0.1:5001"
    monkeypatch.setenv("SANDBOX_PORT", "5999")
    assert where_a_run_has_it() == "http://127.0.0.1:5999"


def test_says_when_nobody_answers(fake: Fake) -> None:
    url = fake.url
    fake.stop()
    fake.stop = lambda: None  # type: ignore[method-assign] # it is stopped
    result = run(url, "status")
    assert result.exit_code == 1
    assert "The sandbox does not answer" in result.output


def test_shows_the_status(fake: Fake) -> None:
    result = run(fake.url, "status")
    assert result.exit_code == 0
    assert "us-east-1b is down" in result.output
    assert "throttle on rds:*, 50% of the calls, 4 struck so far" in result.output
    assert "rbac x 3" in result.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["zone", "fail", "us-east-1b"], ("POST", "zone", {"zone": "us-east-1b", "state": "fail"})),
        (["zone", "recover", "us-east-1b"], ("POST", "zone", {"zone": "us-east-1b", "state": "recover"})),
        (
            ["task", "crash", "production", "abc"],
            ("POST", "task", {"cluster": "production", "task": "abc", "act": "crash"}),
        ),
        (["speed", "20"], ("POST", "speed", {"speed": 20.0})),
        (["load", "rbac", "3", "--for", "60"], ("POST", "load", {"service": "rbac", "factor": 3.0, "for": 60.0})),
        (["load", "rbac", "3x", "--for", "20m"], ("POST", "load", {"service": "rbac", "factor": 3.0, "for": 1200.0})),
        (["load", "*", "0.5X", "--for", "2h"], ("POST", "load", {"service": "*", "factor": 0.5, "for": 7200.0})),
        (["load", "rbac", "2"], ("POST", "load", {"service": "rbac", "factor": 2.0, "for": 900.0})),
        (["thaw"], ("POST", "clock", {"freeze": False})),
        (
            ["trouble", "rds", "throttle", "--rate", "0.5", "--for", "60"],
            (
                "POST",
                "trouble",
                {
                    "service": "rds",
                    "operation": None,
                    "kind": "throttle",
                    "rate": 0.5,
                    "status": 500,
                    "for": 60.0,
                    "delay": 0,
                },
            ),
        ),
    ],
)
def test_tells_the_sandbox(fake: Fake, arguments: list[str], told: tuple[str, str, Any]) -> None:
    fake.answers["POST", "zone"] = (200, {"changed": True})
    fake.answers["POST", "clock"] = (200, {"time": "now"})
    fake.answers["POST", "load"] = (200, SURGE)
    result = run(fake.url, *arguments)
    assert result.exit_code == 0, result.output
    assert fake.heard == [told]


def test_load_tells_what_it_did(fake: Fake) -> None:
    fake.answers["POST", "load"] = (200, SURGE)
    assert run(fake.url, "load", "rbac", "3x", "--for", "20m").output.splitlines() == [
        "rbac gets 3 times its load for 20 minutes, until 00:20:41 UTC.",
        "Felt by legacy/rbac, production/rbac.",
        "Counted since 23:58:00 UTC; scaling out asks for three full minutes above the target.",
    ]


def test_load_tells_that_nobody_feels_it(fake: Fake) -> None:
    fake.answers["POST", "load"] = (200, SURGE | {"services": []})
    assert run(fake.url, "load", "rbak", "0.5x", "--for", "90").output.splitlines() == [
        "rbak gets 0.5 times its load for 90 seconds, until 00:20:41 UTC.",
        "No service rbak feels it.",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["three"], "write 3, 3x or 0.5x"),
        (["101x"], "write 3, 3x or 0.5x"),
        (["x"], "write 3, 3x or 0.5x"),
        (["3x", "--for", "0"], "no time from 1s to 7 days"),
        (["3x", "--for", "8d"], "no time from 1s to 7 days"),
        (["3x", "--for", "20 min"], "write 90, 20m or 2h"),
    ],
)
def test_load_says_how_to_write_it(fake: Fake, arguments: list[str], said: str) -> None:
    result = run(fake.url, "load", "rbac", *arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert fake.heard == []


def calmed(fake: Fake, **disturbed: Any) -> Any:
    fake.answers["DELETE", "trouble"] = (200, {"ended": 2})
    fake.answers["DELETE", "load"] = (200, {"ended": 1})
    fake.answers["DELETE", "failure"] = (200, {"ended": 3})
    fake.answers["GET", "events"] = (200, EVENTS | disturbed)
    fake.answers["DELETE", "events"] = (200, EVENTS)
    return run(fake.url, "calm").output


def test_calm_ends_trouble_load_and_failures(fake: Fake) -> None:
    assert calmed(fake) == "6 ended.\n"
    assert ("DELETE", "events", {}) not in fake.heard


@pytest.mark.parametrize("disturbed", [{"duplicate": 2}, {"reorder": True}, {"drop": True}])
def test_calm_lets_events_be_delivered_as_usual(fake: Fake, disturbed: dict[str, Any]) -> None:
    assert calmed(fake, **disturbed) == "7 ended.\n"
    assert fake.heard[-1] == ("DELETE", "events", {})


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--duplicate", "2"], {"duplicate": 2}),
        (["--duplicate", "0", "--no-reorder"], {"duplicate": 0, "reorder": False}),
        (["--reorder", "--drop"], {"reorder": True, "drop": True}),
    ],
)
def test_events_names_only_what_was_said(fake: Fake, arguments: list[str], told: dict[str, Any]) -> None:
    fake.answers["POST", "events"] = (200, EVENTS | told)
    result = run(fake.url, "events", *arguments)
    assert result.exit_code == 0, result.output
    assert fake.heard == [("POST", "events", told)]


def test_events_without_an_option_only_shows(fake: Fake) -> None:
    fake.answers["GET", "events"] = (200, EVENTS | {"duplicate": 1, "reorder": True, "held": 3, "dropped": 4})
    result = run(fake.url, "events")
    assert fake.heard == [("GET", "events", None)]
    assert result.output.splitlines() == [
        "copies   2 of each event",
        "order    mixed up, 3 held back",
        "lost     none, 4 so far",
    ]


@pytest.mark.parametrize("number", ["11", "-1", "two"])
def test_events_has_a_limit(fake: Fake, number: str) -> None:
    assert run(fake.url, "events", "--duplicate", number).exit_code == 2
    assert fake.heard == []


def test_advance_freezes_first(fake: Fake) -> None:
    fake.answers["POST", "clock"] = (200, {"time": "later", "ran": 7})
    result = run(fake.url, "advance", "60")
    assert [h[2] for h in fake.heard] == [None, {"freeze": True}, {"advance": 60.0}]
    assert "7 transitions ran" in result.output


def test_repeats_the_sandbox_s_refusal(fake: Fake) -> None:
    fake.answers["POST", "zone"] = (400, {"error": "there is no availability zone mars-1a"})
    result = run(fake.url, "zone", "fail", "mars-1a")
    assert result.exit_code == 1
    assert "there is no availability zone mars-1a" in result.output


def test_understands_that_something_else_answers(fake: Fake) -> None:
    fake.answers["GET", "status"] = (404, b"<html>not here</html>")
    result = run(fake.url, "status")
    assert result.exit_code == 1
    assert "The sandbox answered 404; is another program on that port?" in result.output


DATABASE = "AWS::RDS::DBInstance"


@pytest.mark.parametrize(
    ("options", "told", "said"),
    [
        ([], {"act": None, "logical": None, "times": 1}, f"{DATABASE} fails the next time: Insufficient capacity"),
        (
            ["--act", "update", "--logical", "Database", "--times", "2"],
            {"act": "update", "logical": "Database", "times": 2},
            f"update {DATABASE} Database fails the next 2 times: Insufficient capacity",
        ),
    ],
)
def test_fail_orders_a_failure(fake: Fake, options: list[str], told: dict[str, Any], said: str) -> None:
    result = run(fake.url, "fail", DATABASE, "Insufficient capacity", *options)
    assert result.exit_code == 0, result.output
    assert fake.heard == [("POST", "failure", {"type": DATABASE, "reason": "Insufficient capacity", **told})]
    assert result.output == f"{said}\n"


def test_fail_without_a_type_shows_what_is_to_come(fake: Fake) -> None:
    waiting = {"type": DATABASE, "reason": "No", "act": "create", "logical": "Database"}
    fake.answers["GET", "failure"] = (200, {"failures": [waiting, waiting | {"act": "", "logical": ""}]})
    assert run(fake.url, "fail").output.splitlines() == [f"create {DATABASE} Database: No", f"{DATABASE}: No"]
    fake.answers["GET", "failure"] = (200, {"failures": []})
    assert run(fake.url, "fail").output == "Nothing is going to fail.\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([DATABASE], "Say why it fails"),
        ([DATABASE, "No", "--act", "replace"], "'replace' is not one of"),
        ([DATABASE, "No", "--times", "0"], "0 is not in the range"),
    ],
)
def test_fail_says_what_is_missing(fake: Fake, arguments: list[str], said: str) -> None:
    result = run(fake.url, "fail", *arguments)
    assert result.exit_code == 2
    assert said in result.output
    assert fake.heard == []
