"""That a write goes out once, whatever becomes of it, and a role that cannot be had is never an unknown outcome."""

from collections.abc import Callable
from urllib.parse import parse_qs

import pytest
from botocore import exceptions as boto
from botocore.awsrequest import AWSPreparedRequest

from services.aws.deployment_calls import DeploymentCaller
from services.aws.session import Sessions, Wire
from services.domain.errors import HavenError, Misconfigured, NotNow, OutcomeUnknown
from tests.builders.places import environment
from tests.unit.aws.cloudformation_desk import SET, STACK
from tests.unit.aws.wiretap import Answer, Wiretap
from tests.unit.aws.world import Clock

URL = "https://cloudformation.us-east-1.amazonaws.com/"
PRODUCTION = environment("production", provisioner_role_arn="arn:aws:iam::123456789012:role/haven-provisioner")
HERE = (
    "<DescribeStacksResponse><DescribeStacksResult><Stacks><member>"
    f"<StackName>production-network</StackName><StackId>{STACK}</StackId><StackStatus>UPDATE_COMPLETE</StackStatus>"
    "<CreationTime>2026-11-22T02:13:00Z</CreationTime>"
    "</member></Stacks></DescribeStacksResult></DescribeStacksResponse>"
)
WRITES: dict[str, Callable[[DeploymentCaller], object]] = {
    "ExecuteChangeSet": lambda caller: caller.execute(PRODUCTION, "network", SET),
    "SetStackPolicy": lambda caller: caller.set_policy(PRODUCTION, "network", "{}"),
    "UpdateTerminationProtection": lambda caller: caller.protect(PRODUCTION, "network", True),
    "CancelUpdateStack": lambda caller: caller.cancel(PRODUCTION, "network", "op"),
    "ContinueUpdateRollback": lambda caller: caller.continue_rollback(PRODUCTION, "network", ["Db"], "op"),
    "RollbackStack": lambda caller: caller.roll_back(PRODUCTION, "network", "op"),
    "DeleteStack": lambda caller: caller.delete(PRODUCTION, "network", (), "op"),
    "DeleteChangeSet": lambda caller: caller.discard(PRODUCTION, "network", SET),
    "DetectStackDrift": lambda caller: caller.start_drift(PRODUCTION, "network"),
}


def action(request: AWSPreparedRequest) -> str:
    body = request.body.decode() if isinstance(request.body, bytes) else str(request.body)
    return parse_qs(body)["Action"][0]


@pytest.fixture(autouse=True)
def _own_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHAVEN")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "own")


def bench(write: Answer) -> tuple[DeploymentCaller, Wiretap]:
    """A caller whose stack is there, and whose writes are answered so."""

    def answer(request: AWSPreparedRequest) -> tuple[int, bytes]:
        return (200, HERE.encode()) if action(request) == "DescribeStacks" else write(request)

    clock = Clock()
    tap = Wiretap(clock, answer)
    return DeploymentCaller(Sessions(Wire(), clock, tap.instrument), lambda _: None), tap


def raising(error: Exception) -> Answer:
    def answer(_: AWSPreparedRequest) -> tuple[int, bytes]:
        raise error

    return answer


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize(
    ("answer", "means"),
    [
        (raising(boto.ReadTimeoutError(endpoint_url=URL)), OutcomeUnknown),
        (raising(boto.ConnectTimeoutError(endpoint_url=URL)), NotNow),
        (lambda _: (503, b"<html>Service Unavailable</html>"), OutcomeUnknown),
        (lambda _: (200, b"<cut off"), OutcomeUnknown),
    ],
    ids=["silent", "not reached", "failing", "cut off"],
)
def test_a_write_goes_out_once(write: str, answer: Answer, means: type[HavenError]) -> None:
    caller, tap = bench(answer)
    with pytest.raises(HavenError) as raised:
        WRITES[write](caller)
    assert type(raised.value) is means
    assert [action(request) for request in tap.sent].count(write) == 1


@pytest.mark.parametrize("write", WRITES)
def test_a_role_that_cannot_be_had_is_found_before(write: str) -> None:
    caller, tap = bench(lambda _: (200, b""))
    denied = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"
    tap.role = lambda _: (403, denied)
    with pytest.raises(Misconfigured):
        WRITES[write](caller)
    assert {action(request) for request in tap.sent} == {"AssumeRole"}
