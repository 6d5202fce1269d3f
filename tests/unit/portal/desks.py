"""The desks for failovers as the portal sees them, scripted: each answers what a test has put there, asks for the same
rights as the real one, and remembers what it was told. `away` makes Haven's database unreachable."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.domain.access import Actor, Permission
from services.domain.budget import Budget
from services.domain.check import Check
from services.domain.errors import Conflict, HavenError, Invalid, NotAllowed, NotFound, NotNow
from services.domain.failover.episode import Acknowledgement, Episode
from services.domain.failover.plan import Dependent, Expectation, Move, Plan
from services.domain.failover.target import Candidate, FailoverTarget
from services.domain.operation import Operation, State, Target
from services.domain.pause import Pause
from services.usecases.failover_history import MOST, Filter, Incident, Moment, Month
from services.usecases.failovers import FailoverRequest, Preview
from services.usecases.operations import OperationView
from tests import builders as b

_AWAY = NotNow("Haven's own database does not answer.")


def database(**changes: object) -> FailoverTarget:
    """production-app: primary in us-east-1a, standby in us-east-1b."""
    made = FailoverTarget(
        kind=Target.DATABASE_INSTANCE,
        name="production-app",
        status="available",
        primary="production-app",
        zone=b.ZONES[0],
        candidates=(Candidate("", b.ZONES[1]),),
        read_at=b.NOW,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def cache(**changes: object) -> FailoverTarget:
    """production-cache: primary in us-east-1a, replicas in the two other zones; AWS chooses."""
    made = FailoverTarget(
        kind=Target.CACHE,
        name="production-cache",
        status="available",
        primary="production-cache-001",
        zone=b.ZONES[0],
        candidates=(Candidate("production-cache-002", b.ZONES[1]), Candidate("production-cache-003", b.ZONES[2])),
        node_group="0001",
        read_at=b.NOW,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def cluster(**changes: object) -> FailoverTarget:
    """A DB cluster whose next writer may be chosen."""
    made = FailoverTarget(
        kind=Target.DATABASE_CLUSTER,
        name="production-ledger",
        status="available",
        primary="ledger-1",
        zone=b.ZONES[0],
        candidates=(Candidate("ledger-2", b.ZONES[1]), Candidate("ledger-3", b.ZONES[2])),
        chooses=True,
        read_at=b.NOW,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def impossible() -> FailoverTarget:
    """legacy-app, which has no standby."""
    return database(
        name="legacy-app",
        primary="legacy-app",
        candidates=(),
        why_not="It has no standby: Multi-AZ is off.",
        mend="Turn on Multi-AZ; no downtime, about 20 minutes.",
    )


def budget(used: float = 460.0, **changes: object) -> Budget:
    """November 2026's budget at 99.95 %."""
    return replace(Budget(b.NOW.replace(day=1, hour=0, minute=0, second=0), 99.95, 1296.0, used), **changes)  # type: ignore[arg-type]


def plan(target: FailoverTarget, to: Candidate | None) -> Plan:
    """What it would do."""
    moves = (Move("primary", target.zone, to.zone, target.primary, to.member),) if to else ()
    return Plan(
        moves,
        Expectation(24.0, 17.0, 31.0, 11, "From eleven earlier failovers of it."),
        (Dependent("service:rbac", "rbac", "10 tasks lose their connections and reconnect."),),
        (
            f"aws rds reboot-db-instance --db-instance-identifier {target.name} --force-failover --region us-east-1",
            f"aws rds describe-events --source-type db-instance --source-identifier {target.name} --region us-east-1",
        ),
    )


@dataclass
class Desk:
    """What the four have in common. `refuse` is raised by the next act."""

    away: bool = False
    refuse: HavenError | None = None
    did: list[tuple[object, ...]] = field(default_factory=list)

    def look(self, actor: Actor) -> None:
        """May this person look, and can it be looked at."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        if self.away:
            raise _AWAY

    def act(self, actor: Actor, right: Permission, *what: object) -> None:
        """May this person do it; then it is done."""
        actor.require(right)
        if self.away:
            raise _AWAY
        if self.refuse:
            raise self.refuse
        self.did.append((actor.name, *what))


@dataclass
class FakeFailovers(Desk):
    """`services.usecases.failovers.Failovers`."""

    known: dict[str, Sequence[FailoverTarget]] = field(
        default_factory=lambda: {"production": (database(), cache()), "legacy": (impossible(),)}
    )
    checks: Sequence[Check] = (b.check(), b.check("standby", title="A standby is known", fact="It is in us-east-1b."))
    protected: bool = True
    live: Operation | None = None

    def targets(self, actor: Actor, environment: str) -> Sequence[FailoverTarget]:
        self.look(actor)
        return self.known.get(environment, ())

    def preview(
        self, actor: Actor, environment: str, kind: Target, name: str, to_member: str = "", node_group: str = ""
    ) -> Preview:
        self.look(actor)
        named = (t for t in self.known.get(environment, ()) if (t.kind, t.name) == (kind, name))
        found = next((t for t in named if node_group in ("", t.node_group)), None)
        if found is None:
            raise NotFound(f"{environment} has no {kind.value} called {name}.")
        to = next((c for c in found.candidates if to_member in ("", c.member)), None)
        return Preview(
            b.environment(environment),
            found,
            to,
            plan(found, to),
            budget(),
            self.checks,
            self.protected,
            b.NOW,
            self.live,
        )

    def request(self, actor: Actor, request: FailoverRequest, *, client: str = "") -> Operation:
        self.act(actor, Permission.RUN_FAILOVERS, request)
        state = State.AWAITING_APPROVAL if self.protected else State.REQUESTED
        return b.operation("op-new", state=state, requested_by=actor.name)


@dataclass
class FakeOperations(Desk):
    """`services.usecases.operations.Operations`."""

    views: dict[str, OperationView] = field(default_factory=dict)

    def put(self, view: OperationView) -> OperationView:
        """Known from now on."""
        self.views[view.operation.id] = view
        return view

    def view(self, actor: Actor, id: str) -> OperationView:
        actor.require(Permission.SEE_ENVIRONMENTS)
        if id not in self.views:
            raise _AWAY if self.away else NotFound(f"There is no operation {id}.")
        return replace(self.views[id], from_memory=self.away)

    def recent(
        self, actor: Actor, *, environment: str | None = None, before: datetime | None = None, limit: int = 50
    ) -> Sequence[Operation]:
        self.look(actor)
        found = [view.operation for view in self.views.values() if environment in (None, view.operation.environment)]
        return sorted(found, key=lambda each: each.requested_at, reverse=True)[:limit]

    def live(self, actor: Actor, environment: str | None = None) -> Sequence[Operation]:
        actor.require(Permission.SEE_ENVIRONMENTS)
        found = [view.operation for view in self.views.values() if view.operation.live]
        return [each for each in found if environment in (None, each.environment)]

    def approve(self, actor: Actor, id: str, version: int, *, client: str = "") -> Operation:
        operation = self.view(actor, id).operation
        if operation.requested_by == actor.name:
            raise NotAllowed("You asked for it; somebody else has to approve it.")
        if operation.version != version:
            raise Conflict("It has changed since you looked.")
        return self._did(actor, "approve", id, version)

    def decline(self, actor: Actor, id: str, reason: str, *, client: str = "") -> Operation:
        return self._did(actor, "decline", id, reason)

    def cancel(self, actor: Actor, id: str, *, client: str = "") -> Operation:
        return self._did(actor, "cancel", id)

    def resume(self, actor: Actor, id: str, reason: str, *, client: str = "") -> Operation:
        return self._did(actor, "resume", id, reason)

    def mark_done(self, actor: Actor, id: str, evidence: str, *, client: str = "") -> Operation:
        return self._did(actor, "mark_done", id, evidence)

    def give_up(self, actor: Actor, id: str, reason: str, *, client: str = "") -> Operation:
        return self._did(actor, "give_up", id, reason)

    def _did(self, actor: Actor, *what: object) -> Operation:
        self.act(actor, Permission.RUN_FAILOVERS, *what)
        return self.views[str(what[1])].operation


@dataclass
class FakePauses(Desk):
    """`services.usecases.pauses.Pauses`."""

    held: list[Pause] = field(default_factory=list)

    def current(self, actor: Actor) -> Sequence[Pause]:
        actor.require(Permission.SEE_ENVIRONMENTS)
        return tuple(self.held)

    def pause(self, actor: Actor, environment: str, until: datetime, reason: str, *, client: str = "") -> Pause:
        self.act(actor, Permission.PAUSE_AUTOMATION, environment, until, reason)
        return Pause("pause-new", environment, until, actor.name, b.NOW, reason)

    def lift(self, actor: Actor, id: str, *, client: str = "") -> None:
        self.act(actor, Permission.PAUSE_AUTOMATION, id)


@dataclass
class FakeHistory(Desk):
    """`services.usecases.failover_history.FailoverHistory`."""

    episodes: list[Episode] = field(default_factory=list)
    moments: Sequence[Moment] = ()
    asked: list[Filter] = field(default_factory=list)

    def page(self, actor: Actor, wanted: Filter, limit: int = 200) -> Sequence[Episode]:
        self.look(actor)
        if not 1 <= limit <= MOST:
            raise Invalid(f"A list holds 1 to {MOST} failovers.")
        self.asked.append(wanted)
        return [
            each
            for each in self.episodes
            if wanted.environment in ("", each.environment)
            and wanted.target in ("", each.target)
            and wanted.origin in ("", each.origin)
            and wanted.result in ("", each.result)
            and (wanted.since is None or each.started_at >= wanted.since)
            and (wanted.until is None or each.started_at < wanted.until)
        ][:limit]

    def get(self, actor: Actor, id: str) -> Episode:
        self.look(actor)
        for each in self.episodes:
            if each.id == id:
                return each
        raise NotFound(f"There is no failover {id}.")

    def incident(self, actor: Actor, id: str) -> Incident:
        episode = self.get(actor, id)
        since, until = episode.started_at - timedelta(minutes=15), episode.started_at + timedelta(minutes=30)
        return Incident(episode, since, until, self.moments)

    def months(self, actor: Actor, environment: str, count: int = 12) -> Sequence[Month]:
        self.look(actor)
        own = tuple(each for each in self.episodes if each.environment == environment)
        made = []
        for back in reversed(range(count)):
            month = (
                (b.NOW.year * 12 + b.NOW.month - 1 - back) // 12,
                (b.NOW.year * 12 + b.NOW.month - 1 - back) % 12 + 1,
            )
            in_it = tuple(e for e in own if (e.started_at.year, e.started_at.month) == month)
            first = b.NOW.replace(year=month[0], month=month[1], day=1, hour=0, minute=0, second=0)
            used = sum(e.outage_seconds or 0.0 for e in in_it)
            unmeasured = sum(e.outage_seconds is None for e in in_it)
            made.append(Month(Budget(first, 99.95, 1296.0, used, unmeasured), in_it))
        return made

    def acknowledge(self, actor: Actor, id: str, comment: str, *, client: str = "") -> Episode:
        self.act(actor, Permission.RUN_FAILOVERS, id, comment)
        return replace(self.get(actor, id), acknowledged=Acknowledgement(actor.name, b.NOW, comment))
