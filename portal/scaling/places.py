"""What stands around a service's scaling: its state as a form opens on it, the template's values, the label of its load
balancer and target group. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from services.domain.scaling.change import ScalingState, state_of
from services.domain.scaling.edited import Edited, differing
from services.domain.scaling.templated import templated
from services.domain.snapshot import FargateService, Snapshot
from services.usecases.scalings import ServiceScaling


@dataclass(frozen=True)
class Today:
    """What is said beside each value: the template's, where it is another one, and whether somebody edited it live (a
    scheduled action may have set it, too). `known` says that there is a template to compare with."""

    known: bool = False
    other: Mapping[str, str] = field(default_factory=dict)
    edits: Collection[str] = ()

    def template(self, key: str, live: str = "") -> str:
        """The template's value of a row's key; `live` where it is the same."""
        return self.other.get(key, live)

    def edited(self, key: str) -> bool:
        """Whether it is edited live."""
        return key in self.edits


def today(service: FargateService | None, edited: Collection[Edited], snapshot: Snapshot | None) -> Today:
    """Of a service that was seen; nothing is known of one that was not."""
    said = templated(snapshot, service) if snapshot and service else None
    if service is None or said is None:
        return Today(edits={each.key for each in edited}, other={each.key: each.template for each in edited})
    known = {each.key: each.template for each in (*differing(said, service.scaling), *edited)}
    return Today(True, known, {each.key for each in edited})


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
