"""The scaling that the parameters of a service's stack stand for (provisioning/templates/service.yaml)."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite

from services.domain.failover.connections import parameters_of
from services.domain.scaling.difference import Row, rows
from services.domain.scaling.load import CPU, MEMORY
from services.domain.snapshot import FargateService, Scaling, ScalingPolicy, ScheduledAction, Snapshot

ON = "Scaling"
PARAMETERS = (
    ON,
    "MinTasks",
    "MaxTasks",
    "CpuTarget",
    "MemoryTarget",
    "ScaleOutCooldown",
    "ScaleInCooldown",
    "BusySchedule",
    "BusyMinTasks",
    "QuietSchedule",
    "ScheduleTimezone",
)
"""Those that say how a service scales. A deployed stack has all of them: CloudFormation fills in defaults."""
TARGET = "ScalableTarget"
EMPTY = Scaling("", 0, 0, False, False, False)
"""Nothing registered, to compare with."""


@dataclass(frozen=True)
class Templated:
    """What a service stack's parameters stand for. `service` is the name its policies and actions begin with."""

    service: str
    said: Mapping[str, str]

    @property
    def on(self) -> bool:
        """Whether it is to scale at all."""
        return self.said[ON] == "true"

    @property
    def scaling(self) -> Scaling:
        """What the template makes of it, nothing suspended and nothing else beside it; `EMPTY` when it is off."""
        if not self.on:
            return EMPTY
        low, high = _whole(self.said["MinTasks"]), _whole(self.said["MaxTasks"])
        policies = (self._policy(self.cpu, CPU, "CpuTarget"), self._policy(self.memory, MEMORY, "MemoryTarget"))
        return Scaling("", low, high, False, False, False, policies, self._scheduled(low, high))

    @property
    def cpu(self) -> str:
        """The name of the policy on CPU."""
        return f"{self.service}-cpu"

    @property
    def memory(self) -> str:
        """The name of the policy on memory."""
        return f"{self.service}-memory"

    def parameters(self) -> dict[str, str]:
        """The parameter of each value, by `difference.Row`'s key. Several values may have one: the first one leads."""
        made = {"scaling": ON, "minimum": "MinTasks", "maximum": "MaxTasks"}
        for name, target in ((self.cpu, "CpuTarget"), (self.memory, "MemoryTarget")):
            made[f"policy/{name}/target"] = target
            made[f"policy/{name}/scale-out cooldown"] = "ScaleOutCooldown"
            made[f"policy/{name}/scale-in cooldown"] = "ScaleInCooldown"
        for word, schedule, least in (("busy", "BusySchedule", "BusyMinTasks"), ("quiet", "QuietSchedule", "MinTasks")):
            action = f"scheduled/{self.service}-{word}"
            made[f"{action}/schedule"] = schedule
            made[f"{action}/time zone"] = "ScheduleTimezone"
            made[f"{action}/minimum"] = least
            made[f"{action}/maximum"] = "MaxTasks"
        return made

    def resource(self, key: str) -> str:
        """The template's resource that a value belongs to, empty for what no resource of it says."""
        if key in ("minimum", "maximum") or key.startswith(
            (f"scheduled/{self.service}-busy/", f"scheduled/{self.service}-quiet/")
        ):
            return TARGET
        if key.startswith(f"policy/{self.cpu}/"):
            return "CpuScaling"
        return "MemoryScaling" if key.startswith(f"policy/{self.memory}/") else ""

    def _policy(self, name: str, metric: str, target: str) -> ScalingPolicy:
        out, in_ = _whole(self.said["ScaleOutCooldown"]), _whole(self.said["ScaleInCooldown"])
        return ScalingPolicy(name, "", "TargetTrackingScaling", metric, float(self.said[target]), out, in_, False)

    def _scheduled(self, low: int, high: int) -> tuple[ScheduledAction, ...]:
        if not self.said["BusySchedule"]:
            return ()
        zone, busy = self.said["ScheduleTimezone"], _whole(self.said["BusyMinTasks"])
        return (
            ScheduledAction(f"{self.service}-busy", self.said["BusySchedule"], zone, busy, high),
            ScheduledAction(f"{self.service}-quiet", self.said["QuietSchedule"], zone, low, high),
        )


def templated(snapshot: Snapshot, service: FargateService) -> Templated | None:
    """What the service's stack says; None when there is no such stack, or it is of another template."""
    return of_parameters(parameters_of(snapshot, service), service)


def of_parameters(said: Mapping[str, str], service: FargateService) -> Templated | None:
    """What these parameters say of the service; None when they are not those of the service template."""
    if not all(name in said for name in PARAMETERS):
        return None
    numbers = (said[name] for name in PARAMETERS if "Schedule" not in name and name != ON)
    return Templated(said.get("ServiceName") or service.service_name, said) if all(map(_number, numbers)) else None


def against(one: Scaling, live: Scaling) -> tuple[Row, ...]:
    """What differs between the template's scaling (`before`) and live (`after`). Steps are no business of the
    template: a step policy shows as a whole."""
    return rows(one, live, (), live.steps)


def _whole(text: str) -> int:
    return int(float(text))


def _number(text: str) -> bool:
    try:
        return isfinite(float(text))
    except ValueError:
        return False
