"""boto3 clients that answer with what a test says. botocore's Stubber checks every answer, and every request, against
AWS's own models, so a test's dictionary cannot have a shape that AWS would not send."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.stub import Stubber

WHEN = datetime(2026, 11, 22, 2, 13, tzinfo=UTC)
ACCOUNT = "123456789012"


@cache
def _session() -> Any:
    """One for all clients: to parse the services' models anew takes longer than the tests."""
    return boto3.session.Session()


def client_of(service: str) -> Any:
    """A client that must be stubbed: it has credentials that open nothing."""
    return _session().client(
        service,
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
        config=Config(retries={"total_max_attempts": 1}),
    )


@contextmanager
def answering(service: str, *answers: tuple[str, dict[str, Any], dict[str, Any]]) -> Iterator[Any]:
    """A client that answers these (operation, expected arguments, answer) in this order, and asks for no others."""
    client = client_of(service)
    with Stubber(client) as stub:
        for operation, arguments, answer in answers:
            stub.add_response(operation, answer, arguments)
        yield client
        stub.assert_no_pending_responses()


@contextmanager
def refusing(service: str, operation: str, code: str, status: int = 400, message: str = "no") -> Iterator[Any]:
    """A client whose first call is refused with this error code."""
    client = client_of(service)
    with Stubber(client) as stub:
        stub.add_client_error(operation, code, message, status)
        yield client


def arn(service: str, rest: str) -> str:
    """An ARN in the tests' account and region."""
    return f"arn:aws:{service}:us-east-1:{ACCOUNT}:{rest}"
