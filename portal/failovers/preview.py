"""The preview of a failover as data: the verdict, the checks in the way first, what the last button says. Pure."""

from dataclasses import dataclass

from portal.failovers import seats, zones
from portal.failovers.zones import Picture
from services.domain.access import GRANTS, Actor, Permission
from services.domain.check import Answer, Check
from services.domain.failover.plan import Expectation
from services.domain.operation import Target
from services.domain.snapshot import Snapshot
from services.domain.status import Status
from services.domain.wording import counted, listed
from services.usecases.failovers import Preview


@dataclass(frozen=True)
class CheckRow:
    """A check as shown. `overridable` says that this person may tick it away."""

    check: Check
    status: Status
    word: str
    overridable: bool


@dataclass(frozen=True)
class Said:
    """The verdict: state, one strong sentence, the line after it, and why."""

    status: Status
    strong: str
    line: str = ""
    why: str = ""


@dataclass(frozen=True)
class PreviewPage:
    """Everything the preview shows. `why_not` says why the form is not there or its button does nothing."""

    preview: Preview
    said: Said
    checks: tuple[CheckRow, ...]
    picture: Picture
    button: str
    may_ask: bool
    may_override: bool
    why_not: str
    who_may: str

    @property
    def can_send(self) -> bool:
        """Whether the request could be sent at all, given reason, name and overrides."""
        return self.may_ask and not self.why_not

    @property
    def share(self) -> float:
        """Percent of the month's budget that the usual outage costs."""
        return self.preview.budget.share(self.preview.plan.expectation.usual)

    @property
    def is_test(self) -> bool:
        """ElastiCache means its call as a test (aws-facts 2.1)."""
        return self.preview.target.kind is Target.CACHE


def make(preview: Preview, snapshot: Snapshot | None, actor: Actor) -> PreviewPage:
    """The page for one person."""
    may = actor.may(Permission.RUN_FAILOVERS)
    overrides = actor.may(Permission.OVERRIDE_CHECKS)
    target, to = preview.target, preview.to
    drawn = zones.draw(
        seats.lanes(snapshot, seats.planned(target, to)) or (zones.Lane("no zone read"),), _in_words(preview)
    )
    return PreviewPage(
        preview=preview,
        said=_said(preview, overrides=overrides),
        checks=tuple(_row(check, may_override=overrides) for check in preview.checks),
        picture=drawn,
        button=_button(preview),
        may_ask=may,
        may_override=overrides and bool(preview.overridable),
        why_not=_why_not(preview, may_override=overrides),
        who_may=listed([role for role, granted in GRANTS.items() if Permission.RUN_FAILOVERS in granted]),
    )


def place(preview: Preview) -> str:
    """Where it goes, in as few words as name it."""
    to = preview.to
    if to is None:
        return "nowhere"
    return to.zone or to.member or "its standby"


def expected(expectation: Expectation) -> str:
    """The expected outage: `about 24 s (17 to 31 s)`."""
    return f"about {seconds(expectation.usual)} ({seconds(expectation.low, unit=False)} to {seconds(expectation.high)})"


def seconds(length: float, *, unit: bool = True) -> str:
    """Seconds as people read them in an outage: whole from ten on, with one decimal below."""
    number = f"{length:,.0f}" if length >= 10 or length == int(length) else f"{length:.1f}"
    return f"{number} s" if unit else number


def left(after: float, before: float) -> str:
    """What is left of a budget, to the tenth of a minute (`21.6 min`) unless the difference would vanish in it; then
    to the second (`21 min 34 s`)."""
    if before == after or f"{after / 60:.1f}" != f"{before / 60:.1f}":
        return f"{after / 60:.1f} min"
    # Down, for a second that is partly used is not left.
    return f"{int(after) // 60} min {int(after) % 60} s"


def _said(preview: Preview, *, overrides: bool) -> Said:
    target = preview.target
    if not target.possible:
        return Said(Status.DEGRADED, "It cannot be failed over.", target.why_not, f"What would mend it: {target.mend}")
    if preview.live is not None:
        strong = f"Something is already running on {target.name}."
        return Said(Status.CHANGING, strong, "One operation at a time.", "Watch it, or wait until it is over.")
    usual = expected(preview.plan.expectation)
    moves = f"{target.name} moves from {target.zone or 'an unread zone'} to {place(preview)}; {_out(preview)} {usual}."
    number, total = len(preview.blocked), len(preview.checks)
    if number:
        names = listed([check.title.lower() for check in preview.blocked], 3)
        strong = f"Not now: {number} of {counted(total, 'check')} {'stands' if number == 1 else 'stand'} in the way."
        return Said(Status.DEGRADED, strong, "Nothing can be asked for until they pass.", f"In the way: {names}.")
    if waived := len(preview.overridable):
        it = "it" if waived == 1 else "them"
        who = (
            f"You may let {it} pass, with a reason."
            if overrides
            else f"Only an admin may let {it} pass, with a reason."
        )
        return Said(Status.DEGRADED, f"{counted(waived, 'check')} not passed.", who, moves)
    second = " A second person has to approve it." if preview.needs_approval else ""
    return Said(Status.HEALTHY, f"All {total} checks pass.", moves, f"Nothing has been asked for yet.{second}")


def _out(preview: Preview) -> str:
    return "reads and writes are out for" if preview.target.kind is Target.CACHE else "writes are out for"


def _row(check: Check, *, may_override: bool) -> CheckRow:
    if check.answer is Answer.PASS:
        return CheckRow(check, Status.HEALTHY, "Passes", False)
    able = check.overridable and may_override
    if check.answer is Answer.UNKNOWN:
        return CheckRow(check, Status.UNKNOWN, "Not known", able)
    return CheckRow(check, Status.DEGRADED if check.overridable else Status.DOWN, "Fails", able)


def _button(preview: Preview) -> str:
    act = f"Fail over {preview.target.name} to {place(preview)}"
    if preview.target.kind is Target.CACHE:
        act = f"Test the failover of {preview.target.name} to {place(preview)}"
    return f"Ask a second person: {act[0].lower()}{act[1:]}" if preview.needs_approval else act


def _why_not(preview: Preview, *, may_override: bool) -> str:
    if not preview.target.possible:
        return preview.target.why_not
    if preview.live is not None:
        return f"Operation {preview.live.id} runs on {preview.target.name}."
    if preview.to is None:
        return "There is nowhere to fail over to."
    if number := len(preview.blocked):
        return f"{counted(number, 'check')} in the way cannot be overridden."
    if (number := len(preview.overridable)) and not may_override:
        return f"{counted(number, 'check')} not passed; an admin may override, with a reason."
    return ""


def _in_words(preview: Preview) -> str:
    told = []
    for move in preview.plan.moves:
        likely = ", where AWS usually takes it" if move.likely else ""
        told.append(
            f"{move.what} from {move.from_zone or 'an unread zone'} to {move.to_zone or 'an unread zone'}{likely}"
        )
    return f"{'; '.join(told)}." if told else "Nothing would move."
