"""Live values that differ from the stack's parameters: CloudFormation sees no drift of scaling policies."""

from dataclasses import dataclass

from services.domain.scaling.bounds import by_actions
from services.domain.scaling.templated import EMPTY, ON, Templated, against, templated
from services.domain.snapshot import FargateService, Part, Scaling, Snapshot

OFF_KEY = "scaling"
"""The key of whether there is any scaling at all, which no row of `difference` has."""


@dataclass(frozen=True)
class Edited:
    """One value. `key` is `difference.Row`'s (`policy/rbac-cpu/target`, `maximum`), so that it can be told beside it;
    `parameter` is the stack's, empty for what the template has no parameter for. `template` and `live` are as text,
    `none` for a thing that one side lacks."""

    key: str
    label: str
    parameter: str
    template: str
    live: str


def edited_live(snapshot: Snapshot, service: FargateService) -> tuple[Edited, ...]:
    """The live values that somebody changed past the stack. Nothing when there is no such stack (adopted, or of another
    template), while it changes, or when scaling was never read. A bound that a scheduled action set is no edit."""
    said = templated(snapshot, service)
    if said is None or not _readable(snapshot, service):
        return ()
    on_purpose = {each.bound for each in by_actions(service.scaling or EMPTY, snapshot.taken_at)}
    return tuple(each for each in differing(said, service.scaling) if each.key not in on_purpose)


def differing(said: Templated, live: Scaling | None) -> tuple[Edited, ...]:
    """Every value that is not as the template says, whoever made it so."""
    if said.on is not (live is not None):
        words = {True: "on", False: "off"}
        return (Edited(OFF_KEY, "Scaling", ON, words[said.on], words[live is not None]),)
    if live is None:
        return ()
    known = said.parameters()
    found = against(said.scaling, live)
    return tuple(Edited(row.key, row.label, known.get(row.key, ""), row.before, row.after) for row in found)


def explained(snapshot: Snapshot, service: FargateService) -> tuple[str, ...]:
    """Why bounds differ from the template's though nobody edited them, as sentences."""
    said = templated(snapshot, service)
    if said is None or service.scaling is None or not said.on:
        return ()
    own = {"minimum": said.scaling.min_capacity, "maximum": said.scaling.max_capacity}
    return tuple(
        f"The {each.bound} is {each.value}: the scheduled action {each.action} set it at {each.at:%Y-%m-%d %H:%M} UTC. "
        f"The template's own is {own[each.bound]}; that is no edit."
        for each in by_actions(service.scaling, snapshot.taken_at)
        if each.value != own[each.bound]
    )


def _readable(snapshot: Snapshot, service: FargateService) -> bool:
    # A stack on its way has its new parameters before they are in force.
    stack = next((each for each in snapshot.stacks if each.name == f"service-{service.name}"), None)
    settled = stack is not None and not stack.status.endswith("_IN_PROGRESS")
    return settled and snapshot.reading(Part.SCALING).read_at is not None
