"""What stands around a service's scaling: its state as a form opens on it, the template's values, the label of its load
balancer and target group. Pure."""

from dataclasses import dataclass, field

from services.domain.scaling.change import ScalingState, state_of
from services.domain.scaling.edited import Edited
from services.domain.snapshot import Snapshot
from services.usecases.scalings import ServiceScaling


@dataclass(frozen=True)
class Today:
    """What is said beside each value: the template's, where it is another one. `known` says that the service's stack
    was read, so that what is not edited live is as in the template."""

    known: bool = False
    edited: dict[str, Edited] = field(default_factory=dict)

    @classmethod
    def of(cls, seen: ServiceScaling | None, snapshot: Snapshot | None) -> "Today":
        """Of a service that was seen."""
        if seen is None:
            return cls()
        stacks = {stack.name for stack in snapshot.stacks} if snapshot else set()
        return cls(f"service-{seen.service.name}" in stacks, {each.key: each for each in seen.edited})

    def template(self, key: str) -> str:
        """The template's value of a row's key, empty where it is today's or is not known."""
        return self.edited[key].template if key in self.edited else ""


def own_state(seen: ServiceScaling) -> ScalingState | None:
    """What a form opens on; None when nothing is registered."""
    return state_of(seen.service.scaling) if seen.service.scaling else None


def resource_label(snapshot: Snapshot | None, service: str) -> str:
    """`app/<lb>/<id>/targetgroup/<group>/<id>` as far as both were read, else empty."""
    found = next((s for s in snapshot.services if s.name == service), None) if snapshot else None
    if snapshot is None or found is None or found.target_group is None or snapshot.load_balancer is None:
        return ""
    _, _, balancer = snapshot.load_balancer.arn.partition(":loadbalancer/")
    _, _, group = found.target_group.arn.rpartition(":")
    return f"{balancer}/{group}" if balancer.startswith("app/") and group.startswith("targetgroup/") else ""
