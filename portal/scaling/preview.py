"""The preview of a change of scaling as data: the verdict, before and after, the guards with their sums. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from portal.failovers.preview import Said
from portal.scaling.places import Today
from services.domain.access import GRANTS, Actor, Permission
from services.domain.check import Answer, Check
from services.domain.errors import Invalid
from services.domain.scaling.change import ScalingChange, ScalingState
from services.domain.scaling.difference import Row
from services.domain.scaling.edited import Edited
from services.domain.scaling.schedule import next_runs
from services.domain.snapshot import ScheduledAction
from services.domain.status import Status
from services.domain.wording import counted, listed
from services.usecases.scalings import ScalingPreview

STEP = "step"
"""The guard whose override is a confirmation: the name is typed for it."""
RUNS = 3
_TERM = re.compile(r"ceil\((\d+) × (\d+)/100\) × (\d+) \(([^)]+)\)")
_RESERVED = re.compile(r"\+ (\d+) reserved = ([\d,]+) ≤ ([\d,]+) \(([^)]*)\)")
_NEAREST = (
    (re.compile(r"(?:Lower|Raise|Set) the maximum to (\d+)"), "maximum"),
    (re.compile(r"(?:Lower|Raise) the minimum to (\d+)"), "minimum"),
)
WIDTH = 470


@dataclass(frozen=True)
class Part:
    """One summand of the connections: whose, how it is made, how many; `x` and `width` in the bar."""

    word: str
    made: str
    times: str
    number: int
    x: float = 0.0
    width: float = 0.0


@dataclass(frozen=True)
class Sum:
    """A sum against its limit, drawn as a bar; `limit_x` is where the limit is in it."""

    parts: Sequence[Part]
    total: int
    most: int
    limit_x: float
    source: str

    @property
    def over(self) -> int:
        """By how much it is too much."""
        return max(0, self.total - self.most)


@dataclass(frozen=True)
class Guard:
    """A check as shown. `use` is the nearest value that would pass: (`maximum`, 14); None when no single one would."""

    check: Check
    status: Status
    word: str
    sum: Sum | None = None
    use: tuple[str, int] | None = None


@dataclass(frozen=True)
class Setting:
    """One line of before and after, with the template's value; `edited` when today's is not the template's."""

    row: Row
    template: str
    edited: bool


@dataclass(frozen=True)
class Runs:
    """A scheduled action that is put, with its next runs: (UTC, in its own zone)."""

    action: ScheduledAction
    runs: Sequence[tuple[datetime, str]]
    problem: str = ""


@dataclass(frozen=True)
class PreviewPage:
    """Everything the preview shows besides the replay. `why_not` says why its last button does nothing."""

    preview: ScalingPreview
    said: Said
    settings: Sequence[Setting]
    overwritten: Sequence[Edited]
    runs: Sequence[Runs]
    guards: Sequence[Guard]
    tally: tuple[Status, str]
    button: str
    may_change: bool
    may_override: bool
    needs_name: bool
    why_not: str
    who_may: str

    @property
    def can_send(self) -> bool:
        """Whether it could be asked for at all, given a reason and the overrides."""
        return self.may_change and not self.why_not

    def yours(self, key: str) -> str:
        """What this person wanted of a value that somebody else changed."""
        return next((each.row.after for each in self.settings if each.row.key == key), "left as it was")

    @property
    def waived(self) -> Sequence[Check]:
        """What has to be let pass, with the step down, which is confirmed by name instead, left out."""
        return [check for check in self.preview.overridable if check.key != STEP]


def make(preview: ScalingPreview, actor: Actor, now: datetime, today: Today) -> PreviewPage:
    """The page for one person."""
    may, overrides = actor.may(Permission.CHANGE_SCALING), actor.may(Permission.OVERRIDE_CHECKS)
    settings = tuple(setting(row, today) for row in preview.rows)
    return PreviewPage(
        preview=preview,
        said=_said(preview, overrides=overrides),
        settings=settings,
        overwritten=tuple(preview.edited),
        runs=tuple(_runs(action, now) for action in preview.change.scheduled),
        guards=tuple(guard(check) for check in preview.checks),
        tally=_tally(preview.checks),
        button=_button(preview),
        may_change=may,
        may_override=overrides,
        needs_name=any(check.key == STEP for check in preview.overridable),
        why_not=_why_not(preview, may_override=overrides),
        who_may=who_may(),
    )


def who_may() -> str:
    """The roles that may change scaling."""
    return listed([role for role, granted in GRANTS.items() if Permission.CHANGE_SCALING in granted])


def setting(row: Row, today: Today) -> Setting:
    """A line with what the template has: today's value, where it has no other."""
    return Setting(row, today.template(row.key, row.before if today.known else "not known"), today.edited(row.key))


def guard(check: Check) -> Guard:
    """A check with its sum and the nearest value that would pass."""
    if check.answer is Answer.PASS:
        return Guard(check, Status.HEALTHY, "Passes", summed(check.fact))
    near = [(name, int(found[1])) for shape, name in _NEAREST if (found := shape.search(check.mend))]
    use = next((each for each in near if each[1] > 0), None)  # zero tasks are refused by another guard
    if check.answer is Answer.UNKNOWN:
        return Guard(check, Status.UNKNOWN, "Not known", use=use)
    status, word = (Status.DEGRADED, "Warns") if check.overridable else (Status.DOWN, "Refused")
    return Guard(check, status, word, summed(check.fact), use)


def summed(fact: str) -> Sum | None:
    """The connections' sum out of its guard's fact, None for any other fact."""
    end = _RESERVED.search(fact)
    if end is None:
        return None
    total, most = (int(end[n].replace(",", "")) for n in (2, 3))
    found = [
        Part(name, f"ceil({tasks} × {percent} %) × {pool}", f"{count} × {pool}", count * int(pool))
        for tasks, percent, pool, name in _TERM.findall(fact)
        for count in [max(int(tasks), -(-int(tasks) * int(percent) // 100))]
    ]
    parts, x, scale = list[Part](), 1.0, (WIDTH - 4) / max(total, most, 1)
    for part in (*found, Part("reserve", "", "", int(end[1]))):
        parts.append(replace(part, x=round(x, 1), width=round(max(1.0, part.number * scale - 1.5), 1)))
        x += part.number * scale
    return Sum(tuple(parts), total, most, round(1 + most * scale, 1), end[4])


def using(change: ScalingChange, now: ScalingState, name: str, value: int) -> ScalingChange:
    """The change with another bound; one that is there already is left out."""
    if name == "maximum":
        return replace(change, max_capacity=None if value == now.scaling.max_capacity else value)
    return replace(change, min_capacity=None if value == now.scaling.min_capacity else value)


def _runs(action: ScheduledAction, now: datetime) -> Runs:
    try:
        found = next_runs(action, now, RUNS)
        zone = action.timezone
        return Runs(action, [(run, _local(run, zone) if zone else "") for run in found])
    except Invalid as problem:
        return Runs(action, [], problem.message)


def _local(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%a %d %b %H:%M}"


def _tally(checks: Sequence[Check]) -> tuple[Status, str]:
    failed = [check for check in checks if check.answer is not Answer.PASS]
    if blocked := [check for check in failed if not check.overridable]:
        return Status.DOWN, f"{len(blocked)} {'refuses' if len(blocked) == 1 else 'refuse'}"
    if warned := [check for check in failed if check.answer is Answer.FAIL]:
        return Status.DEGRADED, f"{len(warned)} {'warns' if len(warned) == 1 else 'warn'}"
    if failed:
        return Status.UNKNOWN, f"{len(failed)} not known"
    return Status.HEALTHY, f"All {len(checks)} pass"


def _said(preview: ScalingPreview, *, overrides: bool) -> Said:
    what = summary(preview.rows, preview.change)
    if preview.conflicts:
        strong = "Somebody changed it since you opened the form."
        return Said(
            Status.DEGRADED, strong, "Nothing is written.", "Both versions stand below; open it again with yours."
        )
    if preview.live is not None:
        strong = f"Something is already changing {preview.service.name}."
        return Said(Status.CHANGING, strong, "One operation at a time.", "Watch it, or wait until it is over.")
    if number := len(preview.blocked):
        names = listed([check.title.lower() for check in preview.blocked], 3)
        strong = f"Not like this: {counted(number, 'guard')} {'refuses' if number == 1 else 'refuse'}."
        return Said(Status.DEGRADED, strong, what, f"Not so: {names}.")
    if number := len(preview.overridable):
        it = "it" if number == 1 else "them"
        who = "You may" if overrides else "Only an admin may"
        return Said(
            Status.DEGRADED, f"{counted(number, 'guard')} not passed.", what, f"{who} let {it} pass, with a reason."
        )
    return Said(Status.HEALTHY, f"All {len(preview.checks)} guards pass.", what, "Nothing has been asked for yet.")


def summary(rows: Sequence[Row], change: ScalingChange, most: int = 3) -> str:
    """`Maximum 12 → 14 and 2 more.`"""
    told = [f"{row.label} {row.before}\N{NO-BREAK SPACE}→\N{NO-BREAK SPACE}{row.after}" for row in rows]
    if change.desired_once is not None:
        told.insert(0, f"Desired count {change.desired_once}, once")
    return f"{listed(told, most)}." if told else "Nothing differs."


def _button(preview: ScalingPreview) -> str:
    until = preview.change.until
    return f"Change the scaling of {preview.service.name}{f' until {until:%d %b %H:%M} UTC' if until else ''}"


def _why_not(preview: ScalingPreview, *, may_override: bool) -> str:
    if preview.conflicts:
        return "Somebody changed it since you opened the form."
    if preview.live is not None:
        return f"Operation {preview.live.id} runs on {preview.service.name}."
    if number := len(preview.blocked):
        return f"{counted(number, 'guard')} {'refuses' if number == 1 else 'refuse'}; no override lets it pass."
    if (number := len(preview.overridable)) and not may_override:
        return f"{counted(number, 'guard')} not passed; an admin may let it pass, with a reason."
    return ""
