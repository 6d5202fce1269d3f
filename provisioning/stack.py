"""A stack to provision, and the order stacks come in."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


class BlueprintError(ValueError):
    """A blueprint, or what was asked of it, does not hold. `fields` maps `<stack>.<parameter>` to what is wrong."""

    def __init__(self, message: str, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


@dataclass(frozen=True)
class StackSpec:
    """One stack to provision: `name` as in `network` or `service-rbac`; `parameters` are fixed values; `inputs` maps a
    parameter to (stack name, output) of a stack deployed before; `after` are the stacks it waits for; `policy` is the
    stack policy as JSON."""

    name: str
    template: str
    parameters: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[str, tuple[str, str]], ...]
    after: tuple[str, ...]
    policy: str | None
    termination_protection: bool


def in_order(specs: Iterable[StackSpec]) -> tuple[StackSpec, ...]:
    """Each stack behind those it waits for, otherwise as given. Raises BlueprintError when that cannot be, or when two
    have the same name."""
    waiting = list(specs)
    done: dict[str, StackSpec] = {}
    while waiting:
        ready = next((spec for spec in waiting if set(spec.after) <= done.keys()), None)
        if ready is None:
            stuck = ", ".join(spec.name for spec in waiting)
            raise BlueprintError(f"The stacks cannot be put in order: {stuck} would wait for ever.")
        if ready.name in done:
            raise BlueprintError(f"Two stacks are named {ready.name}.")
        done[ready.name] = ready
        waiting.remove(ready)
    return tuple(done.values())
