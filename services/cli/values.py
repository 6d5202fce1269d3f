"""Values of stacks' parameters as they are typed: `stack.Parameter=value`."""

from collections.abc import Sequence

import click


class Value(click.ParamType[tuple[str, str, str]]):
    """`stack.Parameter=value`; the value may hold anything, also nothing."""

    name = "stack.Parameter=value"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str, str]:
        """Stack, parameter and value. Fails with what to write instead."""
        where, equals, given = str(value).partition("=")
        stack, dot, parameter = where.partition(".")
        if not (equals and dot and stack and parameter):
            self.fail(f"{value!r} is not like service-rbac.MaxTasks=20", param, ctx)
        return stack, parameter, given


def by_stack(values: Sequence[tuple[str, str, str]]) -> dict[str, dict[str, str]]:
    """What was typed, by stack and parameter."""
    made: dict[str, dict[str, str]] = {}
    for name, parameter, value in values:
        made.setdefault(name, {})[parameter] = value
    return made
