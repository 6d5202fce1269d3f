"""Drift: looking for it, on demand and by schedule, and saying what of it is meant."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.domain.access import SYSTEM, Actor, Permission
from services.domain.deployment.drift import DRIFT, Accepted, Difference, DriftedResource, DriftReport, Judged, judged
from services.domain.deployment.drift_shared import explained_by_others, shared_rules
from services.domain.environment import NAME, Environment
from services.domain.errors import Conflict, HavenError, Invalid, NotFound, NotNow
from services.domain.operation import Operation, State, Target
from services.domain.scaling.edited import Edited, edited_live
from services.ports import Catalogue, Clock, Entry, Store, TrailEntry, UnitOfWork
from services.usecases.drifting import FAILED, KIND, STACKS, TEMPLATE, stacks_of
from services.usecases.words import checked_reason

BEGIN_WITHIN = timedelta(minutes=30)
"""How long a look waits for a worker."""
AGAIN_AFTER = timedelta(hours=1)
"""A look that came to nothing is begun again after this, or sooner when the schedule looks more often."""
LONGEST_VALUE = 65_536
PARSED = 64
"""Templates kept parsed."""
REMEMBERED = 20


@dataclass(frozen=True)
class StackDrift:
    """One stack's newest report and its differences, each with a verdict; None before it was ever looked for.
    `failed` says why the last look could not compare it: the report is then an earlier one."""

    stack: str
    stack_name: str
    report: DriftReport | None
    judged: Sequence[Judged]
    failed: str = ""

    @property
    def drifted(self) -> Sequence[Judged]:
        """What is neither accepted nor explains itself."""
        return [each for each in self.judged if each.verdict == DRIFT]


@dataclass(frozen=True)
class DriftOverview:
    """An environment's drift. `scaling` are live edits by service, which CloudFormation cannot see. `looking` is the
    operation that looks now, `last` the newest one that is over, `next_at` when the schedule looks by itself."""

    environment: Environment
    stacks: Sequence[StackDrift]
    scaling: Sequence[tuple[str, Sequence[Edited]]]
    looking: Operation | None
    next_at: datetime | None
    last: Operation | None = None
    read_at: datetime | None = None
    """When scaling was read; None before the environment was."""


@dataclass(frozen=True)
class AcceptRequest:
    """Say that exactly this value is meant."""

    environment: str
    stack: str
    logical_id: str
    path: str
    actual: str
    reason: str


class Drifts:
    """`every`: how often the schedule looks. Looking takes the right to look for drift; saying that drift is meant
    takes the right to deploy, as the way to undo it does."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        new_id: Callable[[], str],
        *,
        every: timedelta,
        catalogue: Catalogue | None = None,
    ) -> None:
        self._unit, self._clock, self._new_id, self._every = unit, clock, new_id, every
        self._catalogue = catalogue
        # By version, which is the text's own hash: reading one takes a tenth of a second, and pages poll.
        self._documents: dict[str, Mapping[str, object] | None] = {}

    def overview(self, actor: Actor, environment: str) -> DriftOverview:
        """Raises NotFound."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            found, snapshot = _environment(store, environment), store.snapshots.newest(environment)
            reports = {report.stack: report for report in store.drifts.newest(environment)}
            accepted, looks = store.drifts.accepted(environment), _looks(store, environment)
            names = [each.name for each in snapshot.stacks] if snapshot else list(reports)
            documents = {name: self._document(store, looks, name) for name in names}
        rules = [
            rule
            for stack in (snapshot.stacks if snapshot else ())
            if (document := documents[stack.name]) is not None
            for rule in shared_rules(stack, document)
        ]
        last = next((each for each in looks if not each.live), None)
        services = sorted(snapshot.services, key=lambda service: service.name) if snapshot else []
        edited = [(service.name, edited_live(snapshot, service)) for service in services] if snapshot else []
        return DriftOverview(
            found,
            [
                StackDrift(
                    name,
                    found.stack_name(name),
                    reports.get(name),
                    explained_by_others(name, judged(reports[name], accepted, documents[name]), rules)
                    if name in reports
                    else (),
                    last.note(f"{FAILED}_{name}") if last else "",
                )
                for name in names
            ],
            [(name, edits) for name, edits in edited if edits],
            next((each for each in looks if each.live), None),
            None if found.archived or snapshot is None else self._next_at(looks),
            last,
            snapshot.taken_at if snapshot else None,
        )

    def request(self, actor: Actor, environment: str, *, client: str = "") -> Operation:
        """Have a worker look at every stack. Raises NotAllowed, NotFound; Conflict while one looks already; NotNow
        before the environment was first read."""
        actor.require(Permission.LOOK_FOR_DRIFT)
        with self._unit() as store:
            found = _environment(store, environment)
            return self._begin(store, actor, found, f"{actor.name} wants to know", client)

    def accept(self, actor: Actor, request: AcceptRequest, *, client: str = "") -> None:
        """Raises NotAllowed, Invalid (`reason`), NotFound when no report has that difference."""
        actor.require(Permission.DEPLOY)
        reason, now = checked_reason(request.reason), self._clock.now()
        if len(request.actual) > LONGEST_VALUE:
            raise Invalid(f"A value has at most {LONGEST_VALUE:,} characters.")
        with self._unit() as store:
            _environment(store, request.environment)
            resource, difference = _difference(store, request)
            store.drifts.accept(
                Accepted(
                    request.environment,
                    request.stack,
                    resource.logical_id,
                    difference.path,
                    difference.actual,
                    actor.name,
                    now,
                    reason,
                )
            )
            values = {"expected": difference.expected[:1000], "actual": difference.actual[:1000]}
            detail = {**_place(request.stack, resource.logical_id, difference.path), **values}
            entry = Entry(now, actor.name, "accept drift", "done", request.environment, reason, detail, client[:256])
            store.ledger.append(entry)

    def take_back(
        self, actor: Actor, environment: str, stack: str, logical_id: str, path: str, *, client: str = ""
    ) -> None:
        """It counts as drift again. Raises NotAllowed, NotFound."""
        actor.require(Permission.DEPLOY)
        now = self._clock.now()
        with self._unit() as store:
            _environment(store, environment)
            if not store.drifts.take_back(environment, stack, logical_id, path):
                raise NotFound(f"Nothing is accepted at {path[:80]} of {logical_id[:80]}.")
            detail = _place(stack, logical_id, path)
            entry = Entry(now, actor.name, "take back accepted drift", "done", environment, "", detail, client[:256])
            store.ledger.append(entry)

    def begin_due(self) -> Sequence[Operation]:
        """Begin looking wherever the schedule says so; what is busy is left for the next time."""
        now, begun = self._clock.now(), []
        with self._unit(readonly=True) as store:
            due = [each for each in store.environments.all() if self._due(store, each, now)]
        for environment in due:
            with suppress(Conflict, NotNow), self._unit() as store:
                # Whoever was first has it; another worker may have begun meanwhile.
                if self._due(store, environment, now):
                    begun.append(self._begin(store, SYSTEM, environment, "The schedule looks by itself", ""))
        return begun

    def _due(self, store: Store, environment: Environment, now: datetime) -> bool:
        looks = _looks(store, environment.name)
        moving = any(
            each.kind in _MOVING and each.state is State.RUNNING for each in store.operations.live(environment.name)
        )
        return not moving and not any(each.live for each in looks) and self._next_at(looks) <= now

    def _next_at(self, looks: Sequence[Operation]) -> datetime:
        """When the schedule looks; before it ever did, now."""
        if not looks:
            return self._clock.now()
        newest = looks[0]
        well = newest.live or newest.state is State.SUCCEEDED
        return newest.requested_at + (self._every if well else min(self._every, AGAIN_AFTER))

    def _begin(self, store: Store, actor: Actor, environment: Environment, reason: str, client: str) -> Operation:
        snapshot, now, name = store.snapshots.newest(environment.name), self._clock.now(), environment.name
        if environment.archived:
            raise Conflict(f"{name} is archived: nothing looks after it.")
        if snapshot is None:
            raise NotNow(f"{name} has not been read from AWS yet.")
        if not snapshot.stacks:
            raise Conflict(f"{name} has no stacks that could drift.")
        stacks = ",".join(stack.name for stack in snapshot.stacks)
        operation = Operation(
            id=self._new_id(),
            kind=KIND,
            environment=name,
            target_kind=Target.ENVIRONMENT,
            target=f"{name} (drift)",  # of its own: a look neither holds the environment nor waits for it
            requested_by=actor.name,
            requested_at=now,
            reason=reason,
            begin_before=now + BEGIN_WITHIN,
            wanted=(("what", f"look for drift in {name}"), ("region", environment.region), (STACKS, stacks)),
        )
        store.operations.add(operation)
        said = f"{actor.name} asked for it; it only looks."
        store.operations.record(TrailEntry(operation.id, now, actor.name, "asked", said))
        detail = {"operation": operation.id}
        store.ledger.append(Entry(now, actor.name, "look for drift", "done", name, reason, detail, client[:256]))
        return operation

    def _document(self, store: Store, looks: Sequence[Operation], stack: str) -> Mapping[str, object] | None:
        """The template a stack was last compared with; None when it is not known."""
        version = next((found for each in looks if (found := each.note(f"{TEMPLATE}_{stack}"))), "")
        if version and version not in self._documents:
            if len(self._documents) >= PARSED:
                self._documents.clear()
            self._documents[version] = self._parsed(store.templates.get(version))
        return self._documents.get(version)

    def _parsed(self, body: str | None) -> Mapping[str, object] | None:
        if body is None or self._catalogue is None:
            return None
        try:
            return self._catalogue.document(body)
        except HavenError:
            return None


_MOVING = frozenset({"deploy", "recover"})
"""While one of these runs, CloudFormation compares nothing."""


def _looks(store: Store, environment: str) -> Sequence[Operation]:
    """Newest first."""
    return store.operations.list(environment=environment, kind=KIND, limit=REMEMBERED)


def _environment(store: Store, name: str) -> Environment:
    environment = store.environments.get(name) if NAME.fullmatch(name) else None
    if environment is None:
        raise NotFound(f"There is no environment {name[:32]}.")
    return environment


def _difference(store: Store, request: AcceptRequest) -> tuple[DriftedResource, Difference]:
    report = next((each for each in store.drifts.newest(request.environment) if each.stack == request.stack), None)
    for resource in report.resources if report else ():
        for difference in resource.differences if resource.logical_id == request.logical_id else ():
            if (difference.path, difference.actual) == (request.path, request.actual):
                return resource, difference
    where = f"{request.path[:80]} of {request.logical_id[:80]}"
    raise NotFound(f"{where} does not differ so any more: look again, and decide on what you then see.")


def _place(stack: str, logical_id: str, path: str) -> dict[str, str]:
    return {"stack": stack, "resource": logical_id, "path": path}


__all__ = ["AcceptRequest", "DriftOverview", "Drifts", "StackDrift", "stacks_of"]
