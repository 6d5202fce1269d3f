"""The page about an environment's drift as data: one verdict, then stack by stack what differs and what of it is meant.
Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from portal.failovers.preview import Said
from services.domain.deployment.drift import ACCEPTED, EXPLAINED, Accepted, Judged
from services.domain.environment import Environment
from services.domain.operation import Operation, State
from services.domain.scaling.edited import Edited
from services.domain.status import Status
from services.domain.wording import counted, listed
from services.usecases.drifting import FAILED, FOUND
from services.usecases.drifts import DriftOverview, StackDrift, stacks_of

LONG = 160
"""Characters beyond which a value is folded away."""
_KINDS = {"ADD": "Added", "REMOVE": "Taken away", "NOT_EQUAL": "Changed"}
_NOTHING = "nothing"


@dataclass(frozen=True)
class Row:
    """One difference. `word` sorts it (Changed, Added, Taken away, Deleted, Differs); `difference` is None for a
    resource that is gone, or of which AWS does not say where it differs: such a one cannot be accepted."""

    stack: str
    logical_id: str
    physical_id: str
    type: str
    word: str
    path: str
    expected: str
    actual: str
    why: str
    accepted: Accepted | None
    acceptable: bool

    @property
    def long(self) -> bool:
        """Whether its values are too long to stand in the open."""
        return max(len(self.expected), len(self.actual)) > LONG


@dataclass(frozen=True)
class StackRow:
    """One stack: how it stands, what was compared, and its differences. `failed` says why the last look could not
    compare it; what is shown is then older."""

    stack: str
    stack_name: str
    status: Status
    word: str
    compared: str
    at: datetime | None
    old: bool
    failed: str
    drifted: Sequence[Row]


@dataclass(frozen=True)
class Looking:
    """A look under way: how many stacks are done with, out of how many."""

    operation: Operation
    done: int
    of: int

    @property
    def line(self) -> str:
        """How far it is, in words."""
        if self.operation.state is State.STUCK:
            return f"It is stuck: {self.operation.because}"
        if self.operation.state is not State.RUNNING:
            return self.operation.because or "A worker takes it within seconds."
        return f"{self.done} of {counted(self.of, 'stack')} compared."


@dataclass(frozen=True)
class DriftPage:
    """The whole page. `stacks` are all of them; `accepted` and `explained` stand apart from what is drift."""

    environment: Environment
    said: Said
    stacks: Sequence[StackRow]
    accepted: Sequence[Row]
    explained: Sequence[Row]
    scaling: Sequence[tuple[str, Sequence[Edited]]]
    looking: Looking | None
    trouble: str
    looked_at: datetime | None
    old: bool
    next_at: datetime | None
    due: bool
    """The schedule looks as soon as it may."""
    read_at: datetime | None

    @property
    def differing(self) -> Sequence[StackRow]:
        """The stacks with drift."""
        return [each for each in self.stacks if each.drifted]

    @property
    def differences(self) -> int:
        """How many differences are neither accepted nor explain themselves, live edits of scaling among them."""
        return sum(len(each.drifted) for each in self.stacks) + sum(len(edits) for _, edits in self.scaling)


def make(overview: DriftOverview, now: datetime, every: timedelta) -> DriftPage:
    """The page at a time; `every` is how often the schedule looks, and what is twice as old is old."""
    stacks = [_stack(stack, now, every) for stack in overview.stacks]
    judged = [(each.verdict, row(stack.stack, each)) for stack in overview.stacks for each in stack.judged]
    ages = [stack.at for stack in stacks if stack.at]
    page = DriftPage(
        overview.environment,
        Said(Status.UNKNOWN, ""),
        stacks,
        [made for verdict, made in judged if verdict == ACCEPTED],
        [made for verdict, made in judged if verdict == EXPLAINED],
        overview.scaling,
        _looking(overview.looking),
        _trouble(overview.last),
        min(ages) if ages else None,
        any(stack.old for stack in stacks),
        overview.next_at if overview.next_at and overview.next_at > now else None,
        overview.next_at is not None and overview.next_at <= now,
        overview.read_at,
    )
    return replace(page, said=verdict(page))


def verdict(page: DriftPage) -> Said:
    """State and how much first, then where."""
    if not page.stacks:
        if page.read_at is None:
            return Said(Status.UNKNOWN, "Not read yet.", "What could drift can be said once AWS was read.")
        return Said(Status.UNKNOWN, "No stacks.", "Without a stack there is nothing that AWS could differ from.")
    blind = [each.stack for each in page.stacks if each.at is None]
    if len(blind) == len(page.stacks) and not page.differences:
        return Said(Status.UNKNOWN, "Never looked.", "Nobody has compared these stacks with what AWS has yet.")
    if page.differences:
        return Said(
            Status.DEGRADED, f"{counted(page.differences, 'difference')}:", f"{listed(_where(page), 4)}.", _apart(page)
        )
    if blind:
        return Said(Status.UNKNOWN, "Not all is known:", f"{listed(blind)} could not be compared.", _apart(page))
    if page.old:
        old = [each.stack for each in page.stacks if each.old]
        return Said(Status.STALE, "Looked long ago.", f"Nothing differed then in {listed(old)}.", _apart(page))
    return Said(Status.HEALTHY, "In sync.", "All that CloudFormation compares is as the stacks say.", _apart(page))


def _where(page: DriftPage) -> list[str]:
    found = [f"{counted(len(each.drifted), 'difference')} in {each.stack}" for each in page.differing]
    edits = sum(len(rows) for _, rows in page.scaling)
    return [*found, *([f"{counted(edits, 'live edit')} of scaling"] if edits else [])]


def _apart(page: DriftPage) -> str:
    parts = [f"{counted(len(page.accepted), 'difference is', 'differences are')} accepted"] if page.accepted else []
    if page.explained:
        parts.append(f"{counted(len(page.explained), 'explains itself', 'explain themselves')}")
    said = [f"Not counted: {listed(parts)}."] if parts else []
    if page.differences and (blind := [each.stack for each in page.stacks if each.at is None]):
        said.append(f"Not compared: {listed(blind)}.")
    return " ".join(said)


def row(stack: str, judged: Judged) -> Row:
    resource, found = judged.resource, judged.difference
    if found is None:
        word = "Deleted" if resource.status == "DELETED" else "Differs"
        path, expected, actual = "", "", ""
    else:
        word, path = _KINDS.get(found.kind, "Changed"), found.path
        expected, actual = found.expected or _NOTHING, found.actual or _NOTHING
    return Row(
        stack,
        resource.logical_id,
        resource.physical_id,
        resource.type,
        word,
        path,
        expected,
        actual,
        judged.why,
        judged.accepted,
        found is not None,
    )


def _stack(stack: StackDrift, now: datetime, every: timedelta) -> StackRow:
    report, rows = stack.report, [row(stack.stack, each) for each in stack.drifted]
    if report is None:
        word = "Not compared" if stack.failed else "Never looked"
        return StackRow(stack.stack, stack.stack_name, Status.UNKNOWN, word, "", None, False, stack.failed, rows)
    old = now - report.at > 2 * every
    if rows:
        status, word = Status.DEGRADED, counted(len(rows), "difference")
    elif report.status in ("IN_SYNC", "DRIFTED"):
        status, word = (
            (Status.STALE if old else Status.HEALTHY),
            "In sync" if not stack.judged else "Nothing that counts",
        )
    else:
        status, word = Status.UNKNOWN, "Not known"
    compared = _compared(stack)
    return StackRow(
        stack.stack,
        stack.stack_name,
        status,
        word,
        compared,
        report.at,
        old,
        stack.failed or (report.reason if status is Status.UNKNOWN else ""),
        rows,
    )


def _compared(stack: StackDrift) -> str:
    """How many resources were compared, and how many cannot be."""
    if stack.report is None:
        return ""
    kinds = Counter(resource.status for resource in stack.report.resources)
    told = sum(kinds[word] for word in ("IN_SYNC", "MODIFIED", "DELETED"))
    left = sum(kinds.values()) - told
    said = counted(told, "resource")
    return f"{said}; {left} more that CloudFormation does not compare" if left else said


def _looking(operation: Operation | None) -> Looking | None:
    if operation is None:
        return None
    names = stacks_of(operation)
    done = sum(bool(operation.note(f"{FOUND}_{name}") or operation.note(f"{FAILED}_{name}")) for name in names)
    return Looking(operation, done, len(names))


def _trouble(last: Operation | None) -> str:
    """What the newest look came to when it did not end well."""
    if last is None or last.state is State.SUCCEEDED:
        return ""
    return f"The last look {last.state}: {last.because}"
