"""What the pages of environments show, from what is at hand. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from portal.failovers.preview import Said
from portal.fleet.row import row
from services.domain.environment import Environment
from services.domain.operation import Operation
from services.domain.status import Status, worst
from services.domain.wording import counted, listed
from services.usecases.environment_adoption import Group, Survey
from services.usecases.environment_checks import Checked
from services.usecases.environment_rules import LABELS, ROLES, Changed, changes
from services.usecases.snapshots import Current

DOES = {"reader": "looks", "operator": "fails over and scales", "provisioner": "deploys stacks"}
_MONTH_MINUTES = 30 * 24 * 60
SOON = timedelta(minutes=1)
"""How long a check may wait for a worker before that is said."""
_ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z]+")
"""How a right begins; anything else is a sentence."""


@dataclass(frozen=True)
class Access:
    """Whether Haven may do here what it needs to; `at` is when that was asked, None when it never was."""

    status: Status
    word: str
    at: datetime | None = None


@dataclass(frozen=True)
class ListRow:
    """One environment of the list. `read_at` is None when nothing was read, or it is archived."""

    environment: Environment
    status: Status
    word: str
    sentence: str
    stacks: int
    read_at: datetime | None
    access: Access


@dataclass(frozen=True)
class RoleRow:
    """One role. Without an ARN Haven uses its own credentials. `lacks` are AWS's words for what is missing; `sentence`
    says that they are one sentence on why it cannot be used, and no actions."""

    role: str
    does: str
    arn: str
    status: Status
    word: str
    lacks: Sequence[str]
    sentence: bool = False


@dataclass(frozen=True)
class Live:
    """The part of an environment's page that a check changes. It shows nothing that is one person's."""

    environment: Environment
    said: Said
    access: Access
    roles: Sequence[RoleRow]
    survey: Survey | None
    no_survey: str
    failed: str
    running: Operation | None

    @property
    def free(self) -> Sequence[Group]:
        """Prefixes whose stacks fit and that nobody looks after."""
        return [group for group in (self.survey.elsewhere if self.survey else ()) if not group.environment]


@dataclass(frozen=True)
class Difference:
    """One field of an edit that somebody else was faster with."""

    label: str
    now: str
    yours: str


def listing(
    known: Sequence[Environment],
    seen: Sequence[Current],
    checked: Mapping[str, Checked],
    now: datetime,
    stale_after: timedelta,
) -> tuple[ListRow, ...]:
    """Those in use by name, then the archived ones."""
    current = {each.environment.name: each for each in seen}
    rows = [
        _row(each, current.get(each.name), access(checked.get(each.name, Checked())), now, stale_after)
        for each in known
    ]
    return tuple(sorted(rows, key=lambda each: (each.environment.archived, each.environment.name)))


def _row(
    environment: Environment, seen: Current | None, found: Access, now: datetime, stale_after: timedelta
) -> ListRow:
    if environment.archived:
        return ListRow(environment, Status.PAUSED, "Archived", "Nothing looks after it.", 0, None, found)
    told = row(seen or Current(environment, None), now, stale_after)
    stacks = len(seen.snapshot.stacks) if seen and seen.snapshot else 0
    return ListRow(environment, told.status, told.word, told.sentence, stacks, told.read_at, found)


def headline(rows: Sequence[ListRow]) -> Said:
    """The list's verdict: whether Haven may do everywhere what it needs to."""
    used = [each for each in rows if not each.environment.archived]
    archived = len(rows) - len(used)
    line = f"{counted(archived, 'is', 'are')} archived." if archived else ""
    if not used:
        return Said(Status.PAUSED, "No environment is looked after.", line, "")
    strong = f"{counted(len(used), 'environment is', 'environments are')} looked after."
    lacking = [each.environment.name for each in used if each.access.status is Status.DEGRADED]
    if lacking:
        return Said(Status.DEGRADED, strong, f"Haven’s access to {listed(lacking)} needs you.", line)
    return Said(worst(_calm(each.access.status) for each in used), strong, line, "")


def _calm(status: Status) -> Status:
    return Status.HEALTHY if status is Status.UNKNOWN else status


def access(checked: Checked) -> Access:
    """In a word, from the newest check."""
    result = checked.result
    if checked.running is not None:
        return Access(Status.CHANGING, "Being checked", result.at if result else None)
    if checked.failed:
        return Access(Status.DEGRADED, "Could not be checked", result.at if result else None)
    if result is None:
        return Access(Status.UNKNOWN, "Never checked")
    if number := len(_lacking(checked)):
        return Access(Status.DEGRADED, f"{counted(number, 'role needs', 'roles need')} you", result.at)
    return Access(Status.HEALTHY, "All there", result.at)


def live(environment: Environment, checked: Checked, now: datetime) -> Live:
    """An environment's page, as far as a check changes it."""
    result = checked.result
    return Live(
        environment,
        _said(environment, checked, now),
        access(checked),
        [_role(environment, role, checked) for role in ROLES],
        result.survey if result else None,
        result.no_survey if result else "",
        checked.failed,
        checked.running,
    )


def _role(environment: Environment, role: str, checked: Checked) -> RoleRow:
    arn = getattr(environment, ROLES[role]) or ""
    if checked.result is None:
        return RoleRow(role, DOES[role], arn, Status.UNKNOWN, "Not checked", ())
    lacks = checked.result.missing.get(role, ())
    if lacks:
        told = not _ACTION.match(lacks[0])
        word = "Cannot be used as it is" if told else f"{len(lacks)} missing"
        return RoleRow(role, DOES[role], arn, Status.DEGRADED, word, lacks, told)
    return RoleRow(role, DOES[role], arn, Status.HEALTHY, "All there", ())


def _running(operation: Operation, now: datetime) -> Said:
    if operation.started_at is None and now - operation.requested_at > SOON:
        why = operation.because or "Is a worker running? It takes what is asked for within seconds."
        return Said(Status.STALE, "No worker has taken the check yet.", "", why)
    line = "A worker asks AWS what the roles may and which stacks there are."
    return Said(Status.CHANGING, "Its access is being checked.", line, operation.because)


def _lacking(checked: Checked) -> Mapping[str, Sequence[str]]:
    """By role, what a check found amiss."""
    found = checked.result.missing if checked.result else {}
    return {role: lacks for role, lacks in found.items() if lacks}


def _said(environment: Environment, checked: Checked, now: datetime) -> Said:
    name = environment.name
    if environment.archived:
        why = "Its stacks in AWS are as they were; its history and its ledger stay here."
        return Said(Status.PAUSED, f"{name} is archived.", "Haven neither reads it nor acts on it.", why)
    if checked.running is not None:
        return _running(checked.running, now)
    result = checked.result
    if checked.failed:
        return Said(Status.DEGRADED, "Its access could not be checked.", "", checked.failed)
    if result is None:
        why = "Check it, so that a missing right shows now and not in the middle of a failover."
        return Said(Status.UNKNOWN, "Its access was never checked.", "", why)
    if lacking := _lacking(checked):
        strong = f"{counted(len(lacking), 'role needs', 'roles need')} you:"
        told = [
            f"the {role} lacks {counted(len(lacks), 'right')}"
            if _ACTION.match(lacks[0])
            else f"the {role} is not right"
            for role, lacks in lacking.items()
        ]
        return Said(Status.DEGRADED, strong, f"{listed(told)}.", "What exactly stands under the role.")
    survey = result.survey
    if survey is None:
        return Said(Status.DEGRADED, "Its stacks could not be listed.", "", result.no_survey)
    if not survey.ours:
        why = "Deploy its blueprint, or mend the stack prefix if its stacks have another one."
        return Said(Status.PAUSED, "Haven may do here what it needs to;", "there is no stack yet.", why)
    line = f"{counted(len(survey.ours), 'stack is', 'stacks are')} looked after."
    absent = counted(len(survey.absent), "stack")
    why = f"{absent} of its blueprint {'is' if len(survey.absent) == 1 else 'are'} not there." if survey.absent else ""
    return Said(Status.HEALTHY, "Haven may do here what it needs to;", line, why)


def differences(changed: Changed) -> list[Difference]:
    """Both versions, field by field, where they differ."""
    found = changes(changed.now, changed.wanted)
    return [Difference(LABELS[name], now, yours) for name, (now, yours) in found.items()]


def budget_minutes(slo_target: float) -> float:
    """Minutes of 30 days that the target leaves."""
    return (100 - slo_target) / 100 * _MONTH_MINUTES
