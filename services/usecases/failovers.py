"""Asking for a failover: what can be failed over, what it would do, whether it is safe, and the request itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.domain.access import Actor
from services.domain.budget import Budget
from services.domain.check import Check
from services.domain.environment import Environment
from services.domain.failover.plan import Plan
from services.domain.failover.target import Candidate, FailoverTarget
from services.domain.operation import Operation, Target

REASON_LEAST, REASON_MOST, TICKET_MOST = 8, 500, 200


@dataclass(frozen=True)
class Preview:
    """What the person sees before asking. `to` is where it goes (AWS's only choice, or the chosen one), None when there
    is nowhere. `checks` are in order, failed ones first. `blocked` are those in the way that cannot be overridden."""

    environment: Environment
    target: FailoverTarget
    to: Candidate | None
    plan: Plan
    budget: Budget
    checks: Sequence[Check]
    needs_approval: bool
    read_at: datetime
    live: Operation | None

    @property
    def blocked(self) -> Sequence[Check]:
        """Checks that no override lets pass."""
        raise NotImplementedError

    @property
    def overridable(self) -> Sequence[Check]:
        """Checks that are not passed and that an admin may let pass, with a reason."""
        raise NotImplementedError


@dataclass(frozen=True)
class FailoverRequest:
    """A person's request. `expected_zone` and `expected_primary` are what the person saw; `typed_name` must be the
    target's name; `overrides` the keys of failed checks to let pass, `override_reason` why."""

    environment: str
    kind: Target
    target: str
    expected_zone: str
    expected_primary: str
    typed_name: str
    reason: str
    to_member: str = ""
    ticket: str = ""
    overrides: tuple[str, ...] = ()
    override_reason: str = ""


class Failovers:
    """The desk where failovers are asked for."""

    def targets(self, actor: Actor, environment: str) -> Sequence[FailoverTarget]:
        """Every database and cache of an environment, also those that cannot be failed over (they say why)."""
        raise NotImplementedError

    def preview(self, actor: Actor, environment: str, kind: Target, name: str, to_member: str = "") -> Preview:
        """What it would do and whether it is safe, judged on the newest snapshot. Any viewer may look. Raises NotFound."""
        raise NotImplementedError

    def request(self, actor: Actor, request: FailoverRequest, *, client: str = "") -> Operation:
        """Save the operation and its ledger entry in one transaction. Raises NotAllowed; Invalid with fields
        (`typed_name`, `reason`, `ticket`, `override_reason`); Unsafe naming the checks in the way; Conflict when the
        primary is not where the person saw it, or something is already running on the target."""
        raise NotImplementedError
