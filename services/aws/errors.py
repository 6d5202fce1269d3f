"""The only place that reads botocore's errors.

Two readers need them differently: a snapshot wants a code and a sentence for a `Gap`, everything else wants one of
Haven's own errors. For a write the question is also whether it may have taken effect although no answer came.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as boto
from botocore.parsers import ResponseParserError

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

THROTTLES = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottledException",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "ForbiddenException",
        "NotAuthorized",
        "OptInRequired",
        "UnauthorizedOperation",
    }
)
_CREDENTIALS = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_CONFLICTS = frozenset(
    {
        "AlreadyExistsException",
        "ConcurrentUpdateException",
        "ConflictException",
        "InvalidChangeSetStatus",
        "OperationInProgressException",
        "ResourceInUseException",
        "TokenAlreadyExistsException",
    }
)
_EXPLAINED = {
    "APICallRateForCustomerExceeded": "AWS allows test failovers of 15 node groups in 24 hours. Nothing was done.",
    "KMSKeyNotAccessibleFault": "RDS cannot use the key that encrypts it: see to the key's policy and state first.",
    "InvalidKMSKeyFault": "ElastiCache cannot use the key that encrypts it: see to the key's policy and state first.",
    "TestFailoverNotAvailableFault": (
        "AWS does not allow test failovers now, as it may during a large event. Nothing was done."
    ),
}
"""What AWS's own words leave open, by code. All four are refusals that time alone does not mend within minutes."""
_NEVER_SENT = (boto.EndpointConnectionError, boto.ConnectTimeoutError, boto.ProxyConnectionError)
_ANSWER_LOST = (boto.HTTPClientError, boto.IncompleteReadError, ResponseParserError)
_SETUP = (
    boto.NoCredentialsError,
    boto.PartialCredentialsError,
    boto.CredentialRetrievalError,
    boto.TokenRetrievalError,
    boto.UnauthorizedSSOTokenError,
    boto.ProfileNotFound,
    boto.ConfigNotFound,
    boto.ConfigParseError,
    boto.NoRegionError,
    boto.InvalidRegionError,
    boto.SSLError,
)


class StillWaiting(Exception):
    """An API is not asked again because an earlier call to it has had no answer for too long."""

    def __init__(self, api: str) -> None:
        super().__init__(f"An earlier call to {api} has had no answer yet, so it is not asked again until that ends.")


class NotAsked(Exception):
    """A part was not read because one that it needs could not be. `code` is the cause's own code."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


def code_of(error: BaseException) -> str:
    """AWS's error code; for an error without one, a plain word for what happened."""
    if isinstance(error, boto.ClientError):
        return str(error.response.get("Error", {}).get("Code") or _status(error) or "Unknown")
    if isinstance(error, NotAsked):
        return error.code
    if isinstance(error, (boto.ReadTimeoutError, boto.ConnectTimeoutError, TimeoutError, StillWaiting)):
        return "Timeout"
    if isinstance(error, _SETUP):
        return "Credentials" if not isinstance(error, boto.SSLError) else "TLS"
    if isinstance(error, _NEVER_SENT + _ANSWER_LOST) and not isinstance(error, ResponseParserError):
        return "Unreachable"
    return "UnexpectedAnswer"


def gap_of(error: BaseException) -> tuple[str, str]:
    """The code and the sentence of a gap. Takes any exception: what we did not foresee is a gap as well."""
    code = code_of(error)
    if isinstance(error, (NotAsked, StillWaiting)):
        return code, str(error)
    if isinstance(error, boto.ClientError):
        asked = getattr(error, "operation_name", "") or "a call"
        if code in THROTTLES:
            return code, f"AWS is throttling {asked}; it is asked again at the next tick."
        if code in _DENIED:
            what = "take on this environment's role" if asked.startswith("AssumeRole") else f"call {asked}"
            return code, f"Haven may not {what}: {_words(error)}"
        if code in _CREDENTIALS:
            return code, f"AWS did not accept Haven's credentials for {asked}: {_words(error)}"
        if _status(error) >= 500:
            return code, f"AWS failed inside {asked} (HTTP {_status(error)})."
        return code, f"AWS refused {asked}: {_words(error)}"
    if code == "Timeout":
        return code, "AWS did not answer in time."
    if code == "Unreachable":
        return code, "AWS could not be reached, or broke off the connection."
    if code in ("Credentials", "TLS"):
        return code, f"Haven's AWS access is not set up: {error}"
    return code, f"AWS answered in a form Haven does not understand ({type(error).__name__})."


def is_missing(error: BaseException) -> bool:
    """Whether AWS said that the thing asked about does not exist."""
    if not isinstance(error, boto.ClientError):
        return False
    code = code_of(error)
    stem = code.removesuffix("Exception").removesuffix("Fault")
    return stem.endswith((".NotFound", "NotFound", "NonExistentQueue", "QueueDoesNotExist")) or (
        code == "ValidationError" and "does not exist" in _words(error)
    )


def understood(error: Exception, *, write: bool = False) -> HavenError | None:
    """Haven's own error for one of botocore's, or None for anything that is a bug and should stay one.

    `write` says that the call changes something, so an answer that was lost means the outcome is unknown.
    """
    if isinstance(error, boto.ClientError):
        return _answered(error, write=write)
    if write and isinstance(error, boto.SSLError) and not _unverified(error):
        # TLS can break off after the request went out; only a certificate is always judged before.
        return OutcomeUnknown("The connection to AWS broke, so the change may or may not have been made.")
    if isinstance(error, _SETUP):
        return Misconfigured(f"Haven's AWS access is not set up: {error}")
    if isinstance(error, _NEVER_SENT):
        return NotNow("AWS could not be reached.")
    if isinstance(error, _ANSWER_LOST):
        if write:
            return OutcomeUnknown("AWS's answer was lost, so the change may or may not have been made.")
        return NotNow("AWS did not give an answer that could be read.")
    return None


@contextmanager
def translated(*, write: bool = False) -> Iterator[None]:
    """Raise Haven's own errors for botocore's inside the block."""
    try:
        yield
    except (boto.ClientError, boto.BotoCoreError, ResponseParserError) as error:
        ours = understood(error, write=write)
        if ours is None:
            raise
        raise ours from error


def _answered(error: boto.ClientError, *, write: bool) -> HavenError:
    code, words = code_of(error), _words(error)
    if code in THROTTLES:
        return NotNow(f"AWS is throttling {error.operation_name}.")
    if code in _DENIED or code in _CREDENTIALS:
        return Misconfigured(gap_of(error)[1])
    if _status(error) >= 500:
        if write:
            return OutcomeUnknown(f"AWS failed inside {error.operation_name}; the change may have been made.")
        return NotNow(f"AWS failed inside {error.operation_name}.")
    if code in _EXPLAINED:
        return Refused(f"{words.rstrip('. ')}. {_EXPLAINED[code]}")
    if is_missing(error):
        return NotFound(words)
    if code in _CONFLICTS or (code.startswith("Invalid") and code.removesuffix("Fault").endswith("State")):
        return Conflict(words)
    if code.startswith(("Validation", "InvalidParameter", "InvalidInput")):
        return Invalid(words)
    return Refused(words)


def _unverified(error: boto.SSLError) -> bool:
    """Whether AWS's certificate was not accepted. urllib3 wraps the reason in its own exception's arguments."""
    seen: list[object] = [error.kwargs.get("error")]
    while seen:
        found = seen.pop()
        if isinstance(found, ssl.SSLCertVerificationError):
            return True
        if isinstance(found, BaseException):
            seen += [*found.args, found.__cause__, found.__context__]
    return False


def _status(error: boto.ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)


def _words(error: boto.ClientError) -> str:
    return str(error.response.get("Error", {}).get("Message") or code_of(error))
