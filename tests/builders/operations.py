"""Operations, what surrounds them, and what AWS said: a controlled failover of `production-app` at `NOW`."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from services.domain.check import Answer, Check
from services.domain.event import CloudEvent
from services.domain.failover.episode import Acknowledgement, Episode, Origin, Phase, Result
from services.domain.freeze import Freeze
from services.domain.operation import Operation, State, Target
from services.domain.pause import Pause
from services.ports import TrailEntry
from tests.builders.places import NOW, ZONES


def operation(id: str = "op-1", env: str = "production", state: State = State.REQUESTED, **changes: Any) -> Operation:
    """A failover of the database that `ada` asked for at `NOW`, ready to begin within ten minutes."""
    made = Operation(
        id=id,
        kind="failover",
        environment=env,
        target_kind=Target.DATABASE_INSTANCE,
        target=f"{env}-app",
        requested_by="ada",
        requested_at=NOW,
        reason="us-east-1a is degraded",
        begin_before=NOW + timedelta(minutes=10),
        state=state,
        wanted=(("expected_zone", ZONES[0]), ("expected_primary", f"{env}-app")),
        checks=(check(),),
    )
    return replace(made, **changes)


def check(key: str = "available", answer: Answer = Answer.PASS, **changes: Any) -> Check:
    """A check of a fact read at `NOW`, passed unless said."""
    made = Check(
        key=key,
        title="The database is available",
        answer=answer,
        fact="Its status is available." if answer is Answer.PASS else "Its status is modifying.",
        read_at=NOW,
        mend="" if answer is Answer.PASS else "Wait until the modification is over.",
    )
    return replace(made, **changes)


def pause(id: str = "pause-1", env: str = "production", hours: float = 2, **changes: Any) -> Pause:
    """Automation held by `eve` from `NOW` for some hours."""
    made = Pause(id, env, NOW + timedelta(hours=hours), "eve", NOW, "Change freeze for the release.")
    return replace(made, **changes)


def freeze(id: str = "freeze-1", env: str = "production", hours: float = 48, **changes: Any) -> Freeze:
    """A change freeze on since `NOW` for some hours, announced by `root.admin` the day before."""
    made = Freeze(
        id=id,
        environment=env,
        starts=NOW,
        ends=NOW + timedelta(hours=hours),
        name="Black Friday",
        reason="No change while the shop is full.",
        by="root.admin",
        at=NOW - timedelta(days=1),
    )
    return replace(made, **changes)


def trail_entry(operation_id: str = "op-1", word: str = "asked", **changes: Any) -> TrailEntry:
    """A line of an operation's trail, not stored yet."""
    made = TrailEntry(operation_id, NOW, "ada", word, "ada asked for a failover of production-app.", {"step": "reboot"})
    return replace(made, **changes)


def cloud_event(
    message: str = "Multi-AZ instance failover started.", seconds: float = 0, env: str = "production", **changes: Any
) -> CloudEvent:
    """What RDS said of the database some seconds after `NOW`, as a poll got it."""
    made = CloudEvent(
        environment=env,
        source="rds",
        source_type="db-instance",
        subject=f"{env}-app",
        at=NOW + timedelta(seconds=seconds),
        message=message,
        categories=("failover",),
        received_at=NOW + timedelta(seconds=seconds + 20),
    )
    return replace(made, **changes)


def failover_events(env: str = "production") -> tuple[CloudEvent, ...]:
    """What RDS says of a failover asked for at `NOW`, in its own words and order (aws-facts 1.1)."""
    return (
        cloud_event("Multi-AZ instance failover started.", 15, env),
        cloud_event("DB instance restarted", 31, env, categories=("availability",)),
        cloud_event("Multi-AZ instance failover completed", 51, env),
        cloud_event("The user requested a failover of the DB instance.", 51, env, categories=()),
    )


def episode(id: str = "episode-1", env: str = "production", **changes: Any) -> Episode:
    """A controlled failover of the database, begun at `NOW` and completed 36 s later, us-east-1a to us-east-1b."""
    begun, completed = NOW + timedelta(seconds=15), NOW + timedelta(seconds=51)
    made = Episode(
        id=id,
        environment=env,
        target_kind=Target.DATABASE_INSTANCE,
        target=f"{env}-app",
        started_at=begun,
        result=Result.COMPLETED,
        origin=Origin.HAVEN,
        cause="The user requested a failover of the DB instance.",
        meaning="Somebody asked RDS to fail over.",
        from_zone=ZONES[0],
        to_zone=ZONES[1],
        completed_at=completed,
        phases=(
            Phase("started", begun, "Multi-AZ instance failover started."),
            Phase("completed", completed, "Multi-AZ instance failover completed"),
        ),
        outage_seconds=36.0,
        outage_source="events",
        operation_id="op-1",
        who="ada",
        reason="us-east-1a is degraded",
    )
    return replace(made, **changes)


def acknowledgement(by: str = "bob", **changes: Any) -> Acknowledgement:
    """Somebody looked at it an hour later."""
    return replace(Acknowledgement(by, NOW + timedelta(hours=1), "Seen; the zone was degraded."), **changes)
