"""Zonal shifts: taking an Availability Zone of a load balancer out of traffic for a while (aws-facts 5.2)."""

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.exceptions import JsonRESTError
from moto.elbv2.models import elbv2_backends

from sandbox.clock import clock, transition

DURATION = re.compile(r"([1-9][0-9]*)([mh])")
SHORTEST, LONGEST = timedelta(minutes=1), timedelta(hours=72)
LONGEST_COMMENT = 128
STATUSES = ("ACTIVE", "EXPIRED", "CANCELED")


class Refusal(JsonRESTError):
    """An error of the service, with the reason that tells more than its code."""

    def __init__(self, kind: str, message: str, status: int, reason: str | None = None) -> None:
        super().__init__(kind, message)
        self.code = status
        self.description = _body(message, reason)


def _body(message: str, reason: str | None) -> str:
    import json

    return json.dumps({"message": message, **({"reason": reason} if reason else {})})


def invalid(message: str, reason: str) -> Refusal:
    """ValidationException."""
    return Refusal("ValidationException", message, 400, reason)


def conflict(message: str, reason: str) -> Refusal:
    """ConflictException."""
    return Refusal("ConflictException", message, 409, reason)


def unknown(message: str) -> Refusal:
    """ResourceNotFoundException."""
    return Refusal("ResourceNotFoundException", message, 404)


def duration(text: str) -> timedelta:
    """`90m` or `3h` as a duration; between a minute and three days."""
    found = DURATION.fullmatch(text or "")
    length = timedelta(**{"m": {"minutes": int(found[1])}, "h": {"hours": int(found[1])}}[found[2]]) if found else None
    if length is None or not SHORTEST <= length <= LONGEST:
        raise invalid(f"Invalid expiresIn: {text}. It must be between 1m and 72h.", "InvalidExpiresIn")
    return length


class ArcZonalShiftBackend(BaseBackend):
    """The shifts of an account and region, oldest first."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.shifts: dict[str, dict[str, Any]] = {}

    def resources(self) -> dict[str, Any]:
        """The load balancers that take part: those with `zonal_shift.config.enabled`, by ARN."""
        balancers = elbv2_backends[self.account_id][self.region_name].load_balancers
        return {
            arn: balancer
            for arn, balancer in balancers.items()
            if str(balancer.attrs.get("zonal_shift.config.enabled")).lower() == "true"
        }

    def resource(self, identifier: str) -> Any:
        """One of them."""
        if not str(identifier).startswith("arn:"):
            text = f"Invalid resource identifier: {identifier}. Use the resource's ARN."
            raise invalid(text, "InvalidResourceIdentifier")
        found = self.resources().get(identifier)
        if found is None:
            raise unknown(f"Resource {identifier} is not registered with ARC zonal shift in this Region.")
        return found

    def start(self, identifier: str, away_from: str, expires_in: str, comment: str | None) -> dict[str, Any]:
        """StartZonalShift."""
        balancer = self.resource(identifier)
        length = duration(expires_in)
        if not comment:
            raise invalid("A comment is required.", "MissingValue")
        if len(comment) > LONGEST_COMMENT:
            raise invalid("A comment has 128 characters at most.", "InvalidStatus")
        if away_from not in {subnet.availability_zone_id for subnet in balancer.subnets}:
            text = f"Invalid Availability Zone: {away_from}. Use the id of a zone of the resource, as in use1-az1."
            raise invalid(text, "InvalidAz")
        if any(s["resourceIdentifier"] == identifier for s in self.active()):
            raise conflict("A zonal shift already exists for this resource.", "ZonalShiftAlreadyExists")
        now = clock.now()
        shift = {
            "zonalShiftId": str(uuid4()),
            "resourceIdentifier": identifier,
            "awayFrom": away_from,
            "expiryTime": self._expiry(now, length),
            "startTime": now,
            "status": "ACTIVE",
            "comment": comment,
            "shiftType": "ZONAL_SHIFT",
        }
        self.shifts[str(shift["zonalShiftId"])] = shift
        self._expire_later(shift, length)
        return shift

    def _expiry(self, now: datetime, length: timedelta) -> datetime:
        return now + length / clock.speed

    def _expire_later(self, shift: dict[str, Any], length: timedelta) -> None:
        place = {"account": self.account_id, "region": self.region_name, "shift": shift["zonalShiftId"]}
        clock.cancel("arczonalshift.expire", **place)
        clock.after(length.total_seconds(), "arczonalshift.expire", **place)

    def active(self) -> list[dict[str, Any]]:
        """The shifts that hold now."""
        return [shift for shift in self.shifts.values() if shift["status"] == "ACTIVE"]

    def shift(self, identifier: str) -> dict[str, Any]:
        """An active shift by id."""
        found = self.shifts.get(identifier)
        if found is None:
            raise unknown(f"Zonal shift {identifier} was not found.")
        if found["status"] != "ACTIVE":
            raise conflict("The zonal shift is not active.", "ZonalShiftStatusNotActive")
        return found

    def update(self, identifier: str, comment: str | None, expires_in: str | None) -> dict[str, Any]:
        """UpdateZonalShift: the new expiry counts from now."""
        found = self.shift(identifier)
        if comment is None and expires_in is None:
            raise invalid("Specify a comment or expiresIn.", "MissingValue")
        if expires_in is not None:
            length = duration(expires_in)
            found["expiryTime"] = self._expiry(clock.now(), length)
            self._expire_later(found, length)
        found["comment"] = comment or found["comment"]
        return found

    def cancel(self, identifier: str) -> dict[str, Any]:
        """CancelZonalShift."""
        found = self.shift(identifier)
        found["status"] = "CANCELED"
        return found


arczonalshift_backends = BackendDict(ArcZonalShiftBackend, "arc-zonal-shift")


@transition("arczonalshift.expire")
def expire(account: str, region: str, shift: str) -> None:
    """A shift's time is over."""
    found = arczonalshift_backends[account][region].shifts.get(shift)
    if found is not None and found["status"] == "ACTIVE":
        found["status"] = "EXPIRED"
