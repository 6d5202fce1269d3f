"""CloudFormation for deployments: reading it, the writes, and what is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.domain.deployment.change_set import ChangeSet
from services.domain.deployment.drift import Accepted, DriftReport
from services.domain.deployment.event import StackEvent
from services.domain.deployment.plan import Plan, PlanState
from services.domain.environment import Environment
from services.ports.acting import Receipt
from services.ports.provisioning import StackSpec


@dataclass(frozen=True)
class StackStanding:
    """How a stack stands. `status` is CloudFormation's, `reason` its first failure or status reason; `policy` the stack
    policy's JSON, empty without one; `updated_at` when its last operation began."""

    stack: str
    stack_name: str
    stack_id: str
    status: str
    reason: str
    created_at: datetime
    updated_at: datetime | None
    protected: bool
    parameters: tuple[tuple[str, str], ...]
    outputs: tuple[tuple[str, str], ...]
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class ListedChangeSet:
    """A change set as its stack lists it. `execution_status` is AWS's; it begins with EXECUTE_ once it was executed."""

    arn: str
    name: str
    execution_status: str
    created_at: datetime


@dataclass(frozen=True)
class RunningTemplate:
    """Which version of a text a stack runs. `stack` is Haven's name; `as_of` says how the stack stood when it was read:
    as long as it stands so, the text is the same."""

    environment: str
    stack: str
    stack_id: str
    version: str
    as_of: str
    read_at: datetime


class StackReader(Protocol):
    """CloudFormation, read fresh with the provisioner role. Raises HavenError."""

    def standing(self, environment: Environment, stack: str) -> StackStanding | None:
        """One stack; None when there is none of that name."""
        ...

    def change_set(self, environment: Environment, stack: str, arn: str) -> ChangeSet | None:
        """A change set with before and after of every property; None when it is gone."""
        ...

    def change_sets(self, environment: Environment, stack: str) -> Sequence[ListedChangeSet]:
        """All that a stack has, whoever made them; none without a stack."""
        ...

    def template(self, environment: Environment, stack: str) -> str | None:
        """The text of the template that runs, as it was sent; None without a stack."""
        ...

    def policy(self, environment: Environment, stack: str) -> str: ...
    def events(self, environment: Environment, stack: str, known: frozenset[str]) -> Sequence[StackEvent]:
        """A stack's events, oldest first, read backwards until one in `known`. `stack` may be an ARN."""
        ...

    def others(self, environment: Environment) -> Sequence[StackStanding]:
        """Every stack of the account and region, ours and custom ones, for adopting."""
        ...

    def drift(self, environment: Environment, stack: str, detection: str) -> DriftReport | None:
        """The result of a detection that was started; None while it runs. Raises Refused with AWS's reason."""
        ...

    def missing_rights(self, environment: Environment) -> Mapping[str, Sequence[str]]:
        """By role (`reader`, `operator`, `provisioner`), what is missing: actions its policies do not allow, or one
        sentence why it cannot be assumed or belongs to another account. A role that is as it should be is left out."""
        ...


class StackCaller(Protocol):
    """The writes. Each carries a client token made from what it asks for, so that asked again it is the same request.
    Raises Refused with AWS's words, NotNow or Misconfigured when it certainly did nothing, OutcomeUnknown when nobody
    can tell."""

    def prepare(
        self, environment: Environment, spec: StackSpec, outputs: Mapping[str, Mapping[str, str]]
    ) -> ChangeSet | None:
        """Have a change set worked out; None when nothing would change. Asked again it finds the same one."""
        ...

    def discard(self, environment: Environment, stack: str, arn: str) -> None:
        """Delete a change set that was not executed; one that is gone is fine."""
        ...

    def clear(self, environment: Environment, stack: str) -> bool:
        """Delete a stack that is nothing but a name: in review, without a change set. Whether there was one; of any
        other stack nothing is touched."""
        ...

    def execute(self, environment: Environment, stack: str, arn: str) -> Receipt: ...
    def set_policy(self, environment: Environment, stack: str, policy: str) -> Receipt: ...
    def protect(self, environment: Environment, stack: str, on: bool) -> Receipt: ...
    def cancel(self, environment: Environment, stack: str, token: str) -> Receipt:
        """Cancel a running update, which AWS then rolls back."""
        ...

    def continue_rollback(self, environment: Environment, stack: str, skip: Sequence[str], token: str) -> Receipt: ...
    def roll_back(self, environment: Environment, stack: str, token: str) -> Receipt: ...
    def delete(self, environment: Environment, stack: str, retain: Sequence[str], token: str) -> Receipt: ...
    def start_drift(self, environment: Environment, stack: str) -> str:
        """Begin a detection; its id."""
        ...


class Plans(Protocol):
    """Plans, kept for ever."""

    def add(self, plan: Plan) -> None: ...
    def get(self, id: str) -> Plan | None: ...
    def save(self, plan: Plan) -> Plan:
        """Put it in place of the stored one and return it with its new version. Raises Conflict when the stored version
        is not the one this was made from."""
        ...

    def list(
        self,
        *,
        environment: str | None = None,
        states: Sequence[PlanState] = (),
        untidied: bool = False,
        limit: int = 50,
    ) -> Sequence[Plan]:
        """Newest first; without `states` all. `untidied`: only those of which something may be left on AWS."""
        ...


class StackEvents(Protocol):
    """Stack events, kept for ever: CloudFormation forgets a deleted stack's after 90 days."""

    def put(self, environment: str, events: Sequence[StackEvent]) -> int:
        """Insert those not known yet; how many were."""
        ...

    def of(
        self, environment: str, stack: str = "", *, before: datetime | None = None, limit: int = 2000
    ) -> Sequence[StackEvent]:
        """The newest, oldest first; of one stack by Haven's name, or of all."""
        ...

    def newest(self, environment: str, stack: str) -> frozenset[str]:
        """Ids of the newest few events of a stack, to read on from."""
        ...


class Templates(Protocol):
    """Template texts by the hash that is their version."""

    def put(self, version: str, name: str, body: str, at: datetime) -> None:
        """Keep it; one that is known stays as it is."""
        ...

    def get(self, version: str) -> str | None: ...
    def all(self, name: str = "") -> Sequence[tuple[str, str, datetime]]:
        """(version, name, first seen), newest first."""
        ...

    def runs(self, running: RunningTemplate) -> None:
        """Keep what a stack runs, in place of what it ran before."""
        ...

    def running(self, environment: str = "") -> Sequence[RunningTemplate]:
        """What was last seen of every stack, by environment and stack; also of those that are gone by now."""
        ...


class Drifts(Protocol):
    """Drift reports, the newest of a stack and past ones; and differences that were accepted."""

    def put(self, report: DriftReport) -> None: ...
    def newest(self, environment: str) -> Sequence[DriftReport]:
        """The newest of every stack, by stack."""
        ...

    def of(self, environment: str, stack: str, limit: int = 50) -> Sequence[DriftReport]:
        """Newest first."""
        ...

    def accept(self, accepted: Accepted) -> None:
        """Insert, or put in place of an earlier one of the same place."""
        ...

    def take_back(self, environment: str, stack: str, logical_id: str, path: str) -> bool: ...
    def accepted(self, environment: str) -> Sequence[Accepted]: ...
