"""Checking an environment's access: what its roles lack in AWS, and which stacks are there.

A page never waits for AWS, so it asks for a check, which a worker makes as an operation that only looks; what it found
is kept in the operation's notes. The command line looks directly.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.domain.access import Actor, Permission
from services.domain.environment import NAME, Environment
from services.domain.errors import Conflict, HavenError, Invalid, NotFound
from services.domain.operation import Operation, State, Target
from services.ports import Catalogue, Clock, Entry, StackReader, Store, TrailEntry, UnitOfWork
from services.usecases.environment_adoption import Survey, read, survey, written
from services.usecases.environments import CHECK

MISSING, SURVEY, NO_SURVEY = "missing", "survey", "no_survey"
"""Names of the notes."""
WITHIN = timedelta(minutes=5)
"""A check that no worker took by then is not wanted any more."""
MOST, LONGEST = 80, 300
"""Of what one role lacks, how many lines are kept, and how long each may be."""
LATELY = 500
"""How many checks of all environments are looked through for the newest of each."""
REASON = "Look which rights Haven's roles lack here, and which stacks there are."


@dataclass(frozen=True)
class Result:
    """What a check found at a time. `missing` is by role, empty when all is well; `survey` None where the stacks could
    not be listed, which `no_survey` explains."""

    at: datetime
    missing: Mapping[str, Sequence[str]]
    survey: Survey | None
    no_survey: str
    operation: str


@dataclass(frozen=True)
class Checked:
    """The newest finished check, the one that is under way, and why the last one found nothing (empty when it did)."""

    result: Result | None = None
    running: Operation | None = None
    failed: str = ""


class EnvironmentChecks:
    """The desk for checks."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        reader: StackReader,
        catalogue: Catalogue,
        new_id: Callable[[], str],
        *,
        begin_within: timedelta = WITHIN,
    ) -> None:
        self._unit, self._clock, self._reader = unit, clock, reader
        self._catalogue, self._new_id, self._begin_within = catalogue, new_id, begin_within

    def request(self, actor: Actor, name: str, *, client: str = "") -> Operation:
        """Have a worker look; asked for while one is under way it is that one. Raises NotAllowed, NotFound; Conflict
        when the environment is archived."""
        actor.require(Permission.MANAGE_ENVIRONMENTS)
        now = self._clock.now()
        with self._unit() as store:
            environment = _environment(store, name)
            if environment.archived:
                raise Conflict(f"{name} is archived: nothing looks after it. Bring it back first.")
            running = _running(store, name)
            if running is not None:
                return running
            operation = Operation(
                id=self._new_id(),
                kind=CHECK,
                environment=name,
                target_kind=Target.ENVIRONMENT,
                target=f"{name} (access)",  # of its own: a look neither holds the environment nor waits for it
                requested_by=actor.name,
                requested_at=now,
                reason=REASON,
                begin_before=now + self._begin_within,
                wanted=(("what", f"access check of {name}"), ("region", environment.region)),
            )
            store.operations.add(operation)
            said = f"{actor.name} asked for it; it only looks."
            store.operations.record(TrailEntry(operation.id, now, actor.name, "asked", said))
            detail = {"operation": operation.id}
            store.ledger.append(Entry(now, actor.name, f"request {CHECK}", "done", name, "", detail, client[:256]))
        return operation

    def latest(self, actor: Actor, name: str) -> Checked:
        """What the newest check found, and whether one is under way. Raises NotFound."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            _environment(store, name)
            found = store.operations.list(environment=name, kind=CHECK, limit=20)
        return _checked(found)

    def overview(self, actor: Actor) -> Mapping[str, Checked]:
        """As `latest` of every environment that was checked lately, by name."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            found = store.operations.list(kind=CHECK, limit=LATELY)
        by_name: dict[str, list[Operation]] = {}
        for each in found:
            by_name.setdefault(each.environment, []).append(each)
        return {name: _checked(some) for name, some in by_name.items()}

    def missing(self, actor: Actor, name: str) -> Mapping[str, Sequence[str]]:
        """Ask AWS now, by role, what is missing. Raises NotAllowed, NotFound, and what AWS has to say."""
        actor.require(Permission.MANAGE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            environment = _environment(store, name)
        return {role: list(lacks) for role, lacks in self._reader.missing_rights(environment).items()}

    def survey(self, actor: Actor, environment: Environment) -> Survey:
        """Ask AWS now which stacks there are; the environment need not be registered yet. Raises as `missing`."""
        actor.require(Permission.MANAGE_ENVIRONMENTS)
        return surveyed(self._unit, self._reader, self._catalogue, environment)


def surveyed(unit: UnitOfWork, reader: StackReader, catalogue: Catalogue, environment: Environment) -> Survey:
    """The stacks of an environment's account, sorted. Raises HavenError."""
    standings = reader.others(environment)
    with unit(readonly=True) as store:
        known = store.environments.all()
    try:
        wanted = [spec.name for spec in catalogue.specs(environment)]
    except Invalid:  # a blueprint that this release does not have: then nothing is known to be absent
        wanted = []
    return survey(environment, standings, wanted, known)


def looked(unit: UnitOfWork, reader: StackReader, catalogue: Catalogue, environment: Environment) -> dict[str, str]:
    """One look, as notes. Raises HavenError when the roles cannot be asked about; stacks that cannot be listed are
    explained instead, for that is itself what the check is for."""
    missing = {
        role: [line[:LONGEST] for line in lacks[:MOST]]
        + ([f"and {len(lacks) - MOST} more"] if len(lacks) > MOST else [])
        for role, lacks in reader.missing_rights(environment).items()
    }
    notes = {MISSING: json.dumps(missing)}
    try:
        notes[SURVEY] = written(surveyed(unit, reader, catalogue, environment))
    except HavenError as blind:
        notes[NO_SURVEY] = blind.message[:LONGEST]
    return notes


def _checked(newest_first: Sequence[Operation]) -> Checked:
    running = next((each for each in newest_first if each.live), None)
    over = [each for each in newest_first if not each.live]
    done = next((each for each in over if each.state is State.SUCCEEDED), None)
    failed = over[0].because if over and over[0] is not done else ""
    return Checked(_result(done) if done else None, running, failed)


def _result(operation: Operation) -> Result:
    try:
        missing = json.loads(operation.note(MISSING) or "{}")
    except ValueError:
        missing = {}
    return Result(
        operation.finished_at or operation.requested_at,
        {str(role): [str(line) for line in lacks] for role, lacks in missing.items()},
        read(operation.note(SURVEY)),
        operation.note(NO_SURVEY),
        operation.id,
    )


def _running(store: Store, name: str) -> Operation | None:
    return next((each for each in store.operations.live(name) if each.kind == CHECK), None)


def _environment(store: Store, name: str) -> Environment:
    environment = store.environments.get(name) if NAME.fullmatch(name) else None
    if environment is None:
        raise NotFound(f"There is no environment {name[:32]}.")
    return environment
