"""The service calls of ECS: create, update, delete, describe, list, their limits and errors (aws-facts 3.1, 3.2)."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import InvalidSubnetIdError
from moto.ec2.models import ec2_backends
from moto.ecs.exceptions import ClusterNotFoundException, ECSException, InvalidParameterException
from moto.ecs.exceptions import ServiceNotFoundException as NoSuchService

from sandbox.clock import clock
from sandbox.gaps import elbv2
from sandbox.gaps.ecs import scheduler
from sandbox.gaps.ecs.paging import page
from sandbox.gaps.ecs.records import Service
from sandbox.gaps.ecs.scheduling import wake

DESCRIBED_AT_ONCE = 10
ECHOED = (
    "loadBalancers",
    "networkConfiguration",
    "platformVersion",
    "healthCheckGracePeriodSeconds",
    "enableExecuteCommand",
    "enableECSManagedTags",
    "propagateTags",
    "capacityProviderStrategy",
    "placementConstraints",
    "placementStrategy",
    "serviceRegistries",
    "availabilityZoneRebalancing",
    "deploymentController",
)
ROLLS_OUT = (
    "platformVersion",
    "networkConfiguration",
    "loadBalancers",
    "capacityProviderStrategy",
    "serviceRegistries",
)


def create_service(self: Any) -> ActionResult:
    """CreateService. A missing desiredCount is 1, as CloudFormation has it."""
    given = self._get_params()
    backend = self.ecs_backend
    cluster = _active_cluster(backend, given.get("cluster", "default"))
    name = given["serviceName"]
    known = backend.services.get(f"{cluster.name}:{name}")
    if known is not None and known.status == "ACTIVE":
        raise InvalidParameterException("Creation of service was not idempotent.")
    if known is not None and known.status == "DRAINING":
        raise InvalidParameterException("Unable to Start a service that is still Draining.")
    definition = backend.describe_task_definition(given.get("taskDefinition") or "")
    if definition.status != "ACTIVE":
        raise ECSException("ClientException", "TaskDefinition is inactive")
    data = _with_defaults(given, definition.arn)
    service = Service(backend.account_id, backend.region_name, cluster.name, name, data)
    _check(service, definition)
    backend.services[f"{cluster.name}:{name}"] = service
    scheduler.begin_deployment(service)
    return ActionResult({"service": service.shape()})


def _active_cluster(backend: Any, name: str) -> Any:
    cluster = backend._get_cluster(name)
    if cluster.status != "ACTIVE":
        raise ClusterNotFoundException
    return cluster


def _with_defaults(given: dict[str, Any], definition_arn: str) -> dict[str, Any]:
    daemon = given.get("schedulingStrategy") == "DAEMON"
    strategy = given.get("capacityProviderStrategy")
    if strategy and given.get("launchType"):
        text = (
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."
        )
        raise InvalidParameterException(text)
    data: dict[str, Any] = {key: given[key] for key in ECHOED if given.get(key) is not None}
    data["desiredCount"] = 0 if daemon else int(given.get("desiredCount", 1))
    data["taskDefinition"] = definition_arn
    data["schedulingStrategy"] = given.get("schedulingStrategy") or "REPLICA"
    data["deploymentConfiguration"] = _deployment_configuration(given.get("deploymentConfiguration"), {})
    if not strategy:
        data["launchType"] = given.get("launchType") or "EC2"
    fargate = data.get("launchType") == "FARGATE" or bool(strategy)
    if fargate:
        data.setdefault("platformVersion", "LATEST")
        data["platformFamily"] = "Linux"
    data.setdefault("deploymentController", {"type": "ECS"})
    data.setdefault("propagateTags", "NONE")
    for flag in ("enableExecuteCommand", "enableECSManagedTags"):
        data.setdefault(flag, False)
    for many in ("loadBalancers", "serviceRegistries", "placementConstraints", "placementStrategy"):
        data.setdefault(many, [])
    if data["loadBalancers"]:
        data.setdefault("healthCheckGracePeriodSeconds", 0)
    compatible = data["deploymentConfiguration"]["maximumPercent"] > 100 and not daemon
    data.setdefault("availabilityZoneRebalancing", "ENABLED" if compatible else "DISABLED")
    data["tags"] = given.get("tags") or []
    awsvpc = (data.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if awsvpc is not None:
        awsvpc.setdefault("assignPublicIp", "DISABLED")
        awsvpc.setdefault("securityGroups", [])
    return data


def _deployment_configuration(given: dict[str, Any] | None, before: dict[str, Any]) -> dict[str, Any]:
    defaults = {
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "strategy": "ROLLING",
        "bakeTimeInMinutes": 0,
    }
    return {**defaults, **before, **(given or {})}


def _check(service: Service, definition: Any) -> None:
    data = service.data
    if data["desiredCount"] < 0:
        raise InvalidParameterException("Desired count must be a non-negative integer.")
    configuration = data["deploymentConfiguration"]
    if configuration["maximumPercent"] <= configuration["minimumHealthyPercent"] and service.desired_count:
        if configuration["maximumPercent"] < configuration["minimumHealthyPercent"]:
            raise InvalidParameterException("maximumPercent must be greater than or equal to minimumHealthyPercent")
        if configuration["maximumPercent"] == 100:
            text = "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments."
            raise InvalidParameterException(text)
    if data["availabilityZoneRebalancing"] == "ENABLED" and configuration["maximumPercent"] <= 100:
        text = "AvailabilityZoneRebalancing does not support maximumPercent <= 100. Please update your service."
        raise InvalidParameterException(text)
    if service.fargate and "FARGATE" not in definition.compatibilities:
        text = "Task definition does not support launch_type FARGATE."
        raise InvalidParameterException(text)
    if definition.network_mode == "awsvpc":
        if not service.subnets:
            text = "Network Configuration must be provided when networkMode 'awsvpc' is specified."
            raise InvalidParameterException(text)
        _check_network(service)
    _check_load_balancers(service, definition)


def _check_network(service: Service) -> None:
    ec2 = ec2_backends[service.account][service.region]
    for subnet in service.subnets:
        try:
            ec2.get_subnet(subnet)
        except InvalidSubnetIdError as problem:
            text = f"Error retrieving subnet information for [{subnet}]: {problem.message} (ErrorCode: {problem.code})"
            raise InvalidParameterException(text) from problem
    for group in service.data["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]:
        if ec2.get_security_group_from_id(group) is None:
            text = f"The security group '{group}' does not exist (ErrorCode: InvalidGroup.NotFound)"
            raise InvalidParameterException(f"Error retrieving security group information for [{group}]: {text}")


def _check_load_balancers(service: Service, definition: Any) -> None:
    for entry in service.data["loadBalancers"]:
        arn = entry.get("targetGroupArn")
        if not arn:
            continue
        group = elbv2.find_group(service.account, service.region, arn)
        if group is None:
            raise InvalidParameterException(f"The specified target group {arn} does not exist.")
        if not group.load_balancer_arns:
            text = f"The target group with targetGroupArn {arn} does not have an associated load balancer."
            raise InvalidParameterException(text)
        if definition.network_mode == "awsvpc" and group.target_type != "ip":
            text = (
                f"The provided target group {arn} has target type {group.target_type}, "
                "which is incompatible with the awsvpc network mode specified in the task definition."
            )
            raise InvalidParameterException(text)
        containers = {c["name"]: c for c in definition.container_definitions}
        declared = containers.get(entry.get("containerName"))
        ports = [m.get("containerPort") for m in (declared or {}).get("portMappings", [])]
        if declared is None:
            text = f"The container {entry.get('containerName')} does not exist in the task definition."
            raise InvalidParameterException(text)
        if entry.get("containerPort") not in ports:
            text = (
                f"The container {declared['name']} did not have a container port {entry.get('containerPort')} defined."
            )
            raise InvalidParameterException(text)


def update_service(self: Any) -> ActionResult:
    """UpdateService: only what rolls out starts a deployment (aws-facts 3.2)."""
    given = self._get_params()
    backend = self.ecs_backend
    service = _existing(backend, given)
    if service.status != "ACTIVE":
        raise ECSException("ServiceNotActiveException", "Service was not ACTIVE.")
    before = dict(service.data)
    changed = {key: given[key] for key in ECHOED if given.get(key) is not None}
    if given.get("deploymentConfiguration"):
        kept = before["deploymentConfiguration"]
        changed["deploymentConfiguration"] = _deployment_configuration(given["deploymentConfiguration"], kept)
    if given.get("taskDefinition"):
        changed["taskDefinition"] = backend.describe_task_definition(given["taskDefinition"]).arn
    awsvpc = (changed.get("networkConfiguration") or {}).get("awsvpcConfiguration")
    if awsvpc is not None:
        awsvpc.setdefault("assignPublicIp", "DISABLED")
        awsvpc.setdefault("securityGroups", [])
    if changed.get("capacityProviderStrategy"):
        before.pop("launchType", None)
    candidate = Service(service.account, service.region, service.cluster_name, service.name, {**before, **changed})
    _check(candidate, backend.describe_task_definition(candidate.data["taskDefinition"]))
    service.data = candidate.data
    rolls = any(service.data.get(key) != before.get(key) for key in ("taskDefinition", *ROLLS_OUT))
    if given.get("desiredCount") is not None:
        scheduler.set_desired(service, int(given["desiredCount"]))
    if rolls or given.get("forceNewDeployment"):
        scheduler.begin_deployment(service)
    wake(service)
    return ActionResult({"service": service.shape()})


def _existing(backend: Any, given: dict[str, Any]) -> Service:
    cluster = _active_cluster(backend, given.get("cluster", "default"))
    service = backend.services.get(f"{cluster.name}:{given['service'].rsplit('/', 1)[-1]}")
    if not isinstance(service, Service):
        raise NoSuchService
    return service


def delete_service(self: Any) -> ActionResult:
    """DeleteService: DRAINING until its tasks are gone, then INACTIVE."""
    given = self._get_params()
    service = _existing(self.ecs_backend, given)
    if service.status != "ACTIVE":
        raise ECSException("ServiceNotActiveException", "Service was not ACTIVE.")
    if service.desired_count > 0 and not given.get("force"):
        raise InvalidParameterException("The service cannot be stopped while it is scaled above 0.")
    service.data["desiredCount"] = 0
    service.status = "DRAINING"
    for deployment in service.deployments:
        deployment.update(desiredCount=0, updatedAt=clock.now())
    wake(service)
    return ActionResult({"service": service.shape()})


def describe_services(self: Any) -> ActionResult:
    """DescribeServices: ten at most; unknown ones are failures."""
    given = self._get_params()
    backend = self.ecs_backend
    asked = given.get("services") or []
    if not asked:
        raise InvalidParameterException("Services cannot be empty.")
    if len(asked) > DESCRIBED_AT_ONCE:
        raise InvalidParameterException("Services cannot be described in batches of more than 10.")
    cluster = _active_cluster(backend, given.get("cluster", "default"))
    tags = "TAGS" in (given.get("include") or [])
    found, failures = [], []
    for one in asked:
        service = backend.services.get(f"{cluster.name}:{one.rsplit('/', 1)[-1]}")
        if isinstance(service, Service):
            found.append(service.shape(tags))
            continue
        prefix = f"arn:aws:ecs:{backend.region_name}:{backend.account_id}:service/{cluster.name}/"
        failures.append({"arn": one if one.startswith("arn:") else prefix + one, "reason": "MISSING"})
    return ActionResult({"services": found, "failures": failures})


def list_services(self: Any) -> ActionResult:
    """ListServices: ten a page unless asked otherwise; INACTIVE ones are not listed."""
    given = self._get_params()
    cluster = _active_cluster(self.ecs_backend, given.get("cluster", "default"))
    arns = sorted(
        service.arn
        for service in self.ecs_backend.services.values()
        if isinstance(service, Service)
        and service.cluster_name == cluster.name
        and service.status != "INACTIVE"
        and given.get("launchType") in (None, service.launch_type)
        and given.get("schedulingStrategy") in (None, service.scheduling_strategy)
    )
    shown, token = page(arns, given, default=10)
    return ActionResult({"serviceArns": shown, **token})
