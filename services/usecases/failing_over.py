"""The failover as a procedure of the engine: how it looks at the world, its checks, its one call."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from services.domain.check import Answer, Check
from services.domain.environment import Environment
from services.domain.errors import HavenError
from services.domain.event import CloudEvent
from services.domain.failover.checks import checks
from services.domain.failover.facts import FailoverFacts, Probe
from services.domain.failover.stands import store_of
from services.domain.failover.steps import steps_for
from services.domain.failover.target import FailoverTarget
from services.domain.failover.targets import destination, targets
from services.domain.operation import Operation, Sent, Step, Target
from services.domain.snapshot import Snapshot
from services.ports import Clock, CloudReader, FailoverCaller, Prober, Receipt, UnitOfWork
from services.usecases.intake import Intake, since_of, subjects
from services.usecases.procedure import Look
from services.usecases.situation import situation

FRESH = timedelta(seconds=3)
"""While it is only watched, a snapshot that the worker took this lately serves as well as one of our own."""


class FailoverProcedure:
    """`services.usecases.procedure.Procedure` for failovers."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        reader: CloudReader,
        caller: FailoverCaller,
        prober: Prober,
        intake: Intake,
        *,
        stale_after: timedelta,
        apart: timedelta,
    ) -> None:
        self._unit, self._clock, self._reader = unit, clock, reader
        self._caller, self._prober, self._intake = caller, prober, intake
        self._stale_after, self._apart = stale_after, apart

    def steps(self, operation: Operation) -> Sequence[Step[FailoverFacts]]:
        """By the kind of target. The endpoint is part of them where it could be reached before."""
        can_probe = operation.note("baseline_accepts") in ("", "yes")
        name, region = operation.target, operation.wants("region")
        return steps_for(operation.target_kind, can_probe=can_probe, name=name, region=region)

    def look(self, environment: Environment, operation: Operation) -> Look[FailoverFacts]:
        """Fresh facts, with what the probe has measured so far."""
        snapshot = self._snapshot(environment, operation)
        probe = self._probe(environment, snapshot, operation)
        events: tuple[CloudEvent, ...] = ()
        if operation.sent is not Sent.NO:
            self._hear(environment, operation)
            with self._unit(readonly=True) as store:
                now = self._clock.now()
                found = store.events.between(
                    environment.name, since_of(operation.sent_at, now), now + timedelta(hours=1)
                )
            own = subjects(snapshot, operation.target)
            events = tuple(event for event in found if event.subject in own)
        facts = _facts(operation, snapshot, events, probe)
        return Look(facts, _measured(operation, probe))

    def guard(self, environment: Environment, operation: Operation, facts: FailoverFacts) -> Sequence[Check]:
        """The checks of the preview on fresh facts, and that the primary is where the person saw it."""
        now = self._clock.now()
        target = _find(facts.snapshot, operation)
        if target is None:
            return [Check("target", "The target exists", Answer.FAIL, f"{operation.target} was not found on AWS.")]
        to = destination(target, operation.wants("to_member"))
        with self._unit(readonly=True) as store:
            asked = situation(
                store,
                environment,
                facts.snapshot,
                target,
                to,
                now,
                stale_after=self._stale_after,
                apart=self._apart,
                own_id=operation.id,
            )
        # Whether Haven is paused is asked again in the very transaction that saves the intent, and then it waits.
        return [_expected(operation, target), *(check for check in checks(asked) if check.key != "pause")]

    def baseline(self, operation: Operation, facts: FailoverFacts) -> Mapping[str, str]:
        """Where the primary was, what was healthy, which alarms fired, whether the endpoint took connections."""
        target = _find(facts.snapshot, operation)
        healthy = {
            service.name: sum(t.state == "healthy" for t in service.target_group.targets)
            for service in facts.snapshot.services
            if service.target_group
        }
        accepts = facts.probe.accepts if facts.probe else None
        return {
            "baseline_zone": (target.zone if target else "") or "",
            "baseline_primary": target.primary if target else "",
            "baseline_alarms": "\n".join(
                sorted(alarm.name for alarm in facts.snapshot.alarms if alarm.state == "ALARM")
            ),
            "baseline_healthy": " ".join(f"{name}={count}" for name, count in sorted(healthy.items())),
            "baseline_accepts": "yes" if accepts else "no" if accepts is False else "unknown",
        }

    def ready(self, environment: Environment) -> None:
        """Whether the operator's role can be had."""
        self._caller.ready(environment)

    def act(self, environment: Environment, operation: Operation) -> Receipt:
        """RebootDBInstance, FailoverDBCluster or TestFailover: once."""
        return self._caller.fail_over(environment, operation)

    def _snapshot(self, environment: Environment, operation: Operation) -> Snapshot:
        with self._unit(readonly=True) as store:
            newest = store.snapshots.newest(environment.name)
        acting = operation.sent is Sent.NO
        if newest and not acting and self._clock.now() - newest.taken_at <= FRESH:
            return newest
        return self._reader.read(environment, newest, metrics=acting)

    def _probe(self, environment: Environment, snapshot: Snapshot, operation: Operation) -> Probe | None:
        found = store_of(snapshot, operation.target_kind, operation.target)
        if found is None or not found.endpoint or not found.port:
            return None
        engine = "redis" if operation.target_kind is Target.CACHE else "postgres"
        return self._prober.probe(environment, found.endpoint, found.port, engine)

    def _hear(self, environment: Environment, operation: Operation) -> None:
        """Ask for news now. Not hearing is no reason to stop looking: what has been kept already still counts."""
        source = "elasticache" if operation.target_kind is Target.CACHE else "rds"
        hears: tuple[Callable[[], int], ...] = (
            lambda: self._intake.listen(environment.name),
            lambda: self._intake.poll(environment.name, (source,)),
        )
        for hear in hears:
            try:
                hear()
            except HavenError:
                continue


def _find(snapshot: Snapshot, operation: Operation) -> FailoverTarget | None:
    wanted = (operation.target_kind, operation.target, operation.wants("node_group"))
    return next((each for each in targets(snapshot) if (each.kind, each.name, each.node_group) == wanted), None)


def _expected(operation: Operation, target: FailoverTarget) -> Check:
    seen = (operation.wants("expected_zone") or None, operation.wants("expected_primary"))
    here = f"{target.primary} in {target.zone or 'an unknown zone'}"
    title = "The primary is where it was seen"
    if (target.zone, target.primary) == seen:
        return Check("expected-primary", title, Answer.PASS, f"The primary is {here}.", target.read_at)
    fact = f"The primary is {here}; the request was made for {seen[1]} in {seen[0] or 'an unknown zone'}."
    return Check(
        "expected-primary", title, Answer.FAIL, fact, target.read_at, "Look again, and ask anew if it is needed."
    )


def _measured(operation: Operation, probe: Probe | None) -> dict[str, str]:
    """When the endpoint was first found without writes, and when they were first back."""
    if probe is None or operation.sent is Sent.NO or operation.note("baseline_accepts") != "yes":
        return {}
    at = probe.at.isoformat(timespec="milliseconds")
    takes = probe.accepts is True and probe.writable is not False
    if not operation.note("writes_lost_at"):
        return {} if takes else {"writes_lost_at": at}
    return {"writes_back_at": at} if takes and not operation.note("writes_back_at") else {}


def _facts(
    operation: Operation, snapshot: Snapshot, events: tuple[CloudEvent, ...], probe: Probe | None
) -> FailoverFacts:
    pairs = (pair.rpartition("=") for pair in operation.note("baseline_healthy").split())
    return FailoverFacts(
        snapshot,
        events,
        probe,
        operation.sent_at if operation.sent is not Sent.NO else None,
        baseline_zone=operation.note("baseline_zone") or None,
        baseline_alarms=tuple(operation.note("baseline_alarms").splitlines()),
        baseline_healthy=tuple((name, int(count)) for name, _, count in pairs),
        baseline_accepts={"yes": True, "no": False}.get(operation.note("baseline_accepts")),
        baseline_member=operation.note("baseline_primary"),
        target=operation.target,
        node_group=operation.wants("node_group"),
        to_zone=operation.wants("to_zone") or None,
        to_member=operation.wants("to_member"),
    )
