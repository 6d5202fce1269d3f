"""Deploying an environment's stacks through change sets, in dependency order, side by side where they are independent.

Safe to run again at any time: a stack without changes is left alone, and a change set carries a token made from its
content, so a repeated request is the same request.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.domain.access import Actor, Permission
from services.domain.environment import Environment
from services.domain.errors import NotNow, OutcomeUnknown, Refused
from services.ports import Clock, Entry, Provisioner, StackOutcome, StackSpec, UnitOfWork


@dataclass(frozen=True)
class Progress:
    """One line of news about a stack: `word` is creating, updating, waiting, unchanged, there, done or failed."""

    stack: str
    word: str
    detail: str = ""


Report = Callable[[Progress], None]
NEVER_THERE = frozenset(
    {"REVIEW_IN_PROGRESS", "CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED"}
)
"""Statuses of a stack whose creation never came to a good end."""
PATIENCE = 240
"""Looks in a row that AWS may leave without an answer before a deployment is given up; a quarter of a second apart."""


class Provisioning:
    """The desk where stacks are deployed."""

    def __init__(
        self, *, unit: UnitOfWork, provisioner: Provisioner, clock: Clock, pause: Callable[[float], None]
    ) -> None:
        self._unit, self._provisioner, self._clock, self._pause = unit, provisioner, clock, pause

    def deploy(
        self,
        actor: Actor,
        environment: Environment,
        specs: Sequence[StackSpec],
        report: Report,
        *,
        missing_only: bool = False,
    ) -> None:
        """Bring every stack to its spec; with `missing_only` those alone that are not there. Raises Refused with the
        first failure once nothing is running any more."""
        actor.require(Permission.DEPLOY)
        self._record(actor, environment, "start deployment", "done", {"stacks": " ".join(s.name for s in specs)})
        rollout = _Rollout(self._provisioner, environment, specs, report, missing_only=missing_only)
        try:
            while rollout.advance():
                self._pause(0.25)
            if rollout.failures:
                raise Refused("; ".join(rollout.failures))
        except Exception as problem:
            self._record(actor, environment, "finish deployment", "failed", {"why": str(problem)[:500]})
            raise
        self._record(actor, environment, "finish deployment", "done", {"changed": " ".join(rollout.changed)})

    def _record(
        self, actor: Actor, environment: Environment, action: str, outcome: str, detail: dict[str, str]
    ) -> None:
        with self._unit() as store:
            store.ledger.append(Entry(self._clock.now(), actor.name, action, outcome, environment.name, detail=detail))


class _Rollout:
    """Where each stack of one deployment stands: waiting, running, or ended."""

    def __init__(
        self,
        provisioner: Provisioner,
        environment: Environment,
        specs: Sequence[StackSpec],
        report: Report,
        *,
        missing_only: bool,
    ) -> None:
        self._provisioner, self._environment, self._report = provisioner, environment, report
        self._missing_only = missing_only
        self._waiting = list(specs)
        self._running: list[StackSpec] = []
        self._outputs: dict[str, dict[str, str]] = {}
        self._delays = 0
        self.changed: list[str] = []
        self.failures: list[str] = []

    def advance(self) -> bool:
        """Start what can start, look at what runs; False once there is nothing left to wait for."""
        if not self.failures:
            for spec in [s for s in self._waiting if all(name in self._outputs for name in s.after)]:
                self._patiently(self._start, spec)
        for spec in list(self._running):
            self._patiently(self._look, spec)
        return bool(self._running or (self._waiting and not self.failures))

    def _patiently(self, step: Callable[[StackSpec], None], spec: StackSpec) -> None:
        """Take a step. What AWS could not answer just now, or whose answer was lost, is looked at again next time:
        every step starts with a look, and a change set's token makes a repeated request the same request."""
        try:
            step(spec)
        except (NotNow, OutcomeUnknown) as problem:
            self._delays += 1
            if self._delays > PATIENCE:
                raise
            self._report(Progress(spec.name, "waiting", problem.message))
        else:
            self._delays = 0

    def _start(self, spec: StackSpec) -> None:
        known = self._provisioner.outcome(self._environment, spec.name)
        if known is not None and not known.done:
            return  # an earlier deployment is on its way: this one comes after it
        if known is not None and self._missing_only and known.status not in NEVER_THERE:
            self._waiting.remove(spec)
            self._there(spec, known)
            return
        try:
            change_set = self._provisioner.change_set(self._environment, spec, self._outputs)
        except Refused as refusal:
            self._waiting.remove(spec)
            self._fail(spec, refusal.message)
            return
        if change_set is None:
            self._waiting.remove(spec)
            self._finish(spec, "unchanged", self._provisioner.outcome(self._environment, spec.name))
            return
        self._report(Progress(spec.name, "updating" if known else "creating"))
        self._provisioner.execute(self._environment, spec, change_set)
        self._waiting.remove(spec)
        self._running.append(spec)

    def _look(self, spec: StackSpec) -> None:
        outcome = self._provisioner.outcome(self._environment, spec.name)
        if outcome is None or not outcome.done:
            return
        self._running.remove(spec)
        if outcome.ok:
            self.changed.append(spec.name)
            self._finish(spec, "done", outcome)
        else:
            self._fail(spec, f"{outcome.status}: {outcome.reason}")

    def _there(self, spec: StackSpec, outcome: StackOutcome) -> None:
        """Leave it as it is; one that was only made yet may have lost its maker before it was secured."""
        if outcome.status == "CREATE_COMPLETE":
            self._finish(spec, "there", outcome)
            return
        self._outputs[spec.name] = dict(outcome.outputs)
        self._report(Progress(spec.name, "there", outcome.status))

    def _finish(self, spec: StackSpec, word: str, outcome: StackOutcome | None) -> None:
        self._provisioner.secure(self._environment, spec)
        self._outputs[spec.name] = dict(outcome.outputs) if outcome else {}
        self._report(Progress(spec.name, word, outcome.status if outcome else ""))

    def _fail(self, spec: StackSpec, why: str) -> None:
        self.failures.append(f"{spec.name}: {why}")
        self._report(Progress(spec.name, "failed", why))
