"""The control API refuses strangers and says what is wrong with a request."""

import json
from io import BytesIO
from typing import Any

import pytest

from sandbox import control
from sandbox.clock import clock
from sandbox.cloudformation import failures
from sandbox.fields import Bad, Body


@pytest.fixture(autouse=True)
def flowing() -> None:
    """The process's clock flows, whatever tests that freeze it ran before."""
    clock.thaw()


def ask(
    method: str,
    path: str,
    body: bytes = b"",
    host: str = "127.0.0.1:5001",
    content_type: str = "application/json",
) -> tuple[int, Any]:
    return control.answer(
        {
            "REQUEST_METHOD": method,
            "PATH_INFO": control.PREFIX + path,
            "HTTP_HOST": host,
            "CONTENT_TYPE": content_type,
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
        }
    )


@pytest.mark.parametrize("host", ["haven.example.com", "10.0.0.1:5001", "", "127.0.0.1.example.com:5001", "evil:80"])
def test_only_loopback_names_are_served(host: str) -> None:
    assert ask("GET", "status", host=host)[0] == 403


@pytest.mark.parametrize("host", ["127.0.0.1:5001", "localhost", "[::1]:5001", "[::1]", "127.0.0.1"])
def test_loopback_is_served(host: str) -> None:
    assert ask("GET", "status", host=host)[0] == 200


def test_a_form_of_a_web_page_is_refused() -> None:
    status, said = ask("POST", "zone", b"zone=us-east-1a&state=fail", content_type="application/x-www-form-urlencoded")
    assert (status, said["error"]) == (400, "send JSON, with Content-Type: application/json")


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        ("speed", {"speed": 0}, "speed must be a number from 0.01 to 10000"),
        ("speed", {"speed": "fast"}, "speed must be a number"),
        ("speed", {"speed": True}, "speed must be a number"),
        ("speed", {}, "speed is missing"),
        ("speed", {"speed": 1, "sped": 2}, "unknown: sped"),
        ("clock", {"freeze": 1}, "freeze must be true or false"),
        ("clock", {"advance": 10}, "freeze the clock first"),
        ("clock", {"advance": -1}, "advance must be a number from 0 to 86400"),
        ("zone", {"zone": "mars-1a", "state": "fail"}, "there is no availability zone mars-1a"),
        ("zone", {"zone": "us-east-1a", "state": "explode"}, "state must be one of: fail, recover"),
        ("trouble", {"service": "nosuch", "kind": "deny"}, "AWS has no service nosuch"),
        ("trouble", {"service": "rds", "operation": "Nope", "kind": "deny"}, "rds has no operation Nope"),
        ("trouble", {"service": "rds", "kind": "sabotage"}, "kind must be one of"),
        ("trouble", {"service": "rds", "kind": "deny", "rate": 1.1}, "rate must be a number from 0 to 1"),
        ("trouble", {"service": "*", "operation": "X", "kind": "deny"}, "name a service to name an operation"),
        ("load", {"service": "rbac", "factor": -1}, "factor must be a number from 0 to 100"),
        ("task", {"cluster": "c"}, "task is missing"),
        ("limits", {"limits": "maybe"}, "limits must be one of: on, off"),
        ("failure", {"type": "AWS::RDS::DBInstance"}, "reason is missing"),
        (
            "failure",
            {"type": "AWS::RDS::DBInstances", "reason": "No"},
            "no stack here can have a AWS::RDS::DBInstances",
        ),
        ("failure", {"type": "AWS::SQS::Queue", "reason": "No", "act": "replace"}, "act is create, update or delete"),
        ("failure", {"type": "AWS::SQS::Queue", "reason": "No", "times": 0}, "times must be a number from 1 to 1000"),
        ("failure", {"type": "AWS::SQS::Queue", "reason": "No", "how": "badly"}, "unknown: how"),
    ],
)
def test_says_what_is_wrong(path: str, body: dict[str, Any], says: str) -> None:
    status, said = ask("POST", path, json.dumps(body).encode())
    assert status == 400
    assert says in said["error"]


@pytest.mark.parametrize(("body", "says"), [(b"{", "this is not JSON"), (b"[]", "send one JSON object")])
def test_wants_one_json_object(body: bytes, says: str) -> None:
    status, said = ask("POST", "speed", body)
    assert status == 400
    assert says in said["error"]


def test_names_the_methods_a_path_takes() -> None:
    assert ask("PUT", "trouble") == (405, {"error": "trouble takes DELETE, GET, POST"})
    assert ask("GET", "nowhere")[0] == 404


def test_fields_are_read_once_and_the_rest_is_refused() -> None:
    body = Body({"name": "x", "none": None})
    assert (body.text("name"), body.optional_text("none")) == ("x", None)
    body.done()
    with pytest.raises(Bad, match="name is missing"):
        body.text("name")
    with pytest.raises(Bad, match="1 to 200"):
        Body({"name": "x" * 201}).text("name")


def test_a_failure_is_ordered_shown_and_taken_back() -> None:
    failures.clear()
    order = {"type": "AWS::RDS::DBInstance", "reason": "Insufficient capacity", "act": "create"}
    wanted = [{**order, "logical": ""}] * 2
    assert ask("POST", "failure", json.dumps({**order, "times": 2}).encode()) == (200, {"failures": wanted})
    assert ask("GET", "failure") == (200, {"failures": wanted})
    assert failures.due("AWS::RDS::DBInstance", "create", "Database") == "Insufficient capacity"
    assert ask("DELETE", "failure") == (200, {"ended": 1})
    assert ask("GET", "failure") == (200, {"failures": []})


def test_failures_that_wait_are_limited() -> None:
    failures.clear()
    order = json.dumps({"type": "AWS::SQS::Queue", "reason": "No", "times": 1000}).encode()
    assert ask("POST", "failure", order)[0] == 200
    status, said = ask("POST", "failure", json.dumps({"type": "AWS::SQS::Queue", "reason": "No"}).encode())
    assert (status, said["error"]) == (400, "at most 1000 failures can wait; 1000 do")
    failures.clear()
