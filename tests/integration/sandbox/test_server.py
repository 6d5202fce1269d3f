"""The running sandbox: its wire forms, its doors, its end, and what survives SIGKILL."""

import http.client
import json
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from sandbox.wire import Call
from sandbox.wsgi import Inner
from tests.sandbox_server import Sandbox, launch

pytestmark = [pytest.mark.long, pytest.mark.sandbox]
Start = Callable[..., Sandbox]


def connection(sandbox: Sandbox) -> http.client.HTTPConnection:
    parts = urlsplit(sandbox.url)
    assert parts.hostname is not None
    return http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)


def signed(service: str) -> dict[str, str]:
    scope = f"AKIDTEST/20261122/us-east-1/{service}/aws4_request"
    return {
        "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00",
        "Content-Type": "application/x-www-form-urlencoded",
    }


def test_answers_as_the_account_of_the_sandbox(sandbox: Sandbox) -> None:
    assert sandbox.client("sts").get_caller_identity()["Account"] == "123456789012"


@pytest.mark.parametrize(
    ("service", "operation", "given"),
    [
        ("rds", "describe_certificates", {}),  # query
        ("ecs", "list_services_by_namespace", {"namespace": "x"}),  # json
        ("apigatewayv2", "export_api", {"ApiId": "x", "OutputType": "YAML", "Specification": "OAS30"}),  # rest-json
        ("ec2", "describe_ipams", {}),  # ec2
    ],
)
def test_what_the_sandbox_lacks_is_said_in_aws_s_form(
    sandbox: Sandbox, service: str, operation: str, given: dict[str, Any]
) -> None:
    with pytest.raises(ClientError) as refused:
        getattr(sandbox.client(service), operation)(**given)
    assert refused.value.response["Error"]["Code"] == "NotImplemented"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert f"{service}:" in refused.value.response["Error"]["Message"]


def test_an_operation_aws_does_not_have_is_an_invalid_action(sandbox: Sandbox) -> None:
    wire = connection(sandbox)
    wire.request("POST", "/", "Action=DescribeUnicorns&Version=2014-10-31", signed("rds"))
    answer = wire.getresponse()
    assert (answer.status, b"<Code>InvalidAction</Code>" in answer.read()) == (400, True)
    wire.close()


@pytest.mark.parametrize(
    ("service", "content_type", "body"),
    [
        ("rds", "text/xml", b"<Type>Receiver</Type><Code>InternalFailure</Code>"),
        ("ec2", "text/xml", b"<Errors><Error><Code>InternalFailure</Code>"),
        ("ecs", "application/x-amz-json-1.1", b'"__type": "InternalFailure"'),
        ("apigatewayv2", "application/json", b'"message": "An internal error occurred."'),
    ],
)
def test_a_failure_of_moto_is_an_internal_failure_in_aws_s_form(
    service: str, content_type: str, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(environ: Any, start_response: Any) -> Any:
        raise KeyError("securityGroups")

    operation = {"apigatewayv2": "GetApis", "ecs": "ListClusters"}.get(service, "DescribeTags")
    protocol = {"rds": "query", "ec2": "ec2", "ecs": "json"}.get(service, "rest-json")
    environ = {"sandbox.call": Call(service, operation, "us-east-1", "x", protocol, {}), "PATH_INFO": "/"}
    heard: list[Any] = []
    answer = b"".join(Inner(broken)(environ, lambda *given: heard.extend(given)))
    assert heard[0] == "500 Internal Server Error"
    assert dict(heard[1])["Content-Type"] == content_type
    assert body in answer
    assert f"{service}:{operation} failed" in caplog.text


def test_connections_are_kept(sandbox: Sandbox) -> None:
    wire = connection(sandbox)
    local = None
    for _ in range(5):
        wire.request("POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", signed("sts"))
        answer = wire.getresponse()
        assert b"123456789012" in answer.read()
        assert wire.sock is not None, "the server closed the connection"
        local = local or wire.sock.getsockname()
        assert wire.sock.getsockname() == local
    wire.close()


def test_a_body_beyond_the_limit_is_refused(sandbox: Sandbox) -> None:
    wire = connection(sandbox)
    wire.putrequest("POST", "/")
    wire.putheader("Content-Length", str(33 * 1024 * 1024))
    wire.endheaders()
    assert wire.getresponse().status == 413
    wire.close()


def test_only_loopback_is_bound(sandbox: Sandbox) -> None:
    port = urlsplit(sandbox.url).port
    inode_of = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    bound = [row[1] for row in inode_of if row[3] == "0A" and row[1].endswith(f":{port:04X}")]
    assert bound == [f"0100007F:{port:04X}"]


def test_moto_s_own_backdoor_is_shut(sandbox: Sandbox) -> None:
    wire = connection(sandbox)
    wire.request("POST", "/moto-api/reset")
    assert wire.getresponse().status == 404
    wire.close()


def test_no_web_page_may_read_answers(sandbox: Sandbox) -> None:
    wire = connection(sandbox)
    headers = {**signed("sts"), "Origin": "https://evil.example.com"}
    wire.request("POST", "/", "Action=GetCallerIdentity&Version=2011-06-15", headers)
    assert wire.getresponse().getheader("Access-Control-Allow-Origin") is None
    wire.close()


def test_ends_within_two_seconds_of_sigterm(start_sandbox: Start, tmp_path: Path) -> None:
    sandbox = start_sandbox("--state", str(tmp_path))
    sandbox.client("sqs").create_queue(QueueName="kept")
    began = time.monotonic()
    sandbox.process.send_signal(signal.SIGTERM)
    assert sandbox.process.wait(10) == 0
    assert time.monotonic() - began < 2
    assert (tmp_path / "state.bin").exists()


def test_a_taken_port_is_one_line_and_exit_code_2() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = launch("--port", str(taken.getsockname()[1]), errors=True)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 2
    assert said == f"sandbox: cannot listen on 127.0.0.1:{taken_port(said)}: Address already in use\n"


def taken_port(said: str) -> str:
    return said.split("127.0.0.1:")[1].split(":")[0]


def test_a_directory_in_use_is_one_line_and_exit_code_2(start_sandbox: Start, tmp_path: Path) -> None:
    start_sandbox("--state", str(tmp_path))
    process = launch("--port", "0", "--state", str(tmp_path), errors=True)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said.count("\n")) == (2, 1)
    assert "another sandbox is using it" in said


def saved(directory: Path, what: bytes) -> bool:
    """Wait for the sandbox's own saving to have written something, without asking it to."""
    deadline = time.monotonic() + 30
    gone = socket.socketpair()
    try:
        gone[0].settimeout(0.1)
        while time.monotonic() < deadline:
            path = directory / "state.bin"
            if path.exists() and what in path.read_bytes():
                return True
            try:
                gone[0].recv(1)
            except TimeoutError:
                continue
        return False
    finally:
        for one in gone:
            one.close()


def test_sigkill_loses_nothing_that_was_saved(start_sandbox: Start, tmp_path: Path) -> None:
    first = start_sandbox("--state", str(tmp_path), "--frozen")
    ec2 = first.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    nat = ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address)["NatGateway"]["NatGatewayId"]
    first.advance(30)
    first.control("zone", zone="us-east-1c", state="fail")
    first.control("trouble", service="rds", kind="deny", lasts=3600)
    first.control("load", service="rbac", factor=2, lasts=3600)
    first.client("sqs").create_queue(QueueName="the-last-thing")
    then = first.control("status")
    assert saved(tmp_path, b"the-last-thing")
    first.kill()

    second = start_sandbox("--state", str(tmp_path), "--frozen")
    now = second.control("status")
    assert now["zones"] == then["zones"]
    assert [t["kind"] for t in now["trouble"]] == ["deny"]
    assert [x["factor"] for x in now["load"]] == [2]
    assert now["time"] >= then["time"]
    states = second.client("ec2").describe_nat_gateways
    assert states(NatGatewayIds=[nat])["NatGateways"][0]["State"] == "pending"
    second.advance(31)
    assert states(NatGatewayIds=[nat])["NatGateways"][0]["State"] == "available"


QUEUE = "Resources: {Queue: {Type: AWS::SQS::Queue}}"


def test_what_aws_would_never_forget_is_saved_before_the_answer(start_sandbox: Start, tmp_path: Path) -> None:
    first = start_sandbox("--state", str(tmp_path), "--frozen")
    cloudformation = first.client("cloudformation")
    made = cloudformation.create_change_set(
        StackName="one", ChangeSetName="first", ChangeSetType="CREATE", TemplateBody=QUEUE
    )["Id"]
    first.kill()

    second = start_sandbox("--state", str(tmp_path), "--frozen")
    cloudformation = second.client("cloudformation")
    second.advance(30)
    assert cloudformation.describe_change_set(ChangeSetName=made)["ExecutionStatus"] == "AVAILABLE"
    cloudformation.execute_change_set(ChangeSetName=made)
    second.kill()

    third = start_sandbox("--state", str(tmp_path), "--frozen")
    cloudformation = third.client("cloudformation")
    with pytest.raises(ClientError, match="cannot be executed"):
        cloudformation.execute_change_set(ChangeSetName=made)
    third.advance(300)
    assert cloudformation.describe_stacks(StackName="one")["Stacks"][0]["StackStatus"] == "CREATE_COMPLETE"


def test_several_may_begin_as_one_was_and_go_their_own_ways(start_sandbox: Start, tmp_path: Path) -> None:
    first = start_sandbox("--state", str(tmp_path), "--frozen", "--endpoints", "off")
    first.client("sqs").create_queue(QueueName="common")
    assert first.stop() == 0
    kept = (tmp_path / "state.bin").read_bytes()

    one, two = (start_sandbox("--begin-as", str(tmp_path), "--frozen") for _ in range(2))
    one.client("sqs").create_queue(QueueName="its-own")
    names = [{url.rsplit("/", 1)[1] for url in each.client("sqs").list_queues()["QueueUrls"]} for each in (one, two)]
    assert names == [{"common", "its-own"}, {"common"}]
    assert [one.stop(), two.stop()] == [0, 0]
    assert (tmp_path / "state.bin").read_bytes() == kept


def test_control_status_is_json_over_http(sandbox: Sandbox) -> None:
    wire = connection(sandbox)
    wire.request("GET", "/haven-sandbox/status")
    answer = wire.getresponse()
    assert answer.getheader("Content-Type") == "application/json"
    assert json.loads(answer.read())["frozen"] is True
    wire.close()
