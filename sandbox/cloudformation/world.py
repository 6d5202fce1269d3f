"""What the engine asks of the rest of the sandbox, as the resources' owner: API calls of other services, in process."""

import hashlib
import json
import string
from dataclasses import dataclass
from functools import lru_cache
from random import Random
from typing import Any

from botocore.exceptions import ClientError, ParamValidationError

from sandbox.cloudformation.errors import Failed, Unsupported

_draw = Random()  # its own: whoever seeds the global one would have names drawn twice


@dataclass(frozen=True)
class Target:
    """The resource a handler works for: where it lives and what it belongs to."""

    account: str
    region: str
    stack: str
    stack_id: str
    logical: str

    def call(self, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """Call an API as boto3 names it. Values are brought to the types of the API's input shape, and names matched
        regardless of the case of their letters; None is left out. Raises Unsupported for a name the API lacks,
        ClientError for a refusal."""
        from sandbox.inproc import client

        speaker = client(service, self.region, self.account)
        shape = speaker.meta.service_model.operation_model(speaker.meta.method_to_api_mapping[operation]).input_shape
        ready = coerce(parameters, shape, "") if shape is not None else {}
        answer: dict[str, Any] = getattr(speaker, operation)(**ready)
        return answer

    def generated(self, limit: int = 255, *, lower: bool = False) -> str:
        """A fresh physical name after AWS's fashion: stack, logical id and random characters, within `limit`."""
        end = "-" + "".join(_draw.choices(string.ascii_uppercase + string.digits, k=12))
        room = limit - len(end)
        stack, logical = self.stack, self.logical
        if len(stack) + len(logical) >= room:  # each keeps its beginning, neither pushes the other out
            logical = logical[: max(room // 2 - 1, room - 1 - len(stack))]
            stack = stack[: room - 1 - len(logical)].rstrip("-")
        stem = f"{stack}-{logical}"
        return (stem + end).lower() if lower else stem + end


def coerce(value: Any, shape: Any, place: str) -> Any:
    """A resolved CloudFormation value as the botocore input shape wants it."""
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        if getattr(shape, "is_document_type", False):
            return value
        members = {name.lower(): name for name in shape.members}
        made = {}
        for key, item in value.items():
            if item is None:
                continue
            name = members.get(str(key).lower())
            if name is None:
                raise Unsupported(f"{place}{key}")
            made[name] = coerce(item, shape.members[name], f"{place}{key}/")
        return made
    if kind == "list":
        items = value if isinstance(value, list) else [value]
        return [coerce(item, shape.member, place) for item in items]
    if kind == "map" and isinstance(value, dict):
        return {str(k): coerce(v, shape.value, f"{place}{k}/") for k, v in value.items()}
    return _scalar(value, kind, place)


def _scalar(value: Any, kind: str, place: str) -> Any:
    where = place.rstrip("/")
    try:
        if kind in ("integer", "long"):
            return int(value)
        if kind in ("float", "double"):
            return float(value)
    except (TypeError, ValueError):
        raise Failed(f"Model validation failed (#/{where}: expected type: Number, found: {value!r})") from None
    if kind == "boolean":
        if str(value).lower() not in ("true", "false"):
            raise Failed(f"Model validation failed (#/{where}: expected type: Boolean, found: {value!r})")
        return str(value).lower() == "true"
    if kind == "string":
        if isinstance(value, dict | list):
            return json.dumps(value)
        return ("true" if value else "false") if isinstance(value, bool) else str(value)
    if kind == "blob" and isinstance(value, str):
        return value.encode()
    if kind in ("structure", "map"):
        raise Failed(f"Model validation failed (#/{where}: expected type: JSONObject, found: {type(value).__name__})")
    return value


_CODES = (
    (("AlreadyExists", "Duplicate", "InUse", "Conflict"), "AlreadyExists"),
    (("NotFound", "NoSuch", "DoesNotExist"), "NotFound"),
    (("AccessDenied", "Unauthorized"), "AccessDenied"),
    (("Throttl", "RequestLimit"), "Throttling"),
    (("LimitExceeded", "Quota", "Insufficient"), "ServiceLimitExceeded"),
)


_BUSY = ("InvalidDBInstanceState", "InvalidDBClusterState", "InvalidReplicationGroupState")


def missing(error: ClientError) -> bool:
    """Whether an API said that what was asked for is not there."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    text = str(error.response.get("Error", {}).get("Message", ""))
    return (
        _handler_code(code) == "NotFound" or code == "404" or (code.endswith("Fault") and "not found" in text.lower())
    )


def retried(error: ClientError) -> bool:
    """Whether CloudFormation would try again a deletion refused so: something that uses the resource is going too, or
    the resource is still on its way."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    return busy(error) or any(mark in code for mark in ("DependencyViolation", "InUse", "DeleteConflict"))


def busy(error: ClientError) -> bool:
    """Whether the resource is still at something else, so that a change has to wait."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    return any(mark in code for mark in _BUSY)


def _handler_code(code: str) -> str:
    return next((name for marks, name in _CODES if any(m in code for m in marks)), "InvalidRequest")


def reason(error: Exception, request: str) -> str:
    """The event's reason for a failure, in the words of CloudFormation's resource handlers."""
    if isinstance(error, Unsupported):
        return str(error)
    if isinstance(error, ClientError):
        found = error.response.get("Error", {})
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
        digest = hashlib.sha256(request.encode()).hexdigest()
        token = f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"
        return (
            f'Resource handler returned message: "{found.get("Message")} (Service: {error.operation_name}, '
            f'Status Code: {status}, Request ID: {token})" (RequestToken: {token}, '
            f"HandlerErrorCode: {_handler_code(str(found.get('Code')))})"
        )
    if isinstance(error, ParamValidationError):
        return f'Resource handler returned message: "{error}" (HandlerErrorCode: InvalidRequest)'
    return str(error)


@lru_cache(maxsize=32)
def zones(account: str, region: str) -> tuple[str, ...]:
    """The availability zones of a region."""
    from sandbox.inproc import client

    found = client("ec2", region, account).describe_availability_zones()["AvailabilityZones"]
    return tuple(sorted(z["ZoneName"] for z in found))


def ssm_parameter(account: str, region: str, name: str) -> str:
    """The value of an SSM parameter. Raises ClientError when there is none."""
    from sandbox.inproc import client

    return str(client("ssm", region, account).get_parameter(Name=name)["Parameter"]["Value"])
