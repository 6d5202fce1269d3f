"""A worker that dies before or after any effect of a scaling change: the heir ends it, and sets the count once."""

from contextlib import suppress
from datetime import timedelta

import pytest

from services.domain.environment import Environment
from services.domain.operation import Operation, State
from services.domain.scaling.acts import Write
from services.domain.scaling.change import ScalingChange
from services.domain.snapshot import FargateService
from services.ports import Receipt
from services.usecases.engine import Engine
from services.usecases.scaling_change import ScalingProcedure
from tests import builders as b
from tests.unit.usecases.engine_world import Died, Mortal, MortalJournal, MortalUnit
from tests.unit.usecases.scaling_world import STALE_AFTER, Aws, Scene

CHANGE = ScalingChange(policies=(b.policy(target=55.0),), max_capacity=14, desired_once=5)
KEYS = ["PutScalingPolicy/production-rbac-cpu", "UpdateService", "RegisterScalableTarget"]
EFFECTS = 21
"""The start and the first look; for each of three writes its intent (database, journal), the call, its outcome
(journal, database) and what was seen; and the end."""


class MortalCaller:
    """Every write is an effect."""

    def __init__(self, aws: Aws, life: Mortal) -> None:
        self._aws, self._life = aws, life

    def ready(self, environment: Environment) -> None:
        """As it is."""

    def write(self, environment: Environment, service: FargateService, write: Write) -> Receipt:
        with self._life.effect():
            return self._aws.write(environment, service, write)


def worker(scene: Scene, life: Mortal, name: str) -> Engine:
    unit, journal, aws = MortalUnit(scene.unit, life), MortalJournal(scene.journal, life), scene.aws
    caller = MortalCaller(aws, life)
    procedure = ScalingProcedure(unit, scene.clock, aws, aws, caller, stale_after=STALE_AFTER)  # type: ignore[arg-type]
    return Engine(
        unit,  # type: ignore[arg-type]
        scene.clock,
        scene.leases,
        journal,  # type: ignore[arg-type]
        {"scaling": procedure},
        holder=name,
        lease_for=timedelta(seconds=10),
        monotonic=lambda: 0.0,
    )


def lived(scene: Scene, life: Mortal, id: str) -> None:
    """Until it dies, or it is over."""
    mortal = worker(scene, life, "mortal")
    with suppress(Died):
        for _ in range(20):
            mortal.advance(id)
            scene.clock.move(seconds=5)
            scene.snap()


def carried_on(scene: Scene, id: str) -> Operation:
    scene.clock.move(seconds=15)  # the dead one's lease
    scene.snap()
    return scene.run(id, 60)


def test_these_are_all_the_effects() -> None:
    scene, life = Scene(), Mortal(at=0, after=False)
    asked = scene.ask(CHANGE)
    lived(scene, life, asked.id)
    assert scene.operations.view(b.actor(), asked.id).operation.state is State.SUCCEEDED
    assert scene.aws.written == KEYS
    assert life.count == EFFECTS


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, EFFECTS + 1))
def test_the_heir_ends_it(at: int, after: bool) -> None:
    scene = Scene()
    asked = scene.ask(CHANGE)
    life = Mortal(at=at, after=after)
    lived(scene, life, asked.id)
    assert life.dead
    ended = carried_on(scene, asked.id)
    assert scene.aws.written.count("UpdateService") <= 1
    if ended.state is State.STUCK:  # it may have been sent, and is not sent again
        assert ended.step == "UpdateService"
        assert scene.aws.written == KEYS[:1]
    else:
        assert ended.state is State.SUCCEEDED
        assert list(dict.fromkeys(scene.aws.written)) == KEYS
        assert (scene.aws.max(), scene.aws.of().desired) == (14, 5)
