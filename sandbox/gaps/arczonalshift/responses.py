"""The calls of ARC zonal shift (aws-facts 5.2)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Any

from moto.core.responses import ActionResult, BaseResponse

from sandbox.gaps.arczonalshift.models import STATUSES, ArcZonalShiftBackend, arczonalshift_backends, invalid

LARGEST = 100


class ArcZonalShiftResponse(BaseResponse):
    """Request in, shape out."""

    def __init__(self) -> None:
        super().__init__(service_name="arc-zonal-shift")
        self.automated_parameter_parsing = True

    @property
    def backend(self) -> ArcZonalShiftBackend:
        """Of the request's account and region."""
        return arczonalshift_backends[self.current_account][self.region]

    def start_zonal_shift(self) -> ActionResult:
        """StartZonalShift."""
        given = {name: self._get_param(name) for name in ("resourceIdentifier", "awayFrom", "expiresIn", "comment")}
        return ActionResult(self.backend.start(*given.values()))

    def update_zonal_shift(self) -> ActionResult:
        """UpdateZonalShift."""
        name, comment, expires = (self._get_param(n) for n in ("zonalShiftId", "comment", "expiresIn"))
        return ActionResult(self.backend.update(name, comment, expires))

    def cancel_zonal_shift(self) -> ActionResult:
        """CancelZonalShift."""
        return ActionResult(self.backend.cancel(self._get_param("zonalShiftId")))

    def list_zonal_shifts(self) -> ActionResult:
        """ListZonalShifts, newest first."""
        status, resource = self._get_param("status"), self._get_param("resourceIdentifier")
        if status and status not in STATUSES:
            raise invalid(f"Invalid status: {status}", "InvalidStatus")
        found = [
            shift
            for shift in reversed(self.backend.shifts.values())
            if status in (None, shift["status"]) and resource in (None, shift["resourceIdentifier"])
        ]
        return self._page(found)

    def list_managed_resources(self) -> ActionResult:
        """ListManagedResources."""
        shown = [self._summary(balancer) for balancer in self.backend.resources().values()]
        return self._page(shown)

    def get_managed_resource(self) -> ActionResult:
        """GetManagedResource."""
        balancer = self.backend.resource(self._get_param("resourceIdentifier"))
        whole = self._summary(balancer)
        del whole["availabilityZones"]
        return ActionResult(whole)

    def _summary(self, balancer: Any) -> dict[str, Any]:
        zones = sorted(subnet.availability_zone_id for subnet in balancer.subnets)
        mine = [s for s in self.backend.active() if s["resourceIdentifier"] == balancer.arn]
        away = {shift["awayFrom"] for shift in mine}
        kept = ("zonalShiftId", "resourceIdentifier", "awayFrom", "expiryTime", "startTime", "comment", "shiftType")
        return {
            "arn": balancer.arn,
            "name": balancer.name,
            "availabilityZones": zones,
            "appliedWeights": {zone: 0.0 if zone in away else 1.0 for zone in zones},
            "zonalShifts": [{"appliedStatus": "APPLIED", **{key: s[key] for key in kept}} for s in mine],
            "autoshifts": [],
            "zonalAutoshiftStatus": "DISABLED",
        }

    def _page(self, items: list[Any]) -> ActionResult:
        size = int(self._get_param("maxResults") or LARGEST)
        if not 1 <= size <= LARGEST:
            raise invalid("maxResults must be between 1 and 100.", "InvalidToken")
        first = 0
        if token := self._get_param("nextToken"):
            try:
                first = int(urlsafe_b64decode(str(token).encode()))
            except ValueError as problem:
                raise invalid("The next token is not valid.", "InvalidToken") from problem
        more = first + size < len(items)
        following = {"nextToken": urlsafe_b64encode(str(first + size).encode()).decode()} if more else {}
        return ActionResult({"items": items[first : first + size], **following})
