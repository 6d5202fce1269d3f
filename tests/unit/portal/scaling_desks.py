"""The desks for scaling as the portal sees them, scripted: each answers what a test has put there out of the same pure
rules as the real one, asks for the same rights, and remembers what it was told."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.domain.access import Actor, Permission
from services.domain.check import Check
from services.domain.environment import Environment
from services.domain.errors import Conflict, Invalid, NotFound
from services.domain.operation import Operation, State, Target
from services.domain.prices import Price
from services.domain.scaling.change import (
    ScalingChange,
    ScalingState,
    after,
    check_change,
    conflicts,
    difference,
    effects,
    revert,
    state_of,
)
from services.domain.scaling.commands import commands
from services.domain.scaling.edited import Edited
from services.domain.scaling.load import CPU, MEMORY, Recording
from services.domain.scaling.replay import Assumed, assumptions, replay, settings_of
from services.domain.scaling.series import Series, minute_of
from services.domain.scaling.temporary import Edit, EditState
from services.domain.scaling.tracking import rules_of
from services.domain.snapshot import FargateService, ScheduledAction, Snapshot
from services.usecases.replays import Compared
from services.usecases.scalings import ChangeRecord, ScalingPreview, ScalingRequest, ServiceScaling
from tests import builders as b
from tests.unit.portal.desks import Desk

EDITED = Edited("maximum", "Maximum", "MaxTasks", "9", "12")
MORNING = ScheduledAction("morning", "cron(30 6 ? * MON-FRI *)", "Europe/Berlin", 6, None)


@dataclass
class FakeScalings(Desk):
    """`services.usecases.scalings.Scalings`, without what only the pages that look need."""

    known: dict[str, FargateService] = field(
        default_factory=lambda: {
            "rbac": b.service(scaling=b.scaling(scheduled=(MORNING,))),
            "plain": b.service("audit", scaling=None),
        }
    )
    checks: Sequence[Check] = (b.check("bounds", title="The minimum is not above the maximum", fact="3 ≤ 12."),)
    edited: Sequence[Edited] = (EDITED,)
    edits: Sequence[Edit] = ()
    running: Operation | None = None
    records: dict[str, ChangeRecord] = field(default_factory=dict)

    def service(self, actor: Actor, environment: str, service: str) -> ServiceScaling:
        self.look(actor)
        if environment != "production" or service not in self.known:
            raise NotFound(f"{environment} has no service {service}.")
        found = self.known[service]
        return ServiceScaling(
            b.environment(environment), found, b.NOW, (), (), self.edited, self.edits, self.running, None, b.NOW
        )

    def state(self, service: str = "rbac") -> ScalingState:
        """What AWS has."""
        scaling = self.known[service].scaling
        assert scaling
        return state_of(scaling)

    def edit_outside(self, **changes: object) -> None:
        """Somebody edits it with AWS's own tools."""
        scaling = replace(self.state().scaling, **changes)  # type: ignore[arg-type]
        self.known["rbac"] = replace(self.known["rbac"], scaling=scaling)

    def preview(
        self, actor: Actor, environment: str, service: str, change: ScalingChange, opened: ScalingState | None = None
    ) -> ScalingPreview:
        seen = self.service(actor, environment, service)
        now, before = self.state(service), opened or self.state(service)
        check_change(change, before, b.NOW)
        return ScalingPreview(
            environment=seen.environment,
            service=seen.service,
            now=now,
            change=change,
            rows=difference(change, before),
            effects=effects(change, before, seen.service.desired),
            checks=self.checks,
            commands=commands(change, before, b.REGION),
            conflicts=conflicts(before, now),
            edited=self.edited,
            live=self.running,
            read_at=b.NOW,
        )

    def request(self, actor: Actor, request: ScalingRequest, *, client: str = "") -> Operation:
        self.act(actor, Permission.CHANGE_SCALING, request)
        if conflicts(request.opened, self.state(request.service)):
            raise Conflict("Somebody changed it since.")
        return scaling_operation("op-new", requested_by=actor.name)

    def changes(self, actor: Actor, environment: str, service: str = "", limit: int = 50) -> Sequence[ChangeRecord]:
        self.look(actor)
        return list(self.records.values())[:limit]

    def change(self, actor: Actor, id: str) -> ChangeRecord:
        self.look(actor)
        if id not in self.records:
            raise NotFound(f"There is no change {id}.")
        return self.records[id]

    def reverting(self, actor: Actor, id: str) -> tuple[ScalingChange, ScalingState]:
        record, now = self.change(actor, id), self.state()
        if record.cannot_revert:
            raise Conflict(record.cannot_revert)
        return revert(record.before, now), now


def scaling_operation(id: str = "op-1", **changes: object) -> Operation:
    """A change of rbac's scaling that succeeded."""
    made = b.operation(id, kind="scaling", target_kind=Target.SERVICE, target="rbac", state=State.SUCCEEDED)
    return replace(made, **changes)  # type: ignore[arg-type]


def record(desk: FakeScalings, change: ScalingChange, id: str = "op-1", cannot: str = "") -> ChangeRecord:
    """A change that was made: it is remembered, and AWS has what it left."""
    before = desk.state()
    made = ChangeRecord(scaling_operation(id), before, change, difference(change, before), cannot)
    desk.records[id] = made
    desk.known["rbac"] = replace(desk.known["rbac"], scaling=after(change, before).scaling)
    return made


def edit(**changes: object) -> Edit:
    """Max 20 until 18:00."""
    made = Edit(
        id="op-1",
        environment="production",
        service="rbac",
        by="admin",
        reason="Sign-in peak after holiday",
        at=b.NOW - timedelta(hours=1),
        until=b.NOW + timedelta(hours=3),
        before=state_of(b.scaling()),
        change=ScalingChange(max_capacity=20),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@dataclass
class FakeEdits(Desk):
    """`services.usecases.temporary.TemporaryEdits`."""

    held: dict[str, Edit] = field(default_factory=lambda: {"op-1": edit()})

    def live(self, actor: Actor, environment: str | None = None) -> Sequence[Edit]:
        self.look(actor)
        return [each for each in self.held.values() if each.live and environment in (None, each.environment)]

    def extend(self, actor: Actor, id: str, version: int, until: datetime, reason: str, *, client: str = "") -> Edit:
        self._mine(actor, id, version, "extend", until, reason)
        if until <= b.NOW:
            raise Invalid("The end lies in the past.", {"until": "Choose a time to come."})
        return replace(self.held[id], until=until)

    def end(self, actor: Actor, id: str, version: int, reason: str, *, client: str = "") -> Edit:
        self._mine(actor, id, version, "end", reason)
        return replace(self.held[id], state=EditState.REVERTING, revert="op-back")

    def keep(self, actor: Actor, id: str, version: int, reason: str, *, client: str = "") -> Edit:
        self._mine(actor, id, version, "keep", reason)
        return replace(self.held[id], state=EditState.KEPT)

    def _mine(self, actor: Actor, id: str, version: int, *what: object) -> None:
        if self.held[id].version != version:
            raise Conflict("It has changed since you looked.")
        self.act(actor, Permission.CHANGE_SCALING, id, *what)


@dataclass
class FakeReplays(Desk):
    """`services.usecases.replays.Replays`, over a day with one peak; with a gap of an hour in it."""

    why_not: str = ""
    scalings: FakeScalings = field(default_factory=FakeScalings)

    def compare(
        self,
        actor: Actor,
        environment: str,
        service: str,
        change: ScalingChange,
        *,
        days: int = 1,
        zone_lost: bool = False,
    ) -> Compared:
        self.look(actor)
        self.did.append((days, zone_lost))
        before, found = self.scalings.state(service), _recorded(days)
        given = [
            settings_of(rules_of(each.scaling), each.scaling.scheduled, False, [p.name for p in each.scaling.policies])
            for each in (before, after(change, before))
        ]
        assumed = Assumed(hourly=0.0247, lost_of_zones=3 if zone_lost else None)
        return Compared(
            since=b.NOW - timedelta(days=days),
            until=b.NOW,
            recording=found,
            today=None if self.why_not else replay(found, given[0], assumed),
            proposed=None if self.why_not else replay(found, given[1], assumed),
            assumed=assumptions(found, given, assumed),
            known=0.96,
            zone_lost=zone_lost,
            why_not=self.why_not,
            price_source="List price of Fargate in us-east-1.",
        )

    def task_hour(self, environment: Environment, snapshot: Snapshot, service: FargateService) -> Price | None:
        return Price(0.0247, f"List price of Fargate in {environment.region}.")


def _recorded(days: int) -> Recording:
    start = minute_of(b.NOW) - 1440 * days
    hours = [n % 1440 // 60 for n in range(1440 * days)]
    gap = [hour == 3 for hour in hours]
    cpu = [30.0 + 9 * max(0, 7 - abs(hour - 13)) for hour in hours]
    return Recording(
        Series(start, tuple(None if g else 6.0 for g in gap)),
        {
            CPU: Series(start, tuple(None if g else v for g, v in zip(gap, cpu, strict=True))),
            MEMORY: Series(start, tuple(None if g else 40.0 for g in gap)),
        },
    )
