"""A small AWS that answers a snapshot's questions from memory, and can refuse or hang at any of them."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any

from services.aws.ecs import ServiceFacts
from services.aws.session import Clients
from services.aws.sources import Sources
from services.domain.snapshot import (
    Alarm,
    Gateway,
    LoadBalancer,
    Metric,
    Queue,
    Stack,
    StackResource,
    Subnet,
    Target,
    TargetGroup,
    VpcLink,
    Zone,
)
from tests.builders.data import database, failover
from tests.builders.fargate import service
from tests.unit.aws.stubs import WHEN, arn

RBAC = service("rbac")
GROUP = RBAC.target_group.arn if RBAC.target_group else ""
ALB = arn("elasticloadbalancing", "loadbalancer/app/production-alb/50dc")
URL = "http://sqs.example/1/production-events"
RESOURCES = {
    "network": [("Vpc", "vpc-1", "AWS::EC2::VPC")],
    "data": [("Db", "production-app", "AWS::RDS::DBInstance"), ("Queue", URL, "AWS::SQS::Queue")],
    "platform": [
        ("Alb", ALB, "AWS::ElasticLoadBalancingV2::LoadBalancer"),
        ("Api", "a1", "AWS::ApiGatewayV2::Api"),
        ("Link", "l1", "AWS::ApiGatewayV2::VpcLink"),
        ("Alarm", "alarm-1", "AWS::CloudWatch::Alarm"),
    ],
    "service-rbac": [
        ("Service", RBAC.arn, "AWS::ECS::Service"),
        ("Group", GROUP, "AWS::ElasticLoadBalancingV2::TargetGroup"),
    ],
}
SCALABLE = {
    "ResourceId": "service/production/rbac",
    "ScalableDimension": "ecs:service:DesiredCount",
    "MinCapacity": 3,
    "MaxCapacity": 12,
}
TASK = {
    "taskArn": arn("ecs", "task/production/t1"),
    "clusterArn": arn("ecs", "cluster/production"),
    "taskDefinitionArn": "d",
    "lastStatus": "RUNNING",
    "desiredStatus": "RUNNING",
    "group": "service:rbac",
}


def stack(name: str, status: str = "CREATE_COMPLETE") -> Stack:
    return Stack(name, f"production-{name}", f"id-{name}", status, None, WHEN, None, termination_protection=False)


def answers() -> dict[str, Any]:
    """What a healthy AWS answers, by question."""
    return {
        "stacks": tuple(stack(name) for name in RESOURCES),
        "zones": (Zone("us-east-1a", "use1-az4"),),
        "vpc_cidr": "10.0.0.0/16",
        "subnets": (Subnet("s1", "us-east-1a", "10.0.0.0/24", "compute", 250),),
        "nat_gateways": (),
        "api": Gateway("a1", "production-api", "https://a1.example"),
        "link": VpcLink("l1", "production", "AVAILABLE"),
        "balancer": LoadBalancer(ALB, "production-alb", "d", "internal", "active", ("us-east-1a",)),
        "balancer_attributes": {"deletion_protection.enabled": "true"},
        "listeners": ("HTTPS:443",),
        "target_groups": (TargetGroup(GROUP, "production-rbac", "/health"),),
        "targets": (Target("10.0.0.9", 8080, "us-east-1a", "healthy"),),
        "services": (ServiceFacts(service("rbac", tasks=(), target_group=None, scaling=None), GROUP),),
        "running_tasks": (TASK["taskArn"],),
        "stopped_tasks": (),
        "tasks": (TASK,),
        "scalable_targets": (SCALABLE,),
        "scaling_policies": (),
        "scheduled_actions": (),
        "databases": (database(),),
        "maintenance": {},
        "cache_groups": (),
        "cache_members": {},
        "queue": Queue("production-events", URL, "q", 0, 0, 0, encrypted=True),
        "alarms": (Alarm("alarm-1", "a", "OK", None, None, None, None, None, actions_enabled=True),),
        "tracking_alarms": (),
        "database_failovers": (failover(),),
        "cache_failovers": (),
        "metrics": (Metric("rbac", "CPUUtilization", 41.5, "Percent", WHEN),),
    }


class World:
    """What AWS answers now. `says[question]` is a value, or an exception to raise; `hang` makes a question wait."""

    def __init__(self) -> None:
        self.says = answers()
        self.asked: Counter[str] = Counter()
        self.released = threading.Event()
        self.hanging: set[str] = set()
        self._lock = threading.Lock()

    def hang(self, *questions: str) -> None:
        """These questions wait until `released` is set."""
        self.hanging |= set(questions)

    def ask(self, question: str, *arguments: Any) -> Any:
        """Answer, raise or wait."""
        with self._lock:
            self.asked[question] += 1
        if question in self.hanging:
            assert self.released.wait(30), "the test never let go"
        if question == "resources":
            return self._resources(arguments[0])
        answer = self.says[question]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def sources(self, clients: Callable[[], Clients]) -> Sources:
        """As sources for a reader."""
        return _Sources(clients, self)

    def _resources(self, of: Stack) -> tuple[StackResource, ...]:
        answer = self.says.get("resources", RESOURCES)
        if isinstance(answer, BaseException):
            raise answer
        return tuple(StackResource(name, at, kind, "CREATE_COMPLETE") for name, at, kind in answer[of.name])


class _Sources(Sources):
    def __init__(self, clients: Callable[[], Clients], world: World) -> None:
        super().__init__(clients)
        self._world = world

    def __getattribute__(self, name: str) -> Any:
        if name.startswith("_") or not hasattr(Sources, name):
            return super().__getattribute__(name)
        return lambda *arguments: self._world.ask(name, *arguments)


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self, at: datetime = WHEN) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at
