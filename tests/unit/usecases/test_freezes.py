"""Announcing change freezes and taking them back."""

from dataclasses import replace
from datetime import timedelta, timezone
from typing import Any

import pytest

from services.domain.access import Role
from services.domain.errors import Invalid, NotAllowed, NotFound
from services.domain.pause import EVERYWHERE
from services.usecases.freezes import Freezes, Window, problems
from tests import builders as b
from tests.builders import NOW
from tests.fakes.clock import MovableClock
from tests.fakes.store import MemoryUnit

ADMIN, OPERATOR, VIEWER = b.actor(Role.ADMIN, "root"), b.actor(Role.OPERATOR, "eve"), b.actor(Role.VIEWER, "vic")
HOUR, DAY, TICK = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)
NAIVE = (NOW + DAY).replace(tzinfo=None)
REASON = "the shop is full"


def window(**changes: Any) -> Window:
    return replace(Window("Black Friday", "production", NOW, NOW + DAY, REASON), **changes)


class Scene:
    def __init__(self) -> None:
        self.unit, self.clock, self.count = MemoryUnit(), MovableClock(), 0
        self.freezes = Freezes(self.unit, self.clock, self._id)
        with self.unit() as store:
            store.environments.add(b.environment())

    def _id(self) -> str:
        self.count += 1
        return f"freeze-{self.count}"

    def entries(self) -> list[tuple[str, str, str, str]]:
        with self.unit(readonly=True) as store:
            return [(e.actor, e.action, e.target, e.reason) for e in reversed(store.ledger.read())]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_announcing_and_taking_back(scene: Scene) -> None:
    one = scene.freezes.add(ADMIN, window(name=" Black Friday ", reason=f"  {REASON} "), client="192.0.2.1")
    later = scene.freezes.add(ADMIN, window(environment=EVERYWHERE, starts=NOW + HOUR, ends=NOW + 2 * HOUR))
    assert (one.name, one.reason, one.by, one.at) == ("Black Friday", REASON, "root", NOW)
    assert (scene.freezes.current(VIEWER), scene.freezes.upcoming(VIEWER)) == ([one], [later])
    scene.clock.move(hours=1)
    assert (scene.freezes.current(VIEWER), scene.freezes.upcoming(VIEWER)) == ([one, later], [])
    gone = scene.freezes.remove(ADMIN, one.id)
    assert (gone.removed_by, gone.removed_at) == ("root", NOW + HOUR)
    assert scene.freezes.current(VIEWER) == [later]
    assert scene.entries() == [
        ("root", "add change freeze", "production", REASON),
        ("root", "add change freeze", "everywhere", REASON),
        ("root", "remove change freeze", "production", ""),
    ]


def test_the_ledger_says_which_and_when_and_from_where(scene: Scene) -> None:
    scene.freezes.add(ADMIN, window(), client="192.0.2.1")
    with scene.unit(readonly=True) as store:
        (entry,) = store.ledger.read()
    assert entry.client == "192.0.2.1"
    assert entry.detail == {
        "freeze": "freeze-1",
        "name": "Black Friday",
        "from": "2026-11-22T02:13:00+00:00",
        "until": "2026-11-23T02:13:00+00:00",
    }


def test_times_are_kept_in_utc(scene: Scene) -> None:
    tokyo = timezone(timedelta(hours=9))
    made = scene.freezes.add(ADMIN, window(starts=NOW.astimezone(tokyo), ends=(NOW + DAY).astimezone(tokyo)))
    assert made == b.freeze(hours=24, reason=REASON, by="root", at=NOW)
    assert [str(time.tzinfo) for time in (made.starts, made.ends)] == ["UTC", "UTC"]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"name": "ab"}, {"name"}),
        ({"name": " ab  "}, {"name"}),
        ({"name": "x" * 61}, {"name"}),
        ({"name": "two\nlines"}, {"name"}),
        ({"reason": "because"}, {"reason"}),
        ({"reason": "x" * 501}, {"reason"}),
        ({"starts": NOW - DAY - TICK, "ends": NOW + DAY}, {"starts"}),
        ({"starts": NOW - HOUR, "ends": NOW}, {"ends"}),
        ({"ends": NOW + timedelta(seconds=59)}, {"ends"}),
        ({"starts": NOW + 2 * HOUR, "ends": NOW + HOUR}, {"ends"}),
        ({"ends": NOW + timedelta(days=90) + TICK}, {"ends"}),
        ({"starts": NOW + timedelta(days=700), "ends": NOW + timedelta(days=730) + TICK}, {"ends"}),
        ({"starts": NAIVE}, {"starts"}),
        ({"ends": NAIVE, "starts": NAIVE}, {"starts", "ends"}),
        ({"name": "", "reason": "", "ends": NOW}, {"name", "reason", "ends"}),
    ],
)
def test_what_is_wrong_is_said_by_field(scene: Scene, changes: dict[str, Any], fields: set[str]) -> None:
    with pytest.raises(Invalid) as refused:
        scene.freezes.add(ADMIN, window(**changes))
    assert set(refused.value.fields) == fields
    assert (scene.freezes.current(ADMIN), scene.freezes.upcoming(ADMIN), scene.entries()) == ([], [], [])


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "abc"},
        {"name": "ü" * 60},
        {"starts": NOW - DAY},
        {"ends": NOW + timedelta(minutes=1)},
        {"ends": NOW + timedelta(days=90)},
        {"starts": NOW + timedelta(days=640), "ends": NOW + timedelta(days=730)},
    ],
)
def test_what_is_just_allowed(changes: dict[str, Any]) -> None:
    assert problems(window(**changes), NOW) == {}


@pytest.mark.parametrize("environment", ["no-such", "../x", "", "x" * 5000])
def test_an_unknown_environment(scene: Scene, environment: str) -> None:
    with pytest.raises(NotFound):
        scene.freezes.add(ADMIN, window(environment=environment))
    assert scene.entries() == []


def test_what_cannot_be_taken_back(scene: Scene) -> None:
    over = scene.freezes.add(ADMIN, window(ends=NOW + HOUR))
    scene.clock.move(hours=1)
    for gone in (over.id, "no-such", "x" * 5000):
        with pytest.raises(NotFound):
            scene.freezes.remove(ADMIN, gone)
    assert [action for _, action, *_ in scene.entries()] == ["add change freeze"]


def test_it_takes_the_right(scene: Scene) -> None:
    one = scene.freezes.add(ADMIN, window())
    with pytest.raises(NotAllowed):
        scene.freezes.add(OPERATOR, window())
    with pytest.raises(NotAllowed):
        scene.freezes.remove(OPERATOR, one.id)
    assert scene.freezes.current(VIEWER) == [one]
