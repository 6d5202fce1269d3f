"""Pages of ECS lists: maxResults 1 to 100 and an opaque nextToken."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Mapping, Sequence
from typing import Any

from moto.ecs.exceptions import InvalidParameterException

LARGEST = 100


def page(items: Sequence[Any], given: Mapping[str, Any], default: int = LARGEST) -> tuple[list[Any], dict[str, str]]:
    """(this page, {"nextToken": ...} when there is more). The token names the place after the last shown."""
    size = int(given.get("maxResults") or default)
    if not 1 <= size <= LARGEST:
        raise InvalidParameterException(f"maxResults must be between 1 and {LARGEST}.")
    start = 0
    if given.get("nextToken"):
        try:
            start = int(urlsafe_b64decode(given["nextToken"].encode()))
        except (Error, ValueError) as problem:
            raise InvalidParameterException("Invalid token.") from problem
    shown = list(items[start : start + size])
    more = start + size < len(items)
    return shown, {"nextToken": urlsafe_b64encode(str(start + size).encode()).decode()} if more else {}
