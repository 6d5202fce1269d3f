"""A worker that dies before or after any effect of a plan, a deployment or a deletion: the heir ends it, every change
set is executed once, and a lifted policy is back."""

import threading
from contextlib import suppress
from typing import Any

import pytest

from services.domain.deployment.policy import same
from services.domain.errors import HavenError
from services.domain.operation import Operation, State
from services.usecases.engine import Engine
from tests.unit.usecases.deployment_world import Scene
from tests.unit.usecases.engine_world import Died, Mortal, MortalJournal, MortalUnit
from tests.unit.usecases.test_deploying import replacing

WRITES = frozenset({"prepare", "discard", "execute", "set_policy", "protect", "delete", "cancel"})
PLAN, DEPLOY, DELETION = 18, 36, 30
"""Each counted by `test_these_are_all_the_effects`."""


class MortalCaller:
    """Every write is an effect; those of several threads come one after the other."""

    def __init__(self, caller: Any, life: Mortal) -> None:
        self._caller, self._life, self._lock = caller, life, threading.Lock()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._caller, name)
        if name not in WRITES:
            return method

        def counted(*arguments: Any) -> Any:
            with self._lock, self._life.effect():
                return method(*arguments)

        return counted


def worker(scene: Scene, life: Mortal) -> Engine:
    unit, journal = MortalUnit(scene.unit, life), MortalJournal(scene.journal, life)
    procedures = scene.made_of(unit, MortalCaller(scene.aws, life))  # type: ignore[arg-type]
    return scene.worker("mortal", unit, journal, procedures)  # type: ignore[arg-type]


def lived(scene: Scene, life: Mortal, id: str) -> None:
    """Until it dies, or it is over."""
    mortal = worker(scene, life)
    with suppress(Died):
        scene.run(id, 60, engine=mortal)


def carried_on(scene: Scene, id: str) -> Operation:
    scene.clock.move(seconds=15)  # the dead one's lease
    scene.snap()
    return scene.run(id, 120)


def planning(scene: Scene) -> str:
    return scene.ask_plan("network", "data", "platform", values=CHANGES).id


def deploying(scene: Scene) -> str:
    """One stack with its policy lifted, and one after it."""
    replacing(scene)  # says what the change does
    values = {name: values for name, values in CHANGES.items() if name != "network"}
    return scene.ask(scene.planned("data", "platform", values=values, lift_policy=("data",))).id


def deleting(scene: Scene) -> str:
    for name in [each for each in scene.aws.stacks if each.startswith("service-")]:
        del scene.aws.stacks[name]
    scene.aws.stacks["data"].protected = True
    scene.snap()
    return scene.ask(scene.planned("data", "platform", delete=True)).id


CHANGES = {
    "network": {"NatPerZone": "true"},
    "data": {"DatabaseStorage": "60"},
    "platform": {"ZonalShift": "true"},
}
JOBS = {"planning": (planning, PLAN), "deploying": (deploying, DEPLOY), "deleting": (deleting, DELETION)}


def assert_well(scene: Scene, job: str, policy: str) -> None:
    if job == "planning":
        assert len(scene.aws.sets) == 3
        assert scene.aws.executed == []
    elif job == "deploying":
        assert len(scene.aws.executed) == len(set(scene.aws.executed)) == 2
        assert scene.aws.calls.count("execute data") == scene.aws.calls.count("execute platform") == 1
        assert same(scene.aws.stacks["data"].policy, policy)
    else:
        assert list(scene.aws.stacks) == ["network"]
        assert scene.aws.calls.count("delete data") == scene.aws.calls.count("delete platform") == 1


@pytest.mark.parametrize("job", JOBS)
def test_these_are_all_the_effects(job: str) -> None:
    scene, life = Scene(), Mortal(at=0, after=False)
    policy = scene.aws.stacks["data"].policy
    ours = JOBS[job][0](scene)
    lived(scene, life, ours)
    assert scene.read(ours).state is State.SUCCEEDED, scene.read(ours).because
    assert_well(scene, job, policy)
    assert life.count == JOBS[job][1]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("job", "at"), [(job, at) for job in JOBS for at in range(1, JOBS[job][1] + 1)])
def test_the_heir_ends_it(job: str, at: int, after: bool) -> None:
    scene = Scene()
    policy = scene.aws.stacks["data"].policy
    ours = JOBS[job][0](scene)
    life = Mortal(at=at, after=after)
    lived(scene, life, ours)
    assert life.dead
    ended = carried_on(scene, ours)
    assert ended.state is State.SUCCEEDED, ended.because
    assert_well(scene, job, policy)


def test_a_refusal_for_which_it_dies_still_puts_the_policy_back() -> None:
    scene = Scene()
    policy = scene.aws.stacks["data"].policy
    ours = deploying(scene)
    scene.aws.failing["data"] = "Database: no capacity"
    with suppress(HavenError):
        lived(scene, Mortal(at=16, after=True), ours)
    ended = carried_on(scene, ours)
    assert ended.state is State.FAILED
    assert same(scene.aws.stacks["data"].policy, policy)
    assert scene.aws.calls.count("execute data") == 1
