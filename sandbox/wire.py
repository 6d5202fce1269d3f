"""What an AWS request asks for and how AWS would refuse it: service, operation and input read from the wire by
botocore's models, and errors in the wire form of the service's protocol."""

import json
import logging
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs
from uuid import uuid4
from xml.sax.saxutils import escape

from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request, determine_request_protocol
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

log = logging.getLogger("sandbox.wire")

SIGNING_NAMES = {
    "elasticloadbalancing": "elbv2",
    "monitoring": "cloudwatch",
    "apigateway": "apigatewayv2",
    "tagging": "resourcegroupstaggingapi",
}
"""Where a service signs under another name than botocore's own for it."""


class Answer(Exception):
    """An AWS error to send: code, HTTP status and message."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.status = code, message, status


@dataclass
class Call:
    """One request: botocore's names for service and operation (None if AWS has no such operation), and who asks."""

    service: str
    operation: str | None
    region: str
    access_key: str
    protocol: str
    environ: dict[str, Any]

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """The input in boto3's shape; empty if it does not parse (moto then says what is wrong)."""
        if self.operation is None:
            return {}
        request = Request(dict(self.environ))
        try:
            operation, in_path = get_service_router(self.service).match(request)
            parser = PROTOCOL_PARSERS[self.protocol](operation)
            return parser.parse(
                {
                    "method": request.method,
                    "values": request.values,
                    "headers": request.headers,
                    "body": request.get_data(cache=True),
                    "url_path": request.path,
                    "url_params": in_path,
                }
            )
        except Exception as problem:  # a body that does not parse is for the service's own handler to refuse
            log.debug("input of %s.%s does not parse: %s", self.service, self.operation, problem)
            return {}
        finally:
            self.environ["wsgi.input"].seek(0)


def buffer_body(environ: dict[str, Any]) -> bytes:
    """The request's body, left readable from its start for whoever comes next."""
    source = environ["wsgi.input"]
    if not isinstance(source, BytesIO):
        source = BytesIO(source.read(int(environ.get("CONTENT_LENGTH") or 0)))
        environ["wsgi.input"] = source
    source.seek(0)
    body: bytes = source.read()
    source.seek(0)
    return body


def identify(environ: dict[str, Any]) -> Call | None:
    """Who is asked for what (remembered in the request); None if it is not signed for a service botocore knows."""
    if "sandbox.call" not in environ:
        environ["sandbox.call"] = _identify(environ)
    call: Call | None = environ["sandbox.call"]
    return call


def _identify(environ: dict[str, Any]) -> Call | None:
    body = buffer_body(environ)
    try:
        scope = environ.get("HTTP_AUTHORIZATION", "").split("Credential=", 1)[1].split(",")[0].split("/")
        access_key, region, signed = scope[0].strip(), scope[2], scope[3].lower()
    except IndexError:
        return None
    service = SIGNING_NAMES.get(signed, signed)
    if service == "apigatewayv2" and not environ.get("PATH_INFO", "").startswith("/v2/"):
        service = "apigateway"
    try:
        model = get_service_model(service)
        protocol = determine_request_protocol(model, environ.get("CONTENT_TYPE", ""))
    except Exception:  # an unknown service, or a protocol it does not speak: moto answers
        return None
    return Call(service, _operation(service, protocol, environ, body), region, access_key, protocol, environ)


def _operation(service: str, protocol: str, environ: dict[str, Any], body: bytes) -> str | None:
    model = get_service_model(service)
    if protocol in ("query", "ec2"):
        given = parse_qs(environ.get("QUERY_STRING", "")).get("Action") or parse_qs(
            body.decode("utf-8", "replace")
        ).get("Action")
        name = given[0] if given else ""
    elif protocol == "json":
        name = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    else:
        try:
            name = get_service_router(service).match(Request(dict(environ)))[0].name
        except (HTTPException, NotImplementedError):
            return None
        finally:
            environ["wsgi.input"].seek(0)
    return name if name in model.operation_names else None


def error(call: Call | None, answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body of an AWS error as this call's service words it (JSON if the service is unknown)."""
    protocol = call.protocol if call else "json"
    request_id = str(uuid4())
    code, message = escape(answer.code), escape(answer.message)
    headers = [("x-amzn-RequestId", request_id)]
    if protocol in ("query", "ec2", "rest-xml"):
        headers.append(("Content-Type", "text/xml"))
        fault = "Sender" if answer.status < 500 else "Receiver"
        text = {
            "ec2": f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors>"
            f"<RequestID>{request_id}</RequestID></Response>",
            "rest-xml": f"<Error><Code>{code}</Code><Message>{message}</Message><RequestId>{request_id}</RequestId>"
            "</Error>",
        }.get(
            protocol,
            f"<ErrorResponse><Error><Type>{fault}</Type><Code>{code}</Code><Message>{message}</Message></Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>",
        )
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    else:
        headers += [
            ("Content-Type", "application/json" if protocol == "rest-json" else "application/x-amz-json-1.1"),
            ("x-amzn-ErrorType", answer.code),
        ]
        kind = {} if protocol == "rest-json" else {"__type": answer.code}
        body = json.dumps({**kind, "message": answer.message}).encode()
    headers.append(("Content-Length", str(len(body))))
    return answer.status, headers, body
