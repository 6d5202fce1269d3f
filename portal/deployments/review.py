"""A plan's page as data: the verdict, what is at stake, and whether it can be asked for. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.deployments import changes, lengths, money
from portal.deployments.changes import StackCard
from portal.deployments.lengths import Length
from portal.deployments.levels import STATUS, WORD
from portal.deployments.money import Price
from portal.failovers.preview import CheckRow, Said
from services.domain.access import GRANTS, Actor, Permission
from services.domain.check import Answer, Check, blocking
from services.domain.deployment.plan import Deed, Plan, PlanState
from services.domain.deployment.risk import Level, Risk
from services.domain.operation import Operation, State
from services.domain.status import Status
from services.domain.wording import counted, listed
from services.usecases.deployment_shapes import Reviewed
from services.usecases.plan_discarding import DISCARDABLE


@dataclass(frozen=True)
class RiskRow:
    """One danger: its state, its word, and the resource's place on the page."""

    risk: Risk
    status: Status
    word: str
    anchor: str


@dataclass(frozen=True)
class ReviewPage:
    """Everything the page shows. `grave` are the risks that must be read, `slight` the rest; `why_not` says why the
    last button does nothing."""

    reviewed: Reviewed
    said: Said
    grave: Sequence[RiskRow]
    slight: Sequence[RiskRow]
    cards: Sequence[StackCard]
    price: Price
    length: Length
    checks: Sequence[CheckRow]
    overridable: Sequence[Check]
    button: str
    may_deploy: bool
    may_override: bool
    why_not: str
    who_may: str

    @property
    def plan(self) -> Plan:
        """The plan itself."""
        return self.reviewed.plan

    @property
    def ready(self) -> bool:
        """Whether it can be read and judged at all."""
        if self.plan.state is PlanState.DISCARDED and self.plan.prepared_at is None:
            return False
        return self.plan.state not in (PlanState.PREPARING, PlanState.FAILED)

    @property
    def open(self) -> bool:
        """Whether it still waits for somebody to ask for its deployment."""
        return self.plan.state is PlanState.READY and not self.reviewed.void_because and bool(self.plan.changed)

    @property
    def can_discard(self) -> bool:
        """Whether it could be put aside."""
        return self.may_deploy and self.plan.state in DISCARDABLE

    @property
    def can_send(self) -> bool:
        """Whether it could be asked for, given reason, names and overrides."""
        return self.open and self.may_deploy and not self.why_not

    @property
    def needs_approval(self) -> bool:
        """Whether a second person has to approve it."""
        return self.reviewed.environment.protected

    @property
    def deletes(self) -> bool:
        """Whether it deletes stacks."""
        return any(card.plan.deed is Deed.DELETE for card in self.cards)

    @property
    def resources(self) -> int:
        """How many resources change, as far as it is known."""
        return sum(len(card.resources) + len(card.plan.removed) for card in self.cards)


def make(reviewed: Reviewed, actor: Actor) -> ReviewPage:
    """The page for one person."""
    overrides = actor.may(Permission.OVERRIDE_CHECKS)
    rows = [_risk(risk) for risk in reviewed.risks]
    failed = blocking(reviewed.checks)
    return ReviewPage(
        reviewed=reviewed,
        said=_said(reviewed),
        grave=grave(reviewed.risks),
        slight=[row for row in rows if row.risk.level < Level.MEDIUM],
        cards=changes.cards(reviewed),
        price=money.price(reviewed.estimate, reviewed.budget_seconds),
        length=lengths.length(reviewed.plan, reviewed.expected),
        checks=[_check(check, may_override=overrides) for check in reviewed.checks],
        overridable=[check for check in failed if check.overridable],
        button=_button(reviewed),
        may_deploy=actor.may(Permission.DEPLOY),
        may_override=overrides,
        why_not=_why_not(reviewed, may_override=overrides),
        who_may=who_may(),
    )


def grave(risks: Sequence[Risk]) -> Sequence[RiskRow]:
    """Those that must be read, in their order."""
    return [_risk(risk) for risk in risks if risk.level >= Level.MEDIUM]


def who_may() -> str:
    """The roles that may deploy stacks."""
    return listed([role for role, granted in GRANTS.items() if Permission.DEPLOY in granted])


def title(plan: Plan) -> str:
    """`Upgrade to multi-az, in legacy`."""
    what = plan.what or "deployment"
    return f"{what[:1].upper()}{what[1:]}, in {plan.environment}"


def anchor(stack: str, logical_id: str) -> str:
    """The id of a resource's place on the page; of the stack's where it is about the stack itself."""
    return f"{stack}.{logical_id}" if logical_id else f"s-{stack}"


def _risk(risk: Risk) -> RiskRow:
    return RiskRow(risk, STATUS[risk.level], WORD[risk.level], anchor(risk.stack, risk.logical_id))


def _check(check: Check, *, may_override: bool) -> CheckRow:
    if check.answer is Answer.PASS:
        return CheckRow(check, Status.HEALTHY, "Passes", False)
    able = check.overridable and may_override
    if check.answer is Answer.UNKNOWN:
        return CheckRow(check, Status.UNKNOWN, "Not known", able)
    return CheckRow(check, Status.DEGRADED if check.overridable else Status.DOWN, "Fails", able)


def _said(reviewed: Reviewed) -> Said:
    plan = reviewed.plan
    if plan.state is PlanState.PREPARING:
        line = "CloudFormation works out what would change, stack by stack where one waits for another."
        return Said(Status.CHANGING, "Being worked out.", line, "Nothing is executed. This page shows it once it is.")
    if plan.state is PlanState.FAILED:
        line = "Its change sets could not be made."
        return Said(Status.DOWN, "Failed.", line, plan.because or "Nothing was executed.")
    if plan.state is PlanState.DISCARDED:
        gone = "nothing of it is left on AWS." if plan.tidied_at else "its change sets are deleted within minutes."
        return Said(Status.PAUSED, "Discarded.", plan.because, f"Nothing of it was executed, and {gone}")
    if plan.state is PlanState.OVER:
        return Said(Status.PAUSED, "Over.", plan.because or "Its deployment has ended.", "It is kept as it was.")
    if plan.state is PlanState.ASKED:
        return _asked(reviewed.operation)
    if reviewed.void_because:
        why = "Nothing was touched. Work it out anew, and review what it then does."
        return Said(Status.STALE, "Void:", reviewed.void_because, why)
    return _ready(reviewed)


def _asked(operation: Operation | None) -> Said:
    if operation is not None and operation.state is State.AWAITING_APPROVAL:
        line = "Nothing is executed before a second person approves it."
        return Said(Status.PAUSED, "Waiting for a second person.", line, "It is void when anything under it changes.")
    why = f"Asked for by {operation.requested_by}: “{operation.reason}”" if operation is not None else ""
    return Said(Status.CHANGING, "Being deployed.", "What is executed is what stands below.", why)


def _ready(reviewed: Reviewed) -> Said:
    what = _extent(reviewed)
    if not reviewed.plan.changed:
        return Said(Status.HEALTHY, "Nothing would change.", "Every stack is as this plan wants it.")
    stopped = [risk for risk in reviewed.risks if risk.level is Level.STOPPED]
    if stopped:
        why = f"{stopped[0].sentence} {what}"
        return Said(Status.DOWN, "Not deployed like this:", f"{counted(len(stopped), 'change')} stopped.", why)
    checks = blocking(reviewed.checks)
    if blocked := [check for check in checks if not check.overridable]:
        strong = f"Not now: {counted(len(blocked), 'check')} {'stands' if len(blocked) == 1 else 'stand'} in the way."
        names = listed([check.title.lower() for check in blocked], 3)
        return Said(Status.DEGRADED, strong, f"In the way: {names}.", what)
    high = [risk for risk in reviewed.risks if risk.level is Level.HIGH]
    if high:
        dangers = listed(list(dict.fromkeys(str(risk.danger) for risk in high)))
        strong = f"{counted(len(high), 'high risk')}: {dangers}."
        return Said(Status.DEGRADED, strong, high[0].sentence, f"{what} {_second(reviewed)}")
    if checks:
        strong = f"{counted(len(checks), 'check')} not passed."
        return Said(Status.DEGRADED, strong, what, "An admin may let them pass, with a reason.")
    medium = sum(risk.level is Level.MEDIUM for risk in reviewed.risks)
    line = f"{counted(medium, 'medium risk')}, none high." if medium else "Nothing of it is of more than low risk."
    return Said(Status.HEALTHY, "Ready to be deployed.", line, f"{what} {_second(reviewed)}")


def _extent(reviewed: Reviewed) -> str:
    plan = reviewed.plan
    changes = sum(len(stack.change_set.resources) if stack.change_set else len(stack.removed) for stack in plan.stacks)
    said = f"{counted(changes, 'resource')} of {counted(len(plan.changed), 'stack')} would change."
    unknown = [stack.name for stack in plan.stacks if stack.unknown and stack.change_set is None]
    return f"{said} Not known yet: {listed(unknown)}." if unknown else said


def _second(reviewed: Reviewed) -> str:
    return "A second person has to approve it." if reviewed.environment.protected else "Nothing has been asked for yet."


def _button(reviewed: Reviewed) -> str:
    what = reviewed.plan.what or "this plan"
    if any(stack.deed is Deed.DELETE for stack in reviewed.plan.stacks) and not reviewed.environment.protected:
        return f"Delete: {what}"
    if reviewed.environment.protected:
        return f"Ask a second person: {what}, in {reviewed.environment.name}"
    return f"Deploy: {what}, in {reviewed.environment.name}"


def _why_not(reviewed: Reviewed, *, may_override: bool) -> str:
    stopped = [risk for risk in reviewed.risks if risk.level is Level.STOPPED]
    if stopped:
        return f"{counted(len(stopped), 'change')} stopped; no confirmation lets it pass."
    failed = blocking(reviewed.checks)
    if number := sum(not check.overridable for check in failed):
        return f"{counted(number, 'check')} in the way cannot be overridden."
    if failed and not may_override:
        return f"{counted(len(failed), 'check')} not passed; an admin may override, with a reason."
    return ""
