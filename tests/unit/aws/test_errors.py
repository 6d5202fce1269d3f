"""botocore's errors in Haven's words."""

from ssl import SSLCertVerificationError

import pytest
from botocore import exceptions as boto
from botocore.parsers import ResponseParserError
from urllib3.exceptions import SSLError as UrllibSSLError

from services.aws.errors import NotAsked, StillWaiting, code_of, gap_of, is_missing, translated, understood
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

URL = "http://aws.test"
BAD_CERTIFICATE = UrllibSSLError(SSLCertVerificationError("certificate verify failed"))


def answered(
    code: str, status: int = 400, message: str = "AWS's words", operation: str = "DescribeThings"
) -> Exception:
    return boto.ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}},  # type: ignore[typeddict-item]
        operation,
    )


@pytest.mark.parametrize(
    ("error", "reading", "writing"),
    [
        (answered("Throttling"), NotNow, NotNow),
        (answered("ThrottlingException", 400), NotNow, NotNow),
        (answered("RequestLimitExceeded", 503), NotNow, NotNow),
        (answered("InternalFailure", 500), NotNow, OutcomeUnknown),
        (answered("ServiceUnavailable", 503), NotNow, OutcomeUnknown),
        (answered("AccessDenied", 403), Misconfigured, Misconfigured),
        (answered("AccessDeniedException", 400), Misconfigured, Misconfigured),
        (answered("UnauthorizedOperation", 403), Misconfigured, Misconfigured),
        (answered("ExpiredToken", 403), Misconfigured, Misconfigured),
        (answered("InvalidClientTokenId", 403), Misconfigured, Misconfigured),
        (answered("UnrecognizedClientException", 400), Misconfigured, Misconfigured),
        (answered("SignatureDoesNotMatch", 403), Misconfigured, Misconfigured),
        (answered("DBInstanceNotFound", 404), NotFound, NotFound),
        (answered("ReplicationGroupNotFoundFault", 404), NotFound, NotFound),
        (answered("ClusterNotFoundException"), NotFound, NotFound),
        (answered("AWS.SimpleQueueService.NonExistentQueue"), NotFound, NotFound),
        (answered("InvalidSubnetID.NotFound"), NotFound, NotFound),
        (answered("ValidationError", 400, "Stack with id x does not exist"), NotFound, NotFound),
        (answered("InvalidDBInstanceState"), Conflict, Conflict),
        (answered("InvalidReplicationGroupState"), Conflict, Conflict),
        (answered("InvalidDBClusterStateFault"), Conflict, Conflict),
        (answered("AlreadyExistsException"), Conflict, Conflict),
        (answered("ConcurrentUpdateException"), Conflict, Conflict),
        (answered("ValidationError"), Invalid, Invalid),
        (answered("InvalidParameterCombination"), Invalid, Invalid),
        (answered("APICallRateForCustomerExceeded"), Refused, Refused),
        (answered("LimitExceededException"), Refused, Refused),
        (boto.EndpointConnectionError(endpoint_url=URL), NotNow, NotNow),
        (boto.ConnectTimeoutError(endpoint_url=URL), NotNow, NotNow),
        (boto.ReadTimeoutError(endpoint_url=URL), NotNow, OutcomeUnknown),
        (boto.ConnectionClosedError(endpoint_url=URL), NotNow, OutcomeUnknown),
        (ResponseParserError("not XML"), NotNow, OutcomeUnknown),
        (boto.NoCredentialsError(), Misconfigured, Misconfigured),
        (boto.PartialCredentialsError(provider="env", cred_var="secret"), Misconfigured, Misconfigured),
        (boto.NoRegionError(), Misconfigured, Misconfigured),
        (boto.SSLError(endpoint_url=URL, error=BAD_CERTIFICATE), Misconfigured, Misconfigured),
        (boto.SSLError(endpoint_url=URL, error=OSError("EOF occurred")), Misconfigured, OutcomeUnknown),
    ],
    ids=lambda value: code_of(value) if isinstance(value, Exception) else value.__name__,
)
def test_each_error_has_one_meaning_for_a_read_and_one_for_a_write(
    error: Exception, reading: type[HavenError], writing: type[HavenError]
) -> None:
    assert type(understood(error)) is reading
    assert type(understood(error, write=True)) is writing


def test_a_bug_stays_a_bug() -> None:
    assert understood(KeyError("x")) is None
    with pytest.raises(boto.ParamValidationError), translated():
        raise boto.ParamValidationError(report="Missing required parameter")


def test_inside_translated_only_haven_errors_leave_and_keep_their_cause() -> None:
    with pytest.raises(NotNow, match="throttling DescribeThings") as caught, translated():
        raise answered("Throttling")
    assert isinstance(caught.value.__cause__, boto.ClientError)


@pytest.mark.parametrize(
    ("error", "code", "sentence"),
    [
        (answered("Throttling"), "Throttling", "AWS is throttling DescribeThings; it is asked again at the next tick."),
        (answered("AccessDenied", 403), "AccessDenied", "Haven may not call DescribeThings: AWS's words"),
        (
            answered("AccessDenied", 403, operation="AssumeRole"),
            "AccessDenied",
            "Haven may not take on this environment's role: AWS's words",
        ),
        (
            answered("ExpiredToken", 403),
            "ExpiredToken",
            "AWS did not accept Haven's credentials for DescribeThings: AWS's words",
        ),
        (answered("InternalFailure", 500), "InternalFailure", "AWS failed inside DescribeThings (HTTP 500)."),
        (answered("NoSuchThing"), "NoSuchThing", "AWS refused DescribeThings: AWS's words"),
        (boto.ReadTimeoutError(endpoint_url=URL), "Timeout", "AWS did not answer in time."),
        (TimeoutError(), "Timeout", "AWS did not answer in time."),
        (
            boto.EndpointConnectionError(endpoint_url=URL),
            "Unreachable",
            "AWS could not be reached, or broke off the connection.",
        ),
        (
            boto.NoCredentialsError(),
            "Credentials",
            "Haven's AWS access is not set up: Unable to locate credentials",
        ),
        (KeyError("x"), "UnexpectedAnswer", "AWS answered in a form Haven does not understand (KeyError)."),
        (NotAsked("Throttling", "Not read."), "Throttling", "Not read."),
        (
            StillWaiting("rds"),
            "Timeout",
            "An earlier call to rds has had no answer yet, so it is not asked again until that ends.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_gap_says_why_in_a_code_and_a_sentence(error: Exception, code: str, sentence: str) -> None:
    assert gap_of(error) == (code, sentence)


def test_an_answer_without_a_code_is_named_by_its_status() -> None:
    nameless = boto.ClientError({"ResponseMetadata": {"HTTPStatusCode": 502}}, "DescribeThings")  # type: ignore[typeddict-item]
    assert gap_of(nameless) == ("502", "AWS failed inside DescribeThings (HTTP 502).")


def test_missing_is_only_what_aws_says_does_not_exist() -> None:
    assert is_missing(answered("LoadBalancerNotFound"))
    assert not is_missing(answered("ValidationError", 400, "1 validation error detected"))
    assert not is_missing(KeyError("NotFound"))
