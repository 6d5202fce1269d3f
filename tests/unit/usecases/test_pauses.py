"""The pause switch."""

from datetime import timedelta

import pytest

from services.domain.access import Role
from services.domain.errors import Invalid, NotAllowed, NotFound
from services.domain.pause import EVERYWHERE
from services.usecases.pauses import Pauses
from tests import builders as b
from tests.builders import NOW
from tests.fakes.clock import MovableClock
from tests.fakes.store import MemoryUnit

OPERATOR, VIEWER = b.actor(Role.OPERATOR, "eve"), b.actor(Role.VIEWER, "vic")
REASON = "release in progress"


class Scene:
    def __init__(self) -> None:
        self.unit, self.clock, self.count = MemoryUnit(), MovableClock(), 0
        self.pauses = Pauses(self.unit, self.clock, self._id)
        with self.unit() as store:
            store.environments.add(b.environment())

    def _id(self) -> str:
        self.count += 1
        return f"pause-{self.count}"

    def entries(self) -> list[tuple[str, str, str]]:
        with self.unit(readonly=True) as store:
            return [(e.actor, e.action, e.target) for e in reversed(store.ledger.read())]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_pausing_and_lifting(scene: Scene) -> None:
    one = scene.pauses.pause(OPERATOR, "production", NOW + timedelta(hours=1), f"  {REASON} ")
    everywhere = scene.pauses.pause(OPERATOR, EVERYWHERE, NOW + timedelta(hours=2), REASON)
    assert one.reason == REASON
    assert scene.pauses.current(VIEWER) == [everywhere, one]
    scene.pauses.lift(OPERATOR, everywhere.id)
    assert scene.pauses.current(VIEWER) == [one]
    scene.clock.move(hours=1)
    assert scene.pauses.current(VIEWER) == []
    assert scene.entries() == [
        ("eve", "pause automation", "production"),
        ("eve", "pause automation", "everywhere"),
        ("eve", "lift pause", "everywhere"),
    ]


@pytest.mark.parametrize("length", [timedelta(seconds=30), timedelta(days=8), timedelta(hours=-1)])
def test_a_pause_has_a_sensible_end(scene: Scene, length: timedelta) -> None:
    with pytest.raises(Invalid) as refused:
        scene.pauses.pause(OPERATOR, "production", NOW + length, REASON)
    assert list(refused.value.fields) == ["until"]


def test_a_pause_has_a_reason(scene: Scene) -> None:
    with pytest.raises(Invalid) as refused:
        scene.pauses.pause(OPERATOR, "production", NOW + timedelta(hours=1), "no")
    assert list(refused.value.fields) == ["reason"]


def test_unknown_ones(scene: Scene) -> None:
    with pytest.raises(NotFound):
        scene.pauses.pause(OPERATOR, "no-such", NOW + timedelta(hours=1), REASON)
    with pytest.raises(NotFound):
        scene.pauses.pause(OPERATOR, "../x", NOW + timedelta(hours=1), REASON)
    with pytest.raises(NotFound):
        scene.pauses.lift(OPERATOR, "no-such")


def test_it_takes_the_right(scene: Scene) -> None:
    with pytest.raises(NotAllowed):
        scene.pauses.pause(VIEWER, "production", NOW + timedelta(hours=1), REASON)
    with pytest.raises(NotAllowed):
        scene.pauses.lift(VIEWER, "pause-1")


def test_what_was_seen_last_while_the_database_is_away(scene: Scene) -> None:
    one = scene.pauses.pause(OPERATOR, "production", NOW + timedelta(hours=1), REASON)
    scene.pauses.remember()
    scene.unit.away = True
    assert scene.pauses.current(VIEWER) == [one]
    scene.clock.move(hours=1)
    assert scene.pauses.current(VIEWER) == []
