"""Temporary edits on real databases: workers that look at the same time take one back once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from sqlalchemy import Engine

from services.domain.operation import State
from services.domain.scaling.change import ScalingChange
from services.domain.scaling.temporary import EditState
from services.store.unit import SqlUnit
from services.usecases.temporary import TemporaryEdits
from tests.unit.usecases.scaling_world import ENV, SERVICE, VIEWER, Scene

WORKERS = 4


def test_workers_that_look_at_once_take_it_back_once(database: str, engine_of: Callable[[str], Engine]) -> None:
    scene = Scene(unit=SqlUnit(engine_of(database)))  # type: ignore[arg-type]
    until = scene.clock.now() + timedelta(hours=1)
    made = scene.make(ScalingChange(max_capacity=20, until=until))
    assert made.state is State.SUCCEEDED
    scene.clock.move(hours=1)
    scene.snap()
    others = [TemporaryEdits(SqlUnit(engine_of(database)), scene.clock, scene.scalings) for _ in range(WORKERS)]
    gate = threading.Barrier(WORKERS)

    def tick(edits: TemporaryEdits) -> int:
        gate.wait(30)
        return edits.tick()

    with ThreadPoolExecutor(WORKERS) as pool:
        assert sorted(pool.map(tick, others)) == [0] * (WORKERS - 1) + [1]
    (back,) = scene.operations.live(VIEWER, ENV)
    assert (back.requested_by, back.wants("reverts")) == ("system", made.id)
    assert scene.run(back.id, 8).state is State.SUCCEEDED
    assert others[0].tick() == 0
    with scene.unit(readonly=True) as store:
        (edit,) = store.edits.list(environment=ENV, service=SERVICE)
    assert (edit.state, scene.aws.max()) == (EditState.ENDED, 12)
    assert len(scene.scalings.changes(VIEWER, ENV, SERVICE)) == 2
