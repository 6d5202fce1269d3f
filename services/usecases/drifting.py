"""Looking for drift as a procedure of the engine: a detection begun per stack, its result kept.

A detection changes nothing (AWS counts it among what a reader may do), so no step acts: nothing is written down before
it is sent, it can be cancelled at any time, and what died in between is begun again. Detections run side by side, begun
one a look. A stack that cannot be compared keeps nobody else from it, and keeps its last known drift.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from services.domain.check import Check
from services.domain.deployment.drift import Accepted, DriftReport
from services.domain.deployment.statuses import there
from services.domain.environment import Environment
from services.domain.errors import HavenError, Misconfigured, NotNow, OutcomeUnknown, Refused
from services.domain.operation import Operation, Step
from services.domain.wording import counted
from services.ports import Catalogue, Clock, Entry, Receipt, StackCaller, StackReader, Store, UnitOfWork
from services.usecases.procedure import Look

KIND = "drift"
STACKS = "stacks"
"""What is wanted: the stacks to look at, by Haven's names, with commas between."""
BEGUN, FOUND, FAILED, REFUSED, TEMPLATE = "detection", "found", "not_compared", "refused_at", "template"
"""Notes about a stack, each followed by its name: the detection's id, what it found, why nothing was, when AWS first
refused to begin, and the version of the template it was compared with."""
COMPARED_WITHIN = timedelta(minutes=15)
"""CloudFormation takes seconds for a small stack and minutes for a large one."""
AGAIN_AFTER = timedelta(minutes=2)
"""A stack that is being compared already, on somebody else's behalf or by a begin whose answer was lost, is asked once
more."""
STEADY = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"})
"""Statuses in which CloudFormation compares a stack (its user guide)."""
LONGEST = 500


@dataclass(frozen=True)
class DriftFacts:
    """What a look finds: the stacks that are done with, compared or not. `denied` says which right is missing."""

    over: frozenset[str]
    denied: str = ""


class DriftProcedure:
    """`services.usecases.procedure.Procedure` for looking for drift."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        reader: StackReader,
        caller: StackCaller,
        catalogue: Catalogue | None = None,
    ) -> None:
        self._unit, self._clock, self._reader, self._caller = unit, clock, reader, caller
        self._catalogue = catalogue

    def steps(self, operation: Operation) -> Sequence[Step[DriftFacts]]:
        """One a stack. None is waited for for ever: what was not compared in time is left out."""
        return [
            Step(
                stack,
                f"{stack} was compared with what AWS has",
                partial(_is_over, stack),
                COMPARED_WITHIN,
                optional=True,
                refused_when=lambda facts: facts.denied,
                until="the end of CloudFormation's drift detection",
                otherwise="Nothing was changed; look again later.",
            )
            for stack in stacks_of(operation)
        ]

    def look(self, environment: Environment, operation: Operation) -> Look[DriftFacts]:
        """Keep what has come, and begin the next one."""
        notes: dict[str, str] = {}
        denied, may_begin = "", True
        for stack in stacks_of(operation):
            if _has(operation, stack):
                continue
            try:
                if detection := operation.note(f"{BEGUN}_{stack}"):
                    notes |= self._result(environment, stack, detection)
                elif may_begin and self._may_ask(operation, stack):
                    may_begin = False
                    notes |= self._begin(environment, operation, stack)
            except (NotNow, OutcomeUnknown):
                continue  # the next look asks again
            except Misconfigured as problem:
                denied = problem.message
                break
        seen = operation.noted(**notes)
        return Look(DriftFacts(frozenset(s for s in stacks_of(operation) if _has(seen, s)), denied), notes)

    def guard(self, environment: Environment, operation: Operation, facts: DriftFacts) -> Sequence[Check]:
        """Nothing to guard: no step acts."""
        del environment, operation, facts
        return []

    def baseline(self, operation: Operation, facts: DriftFacts) -> Mapping[str, str]:
        """Nothing: what was found is in the reports."""
        del operation, facts
        return {}

    def ready(self, environment: Environment) -> None:
        """Nothing is sent that changes anything."""

    def act(self, environment: Environment, operation: Operation) -> Receipt:
        """Never: no step acts."""
        del environment
        raise Refused(f"{operation.what} only looks.")

    def _may_ask(self, operation: Operation, stack: str) -> bool:
        refused = operation.note(f"{REFUSED}_{stack}")
        return not refused or self._clock.now() - datetime.fromisoformat(refused) >= AGAIN_AFTER

    def _begin(self, environment: Environment, operation: Operation, stack: str) -> Mapping[str, str]:
        try:
            return {f"{BEGUN}_{stack}": self._caller.start_drift(environment, stack)}
        except (Refused, OutcomeUnknown) as problem:
            if operation.note(f"{REFUSED}_{stack}"):
                return _failed(stack, problem.message)
            standing = self._reader.standing(environment, stack)
            if standing is None or not there(standing.status):
                return _failed(stack, f"There is no stack {environment.stack_name(stack)} any more.")
            if standing.status not in STEADY:
                return _failed(stack, f"It is {standing.status}: CloudFormation compares only a stack that is at rest.")
            return {f"{REFUSED}_{stack}": self._clock.now().isoformat()}

    def _result(self, environment: Environment, stack: str, detection: str) -> Mapping[str, str]:
        try:
            report = self._reader.drift(environment, stack, detection)
        except Refused as problem:
            return _failed(stack, problem.message)
        if report is None:
            return {}
        running = self._running(environment, stack)
        with self._unit() as store:
            store.drifts.put(report)
            for lapsed in lapsed_in(report, store.drifts.accepted(environment.name)):
                _take_back(store, lapsed, report.at)
        return {f"{FOUND}_{stack}": told(report), **({f"{TEMPLATE}_{stack}": running} if running else {})}

    def _running(self, environment: Environment, stack: str) -> str:
        """The version of the template that runs, which is kept; empty when it cannot be had: then little of the drift
        explains itself, and that is all."""
        if self._catalogue is None:
            return ""
        try:
            text = self._reader.template(environment, stack)
        except HavenError:
            return ""
        if not text:
            return ""
        version, name = self._catalogue.version(text), "service" if stack.startswith("service-") else stack
        with self._unit() as store:
            store.templates.put(version, name, text, self._clock.now())
        return version


def stacks_of(operation: Operation) -> Sequence[str]:
    """The stacks an operation looks at."""
    return [name for name in operation.wants(STACKS).split(",") if name]


def told(report: DriftReport) -> str:
    """What a detection found, in a few words."""
    differ = sum(each.status in ("MODIFIED", "DELETED") for each in report.resources)
    if report.status == "IN_SYNC":
        return "in sync"
    if report.status == "DRIFTED":
        return f"{counted(differ, 'resource differs', 'resources differ')}"
    return f"{report.status}{': ' + report.reason if report.reason else ''}"[:LONGEST]


def lapsed_in(report: DriftReport, accepted: Sequence[Accepted]) -> Iterator[Accepted]:
    """What was accepted in this stack and is no difference any more: should it come back, it is judged anew."""
    known = {each.logical_id: each for each in report.resources if each.status in ("IN_SYNC", "MODIFIED")}
    for each in accepted:
        resource = known.get(each.logical_id)
        if each.stack == report.stack and resource and each.path not in {d.path for d in resource.differences}:
            yield each


def _take_back(store: Store, lapsed: Accepted, at: datetime) -> None:
    if store.drifts.take_back(lapsed.environment, lapsed.stack, lapsed.logical_id, lapsed.path):
        detail = {"stack": lapsed.stack, "resource": lapsed.logical_id, "path": lapsed.path, "accepted by": lapsed.by}
        reason = "It is as the stack says again, so there is nothing left to accept."
        store.ledger.append(Entry(at, "system", "end accepted drift", "done", lapsed.environment, reason, detail))


def _has(operation: Operation, stack: str) -> bool:
    return bool(operation.note(f"{FOUND}_{stack}") or operation.note(f"{FAILED}_{stack}"))


def _is_over(stack: str, facts: DriftFacts) -> bool:
    return stack in facts.over


def _failed(stack: str, why: str) -> Mapping[str, str]:
    return {f"{FAILED}_{stack}": why[:LONGEST] or "CloudFormation gave no reason."}
