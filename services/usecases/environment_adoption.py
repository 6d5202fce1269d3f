"""Stacks that are there already: which of an account's an environment would look after, and what is beside them. Pure.

Adopting is registering: nothing is changed in AWS. A stack belongs to an environment by its tag `haven:environment`,
or, where it carries none, by the prefix of its name and one of the known names behind it.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from services.domain.environment import Environment
from services.ports import StackStanding

TAG = "haven:environment"
_OURS = re.compile(r"network|data|platform|service-.+")
_FITS = re.compile(r"(?P<prefix>[A-Za-z][A-Za-z0-9-]*?)-(?P<name>network|data|platform|service-[A-Za-z0-9-]+)")
_GONE = "DELETE_COMPLETE"
MOST = 100
"""How many stacks are told one by one; an account may have 2000."""


@dataclass(frozen=True)
class Found:
    """One stack. `name` is Haven's name of it, such as `service-rbac`; `how` says why it is counted where it is."""

    name: str
    stack_name: str
    status: str
    how: str


@dataclass(frozen=True)
class Group:
    """Stacks of another prefix that fit Haven's shapes; `environment` is who looks after them, empty for nobody."""

    prefix: str
    environment: str
    stacks: tuple[str, ...]


@dataclass(frozen=True)
class Survey:
    """What there is in an environment's account and region. `ours` are the stacks it reads; `absent` full names its
    blueprint has that are not there; `beside` other stacks under its prefix or tag, never written to; `elsewhere`
    other prefixes whose stacks fit; `strangers` how many have nothing to do with Haven."""

    ours: tuple[Found, ...] = ()
    absent: tuple[str, ...] = ()
    beside: tuple[Found, ...] = ()
    elsewhere: tuple[Group, ...] = ()
    strangers: int = 0


def survey(
    environment: Environment,
    standings: Sequence[StackStanding],
    wanted: Sequence[str] = (),
    known: Sequence[Environment] = (),
) -> Survey:
    """Sort an account's stacks. `wanted` are the names of the blueprint's stacks, `known` the environments in use."""
    ours: list[Found] = []
    beside: list[Found] = []
    rest: list[StackStanding] = []
    for each in sorted(standings, key=lambda standing: standing.stack_name):
        if each.status == _GONE:
            continue
        tagged, own = dict(each.tags).get(TAG), _own_name(environment, each.stack_name)
        fits = own is not None and _OURS.fullmatch(own) is not None
        if tagged == environment.name and own is not None:
            how = "by its tag" if fits else "custom, by its tag; read-only"
            (ours if fits else beside).append(_found(own, each, how))
        elif tagged is None and own is not None:
            how = "by its name; it has no tag" if fits else f"custom; with the tag {TAG} it is shown too, read-only"
            (ours if fits else beside).append(_found(own, each, how))
        elif own is not None:
            how = f"not read: it is tagged for the environment {tagged}"
            beside.append(_found(own, each, how))
        elif tagged == environment.name:
            beside.append(_found("", each, f"not read: its name does not begin with {environment.stack_prefix}-"))
        else:
            rest.append(each)
    there = {each.name for each in ours}
    absent = tuple(environment.stack_name(name) for name in wanted if name not in there)
    groups, strangers = _groups(environment, rest, known)
    return Survey(tuple(ours[:MOST]), absent, tuple(beside[:MOST]), groups[:MOST], strangers)


def _own_name(environment: Environment, stack_name: str) -> str | None:
    start = f"{environment.stack_prefix}-"
    return stack_name[len(start) :] if stack_name.startswith(start) else None


def _found(name: str, standing: StackStanding, how: str) -> Found:
    return Found(name, standing.stack_name, standing.status, how)


def _groups(
    environment: Environment, rest: Sequence[StackStanding], known: Sequence[Environment]
) -> tuple[tuple[Group, ...], int]:
    """Stacks of other prefixes that fit, and how many do not. A prefix counts with its network or its data: the names
    alone are common words."""
    by_prefix: dict[str, list[str]] = {}
    for each in rest:
        if fits := _FITS.fullmatch(each.stack_name):
            by_prefix.setdefault(fits["prefix"], []).append(each.stack_name)
    here = [each for each in known if (each.account, each.region) == (environment.account, environment.region)]
    looked_after = {each.stack_prefix: each.name for each in here}
    groups = tuple(
        Group(prefix, looked_after.get(prefix, ""), tuple(names[:MOST]))
        for prefix, names in sorted(by_prefix.items())
        if {f"{prefix}-network", f"{prefix}-data"} & set(names)
    )
    return groups, len(rest) - sum(len(group.stacks) for group in groups)


def written(survey: Survey) -> str:
    """A survey as it is kept in an operation's notes."""
    return json.dumps(asdict(survey), sort_keys=True)


def read(text: str) -> Survey | None:
    """As `written` wrote it; None for anything else."""
    try:
        kept = json.loads(text)
        return Survey(
            tuple(Found(**each) for each in kept["ours"]),
            tuple(kept["absent"]),
            tuple(Found(**each) for each in kept["beside"]),
            tuple(Group(each["prefix"], each["environment"], tuple(each["stacks"])) for each in kept["elsewhere"]),
            int(kept["strangers"]),
        )
    except (ValueError, KeyError, TypeError):
        return None
