"""A small CloudFormation in memory behind `ports.StackReader` and `ports.StackCaller`: stacks that move on by being
looked at, change sets that can be executed once, policies, tokens, and failures on command."""

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from services.domain.deployment.change_set import ChangeSet
from services.domain.deployment.drift import DriftReport
from services.domain.deployment.event import StackEvent
from services.domain.environment import Environment
from services.domain.errors import HavenError, OutcomeUnknown, Refused
from services.ports import Catalogue, Clock, ListedChangeSet, Receipt, StackSpec, StackStanding
from tests.fakes.stack_bed import StackBed

T = TypeVar("T")


class FakeStacks(StackBed):
    """`answers` are raised by the next writes, in turn (None is done); a lost answer's request arrives when `reaches`.
    `blind` is raised by every look. `calls` are the writes that arrived."""

    def __init__(self, clock: Clock, catalogue: Catalogue) -> None:
        super().__init__(clock, catalogue)
        self.answers: list[HavenError | None] = []
        self.reaches = True
        self.blind: HavenError | None = None
        self.calls: list[str] = []
        self._lock = threading.RLock()

    # StackReader
    def standing(self, environment: Environment, stack: str) -> StackStanding | None:
        self._seeing()
        with self._lock:
            found = self.stacks.get(stack)
            if found is None:
                return None
            if found.ahead:
                self._come(found, found.ahead.pop(0))
            if found.status == "DELETE_COMPLETE":
                del self.stacks[stack]
                return None
            return StackStanding(
                stack,
                found.stack_name,
                found.stack_id,
                found.status,
                found.reason if found.status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE") else "",
                found.created_at,
                found.updated_at,
                found.protected,
                tuple(found.parameters.items()),
                tuple(found.outputs.items()) if found.status != "REVIEW_IN_PROGRESS" else (),
            )

    def change_set(self, environment: Environment, stack: str, arn: str) -> ChangeSet | None:
        self._seeing()
        found = self.sets.get(arn)
        return found.shown if found else None

    def change_sets(self, environment: Environment, stack: str) -> Sequence[ListedChangeSet]:
        self._seeing()
        shown = [each.shown for each in self.sets.values() if each.shown.stack == stack]
        return [ListedChangeSet(each.arn, each.name, each.execution_status, each.created_at) for each in shown]

    def template(self, environment: Environment, stack: str) -> str | None:
        self._seeing()
        found = self.stacks.get(stack)
        return found.body if found and found.status != "REVIEW_IN_PROGRESS" else None

    def policy(self, environment: Environment, stack: str) -> str:
        self._seeing()
        return self.stacks[stack].policy if stack in self.stacks else ""

    def events(self, environment: Environment, stack: str, known: frozenset[str]) -> Sequence[StackEvent]:
        self._seeing()
        found = next((each for each in self.stacks.values() if stack in (each.name, each.stack_id)), None)
        return [each for each in (found.events if found else ()) if each.id not in known]

    def others(self, environment: Environment) -> Sequence[StackStanding]:
        return [found for name in list(self.stacks) if (found := self.standing(environment, name))]

    def drift(self, environment: Environment, stack: str, detection: str) -> DriftReport | None:
        return None

    def missing_rights(self, environment: Environment) -> Mapping[str, Sequence[str]]:
        return {}

    # StackCaller
    def prepare(
        self, environment: Environment, spec: StackSpec, outputs: Mapping[str, Mapping[str, str]]
    ) -> ChangeSet | None:
        return self._write("prepare", spec.name, lambda: self._prepared(environment, spec, outputs))

    def discard(self, environment: Environment, stack: str, arn: str) -> None:
        self._write("discard", stack, lambda: self.sets.pop(arn, None))

    def clear(self, environment: Environment, stack: str) -> bool:
        def clear() -> bool:
            found = self.stacks.get(stack)
            empty = not any(each.shown.stack == stack for each in self.sets.values())
            if found is None or found.status != "REVIEW_IN_PROGRESS" or not empty:
                return False
            del self.stacks[stack]
            return True

        return self._write("clear", stack, clear)

    def execute(self, environment: Environment, stack: str, arn: str) -> Receipt:
        return self._write("execute", stack, lambda: self._execute(stack, arn))

    def set_policy(self, environment: Environment, stack: str, policy: str) -> Receipt:
        return self._write("set_policy", stack, lambda: self._set(stack, policy=policy))

    def protect(self, environment: Environment, stack: str, on: bool) -> Receipt:
        return self._write("protect", stack, lambda: self._set(stack, protected=on))

    def cancel(self, environment: Environment, stack: str, token: str) -> Receipt:
        def cancel() -> Receipt:
            found = self._in(stack, "UPDATE_IN_PROGRESS")
            found.after, found.token, found.reason = None, token, "User Initiated"
            self._come(found, "UPDATE_ROLLBACK_IN_PROGRESS")
            found.ahead = [*["UPDATE_ROLLBACK_IN_PROGRESS"] * self.slow, "UPDATE_ROLLBACK_COMPLETE"]
            return Receipt("cancel")

        return self._write("cancel", stack, cancel)

    def continue_rollback(self, environment: Environment, stack: str, skip: Sequence[str], token: str) -> Receipt:
        def go_on() -> Receipt:
            found = self._in(stack, "UPDATE_ROLLBACK_FAILED")
            found.token = token
            self._come(found, "UPDATE_ROLLBACK_IN_PROGRESS")
            worse = stack in self.failing and not skip
            found.ahead = ["UPDATE_ROLLBACK_FAILED" if worse else "UPDATE_ROLLBACK_COMPLETE"]
            return Receipt("continue")

        return self._write("continue", stack, go_on)

    def roll_back(self, environment: Environment, stack: str, token: str) -> Receipt:
        def back() -> Receipt:
            found = self._in(stack, "UPDATE_FAILED", "CREATE_FAILED")
            found.token = token
            self._come(found, "UPDATE_ROLLBACK_IN_PROGRESS")
            found.ahead = ["UPDATE_ROLLBACK_COMPLETE"]
            return Receipt("roll back")

        return self._write("roll_back", stack, back)

    def delete(self, environment: Environment, stack: str, retain: Sequence[str], token: str) -> Receipt:
        def delete() -> Receipt:
            found = self.stacks[stack]
            if found.protected:
                raise Refused(f"{found.stack_name} cannot be deleted while TerminationProtection is enabled.")
            found.token = token
            self._come(found, "DELETE_IN_PROGRESS")
            why = self.failing.pop(stack, "")
            found.reason = why
            found.ahead = [*["DELETE_IN_PROGRESS"] * self.slow, "DELETE_FAILED" if why else "DELETE_COMPLETE"]
            return Receipt("delete")

        return self._write("delete", stack, delete)

    def start_drift(self, environment: Environment, stack: str) -> str:
        return "drift-1"

    def _seeing(self) -> None:
        if self.blind:
            raise self.blind

    def _write(self, what: str, stack: str, do: Callable[[], T]) -> T:
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None and not (isinstance(answer, OutcomeUnknown) and self.reaches):
            raise answer
        with self._lock:
            self.calls.append(f"{what} {stack}")
            done = do()
        if answer is not None:
            raise answer
        return done
