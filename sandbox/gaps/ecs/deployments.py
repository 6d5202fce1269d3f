"""The calls about service deployments and revisions: list, describe, stop (aws-facts 3.1, 3.2)."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ecs.exceptions import ECSException, InvalidParameterException
from moto.ecs.exceptions import ServiceNotFoundException as NoSuchService

from sandbox.clock import clock, transition
from sandbox.gaps.ecs import releases, scheduler
from sandbox.gaps.ecs.paging import page
from sandbox.gaps.ecs.records import Service, find_service

DESCRIBED_AT_ONCE = 20
STOPPED_BY = "Service deployment was stopped: rolling back to the previous service revision."
ROLLING_BACK = 2  # seconds until a rollback that was asked for begins


def _service(backend: Any, given: dict[str, Any]) -> Service:
    cluster = backend._get_cluster(given.get("cluster", "default"))
    found = backend.services.get(f"{cluster.name}:{given['service'].rsplit('/', 1)[-1]}")
    if not isinstance(found, Service):
        raise NoSuchService
    return found


def list_service_deployments(self: Any) -> ActionResult:
    """ListServiceDeployments: newest first, twenty a page unless asked otherwise."""
    given = self._get_params()
    service = _service(self.ecs_backend, given)
    made = given.get("createdAt") or {}
    after, before = _epoch(made.get("after")), _epoch(made.get("before"))
    found = [
        releases.brief(service, release)
        for release in service.releases
        if release["status"] in (given.get("status") or [release["status"]])
        and (after is None or release["createdAt"].timestamp() >= after)
        and (before is None or release["createdAt"].timestamp() <= before)
    ]
    shown, token = page(found, given, default=20)
    return ActionResult({"serviceDeployments": shown, **token})


def _epoch(value: Any) -> float | None:
    if value is None:
        return None
    return float(value.timestamp() if hasattr(value, "timestamp") else value)


def _all(backend: Any) -> list[Service]:
    return [service for service in backend.services.values() if isinstance(service, Service)]


def _check_number(asked: list[str], what: str) -> None:
    if not asked:
        raise InvalidParameterException(f"{what} cannot be empty.")
    if len(asked) > DESCRIBED_AT_ONCE:
        raise InvalidParameterException(f"{what} cannot be described in batches of more than {DESCRIBED_AT_ONCE}.")


def describe_service_deployments(self: Any) -> ActionResult:
    """DescribeServiceDeployments: twenty at most; unknown ones are failures."""
    asked = self._get_params().get("serviceDeploymentArns") or []
    _check_number(asked, "Service deployments")
    known = {r["serviceDeploymentArn"]: (s, r) for s in _all(self.ecs_backend) for r in s.releases}
    found = [releases.whole(*known[arn]) for arn in asked if arn in known]
    failures = [{"arn": arn, "reason": "MISSING"} for arn in asked if arn not in known]
    return ActionResult({"serviceDeployments": found, "failures": failures})


def describe_service_revisions(self: Any) -> ActionResult:
    """DescribeServiceRevisions: twenty at most; unknown ones are failures."""
    asked = self._get_params().get("serviceRevisionArns") or []
    _check_number(asked, "Service revisions")
    known = {r["serviceRevisionArn"]: (s, r) for s in _all(self.ecs_backend) for r in s.revisions}
    found = [releases.revision_shape(*known[arn]) for arn in asked if arn in known]
    failures = [{"arn": arn, "reason": "MISSING"} for arn in asked if arn not in known]
    return ActionResult({"serviceRevisions": found, "failures": failures})


def stop_service_deployment(self: Any) -> ActionResult:
    """StopServiceDeployment: back to the last completed deployment, which must exist."""
    given = self._get_params()
    arn, kind = given["serviceDeploymentArn"], given.get("stopType") or "ROLLBACK"
    known = {r["serviceDeploymentArn"]: (s, r) for s in _all(self.ecs_backend) for r in s.releases}
    if arn not in known:
        raise ECSException("ServiceDeploymentNotFoundException", f"Service deployment {arn} not found.")
    if kind != "ROLLBACK":
        raise InvalidParameterException("The valid values for stopType are ROLLBACK.")
    service, release = known[arn]
    if release["status"] not in ("PENDING", "IN_PROGRESS"):
        text = f"Service deployment {arn} cannot be stopped because its status is {release['status']}."
        raise ECSException("ConflictException", text)
    if service.completed is None:
        text = f"Service deployment {arn} cannot be rolled back because there is no previous service revision."
        raise ECSException("ConflictException", text)
    release.update(status="ROLLBACK_REQUESTED", updatedAt=clock.now())
    where = {"account": service.account, "region": service.region, "cluster": service.cluster_name}
    clock.after(ROLLING_BACK, "ecs.roll_back", service=service.name, release=arn, **where)
    return ActionResult({"serviceDeploymentArn": arn})


@transition("ecs.roll_back")
def roll_back(account: str, region: str, cluster: str, service: str, release: str) -> None:
    """The rollback that was asked for begins."""
    found = find_service(account, region, cluster, service)
    going = releases.newest_going(found) if found is not None else None
    if found is None or going is None or going["serviceDeploymentArn"] != release:
        return
    if going["status"] == "ROLLBACK_REQUESTED":
        scheduler.roll_back(found, STOPPED_BY)
