"""The steps of a scaling change: each write as seen in AWS, then everything read back once more, then the tasks."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from services.domain.operation import Step
from services.domain.scaling.acts import Call, Write, holds, writes
from services.domain.scaling.change import ScalingChange, ScalingState
from services.domain.snapshot import FargateService, Snapshot

READ_BACK, COUNT = "read back", "count"
SHOWS_WITHIN = timedelta(minutes=2)
"""AWS shows a write within seconds; longer than this it is not going to."""
COUNT_WITHIN = timedelta(minutes=5)


@dataclass(frozen=True)
class ScalingFacts:
    """What a look finds. `service` is as the snapshot has it, None when it is not there; `state` and `desired` are read
    fresh. `running` counts tasks by a reading made since the last write, None before there is one. `accepted` names the
    step whose request AWS has accepted."""

    snapshot: Snapshot
    service: FargateService | None
    state: ScalingState | None
    desired: int
    running: int | None = None
    accepted: str = ""


def steps_for(change: ScalingChange) -> tuple[Step[ScalingFacts], ...]:
    """By the writes of a change; the same change always has the same steps."""
    return tuple(_steps(change))


def _steps(change: ScalingChange) -> Iterator[Step[ScalingFacts]]:
    made = writes(change)
    for write in made:
        yield Step(
            write.key,
            _sentence(write),
            lambda facts, write=write: _done(write, facts),  # type: ignore[misc]
            SHOWS_WITHIN,
            acts=True,
            repeatable=write.repeatable,
            until="AWS shows it",
            otherwise="Look in AWS whether it is so; somebody may have changed it meanwhile.",
        )
    lasting = [write for write in made if write.call is not Call.SET_DESIRED]
    if lasting:
        yield Step(
            READ_BACK,
            "Everything reads back as asked",
            lambda facts: facts.state is not None and all(holds(w, facts.state, facts.desired) for w in lasting),
            SHOWS_WITHIN,
            until="all of it reads back as asked",
            otherwise="Something has changed it meanwhile; look in AWS what stands there now.",
        )
    if change.registers or change.desired_once is not None:
        yield Step(
            COUNT,
            "ECS runs as many tasks as are desired",
            lambda facts: facts.running is not None and facts.running == facts.desired,
            COUNT_WITHIN,
            optional=True,
            until="as many tasks run as are desired",
        )


def _done(write: Write, facts: ScalingFacts) -> bool:
    # A count that was set may move on in the same minute: nothing holds it there, so AWS's acceptance must do.
    if write.call is Call.SET_DESIRED and facts.accepted == write.key:
        return True
    return facts.state is not None and holds(write, facts.state, facts.desired)


def _sentence(write: Write) -> str:
    part = write.part
    match write.call:
        case Call.DELETE_POLICY:
            return f"Policy {write.name} is gone"
        case Call.DELETE_SCHEDULED:
            return f"Scheduled action {write.name} is gone"
        case Call.PUT_POLICY:
            return f"Policy {write.name} is as asked"
        case Call.PUT_SCHEDULED:
            return f"Scheduled action {write.name} is as asked"
        case Call.SET_DESIRED:
            return f"The desired count is set to {part.desired_once}"
        case _:
            bounds = [("minimum", part.min_capacity), ("maximum", part.max_capacity)]
            said = [f"{name} {value}" for name, value in bounds if value is not None]
            said += ["what is suspended"] if part.suspended is not None else []
            return f"Registered as asked: {', '.join(said)}"
