"""A Fargate task from PROVISIONING to STOPPED (aws-facts 3.3): network interface, containers, health, target group.

Two things a task definition can say make a task fail here as they would on AWS: an image tagged `missing` cannot be
pulled, and a container whose whole command is `false` or `exit <n>` ends as soon as it started; a container health
check whose whole command is `exit 1` or `false` never passes.
"""

import re
from ipaddress import ip_network
from itertools import islice
from random import Random
from typing import Any
from uuid import uuid4

from moto.ec2.models import ec2_backends
from moto.ecs.models import ecs_backends

from sandbox.clock import clock, transition
from sandbox.gaps import elbv2
from sandbox.gaps.ecs import scheduling
from sandbox.gaps.ecs.ending import crash, stop
from sandbox.gaps.ecs.records import Service, Task, find_task, moved, service_of
from sandbox.weather.placement import zones_down

PROVISIONING, PULLING, ACTIVATING = 10, 20, 5  # seconds spent in each state before RUNNING
HEALTH_CHECK = 30  # seconds, when a container health check names no interval
PULL_ERROR = (
    "CannotPullContainerError: pull image manifest has been retried 5 time(s): "
    "failed to resolve ref {image}: {image}: not found"
)
_digits = Random()


def start(backend: Any, definition: Any, subnet: Any, owner: Service | None, **given: Any) -> Task:
    """Make a task in the subnet and set it on its way. `given`: cluster, group, startedBy, optionally securityGroups,
    overrides, tags, enableExecuteCommand, capacityProviderName, launchType."""
    account, region, cluster = backend.account_id, backend.region_name, given["cluster"]
    task_id = f"{_digits.getrandbits(128):032x}"
    arn = f"arn:aws:ecs:{region}:{account}:task/{cluster}/{task_id}"
    data = _data(arn, definition, subnet, given)
    task = Task(account, region, cluster, owner.name if owner else None, data)
    _attach(task, subnet, given.get("securityGroups") or [])
    backend.tasks.setdefault(cluster, {})[arn] = task
    for hear in moved:
        hear(task)
    clock.after(PROVISIONING, "ecs.advance", account=account, region=region, task=arn)
    return task


def _data(arn: str, definition: Any, subnet: Any, given: dict[str, Any]) -> dict[str, Any]:
    now = clock.now()
    platform = definition.runtime_platform or {}
    region, account = arn.split(":")[3], arn.split(":")[4]
    return {
        "taskArn": arn,
        "clusterArn": f"arn:aws:ecs:{region}:{account}:cluster/{given['cluster']}",
        "taskDefinitionArn": definition.arn,
        "attachments": [],
        "attributes": [
            {"name": "ecs.cpu-architecture", "value": str(platform.get("cpuArchitecture", "X86_64")).lower()}
        ],
        "availabilityZone": subnet.availability_zone,
        "connectivity": "CONNECTED",
        "connectivityAt": now,
        "containers": [_container(arn, c, definition) for c in definition.container_definitions],
        "cpu": definition.cpu,
        "memory": definition.memory,
        "createdAt": now,
        "desiredStatus": "RUNNING",
        "lastStatus": "PROVISIONING",
        "healthStatus": "UNKNOWN",
        "enableExecuteCommand": bool(given.get("enableExecuteCommand")),
        "ephemeralStorage": definition.ephemeral_storage or {"sizeInGiB": 20},
        "group": given["group"],
        "launchType": "FARGATE",
        "capacityProviderName": given.get("capacityProviderName"),
        "platformVersion": "1.4.0",
        "platformFamily": "Linux",
        "overrides": given.get("overrides")
        or {
            "containerOverrides": [{"name": c["name"]} for c in definition.container_definitions],
            "inferenceAcceleratorOverrides": [],
        },
        "startedBy": given.get("startedBy") or None,
        "tags": list(given.get("tags") or []),
        "version": 1,
    }


def _container(task_arn: str, declared: dict[str, Any], definition: Any) -> dict[str, Any]:
    shown = {
        "containerArn": f"{task_arn.replace(':task/', ':container/')}/{uuid4()}",
        "taskArn": task_arn,
        "name": declared["name"],
        "image": declared["image"],
        "runtimeId": f"{task_arn.rsplit('/', 1)[1]}-{_digits.randrange(10**9, 10**10)}",
        "lastStatus": "PENDING",
        "networkInterfaces": [],
        "healthStatus": "UNKNOWN",
        "cpu": str(declared.get("cpu", 0)),
    }
    for size in ("memory", "memoryReservation"):
        if declared.get(size):
            shown[size] = str(declared[size])
    return shown


def _attach(task: Task, subnet: Any, groups: list[str]) -> None:
    """A network interface with an address inside the subnet, as DescribeNetworkInterfaces then shows too."""
    ec2 = ec2_backends[task.account][task.region]
    attachment = str(uuid4())
    address = _free_address(subnet)
    arn = f"arn:aws:ecs:{task.region}:{task.account}:attachment/{attachment}"
    eni = ec2.create_network_interface(subnet, address, group_ids=groups, description=arn)
    eni.status, eni.requester_managed, eni.device_index = "in-use", True, 1
    subnet.request_ip(address, eni)
    task.eni_id, task.ip = eni.id, address
    details = {
        "subnetId": subnet.id,
        "networkInterfaceId": eni.id,
        "macAddress": eni.mac_address,
        "privateDnsName": f"ip-{address.replace('.', '-')}.ec2.internal",
        "privateIPv4Address": address,
    }
    task.data["attachments"] = [
        {
            "id": attachment,
            "type": "ElasticNetworkInterface",
            "status": "PRECREATED",
            "details": [{"name": name, "value": value} for name, value in details.items()],
        }
    ]
    for container in task.data["containers"]:
        container["networkInterfaces"] = [{"attachmentId": attachment, "privateIpv4Address": address}]


def _free_address(subnet: Any) -> str:
    """An unused address of the subnet; AWS keeps the first four and the last for itself."""
    network = ip_network(subnet.cidr_block)
    used = set(subnet._subnet_ips)
    free = (str(ip) for ip in islice(network, 4, network.num_addresses - 1) if str(ip) not in used)
    return next(free)


def _definition(task: Task) -> Any:
    return ecs_backends[task.account][task.region].describe_task_definition(task.task_definition_arn)


@transition("ecs.advance")
def advance(account: str, region: str, task: str) -> None:
    """One step towards RUNNING."""
    found = find_task(account, region, task)
    if found is None or found.desired_status != "RUNNING" or found.zone in zones_down():
        return  # a task in a failed zone hangs until the scheduler gives it up
    {"PROVISIONING": _pull, "PENDING": _activate, "ACTIVATING": _run}.get(found.status, _nothing)(found)
    scheduling.wake_for(found)


def _nothing(task: Task) -> None:
    """A task that already runs does not advance."""


def next_step(task: Task, seconds: float) -> None:
    """Have the task advance in so many seconds."""
    clock.after(seconds, "ecs.advance", account=task.account, region=task.region, task=task.task_arn)


def _pull(task: Task) -> None:
    task.move("PENDING")
    task.data["pullStartedAt"] = clock.now()
    task.data["attachments"][0]["status"] = "ATTACHED"
    next_step(task, PULLING)


def _activate(task: Task) -> None:
    task.data["pullStoppedAt"] = clock.now()
    for container in task.data["containers"]:
        if container["image"].endswith(":missing"):
            container["reason"] = PULL_ERROR.format(image=container["image"])
            stop(task, "TaskFailedToStart", container["reason"])
            return
    task.move("ACTIVATING")
    service = service_of(task)
    for group, port in service.target_groups if service else ():
        found = elbv2.find_group(task.account, task.region, group)
        if service is not None and found is not None:
            found.register([{"Id": task.ip, "Port": port, "AvailabilityZone": task.zone}])
            service.note(f"registered {{n}} targets in (target-group {group})")
    next_step(task, ACTIVATING)


def _run(task: Task) -> None:
    task.move("RUNNING")
    task.data["startedAt"] = clock.now()
    definition = _definition(task)
    for declared in definition.container_definitions:
        if declared.get("essential", True) and (code := _exit_code(declared.get("command"))) is not None:
            crash(task, declared["name"], code)
            return
    checks = [c["healthCheck"] for c in definition.container_definitions if c.get("healthCheck")]
    if checks:
        wait = max(_seconds_to_verdict(check) for check in checks)
        clock.after(wait, "ecs.examine", account=task.account, region=task.region, task=task.task_arn)


def _seconds_to_verdict(check: dict[str, Any]) -> int:
    interval = int(check.get("interval", HEALTH_CHECK))
    return interval * (int(check.get("retries", 3)) if _fails(check) else 1) + (
        int(check.get("startPeriod", 0)) if _fails(check) else 0
    )


def _fails(check: dict[str, Any]) -> bool:
    command = [part for part in check.get("command", []) if part not in ("CMD", "CMD-SHELL")]
    return command in (["exit 1"], ["false"])


def _exit_code(command: list[str] | None) -> int | None:
    text = " ".join(command or []).removeprefix("/bin/").removeprefix("sh -c ").strip("'\"")
    if text == "false":
        return 1
    found = re.fullmatch(r"exit (\d{1,3})", text)
    return int(found[1]) if found else None


@transition("ecs.examine")
def examine(account: str, region: str, task: str) -> None:
    """The container health checks reach their verdict."""
    found = find_task(account, region, task)
    if found is None or found.status != "RUNNING" or found.data["healthStatus"] == "UNHEALTHY":
        return
    verdicts = []
    declared = {c["name"]: c.get("healthCheck") for c in _definition(found).container_definitions}
    for container in found.data["containers"]:
        if check := declared.get(container["name"]):
            container["healthStatus"] = "UNHEALTHY" if _fails(check) else "HEALTHY"
            verdicts.append(container["healthStatus"])
    found.data["healthStatus"] = "UNHEALTHY" if "UNHEALTHY" in verdicts else "HEALTHY"
    scheduling.wake_for(found)


def has_health_check(task: Task) -> bool:
    """Whether any of its containers declares one."""
    return any(c.get("healthCheck") for c in _definition(task).container_definitions)
