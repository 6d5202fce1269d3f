"""boto3 clients whose requests go straight into the sandbox's own application, on the same thread: no socket, and the
re-entrant lock stays held. The engine and the gaps use them to act as AWS acts on its own behalf."""

from functools import cache
from io import BytesIO
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from werkzeug.test import EnvironBuilder, run_wsgi_app


class _Body(BytesIO):
    def stream(self, *_: Any, **__: Any) -> Any:
        yield self.read()


@cache
def _session() -> Any:
    """One for all clients: it keeps the services' models, whose loading is most of the work of making a client."""
    return boto3.session.Session()


@cache
def client(service: str, region: str, account: str) -> Any:
    """A boto3 client of a service for one account and region, answered in process."""
    made = _session().client(
        service,
        region_name=region,
        endpoint_url="http://sandbox.internal",
        aws_access_key_id="SANDBOX",
        aws_secret_access_key="internal",  # noqa: S106 - a placeholder: nothing checks it
        config=Config(retries={"total_max_attempts": 1}),  # a retry would sleep with the lock held
    )

    def send(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        from sandbox.wsgi import inner_application

        headers = {k: v.decode() if isinstance(v, bytes) else v for k, v in request.headers.items()}
        headers["x-moto-account-id"] = account
        body = request.body or b""
        data: Any = body.encode() if isinstance(body, str) else body.read() if hasattr(body, "read") else body
        path, _sep, query = request.url.split("sandbox.internal", 1)[1].partition("?")
        environ = EnvironBuilder(
            path=path or "/",
            query_string=query,
            method=request.method,
            headers=list(headers.items()),
            data=data,
            content_type=headers.get("Content-Type"),
        ).get_environ()
        chunks, status, reply = run_wsgi_app(inner_application(), environ, buffered=True)
        return AWSResponse(request.url, int(status.split()[0]), HTTPHeaders.from_pairs(reply), _Body(b"".join(chunks)))

    made.meta.events.register("before-send", send)
    return made
