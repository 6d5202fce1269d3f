"""The irreversible calls: what is sent, that it is sent once, and what each way to fail means."""

from urllib.parse import parse_qs

import pytest
from botocore import exceptions as boto
from botocore.awsrequest import AWSPreparedRequest

from services.aws.failover_calls import FailoverCaller
from services.aws.session import Sessions, Wire
from services.domain.errors import (
    Conflict,
    HavenError,
    Invalid,
    Misconfigured,
    NotFound,
    NotNow,
    OutcomeUnknown,
    Refused,
)
from services.domain.operation import Operation, Target
from tests.builders.places import environment
from tests.unit.aws.operations import failover_of
from tests.unit.aws.wiretap import Answer, Wiretap
from tests.unit.aws.world import Clock

URL = "https://rds.us-east-1.amazonaws.com/"
OPERATOR = "arn:aws:iam::123456789012:role/haven-operator"
PLAIN = environment("production")
ASSUMED = environment("production", operator_role_arn=OPERATOR)


@pytest.fixture(autouse=True)
def _own_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHAVEN")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "own")


def bench(answer: Answer) -> tuple[FailoverCaller, Wiretap]:
    clock = Clock()
    tap = Wiretap(clock, answer)
    return FailoverCaller(Sessions(Wire(threads=3), clock, tap.instrument)), tap


INSTANCE = failover_of(Target.DATABASE_INSTANCE, "production-app")


def refusal(code: str, status: int = 400, message: str = "AWS's words") -> Answer:
    body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
    return lambda _: (status, body.encode())


def raising(error: Exception) -> Answer:
    def answer(_: AWSPreparedRequest) -> tuple[int, bytes]:
        raise error

    return answer


def accepted(request: AWSPreparedRequest) -> tuple[int, bytes]:
    action, meta = form(request)["Action"], "<ResponseMetadata><RequestId>req-1</RequestId></ResponseMetadata>"
    return 200, f"<{action}Response><{action}Result/>{meta}</{action}Response>".encode()


def form(request: AWSPreparedRequest) -> dict[str, str]:
    body = request.body.decode() if isinstance(request.body, bytes) else str(request.body)
    return {name: values[0] for name, values in parse_qs(body).items() if name != "Version"}


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (
            INSTANCE,
            {"Action": "RebootDBInstance", "DBInstanceIdentifier": "production-app", "ForceFailover": "true"},
        ),
        (
            failover_of(Target.DATABASE_CLUSTER, "production-main"),
            {"Action": "FailoverDBCluster", "DBClusterIdentifier": "production-main"},
        ),
        (
            failover_of(Target.DATABASE_CLUSTER, "production-main", to_member="production-main-2"),
            {
                "Action": "FailoverDBCluster",
                "DBClusterIdentifier": "production-main",
                "TargetDBInstanceIdentifier": "production-main-2",
            },
        ),
        (
            failover_of(Target.CACHE, "production-cache"),
            {"Action": "TestFailover", "ReplicationGroupId": "production-cache", "NodeGroupId": "0001"},
        ),
        (
            failover_of(Target.CACHE, "production-cache", node_group="0003"),
            {"Action": "TestFailover", "ReplicationGroupId": "production-cache", "NodeGroupId": "0003"},
        ),
    ],
    ids=lambda value: value.get("Action") if isinstance(value, dict) else value.target,
)
def test_each_kind_of_target_has_its_one_request(asked: Operation, sent: dict[str, str]) -> None:
    caller, tap = bench(accepted)
    assert caller.fail_over(PLAIN, asked).request_id == "req-1"
    assert [form(request) for request in tap.sent] == [sent]


@pytest.mark.parametrize(
    ("answer", "means"),
    [
        (refusal("InvalidDBInstanceState"), Conflict),
        (refusal("InvalidDBClusterStateFault"), Conflict),
        (refusal("InvalidReplicationGroupState"), Conflict),
        (refusal("InvalidCacheClusterState"), Conflict),
        (refusal("InvalidParameterCombination"), Invalid),
        (refusal("DBInstanceNotFound", 404), NotFound),
        (refusal("DBClusterNotFoundFault", 404), NotFound),
        (refusal("NodeGroupNotFoundFault", 404), NotFound),
        (refusal("KMSKeyNotAccessibleFault"), Refused),
        (refusal("APICallRateForCustomerExceeded"), Refused),
        (refusal("TestFailoverNotAvailableFault"), Refused),
        (refusal("InvalidKMSKeyFault"), Refused),
        (refusal("Throttling"), NotNow),
        (refusal("ThrottlingException"), NotNow),
        (refusal("RequestLimitExceeded", 503), NotNow),
        (refusal("AccessDenied", 403), Misconfigured),
        (refusal("InternalFailure", 500), OutcomeUnknown),
        (refusal("ServiceUnavailable", 503), OutcomeUnknown),
        (lambda _: (504, b"<html>Gateway Timeout</html>"), OutcomeUnknown),
        (lambda _: (200, b"<cut off"), OutcomeUnknown),
        (raising(boto.ConnectTimeoutError(endpoint_url=URL)), NotNow),
        (raising(boto.EndpointConnectionError(endpoint_url=URL, error="refused")), NotNow),
        (raising(boto.ReadTimeoutError(endpoint_url=URL)), OutcomeUnknown),
        (raising(boto.ConnectionClosedError(endpoint_url=URL)), OutcomeUnknown),
        (
            raising(boto.SSLError(endpoint_url=URL, error=OSError("EOF occurred in violation of protocol"))),
            OutcomeUnknown,
        ),
    ],
)
def test_whatever_comes_back_it_was_sent_once_and_says_what_may_have_happened(
    answer: Answer, means: type[HavenError]
) -> None:
    caller, tap = bench(answer)
    with pytest.raises(HavenError) as raised:
        caller.fail_over(PLAIN, INSTANCE)
    assert type(raised.value) is means
    assert len(tap.sent) == 1


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("APICallRateForCustomerExceeded", "15 node groups in 24 hours"),
        ("TestFailoverNotAvailableFault", "large event"),
    ],
)
def test_a_refusal_that_waiting_does_not_mend_says_what_it_is_about(code: str, says: str) -> None:
    caller, _ = bench(refusal(code))
    with pytest.raises(Refused, match=says):
        caller.fail_over(PLAIN, failover_of(Target.CACHE, "production-cache"))


@pytest.mark.parametrize(
    ("answer", "means"),
    [
        (refusal("AccessDenied", 403), Misconfigured),
        (refusal("InternalFailure", 500), NotNow),
        (raising(boto.ReadTimeoutError(endpoint_url="https://sts.amazonaws.com/")), NotNow),
    ],
)
def test_a_role_that_cannot_be_had_is_found_before_anything_is_sent(answer: Answer, means: type[HavenError]) -> None:
    caller, tap = bench(accepted)
    tap.role = answer
    for ask in (lambda: caller.ready(ASSUMED), lambda: caller.fail_over(ASSUMED, INSTANCE)):
        with pytest.raises(HavenError) as raised:
            ask()
        assert type(raised.value) is means
    assert all("sts" in request.url for request in tap.sent)


def test_being_ready_assumes_the_role_once_and_sends_nothing_else() -> None:
    caller, tap = bench(accepted)
    caller.ready(ASSUMED)
    assert tap.assumed() == len(tap.sent) == 1
    caller.fail_over(ASSUMED, INSTANCE)
    assert tap.assumed() == 1
    assert form(tap.sent[-1])["Action"] == "RebootDBInstance"
    assert tap.sent[-1].headers["X-Amz-Security-Token"] in ("the-token", b"the-token")


def test_a_request_that_could_not_even_be_made_is_a_bug_and_nothing_unknown() -> None:
    caller, tap = bench(accepted)
    with pytest.raises(boto.ParamValidationError):
        caller.fail_over(PLAIN, failover_of(Target.DATABASE_INSTANCE, None))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="service"):
        caller.fail_over(PLAIN, failover_of(Target.SERVICE, "rbac"))
    assert tap.sent == []
