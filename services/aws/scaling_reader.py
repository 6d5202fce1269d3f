"""Scaling read fresh, its activities, and its metrics over time."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from services.aws import applicationautoscaling, cloudwatch
from services.aws.errors import translated
from services.aws.resources import Resources
from services.aws.session import Sessions
from services.aws.wanted import Wanted, over_time
from services.domain.environment import Environment
from services.domain.errors import NotFound
from services.domain.scaling.change import ScalingState, state_of
from services.domain.scaling.measured import REQUESTS, TASKS, Measured
from services.domain.scaling.series import minute_of, series, time_of
from services.domain.scaling.why import Activity
from services.domain.snapshot import FargateService, Snapshot
from services.ports import Clock


class ScalingReader:
    """`ports.ScalingReader` with the environment's reader credentials."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions, self._clock = sessions, clock

    def state(self, environment: Environment, service: FargateService) -> tuple[ScalingState | None, int]:
        """As `ports.ScalingReader.state`, in four calls. Raises NotFound for a service that is gone."""
        with translated():
            clients = self._sessions.reader(environment)
            scaling = applicationautoscaling.read_scaling(clients.application_autoscaling, resource_id(service))
            answer = clients.ecs.describe_services(cluster=service.cluster, services=[service.service_name])
        found = [each for each in answer["services"] if each["status"] != "INACTIVE"]
        if not found:
            raise NotFound(f"ECS has no service {service.service_name} in cluster {service.cluster}.")
        return state_of(scaling) if scaling else None, found[0]["desiredCount"]

    def activities(
        self, environment: Environment, snapshot: Snapshot, since: datetime
    ) -> Mapping[str, Sequence[Activity]]:
        """As `ports.ScalingReader.activities`. One list for all services, as AWS filters by one of them only."""
        names = {resource_id(each): each.name for each in snapshot.services}
        found: dict[str, list[Activity]] = {name: [] for name in names.values()}
        if not names:
            return found
        with translated():
            client = self._sessions.reader(environment).application_autoscaling
            for each in applicationautoscaling.list_activities(client, since):
                if each["ResourceId"] in names:
                    found[names[each["ResourceId"]]].append(applicationautoscaling.to_activity(each))
        return {name: sorted(some, key=lambda activity: activity.at) for name, some in found.items()}

    def metrics(
        self, environment: Environment, snapshot: Snapshot, since: datetime, until: datetime, step: int
    ) -> Sequence[Measured]:
        """As `ports.ScalingReader.metrics`; begins at the step that `since` lies in."""
        first, last = (minute_of(at) // step * step for at in (since, until))
        asked = _asked(snapshot)
        if not asked or first >= last:
            return ()
        with translated():
            client = self._sessions.reader(environment).cloudwatch
            answers = cloudwatch.read_points(client, [wanted for _, wanted in asked], first, last, step)
        return tuple(
            Measured(wanted.subject, name, series(_told(name, points, step), time_of(first), time_of(last), step))
            for (name, wanted), points in zip(asked, answers, strict=True)
            if points
        )


def resource_id(service: FargateService) -> str:
    """What Application Auto Scaling calls a service."""
    return f"service/{service.cluster}/{service.service_name}"


def _asked(snapshot: Snapshot) -> list[tuple[str, Wanted]]:
    balancers = Resources(snapshot.stacks).ids("AWS::ElasticLoadBalancingV2::LoadBalancer")
    if not balancers and snapshot.load_balancer is not None:
        balancers = (snapshot.load_balancer.arn,)
    return [each for service in snapshot.services for each in over_time(service, balancers)]


def _told(name: str, points: Sequence[tuple[datetime, float]], step: int) -> Sequence[tuple[datetime, float]]:
    """Over a longer step AWS adds up what is meant by the minute: the samples that count tasks, and the requests."""
    return [(at, value / step) for at, value in points] if name in (TASKS, REQUESTS) else points
