"""Plans, stack events, templates and drift in memory."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from services.domain.deployment.drift import Accepted, DriftReport
from services.domain.deployment.event import StackEvent
from services.domain.deployment.plan import Plan, PlanState
from services.domain.errors import Conflict, NotFound
from services.ports import RunningTemplate
from tests.fakes.state import State

NEWEST = 20


class MemoryPlans:
    """`services.ports.Plans`."""

    def __init__(self, state: State) -> None:
        self._rows = state.plans

    def add(self, plan: Plan) -> None:
        if plan.id in self._rows:
            raise Conflict(f"There already is a plan {plan.id}.")
        self._rows[plan.id] = plan

    def get(self, id: str) -> Plan | None:
        return self._rows.get(id)

    def save(self, plan: Plan) -> Plan:
        stored = self._rows.get(plan.id)
        if stored is None:
            raise NotFound(f"There is no plan {plan.id}.")
        if stored.version != plan.version:
            raise Conflict(
                f"The plan {plan.id} has changed since it was read: "
                f"it is {stored.state}, at version {stored.version} and not {plan.version}."
            )
        saved = replace(plan, version=plan.version + 1)
        self._rows[plan.id] = replace(saved, environment=stored.environment, requested_at=stored.requested_at)
        return saved

    def list(
        self,
        *,
        environment: str | None = None,
        states: Sequence[PlanState] = (),
        untidied: bool = False,
        limit: int = 50,
    ) -> Sequence[Plan]:
        found = [
            each
            for each in self._rows.values()
            if environment in (None, each.environment)
            and (not states or each.state in states)
            and not (untidied and each.tidied_at)
        ]
        return sorted(found, key=lambda each: (each.requested_at, each.id), reverse=True)[:limit]


class MemoryStackEvents:
    """`services.ports.StackEvents`."""

    def __init__(self, state: State) -> None:
        self._rows = state.stack_events

    def put(self, environment: str, events: Sequence[StackEvent]) -> int:
        before = len(self._rows)
        for each in sorted(events, key=lambda each: (each.at, each.stack_id)):
            self._rows.setdefault((environment, each.stack_id, each.id), each)
        return len(self._rows) - before

    def of(
        self, environment: str, stack: str = "", *, before: datetime | None = None, limit: int = 2000
    ) -> Sequence[StackEvent]:
        found = [
            each
            for key, each in self._rows.items()
            if key[0] == environment and stack in ("", each.stack) and (before is None or each.at < before)
        ]
        return sorted(found, key=lambda each: each.at)[-limit:]

    def newest(self, environment: str, stack: str) -> frozenset[str]:
        return frozenset(each.id for each in self.of(environment, stack, limit=NEWEST))


class MemoryTemplates:
    """`services.ports.Templates`."""

    def __init__(self, state: State) -> None:
        self._rows, self._running = state.templates, state.running_templates

    def put(self, version: str, name: str, body: str, at: datetime) -> None:
        self._rows.setdefault(version, (name, body, at))

    def get(self, version: str) -> str | None:
        found = self._rows.get(version)
        return found[1] if found else None

    def all(self, name: str = "") -> Sequence[tuple[str, str, datetime]]:
        rows = [(version, row[0], row[2]) for version, row in sorted(self._rows.items()) if name in ("", row[0])]
        return sorted(rows, key=lambda row: row[2], reverse=True)

    def runs(self, running: RunningTemplate) -> None:
        self._running[running.environment, running.stack] = running

    def running(self, environment: str = "") -> Sequence[RunningTemplate]:
        return [each for key, each in sorted(self._running.items()) if environment in ("", key[0])]


class MemoryDrifts:
    """`services.ports.Drifts`."""

    def __init__(self, state: State) -> None:
        self._reports, self._accepted = state.drifts, state.accepted

    def put(self, report: DriftReport) -> None:
        self._reports[report.environment, report.stack, report.at] = report

    def newest(self, environment: str) -> Sequence[DriftReport]:
        stacks = sorted({key[1] for key in self._reports if key[0] == environment})
        return [self.of(environment, stack, 1)[0] for stack in stacks]

    def of(self, environment: str, stack: str, limit: int = 50) -> Sequence[DriftReport]:
        found = [each for key, each in self._reports.items() if key[:2] == (environment, stack)]
        return sorted(found, key=lambda each: each.at, reverse=True)[:limit]

    def accept(self, accepted: Accepted) -> None:
        place = (accepted.environment, accepted.stack, accepted.logical_id, accepted.path)
        self._accepted[place] = accepted

    def take_back(self, environment: str, stack: str, logical_id: str, path: str) -> bool:
        return self._accepted.pop((environment, stack, logical_id, path), None) is not None

    def accepted(self, environment: str) -> Sequence[Accepted]:
        return [each for key, each in sorted(self._accepted.items()) if key[0] == environment]
