"""Carrying live edits into the template: the parameters with which the stack says what is live."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from services.domain.scaling.bounds import by_actions
from services.domain.scaling.difference import NONE
from services.domain.scaling.edited import Edited, differing, edited_live
from services.domain.scaling.overwritten import Overwritten, replaced
from services.domain.scaling.templated import EMPTY, ON, Templated, against, templated
from services.domain.snapshot import FargateService, Scaling, Snapshot
from services.domain.wording import listed

_UNSAID = frozenset({"unchanged", "AWS's default"})
_LEAD = ("minimum", "maximum")
"""An edit of these wins over the scheduled actions' bounds that have the same parameter."""


@dataclass(frozen=True)
class Left:
    """An edit that cannot be carried, and why."""

    edited: Edited
    why: str


@dataclass(frozen=True)
class Carried:
    """`parameters` are those to change, with their new values; `before` the same ones now. `left` cannot be carried;
    `overwritten` are live values that the deployment would replace all the same, edited or not."""

    before: Mapping[str, str]
    parameters: Mapping[str, str]
    left: tuple[Left, ...]
    overwritten: tuple[Overwritten, ...]


def carried(snapshot: Snapshot, service: FargateService, refused: Mapping[str, str] | None = None) -> Carried:
    """The parameters that make the template say what is live; nothing without a live edit. `refused` are parameters
    whose value the template does not take, with what it says of it."""
    said, refused = templated(snapshot, service), refused or {}
    if said is None or not edited_live(snapshot, service):
        return Carried({}, {}, (), ())
    live = service.scaling
    switch = {} if said.on is (live is not None) else {ON: "true" if live else "false"}
    base = replace(said, said={**said.said, **switch})
    on_purpose = {each.bound for each in by_actions(live or EMPTY, snapshot.taken_at)}
    edits = [each for each in differing(base, live) if each.key not in on_purpose]
    wanted = {**switch, **_wanted(base, live, edits, on_purpose)}
    for name in refused:
        wanted.pop(name, None)
    then = replace(said, said={**said.said, **wanted})
    still = {each.key for each in differing(then, live)}
    left = tuple(Left(each, refused.get(each.parameter) or _why(each, base)) for each in edits if each.key in still)
    lost = tuple(replaced(said.said, wanted, service))
    return Carried({name: said.said[name] for name in wanted}, wanted, left, lost)


def _wanted(base: Templated, live: Scaling | None, edits: Sequence[Edited], on_purpose: set[str]) -> dict[str, str]:
    if live is None:
        return {}
    values = {row.key: row.after for row in against(EMPTY, live)}
    keys = {each.key for each in edits}
    both, made = _scheduled(base, live), dict[str, str]()
    if both == 0 and base.said["BusySchedule"]:
        made["BusySchedule"] = ""
    for parameter in dict.fromkeys(each.parameter for each in edits if each.parameter):
        sharing = [key for key in _sharing(base, parameter) if key not in on_purpose]
        if both != 2:
            sharing = [key for key in sharing if not key.startswith("scheduled/")]
        lead = [key for key in sharing if key in _LEAD and key in keys]
        found = {_value(key, values.get(key, NONE)) for key in lead or sharing}
        if len(found) == 1 and (value := found.pop()) is not None:
            made[parameter] = value
    return {name: value for name, value in made.items() if value != base.said[name]}


def _scheduled(base: Templated, live: Scaling) -> int:
    """How many of the template's two actions are live: it makes both or neither."""
    own = {f"{base.service}-busy", f"{base.service}-quiet"}
    return len(own & {action.name for action in live.scheduled})


def _sharing(base: Templated, parameter: str) -> Iterator[str]:
    return (key for key, name in base.parameters().items() if name == parameter)


def _value(key: str, text: str) -> str | None:
    """The parameter's value, None for what the template cannot say."""
    if text in _UNSAID or text == NONE:
        return None
    return text.removesuffix(" s") if key.endswith("cooldown") else text


def _why(edit: Edited, base: Templated) -> str:
    if not edit.parameter:
        return "The template has no parameter for it."
    if edit.live == NONE:
        return "The template always makes it."
    if edit.live in _UNSAID:
        return f"{edit.parameter} needs a value."
    others = [key for key in _sharing(base, edit.parameter) if key != edit.key]
    return f"{edit.parameter} also stands for {listed(others)}, which differs." if others else "It cannot be said."
