"""The change of scaling as a procedure of the engine: its writes one by one, each seen in AWS before the next."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from services.domain.check import Answer, Check
from services.domain.environment import Environment
from services.domain.errors import NotFound
from services.domain.operation import Operation, Sent, Step
from services.domain.scaling.acts import writes
from services.domain.scaling.change import ScalingState, conflicts
from services.domain.scaling.steps import ScalingFacts, steps_for
from services.domain.snapshot import FargateService, Snapshot
from services.ports import Clock, CloudReader, Receipt, ScalingCaller, ScalingReader, UnitOfWork
from services.usecases.procedure import Look
from services.usecases.scaling_documents import read_change, read_state
from services.usecases.scaling_facts import Asked, checks_of


class ScalingProcedure:
    """`services.usecases.procedure.Procedure` for changes of scaling."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        snapshots: CloudReader,
        reader: ScalingReader,
        caller: ScalingCaller,
        *,
        stale_after: timedelta,
    ) -> None:
        self._unit, self._clock, self._snapshots = unit, clock, snapshots
        self._reader, self._caller, self._stale_after = reader, caller, stale_after

    def steps(self, operation: Operation) -> Sequence[Step[ScalingFacts]]:
        """By the writes of the change."""
        return steps_for(read_change(operation.wants("change")))

    def look(self, environment: Environment, operation: Operation) -> Look[ScalingFacts]:
        """The scaling and the desired count fresh; everything else fresh before the first write, and after it as the
        worker saw it last. What was read back is noted once the writes are over."""
        snapshot = self._snapshot(environment, operation)
        service = _service(snapshot, operation)
        if service is None:
            return Look(ScalingFacts(snapshot, None, None, 0))
        state, desired = self._reader.state(environment, service)
        since = operation.sent_at
        counted = since is not None and snapshot.taken_at > since
        facts = ScalingFacts(
            snapshot,
            service,
            state,
            desired,
            service.running if counted else None,
            operation.step if operation.sent is Sent.YES else "",
        )
        return Look(facts, _read_back(operation, self.steps(operation), facts))

    def guard(self, environment: Environment, operation: Operation, facts: ScalingFacts) -> Sequence[Check]:
        """Before the first write: that everything is as the form was opened on, and the checks of the preview on fresh
        facts. Later nothing is asked anew: half a change is worse than either."""
        change = read_change(operation.wants("change"))
        if operation.irreversible:
            left = sum(not operation.seen_at(write.key) for write in writes(change))
            return [Check("under-way", "The change is under way", Answer.PASS, f"{left} of its writes are left.")]
        if facts.service is None or facts.state is None:
            fact = f"{operation.target} was not found on AWS, or is no longer registered as a scalable target."
            return [Check("target", "The service scales", Answer.FAIL, fact)]
        now = self._clock.now()
        asked = Asked(
            environment,
            facts.snapshot,
            facts.service,
            facts.state,
            facts.desired,
            change,
            now,
            self._stale_after,
        )
        with self._unit(readonly=True) as store:
            found = checks_of(store, asked)
        ended = change.until is not None and change.until <= now
        over = Answer.FAIL if ended else Answer.PASS
        told = "Its end has come before it began." if ended else "Its end, if it has one, is still to come."
        # Whether Haven is paused is asked again in the very transaction that saves the intent, and then it waits.
        return [
            _unchanged(operation, facts.state),
            Check("end", "It is not over already", over, told),
            *(check for check in found if check.key != "pause"),
        ]

    def baseline(self, operation: Operation, facts: ScalingFacts) -> Mapping[str, str]:
        """How many tasks were desired and ran before the first write."""
        if operation.irreversible or facts.service is None:
            return {}
        return {"baseline_desired": str(facts.desired), "baseline_running": str(facts.service.running)}

    def ready(self, environment: Environment) -> None:
        """Whether the operator's role can be had."""
        self._caller.ready(environment)

    def act(self, environment: Environment, operation: Operation) -> Receipt:
        """The write of the current step."""
        write = next(w for w in writes(read_change(operation.wants("change"))) if w.key == operation.step)
        with self._unit(readonly=True) as store:
            snapshot = store.snapshots.newest(environment.name)
        service = _service(snapshot, operation) if snapshot else None
        if service is None:
            raise NotFound(f"{operation.target} was not found on AWS.")
        return self._caller.write(environment, service, write)

    def _snapshot(self, environment: Environment, operation: Operation) -> Snapshot:
        with self._unit(readonly=True) as store:
            newest = store.snapshots.newest(environment.name)
        if newest is not None and operation.irreversible:
            return newest
        return self._snapshots.read(environment, newest, metrics=True)


def _service(snapshot: Snapshot, operation: Operation) -> FargateService | None:
    return next((each for each in snapshot.services if each.name == operation.target), None)


def _unchanged(operation: Operation, state: ScalingState) -> Check:
    key, title = "unchanged", "Nobody changed it since the form was opened"
    opened = read_state(operation.wants("opened"))
    rows = conflicts(opened, state)
    if not rows and dict(opened.labels) == dict(state.labels):
        return Check(key, title, Answer.PASS, "It is as the form was opened on.")
    said = "; ".join(f"{row.label} was {row.before} and is {row.after}" for row in rows[:6])
    fact = f"Somebody changed it: {said or 'a resource label is another'}."
    return Check(key, title, Answer.FAIL, fact, None, "Look again, and ask anew if it is still needed.")


def _read_back(operation: Operation, steps: Sequence[Step[ScalingFacts]], facts: ScalingFacts) -> dict[str, str]:
    """What AWS shows once every write is seen."""
    left = [step for step in steps if step.acts and not operation.seen_at(step.name)]
    if facts.state is None or not operation.irreversible or not all(step.done_when(facts) for step in left):
        return {}
    scaling = facts.state.scaling
    targets = [f"{policy.name} {policy.target:g}" for policy in scaling.policies if policy.target is not None]
    told = [f"minimum {scaling.min_capacity}, maximum {scaling.max_capacity}, desired {facts.desired}", *targets[:10]]
    return {"read_back": "; ".join(told)}
