"""One request to CloudFormation, and what several actions read from it in the same way."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import unquote, urlparse

from botocore.exceptions import ClientError

from sandbox.cloudformation import state
from sandbox.cloudformation.errors import Refused, invalid, no_stack
from sandbox.cloudformation.model import Ledger, Stack
from sandbox.cloudformation.template import BODY_LIMIT, URL_LIMIT

PAGE = 100
_NAME = re.compile(r"[a-zA-Z][-a-zA-Z0-9]{0,127}")
_TOKEN = re.compile(r"[a-zA-Z0-9][-a-zA-Z0-9]{0,127}")
T = TypeVar("T")


@dataclass(frozen=True)
class Request:
    """Who asks, where, and for what: `parameters` in boto3's shape."""

    account: str
    region: str
    parameters: dict[str, Any]

    def get(self, name: str, default: Any = None) -> Any:
        """A parameter, or the default."""
        return self.parameters.get(name, default)

    def require(self, name: str) -> Any:
        """A parameter that must be there."""
        found = self.parameters.get(name)
        if found in (None, ""):
            raise invalid(
                f"1 validation error detected: Value null at '{name[0].lower()}{name[1:]}' "
                "failed to satisfy constraint: "
                "Member must not be null"
            )
        return found

    @property
    def ledger(self) -> Ledger:
        return state.ledger(self.account, self.region)

    def stack(self, name: str = "StackName") -> Stack:
        """The stack the request names; raises Refused when there is none."""
        asked = str(self.require(name))
        found = self.ledger.find(asked)
        if found is None:
            raise no_stack(asked)
        return found

    def live_stack(self) -> Stack:
        """The named stack, which is not deleted."""
        found = self.stack()
        if found.status == "DELETE_COMPLETE":
            raise no_stack(str(self.get("StackName")))
        return found

    @property
    def tags(self) -> dict[str, str] | None:
        """The stack tags given, or None when none were."""
        given = self.get("Tags")
        if given is None:
            return None
        tags = {str(t["Key"]): str(t["Value"]) for t in given}
        if len(tags) > 50 or any(
            not k or len(k) > 128 or k.startswith("aws:") or len(v) > 256 for k, v in tags.items()
        ):
            raise invalid(
                "Tags are at most 50, with keys of 1 to 128 characters not starting with aws: and values of at most 256"
            )
        return tags


def new_name(name: str) -> str:
    """A stack's or change set's name, checked."""
    if not _NAME.fullmatch(name):
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy "
            "constraint: Member must satisfy "
            "regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )
    return name


def template_text(request: Request, previous: str | None = None) -> str:
    """The template's text: given, from S3, or the stack's present one."""
    body, url = request.get("TemplateBody"), request.get("TemplateURL")
    if request.get("UsePreviousTemplate"):
        if body or url:
            raise invalid("You cannot specify both usePreviousTemplate and Template Body/Template URL.")
        if not previous:
            raise invalid("Template error: there is no previous template to use")
        return previous
    if body and url:
        raise invalid("Either Template URL or Template Body must be specified, not both.")
    if body:
        if len(str(body).encode()) > BODY_LIMIT:
            raise invalid(
                "1 validation error detected: Value at 'templateBody' failed to satisfy "
                "constraint: Member must have length "
                f"less than or equal to {BODY_LIMIT}"
            )
        return str(body)
    if url:
        return _fetched(request, str(url))
    raise invalid("Either Template URL or Template Body must be specified.")


def _fetched(request: Request, url: str) -> str:
    from sandbox.inproc import client

    parts = urlparse(url)
    host = (parts.hostname or "").split(".")
    path = unquote(parts.path.lstrip("/"))
    virtual = len(host) > 2 and host[1].startswith("s3")
    bucket, key = (host[0], path) if virtual else (path.partition("/")[0], path.partition("/")[2])
    if not bucket or not key or parts.scheme not in ("http", "https"):
        raise invalid("TemplateURL must be a supported URL.")
    try:
        read = (
            client("s3", request.region, request.account).get_object(Bucket=bucket, Key=key)["Body"].read(URL_LIMIT + 1)
        )
    except ClientError:
        raise invalid("S3 error: Access Denied") from None
    if len(read) > URL_LIMIT:
        raise invalid(f"Template may not exceed {URL_LIMIT} bytes in size.")
    return str(read.decode("utf-8", "replace"))


def token_of(request: Request, action: str) -> str:
    """The client token, checked: using one again for something else is refused. A request that is refused itself does
    not use its token up."""
    token = str(request.get("ClientRequestToken") or request.get("ClientToken") or "")
    if not token:
        return ""
    if not _TOKEN.fullmatch(token):
        raise invalid(
            "1 validation error detected: Value at 'clientRequestToken' failed to satisfy "
            "constraint: Member must satisfy "
            "regular expression pattern: [a-zA-Z0-9][-a-zA-Z0-9]*"
        )
    known = request.ledger.tokens.get(token)
    if known is not None and known[0] != _digest(request, action):
        raise Refused("TokenAlreadyExistsException", f"Token {token} already exists with different input")
    return token


def _digest(request: Request, action: str) -> str:
    said = json.dumps([action, request.parameters], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()


def answered(request: Request, token: str) -> str | None:
    """What a request with this very token was answered before: the stack's id; None when it is new."""
    known = request.ledger.tokens.get(token) if token else None
    return known[1] if known and known[1] else None


def remember(request: Request, action: str, token: str, answer: str) -> None:
    """Keep the answer to a token, so that a repeat is harmless."""
    if token:
        request.ledger.tokens[token] = (_digest(request, action), answer)


def page(request: Request, rows: Sequence[T], size: int = PAGE) -> tuple[list[T], str | None]:
    """One page of rows and the token of the next."""
    start = int(read_token(request) or 0)
    more = start + size < len(rows)
    return list(rows[start : start + size]), make_token(str(start + size)) if more else None


def make_token(value: str) -> str:
    """An opaque token."""
    return base64.urlsafe_b64encode(f"haven:{value}".encode()).decode()


def read_token(request: Request) -> str | None:
    """The value inside the request's NextToken, a number; raises Refused when it is not one of ours."""
    token = request.get("NextToken")
    if not token:
        return None
    try:
        label, _, value = base64.urlsafe_b64decode(str(token).encode()).decode().partition(":")
    except (binascii.Error, ValueError):
        raise invalid("NextToken is invalid") from None
    if label != "haven" or not value.isdigit():
        raise invalid("NextToken is invalid")
    return value
