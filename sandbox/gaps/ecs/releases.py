"""What the sandbox remembers of a service's deployments and revisions (aws-facts 3.2): the newer API's view of them.

A revision is what a service said when a deployment began. A release is one service deployment: from the revisions that
ran to a target, and back again when it fails. Both are plain dictionaries kept with the service, newest first.
"""

from random import Random
from typing import Any

from moto.ecs.models import ecs_backends

from sandbox.clock import clock
from sandbox.gaps.ecs.records import Service, counts, tasks_in
from sandbox.gaps.ecs.rules import failure_threshold

KEPT = 50
GOING = ("PENDING", "IN_PROGRESS", "ROLLBACK_REQUESTED", "ROLLBACK_IN_PROGRESS")
SUPERSEDED = "Service deployment stopped because a newer service deployment was started."
SHOWN = (
    "launchType",
    "capacityProviderStrategy",
    "platformVersion",
    "platformFamily",
    "loadBalancers",
    "serviceRegistries",
    "networkConfiguration",
)
_draw = Random()
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"


def begin(service: Service, deployment: dict[str, Any]) -> None:
    """A deployment of what the service now says begins."""
    now = clock.now()
    prefix = f"arn:aws:ecs:{service.region}:{service.account}"
    path = f"{service.cluster_name}/{service.name}"
    revision = {
        "serviceRevisionArn": f"{prefix}:service-revision/{path}/{_draw.randrange(10**18, 10**19)}",
        "deployment": deployment["id"],
        "taskDefinition": service.data["taskDefinition"],
        "createdAt": now,
        **{key: service.data[key] for key in SHOWN if service.data.get(key) is not None},
    }
    for release in service.releases:
        if release["status"] in GOING:
            release.update(status="STOPPED", statusReason=SUPERSEDED, stoppedAt=now, finishedAt=now, updatedAt=now)
    sources = [r["serviceRevisionArn"] for r in current_revisions(service)]
    release = {
        "serviceDeploymentArn": f"{prefix}:service-deployment/{path}/{''.join(_draw.choices(LETTERS, k=21))}",
        "sources": sources,
        "target": revision["serviceRevisionArn"],
        "status": "PENDING",
        "createdAt": now,
        "updatedAt": now,
        "configuration": dict(service.data["deploymentConfiguration"]),
        "requested": deployment["desiredCount"],
        "failures": 0,
    }
    service.revisions = [revision, *service.revisions][:KEPT]
    service.releases = [release, *service.releases][:KEPT]


def newest_going(service: Service) -> dict[str, Any] | None:
    """The release that is on its way, if one is."""
    return next((r for r in service.releases if r["status"] in GOING), None)


def advance(service: Service) -> None:
    """The scheduler looked: a pending release has started; failures so far are counted."""
    release = newest_going(service)
    if release is None:
        return
    if release["status"] == "PENDING":
        release.update(status="IN_PROGRESS", startedAt=clock.now(), updatedAt=clock.now())
    if release["status"] == "IN_PROGRESS":
        release["failures"] = service.primary["failedTasks"]


def finish(service: Service) -> None:
    """All tasks are as the primary deployment wants them."""
    release = newest_going(service)
    if release is not None:
        back = release["status"].startswith("ROLLBACK")
        now = clock.now()
        status = "ROLLBACK_SUCCESSFUL" if back else "SUCCESSFUL"
        release.update(status=status, finishedAt=now, updatedAt=now)


def fail(service: Service, reason: str) -> None:
    """The circuit breaker gave up and there is no way back."""
    release = newest_going(service)
    if release is not None:
        now = clock.now()
        release.update(status="STOPPED", statusReason=reason, stoppedAt=now, finishedAt=now, updatedAt=now)
        release["triggered"] = True


def roll_back(service: Service, deployment: str, reason: str, *, triggered: bool) -> None:
    """The way back to the revision of an older deployment has begun; `triggered` by the circuit breaker."""
    release = newest_going(service)
    if release is None:
        return
    now = clock.now()
    target = next((r["serviceRevisionArn"] for r in service.revisions if r["deployment"] == deployment), None)
    rollback = {"reason": reason, "startedAt": now, **({"serviceRevisionArn": target} if target else {})}
    release.update(status="ROLLBACK_IN_PROGRESS", statusReason=reason, rollback=rollback, updatedAt=now)
    release["triggered"] = triggered


def current_revisions(service: Service) -> list[dict[str, Any]]:
    """The revisions whose deployments are not gone, newest first."""
    known = {d["id"] for d in service.deployments}
    return [r for r in service.revisions if r["deployment"] in known]


def summary(service: Service, arn: str, requested: int | None = None) -> dict[str, Any]:
    """A revision with its task counts."""
    revision = next((r for r in service.revisions if r["serviceRevisionArn"] == arn), None)
    if revision is None:
        return {"arn": arn, "requestedTaskCount": 0, "runningTaskCount": 0, "pendingTaskCount": 0}
    mine = [t for t in tasks_in(service) if t.data.get("startedBy") == revision["deployment"]]
    running, pending = counts(mine)
    wanted = next((d["desiredCount"] for d in service.deployments if d["id"] == revision["deployment"]), 0)
    asked = wanted if requested is None else requested
    return {
        "arn": arn,
        "requestedTaskCount": asked,
        "runningTaskCount": running,
        "pendingTaskCount": pending,
    }


def brief(service: Service, release: dict[str, Any]) -> dict[str, Any]:
    """A release as ListServiceDeployments shows it."""
    keys = ("serviceDeploymentArn", "startedAt", "createdAt", "finishedAt", "status", "statusReason")
    return {
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "targetServiceRevisionArn": release["target"],
        **{key: release[key] for key in keys if key in release},
    }


def whole(service: Service, release: dict[str, Any]) -> dict[str, Any]:
    """A release as DescribeServiceDeployments shows it."""
    shown = brief(service, release)
    del shown["targetServiceRevisionArn"]
    going = release["status"] in GOING
    return {
        **shown,
        **{key: release[key] for key in ("stoppedAt", "updatedAt", "rollback") if key in release},
        "sourceServiceRevisions": [summary(service, arn) for arn in release["sources"]],
        "targetServiceRevision": summary(service, release["target"], release["requested"]),
        "deploymentConfiguration": release["configuration"],
        "deploymentCircuitBreaker": _breaker(release, going),
        "alarms": {"status": "DISABLED", "alarmNames": [], "triggeredAlarmNames": []},
    }


def _breaker(release: dict[str, Any], going: bool) -> dict[str, Any]:
    enabled = (release["configuration"].get("deploymentCircuitBreaker") or {}).get("enable")
    status = "MONITORING" if going else "MONITORING_COMPLETE"
    if release.get("triggered"):
        status = "TRIGGERED"
    return {
        "status": status if enabled else "DISABLED",
        "failureCount": release["failures"],
        "threshold": failure_threshold(release["requested"]),
    }


def revision_shape(service: Service, revision: dict[str, Any]) -> dict[str, Any]:
    """A revision as DescribeServiceRevisions shows it."""
    definition = ecs_backends[service.account][service.region].describe_task_definition(revision["taskDefinition"])
    images = [{"containerName": c["name"], "image": c["image"]} for c in definition.container_definitions]
    return {
        **{key: value for key, value in revision.items() if key != "deployment"},
        "serviceArn": service.arn,
        "clusterArn": service.cluster_arn,
        "containerImages": images,
        "guardDutyEnabled": False,
    }
