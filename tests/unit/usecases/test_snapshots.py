"""Taking snapshots and showing them, also while the database is away."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from services.domain.access import Role
from services.domain.errors import Invalid, NotFound, NotNow
from services.domain.snapshot import Snapshot
from services.usecases.snapshots import Current, Snapshots
from tests import builders as b
from tests.builders import NOW
from tests.fakes.clock import MovableClock
from tests.fakes.reader import ScriptedReader
from tests.fakes.store import MemoryUnit

VIEWER = b.actor(Role.VIEWER)


def fingerprint(snapshot: Snapshot) -> str:
    """The databases and nothing else."""
    return repr(snapshot.databases)


def judge(snapshot: Snapshot, now: datetime) -> tuple[str, str]:
    """A verdict that shows what it was given."""
    return "healthy", f"{snapshot.environment} at {now:%H:%M}"


@dataclass
class Scene:
    """Snapshots over `production` and `legacy`."""

    unit: MemoryUnit = field(default_factory=MemoryUnit)
    clock: MovableClock = field(default_factory=MovableClock)
    reader: ScriptedReader = field(default_factory=lambda: ScriptedReader(b.snapshot()))

    def __post_init__(self) -> None:
        self.snapshots = Snapshots(
            self.unit, self.clock, self.reader, fingerprint=fingerprint, judge=judge, keep=timedelta(days=30)
        )
        with self.unit() as store:
            store.environments.add(b.environment())
            store.environments.add(b.environment("legacy"))

    def take(self, snapshot: Snapshot | None = None, token: int = 1) -> tuple[bool, bool]:
        """Take one at the scene's time; whether it changed, whether it was stored."""
        self.reader.snapshot = snapshot or b.snapshot(taken_at=self.clock.now())
        taken = self.snapshots.take("production", token)
        return taken.changed, taken.stored


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_the_first_is_a_change_and_the_same_again_is_not(scene: Scene) -> None:
    assert scene.take() == (True, True)
    scene.clock.move(seconds=15)
    assert scene.take() == (False, True)
    kept = scene.snapshots.kept(VIEWER, "production", NOW, scene.clock.now())
    assert [(k.taken_at, k.until, k.verdict, k.summary) for k in kept] == [
        (NOW, scene.clock.now(), "healthy", "production at 02:13")
    ]


def test_a_change_is_kept_and_what_does_not_count_is_not(scene: Scene) -> None:
    scene.take()
    scene.clock.move(seconds=15)
    assert scene.take(b.snapshot(taken_at=scene.clock.now(), metrics=())) == (False, True)
    scene.clock.move(seconds=15)
    failing = b.database(status="rebooting")
    assert scene.take(b.snapshot(taken_at=scene.clock.now(), databases=(failing,))) == (True, True)
    assert len(scene.snapshots.kept(VIEWER, "production", NOW, scene.clock.now())) == 2


def test_aws_is_read_outside_any_transaction_from_the_snapshot_before(scene: Scene) -> None:
    inside: list[bool] = []
    scene.reader.before_answer = lambda: inside.append(scene.unit.inside)
    scene.take()
    scene.take()
    assert inside == [False, False]
    assert [previous for _, previous, _ in scene.reader.asked] == [None, b.snapshot()]


def test_metrics_are_read_when_they_are_a_minute_old(scene: Scene) -> None:
    scene.take()
    asked = []
    for _ in range(5):
        scene.clock.move(seconds=20)
        scene.reader.snapshot = b.snapshot(taken_at=scene.clock.now())  # its metrics stay read at NOW
        scene.snapshots.take("production", 1)
        asked.append(scene.reader.asked[-1][2])
    assert asked == [False, False, True, True, True]
    assert scene.reader.asked[0][2]


def test_a_worker_that_was_overtaken_stores_nothing(scene: Scene) -> None:
    scene.take(token=2)
    scene.clock.move(seconds=15)
    assert scene.take(token=1) == (False, False)
    current = scene.snapshots.current(VIEWER, "production")
    assert current.snapshot is not None
    assert current.snapshot.taken_at == NOW


def test_an_unknown_environment_cannot_be_taken(scene: Scene) -> None:
    with pytest.raises(NotFound):
        scene.snapshots.take("nowhere", 1)


def test_an_environment_before_its_first_snapshot(scene: Scene) -> None:
    assert scene.snapshots.current(VIEWER, "legacy") == Current(b.environment("legacy"), None)


@pytest.mark.parametrize("name", ["nowhere", "No\0where", ""])
def test_an_unknown_environment_is_not_found(scene: Scene, name: str) -> None:
    for look in (
        lambda: scene.snapshots.current(VIEWER, name),
        lambda: scene.snapshots.at(VIEWER, name, NOW),
        lambda: scene.snapshots.number(VIEWER, name, 1),
    ):
        with pytest.raises(NotFound):
            look()


def test_the_fleet_is_every_environment_by_name(scene: Scene) -> None:
    scene.take()
    assert scene.snapshots.fleet(VIEWER) == [
        Current(b.environment("legacy"), None),
        Current(b.environment(), b.snapshot()),
    ]


def test_while_the_database_is_away_the_last_seen_is_shown_and_marked(scene: Scene) -> None:
    scene.take()
    scene.snapshots.current(VIEWER, "production")
    scene.unit.away = True
    assert scene.snapshots.current(VIEWER, "production") == Current(b.environment(), b.snapshot(), from_memory=True)
    assert scene.snapshots.fleet(VIEWER) == [Current(b.environment(), b.snapshot(), from_memory=True)]
    with pytest.raises(NotNow):
        scene.snapshots.current(VIEWER, "legacy")
    scene.unit.away = False
    assert not scene.snapshots.current(VIEWER, "production").from_memory


def test_a_fresh_process_without_database_knows_nothing(scene: Scene) -> None:
    scene.unit.away = True
    with pytest.raises(NotNow):
        scene.snapshots.fleet(VIEWER)


def test_history_is_not_shown_from_memory(scene: Scene) -> None:
    scene.take()
    scene.unit.away = True
    with pytest.raises(NotNow):
        scene.snapshots.at(VIEWER, "production", NOW)


def test_scrubbing_back(scene: Scene) -> None:
    scene.take()
    kept, snapshot = scene.snapshots.at(VIEWER, "production", NOW + timedelta(minutes=5))
    assert (kept.number, snapshot) == (1, b.snapshot())
    assert scene.snapshots.number(VIEWER, "production", 1) == (kept, snapshot)
    with pytest.raises(NotFound, match="02:12"):
        scene.snapshots.at(VIEWER, "production", NOW - timedelta(seconds=1))


@pytest.mark.parametrize("number", [0, -1, 2, 2**31, 10**30])
def test_a_number_that_is_not_kept(scene: Scene, number: int) -> None:
    scene.take()
    with pytest.raises(NotFound):
        scene.snapshots.number(VIEWER, "production", number)


def test_a_window_that_ends_before_it_begins(scene: Scene) -> None:
    with pytest.raises(Invalid):
        scene.snapshots.kept(VIEWER, "production", NOW, NOW - timedelta(seconds=1))


def test_pruning_keeps_what_is_young_enough(scene: Scene) -> None:
    for zone in b.ZONES:
        scene.take(b.snapshot(taken_at=scene.clock.now(), databases=(b.database(zone=zone),)))
        scene.clock.move(days=12)
    assert scene.snapshots.prune() == 1
    assert scene.snapshots.prune() == 0
    kept = scene.snapshots.kept(VIEWER, "production", NOW, scene.clock.now())
    assert [k.number for k in kept] == [2, 3]


def test_what_was_remembered_is_shown_though_nobody_looked_before(scene: Scene) -> None:
    scene.take()
    scene.snapshots.remember()
    scene.unit.away = True
    assert scene.snapshots.current(VIEWER, "production") == Current(b.environment(), b.snapshot(), from_memory=True)
    assert [each.environment.name for each in scene.snapshots.fleet(VIEWER)] == ["legacy", "production"]
    with pytest.raises(NotNow):
        scene.snapshots.current(VIEWER, "nowhere")


def test_remembering_again_brings_the_newer_snapshot(scene: Scene) -> None:
    scene.take()
    scene.snapshots.remember()
    scene.clock.move(seconds=15)
    scene.take()
    scene.snapshots.remember()
    scene.unit.away = True
    shown = scene.snapshots.current(VIEWER, "production").snapshot
    assert shown is not None
    assert shown.taken_at == scene.clock.now()


def test_an_environment_archived_elsewhere_leaves_the_fleet_from_memory(scene: Scene) -> None:
    scene.snapshots.fleet(VIEWER)
    with scene.unit() as store:
        store.environments.add(b.environment("former", archived=True))
    scene.snapshots.remember()
    scene.unit.away = True
    assert [each.environment.name for each in scene.snapshots.fleet(VIEWER)] == ["legacy", "production"]
    assert scene.snapshots.current(VIEWER, "former").environment.archived


def test_nothing_can_be_remembered_while_the_database_is_away(scene: Scene) -> None:
    scene.unit.away = True
    with pytest.raises(NotNow):
        scene.snapshots.remember()
