"""How long a deployment takes, by what its stacks took before. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.domain.deployment.plan import Plan
from services.domain.wording import listed
from services.usecases.deployment_shapes import Expected


@dataclass(frozen=True)
class Length:
    """`whole` along the longest way through the stacks; `unknown` are those that were never rolled out before, whose
    time comes on top."""

    whole: timedelta
    unknown: Sequence[str]

    @property
    def words(self) -> str:
        """`about 14 min`, `at least 9 min`, `not known`."""
        if not self.whole:
            return "not known" if self.unknown else "no time"
        return f"{'at least' if self.unknown else 'about'} {span(self.whole)}"

    @property
    def why(self) -> str:
        """What is missing from it; empty when nothing is."""
        return f"Never rolled out before here: {listed(self.unknown)}." if self.unknown else ""


def length(plan: Plan, expected: Sequence[Expected]) -> Length:
    """The longest way through the changed stacks; those that wait for nothing run side by side."""
    typical = {each.stack: each.typical for each in expected}
    changed = {stack.name: stack.after for stack in plan.changed}
    done: dict[str, timedelta] = {}
    for name in changed:
        _until(name, changed, typical, done, ())
    unknown = [name for name in changed if typical.get(name) is None]
    return Length(max(done.values(), default=timedelta()), unknown)


def span(length: timedelta) -> str:
    """`40 s`, `4 min 10 s`, `14 min`, `1 h 5 min`."""
    whole = max(0, round(length.total_seconds()))
    if whole < 60:
        return f"{whole} s"
    minutes, seconds = divmod(whole, 60)
    if minutes < 10 and seconds:
        return f"{minutes} min {seconds} s"
    hours, minutes = divmod(round(whole / 60), 60)
    if not hours:
        return f"{minutes} min"
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def _until(
    name: str,
    after: Mapping[str, Sequence[str]],
    typical: Mapping[str, timedelta | None],
    done: dict[str, timedelta],
    path: tuple[str, ...],
) -> timedelta:
    if name not in after or name in path:
        return timedelta()
    if name not in done:
        begins = max((_until(each, after, typical, done, (*path, name)) for each in after[name]), default=timedelta())
        done[name] = begins + (typical.get(name) or timedelta())
    return done[name]
