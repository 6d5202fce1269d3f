"""What the handlers of Application Auto Scaling share: the request, refusals, pages."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.core.exceptions import JsonRESTError

KEY = ("ServiceNamespace", "ResourceId", "ScalableDimension")


def request_of(response: Any) -> dict[str, Any]:
    """The request's body."""
    return dict(json.loads(response.body or "{}"))


def missing(what: str, given: Mapping[str, Any], also: str = "") -> JsonRESTError:
    """The error for something that is not registered."""
    text = (
        f"No {what} found for service namespace: {given.get('ServiceNamespace')}, "
        f"resource ID: {given.get('ResourceId')}, scalable dimension: {given.get('ScalableDimension')}{also}"
    )
    return JsonRESTError("ObjectNotFoundException", text)


def page(items: Sequence[Any], given: Mapping[str, Any], most: int = 50) -> tuple[list[Any], dict[str, str]]:
    """(this page, {"NextToken": ...} when there is more)."""
    size = int(given.get("MaxResults") or most)
    if not 1 <= size <= most:
        raise AWSValidationException(f"Maximum results must be between 1 and {most}.")
    first = 0
    if token := given.get("NextToken"):
        try:
            first = int(urlsafe_b64decode(str(token).encode()))
        except ValueError as problem:
            raise JsonRESTError("InvalidNextTokenException", "The specified next token is invalid.") from problem
    more = first + size < len(items)
    token_out = {"NextToken": urlsafe_b64encode(str(first + size).encode()).decode()} if more else {}
    return list(items[first : first + size]), token_out


def check_filter(given: Mapping[str, Any]) -> None:
    """A dimension can only be filtered on together with a resource."""
    if given.get("ScalableDimension") and not (given.get("ResourceId") or given.get("ResourceIds")):
        raise AWSValidationException("If you specify a scalable dimension, you must also specify a resource ID.")
