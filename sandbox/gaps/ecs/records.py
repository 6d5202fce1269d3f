"""What the sandbox remembers of a service and of a task, and how AWS shows it."""

from collections.abc import Callable, Iterable
from datetime import datetime
from random import Random
from typing import Any
from uuid import uuid4

from moto.ecs.models import ecs_backends

from sandbox.clock import clock

STARTING = ("PROVISIONING", "PENDING", "ACTIVATING")
EVENTS_KEPT = 100
_digits = Random()
told: list[Callable[["Service", str], None]] = []
"""Called with (service, message) for each service event."""
begun: list[Callable[["Service"], None]] = []
"""Called with a service whose primary deployment is new."""
moved: list[Callable[["Task"], None]] = []
"""Called with a task that got another status, before it has written down when. Where deliveries elsewhere begin."""


class Service:
    """A service: `data` holds what Create and Update were given, in AWS's shape; counts are looked up when shown.

    The attributes are those that the parts of moto left in place (tags, scalable targets) read.
    """

    releases: tuple[dict[str, Any], ...] | list[dict[str, Any]] = ()
    """Service deployments, newest first; see `releases`."""
    revisions: tuple[dict[str, Any], ...] | list[dict[str, Any]] = ()
    """Service revisions, newest first."""

    def __init__(self, account: str, region: str, cluster_name: str, name: str, data: dict[str, Any]) -> None:
        self.account, self.region = account, region
        self.cluster_name, self.name = cluster_name, name
        self.data = data
        self.tags: list[dict[str, str]] = list(data.get("tags") or [])
        self.status = "ACTIVE"
        self.created_at = clock.now()
        self.deployments: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.task_sets: list[Any] = []
        self.steady = False
        self.rebalancing: list[str] = []
        self.unplaced = False
        self.failures = 0
        self.not_before = 0.0
        self.completed: dict[str, Any] | None = None
        self.unbalanced = False
        self.moving_from: str | None = None
        self._unsaid: list[tuple[str, str]] = []

    @property
    def arn(self) -> str:
        """The long form."""
        return f"arn:aws:ecs:{self.region}:{self.account}:service/{self.cluster_name}/{self.name}"

    @property
    def physical_resource_id(self) -> str:
        """As moto's tagging calls the ARN."""
        return self.arn

    @property
    def cluster_arn(self) -> str:
        """The cluster's ARN."""
        return f"arn:aws:ecs:{self.region}:{self.account}:cluster/{self.cluster_name}"

    @property
    def desired_count(self) -> int:
        """How many tasks are wanted."""
        return int(self.data["desiredCount"])

    @property
    def scheduling_strategy(self) -> str:
        """REPLICA or DAEMON."""
        return str(self.data["schedulingStrategy"])

    @property
    def launch_type(self) -> str | None:
        """None when a capacity provider strategy is used."""
        return self.data.get("launchType")

    @property
    def fargate(self) -> bool:
        """Whether its tasks need no container instances."""
        strategy = self.data.get("capacityProviderStrategy") or []
        return self.launch_type == "FARGATE" or any("FARGATE" in s["capacityProvider"] for s in strategy)

    @property
    def primary(self) -> dict[str, Any]:
        """The newest deployment."""
        return self.deployments[0]

    @property
    def subnets(self) -> list[str]:
        """Ids of the subnets its tasks may use."""
        return list((self.data.get("networkConfiguration") or {}).get("awsvpcConfiguration", {}).get("subnets", []))

    @property
    def target_groups(self) -> list[tuple[str, int]]:
        """(target group ARN, container port) of each load balancer entry."""
        entries = self.data.get("loadBalancers") or []
        return [(e["targetGroupArn"], int(e["containerPort"])) for e in entries if e.get("targetGroupArn")]

    def tasks(self) -> list["Task"]:
        """Its tasks that are meant to run, oldest first."""
        return [task for task in tasks_in(self) if task.data["desiredStatus"] == "RUNNING"]

    def tell(self, message: str) -> None:
        """Add a service event; the newest comes first and a hundred are kept."""
        self.tell_plain(f"(service {self.name}) {message}")

    def tell_plain(self, message: str) -> None:
        """The same for a message that does not begin with the service's name."""
        event = {"id": str(uuid4()), "createdAt": clock.now(), "message": message}
        self.events = [event, *self.events][:EVENTS_KEPT]
        for hear in told:
            hear(self, message)

    def note(self, template: str, task: str = "") -> None:
        """Have the scheduler tell at its next look, all tasks of one kind in one event. `template` holds `{n}`."""
        self._unsaid.append((template, task))

    def speak(self) -> None:
        """Tell what was noted."""
        kinds = dict.fromkeys(template for template, _ in self._unsaid)
        for template in kinds:
            tasks = [task for kind, task in self._unsaid if kind == template]
            names = " ".join(f"(task {task})" for task in tasks if task)
            self.tell(template.format(n=len(tasks)) + (f": {names}." if names else ""))
        self._unsaid = []

    def shape(self, tags: bool = True) -> dict[str, Any]:
        """The service as AWS describes it."""
        running, pending = counts(tasks_in(self))
        shown = {
            **{key: value for key, value in self.data.items() if value is not None and key != "tags"},
            "serviceArn": self.arn,
            "serviceName": self.name,
            "clusterArn": self.cluster_arn,
            "status": self.status,
            "runningCount": running,
            "pendingCount": pending,
            "deployments": [self._deployment(d) for d in self.deployments] if self.status != "INACTIVE" else [],
            "events": self.events,
            "createdAt": self.created_at,
            "createdBy": f"arn:aws:iam::{self.account}:root",
            "roleArn": f"arn:aws:iam::{self.account}:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        }
        if tags and self.tags:
            shown["tags"] = self.tags
        return {**shown, **self._newer()}

    def _newer(self) -> dict[str, Any]:
        """What the newer deployment API added to a service."""
        from sandbox.gaps.ecs import releases

        if not self.releases or self.status != "ACTIVE":
            return {}
        arns = [r["serviceRevisionArn"] for r in releases.current_revisions(self)]
        shown: dict[str, Any] = {"currentServiceRevisions": [releases.summary(self, arn) for arn in arns]}
        if going := releases.newest_going(self):
            shown["currentServiceDeployment"] = going["serviceDeploymentArn"]
        return shown

    def _deployment(self, deployment: dict[str, Any]) -> dict[str, Any]:
        running, pending = counts(t for t in tasks_in(self) if t.data.get("startedBy") == deployment["id"])
        return {**deployment, "runningCount": running, "pendingCount": pending}


class Task:
    """A task: `data` is what DescribeTasks shows; beside it where it came from."""

    protected_until: datetime | None = None

    def __init__(self, account: str, region: str, cluster_name: str, service: str | None, data: dict[str, Any]) -> None:
        self.account, self.region, self.cluster_name = account, region, cluster_name
        self.service_name = service
        self.data = data
        self.eni_id = ""
        self.ip = ""
        self.replaced_for_zones = False

    @property
    def id(self) -> str:
        """The last part of the ARN."""
        return self.task_arn.rsplit("/", 1)[1]

    @property
    def task_arn(self) -> str:
        """The long form."""
        return str(self.data["taskArn"])

    @property
    def cluster_arn(self) -> str:
        """The cluster's ARN."""
        return str(self.data["clusterArn"])

    @property
    def task_definition_arn(self) -> str:
        """With its revision."""
        return str(self.data["taskDefinitionArn"])

    @property
    def zone(self) -> str:
        """The Availability Zone's name."""
        return str(self.data["availabilityZone"])

    @property
    def status(self) -> str:
        """lastStatus."""
        return str(self.data["lastStatus"])

    @property
    def last_status(self) -> str:
        """As moto calls it."""
        return self.status

    @property
    def desired_status(self) -> str:
        """RUNNING or STOPPED."""
        return str(self.data["desiredStatus"])

    @property
    def tags(self) -> list[dict[str, str]]:
        """The task's own tags."""
        return list(self.data["tags"])

    @tags.setter
    def tags(self, value: list[dict[str, str]]) -> None:
        self.data["tags"] = value

    def move(self, status: str) -> None:
        """Set lastStatus of the task and of its containers."""
        self.data["lastStatus"] = status
        self.data["version"] += 1
        inner = {"ACTIVATING": "RUNNING", "RUNNING": "RUNNING", "DEPROVISIONING": "STOPPED", "STOPPED": "STOPPED"}
        for container in self.data["containers"]:
            container["lastStatus"] = inner.get(status, "PENDING" if status in STARTING else container["lastStatus"])
        for hear in moved:
            hear(self)

    def shape(self, tags: bool = True) -> dict[str, Any]:
        """The task as AWS describes it."""
        return {key: value for key, value in self.data.items() if value is not None and (tags or key != "tags")}


def counts(tasks: Iterable[Task]) -> tuple[int, int]:
    """(running, pending)."""
    seen = list(tasks)
    running = sum(task.status == "RUNNING" for task in seen)
    return running, sum(task.status in STARTING and task.desired_status == "RUNNING" for task in seen)


def tasks_in(service: Service) -> list[Task]:
    """All tasks the service ever started that are still remembered, oldest first."""
    known = ecs_backends[service.account][service.region].tasks.get(service.cluster_name, {})
    return [task for task in known.values() if isinstance(task, Task) and task.service_name == service.name]


def find_service(account: str, region: str, cluster: str, name: str) -> Service | None:
    """The service of that name, whatever its status."""
    found = ecs_backends[account][region].services.get(f"{cluster}:{name}")
    return found if isinstance(found, Service) else None


def service_of(task: Task) -> Service | None:
    """The service that started the task."""
    return find_service(task.account, task.region, task.cluster_name, task.service_name) if task.service_name else None


def find_task(account: str, region: str, arn: str) -> Task | None:
    """The task with that ARN if it is still remembered."""
    found = ecs_backends[account][region].tasks.get(arn.rsplit("/", 2)[1], {}).get(arn)
    return found if isinstance(found, Task) else None


def new_deployment(service: Service, reason: str | None = None) -> dict[str, Any]:
    """A deployment of what the service now says, in progress."""
    now = clock.now()
    name = f"ecs-svc/{_digits.randrange(10**18, 10**19)}"
    data = service.data
    return {
        "id": name,
        "status": "PRIMARY",
        "taskDefinition": data["taskDefinition"],
        "desiredCount": data["desiredCount"],
        "failedTasks": 0,
        "createdAt": now,
        "updatedAt": now,
        **({"launchType": data["launchType"]} if data.get("launchType") else {}),
        **({"capacityProviderStrategy": s} if (s := data.get("capacityProviderStrategy")) else {}),
        **({"platformVersion": "1.4.0", "platformFamily": "Linux"} if service.fargate else {}),
        **({"networkConfiguration": n} if (n := data.get("networkConfiguration")) else {}),
        "rolloutState": "IN_PROGRESS",
        "rolloutStateReason": reason or f"ECS deployment {name} in progress.",
    }
