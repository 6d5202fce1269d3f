"""What a deployment does to live scaling. CloudFormation writes a resource only when the template or its parameters
change one of the resource's own properties; then it writes all of them. Live edits of any other resource stay."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from services.domain.failover.connections import parameters_of
from services.domain.scaling.difference import NONE
from services.domain.scaling.edited import OFF_KEY, Edited, differing
from services.domain.scaling.templated import ON, PARAMETERS, TARGET, Templated, of_parameters
from services.domain.snapshot import FargateService, Scaling, Snapshot

_POLICY = ("ScaleOutCooldown", "ScaleInCooldown")
_SAID = {
    TARGET: ("MinTasks", "MaxTasks", "BusySchedule", "BusyMinTasks", "QuietSchedule", "ScheduleTimezone"),
    "CpuScaling": ("CpuTarget", *_POLICY),
    "MemoryScaling": ("MemoryTarget", *_POLICY),
}
"""The parameters that each of the template's resources is made of."""


@dataclass(frozen=True)
class Overwritten:
    """A live value that a deployment replaces by `to`. `resource` is the template's, written because the parameters
    `because` change. A bound that a scheduled action set is replaced like any other, until its next run."""

    service: str
    stack: str
    edited: Edited
    to: str
    resource: str
    because: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """It in words."""
        each = self.edited
        why = " and ".join(self.because)
        return f"{self.service}: {each.label} is {each.live} live and becomes {self.to}, as {why} changes."


def overwritten(snapshot: Snapshot, parameters_by_stack: Mapping[str, Mapping[str, str]]) -> tuple[Overwritten, ...]:
    """The live edits that a deployment with these parameters would overwrite. `parameters_by_stack` maps `service-rbac`
    to its values; those left out stay. Of a template whose own text changed, more may be written: that only a change
    set tells."""
    return tuple(
        each
        for service in snapshot.services
        if (asked := parameters_by_stack.get(f"service-{service.name}"))
        for each in replaced(parameters_of(snapshot, service), asked, service)
        if each.edited.live != each.edited.template
    )


def kept(blueprint: Mapping[str, str], deployed: Mapping[str, str]) -> dict[str, str]:
    """The scaling values of a deployed stack that a plain deployment leaves as they are, where the blueprint says
    otherwise. A blueprint that turns scaling on or off brings its own."""
    if not blueprint.get(ON) == deployed.get(ON) == "true":
        return {}
    both = [name for name in PARAMETERS if name in blueprint and name in deployed]
    return {name: deployed[name] for name in both if deployed[name] != blueprint[name]}


def replaced(deployed: Mapping[str, str], asked: Mapping[str, str], service: FargateService) -> Iterator[Overwritten]:
    """Every live value of a service that such a deployment replaces by another, edited or not."""
    said, then = of_parameters(deployed, service), of_parameters({**deployed, **asked}, service)
    if said is None or then is None:
        return
    stack, live = f"service-{service.name}", service.scaling
    edited = {each.key: each for each in differing(said, live)}
    if said.on is not then.on:
        for each in edited.values():
            to = NONE if each.key != OFF_KEY else "on" if then.on else "off"
            if to != each.live:
                yield Overwritten(service.name, stack, each, to, "", (ON,))
        return
    written = _written(said, then)
    if live is None and TARGET in written:
        yield from (Overwritten(service.name, stack, each, "on", TARGET, written[TARGET]) for each in edited.values())
    for each in differing(then, live) if live is not None else ():
        resource = said.resource(each.key)
        if resource in written:
            was = edited.get(each.key) or replace(each, template=each.live)
            yield Overwritten(service.name, stack, was, each.template, resource, written[resource])


def _written(said: Templated, then: Templated) -> dict[str, tuple[str, ...]]:
    """The resources that are written, with the parameters that change them."""
    one, other = said.scaling, then.scaling
    changed = {TARGET: _target(one) != _target(other)} | {
        name: mine != theirs
        for name, mine, theirs in zip(("CpuScaling", "MemoryScaling"), one.policies, other.policies, strict=False)
    }
    return {
        resource: tuple(name for name in _SAID[resource] if said.said[name] != then.said[name])
        for resource, is_changed in changed.items()
        if is_changed
    }


def _target(scaling: Scaling) -> tuple[object, ...]:
    return scaling.min_capacity, scaling.max_capacity, scaling.scheduled
