"""Keeping stack events: read on, whoever deployed, through deletion and creation anew, and with one stack silent."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, cast

import pytest

from services.domain.deployment.event import StackEvent
from services.domain.environment import Environment
from services.domain.errors import NotNow
from services.domain.snapshot import Stack
from services.ports import StackReader
from services.usecases.stack_events import RECENT, StackEventKeeping, settled
from tests import builders as b
from tests.builders import NOW
from tests.fakes.clock import MovableClock
from tests.fakes.store import MemoryUnit

SECOND = timedelta(seconds=1)
DATA, PLATFORM = b.stack("data"), b.stack("platform")


def event(number: int, status: str, stack: Stack = DATA, **changes: Any) -> StackEvent:
    """One about the stack itself, `number` seconds from NOW."""
    made = StackEvent(
        f"e-{number}",
        NOW + number * SECOND,
        stack.stack_name,
        stack.stack_id,
        stack.stack_name,
        stack.stack_id,
        "AWS::CloudFormation::Stack",
        status,
    )
    return replace(made, **changes)


UPDATE = [event(1, "UPDATE_IN_PROGRESS"), event(2, "UPDATE_COMPLETE")]


@dataclass
class Cloud:
    """`services.ports.StackReader` as far as events go."""

    said: dict[str, list[StackEvent]] = field(default_factory=dict)
    silent: set[str] = field(default_factory=set)
    asked: list[tuple[str, frozenset[str]]] = field(default_factory=list)

    def events(self, environment: Environment, stack: str, known: frozenset[str]) -> Sequence[StackEvent]:
        assert environment.name == "production"
        self.asked.append((stack, known))
        if stack in self.silent:
            raise NotNow("CloudFormation throttles.")
        said = self.said.get(stack, [])
        last = max((at for at, each in enumerate(said) if each.id in known), default=-1)
        return said[last + 1 :]


class Scene:
    """An environment of two stacks, a cloud that says what it is told to, and the keeping of it."""

    def __init__(self) -> None:
        self.unit, self.clock, self.cloud = MemoryUnit(), MovableClock(), Cloud()
        self.keeping = StackEventKeeping(self.unit, self.clock, cast(StackReader, self.cloud))
        with self.unit() as store:
            store.environments.add(b.environment())
        self.snap(DATA, PLATFORM)

    def snap(self, *stacks: Stack) -> None:
        """A snapshot in which these stacks are there."""
        with self.unit() as store:
            snapshot = b.snapshot(stacks=stacks)
            store.snapshots.put(snapshot, changed=True, verdict="healthy", summary="", token=1)

    def say(self, *events: StackEvent) -> None:
        """CloudFormation says these, too."""
        for each in events:
            self.cloud.said.setdefault(each.stack_id, []).append(each)

    def kept(self, stack: str = "") -> list[str]:
        with self.unit(readonly=True) as store:
            return [f"{each.stack} {each.id} {each.status}" for each in store.stack_events.of("production", stack)]

    def asked(self) -> list[str]:
        """Whose events were asked for since last."""
        asked = [stack for stack, _ in self.cloud.asked]
        self.cloud.asked.clear()
        return asked


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_every_stack_is_read_by_its_id_and_kept_under_havens_name(scene: Scene) -> None:
    scene.say(*UPDATE, event(1, "CREATE_IN_PROGRESS", PLATFORM))
    assert scene.keeping.keep("production") == 3
    assert scene.asked() == [DATA.stack_id, PLATFORM.stack_id]
    assert scene.kept() == [
        "data e-1 UPDATE_IN_PROGRESS",
        "platform e-1 CREATE_IN_PROGRESS",
        "data e-2 UPDATE_COMPLETE",
    ]


def test_it_is_read_on_from_what_is_kept(scene: Scene) -> None:
    scene.say(UPDATE[0])
    scene.keeping.keep("production")
    scene.say(UPDATE[1])
    scene.cloud.asked.clear()
    assert scene.keeping.keep("production") == 1
    assert scene.cloud.asked == [(DATA.stack_id, frozenset({"e-1"})), (PLATFORM.stack_id, frozenset())]
    assert scene.keeping.keep("production") == 0


def test_twice_is_once(scene: Scene) -> None:
    scene.say(*UPDATE)
    scene.keeping.keep("production")
    with scene.unit() as store:
        assert store.stack_events.put("production", [replace(each, stack="data") for each in UPDATE]) == 0


def test_one_that_does_not_answer_does_not_keep_the_others(scene: Scene) -> None:
    scene.say(*UPDATE, event(1, "CREATE_IN_PROGRESS", PLATFORM))
    scene.cloud.silent.add(DATA.stack_id)
    with pytest.raises(NotNow, match="throttles"):
        scene.keeping.keep("production")
    assert scene.kept() == ["platform e-1 CREATE_IN_PROGRESS"]
    scene.cloud.silent.clear()
    assert scene.keeping.keep("production") == 2


def test_a_deleted_stack_is_read_until_its_end(scene: Scene) -> None:
    scene.say(*UPDATE, event(3, "DELETE_IN_PROGRESS"))
    scene.keeping.keep("production")
    scene.snap(PLATFORM)
    scene.say(event(4, "DELETE_IN_PROGRESS", physical_id="production-app", logical_id="Database"))
    assert scene.keeping.keep("production") == 1
    scene.say(event(5, "DELETE_COMPLETE"))
    scene.asked()
    assert scene.keeping.keep("production") == 1
    assert scene.asked() == [PLATFORM.stack_id, DATA.stack_id]
    assert scene.keeping.keep("production") == 0
    assert scene.asked() == [PLATFORM.stack_id]
    assert scene.kept("data")[-1] == "data e-5 DELETE_COMPLETE"


def test_one_that_is_there_again_does_not_hide_the_end_of_the_one_before(scene: Scene) -> None:
    anew = replace(DATA, stack_id=DATA.stack_id[:-1] + "6")
    scene.say(*UPDATE, event(3, "DELETE_IN_PROGRESS"))
    scene.keeping.keep("production")
    scene.snap(anew, PLATFORM)
    scene.say(event(4, "DELETE_COMPLETE"), *(event(5 + n, "CREATE_IN_PROGRESS", anew) for n in range(30)))
    assert scene.keeping.keep("production") == 31
    assert scene.kept("data")[3:5] == ["data e-4 DELETE_COMPLETE", "data e-5 CREATE_IN_PROGRESS"]


def test_what_aws_has_forgotten_is_not_asked_for_ever(scene: Scene) -> None:
    scene.say(UPDATE[0])
    scene.keeping.keep("production")
    scene.snap()
    scene.clock.move(days=89)
    scene.asked()
    scene.keeping.keep("production")
    assert scene.asked() == [DATA.stack_id]
    scene.clock.move(days=2)
    scene.keeping.keep("production")
    assert scene.asked() == []


def test_following_asks_only_where_there_may_be_something_new(scene: Scene) -> None:
    done = replace(DATA, status="UPDATE_COMPLETE", updated_at=NOW)
    scene.snap(done, replace(PLATFORM, status="UPDATE_IN_PROGRESS", updated_at=NOW))
    scene.say(*UPDATE, event(1, "UPDATE_IN_PROGRESS", PLATFORM))
    assert scene.keeping.follow("production") == 3
    assert scene.asked() == [DATA.stack_id, PLATFORM.stack_id]
    assert scene.keeping.follow("production") == 0
    assert scene.asked() == [PLATFORM.stack_id]
    scene.keeping.keep("production")
    assert scene.asked() == [DATA.stack_id, PLATFORM.stack_id]


def test_one_that_was_quiet_for_long_is_read_on_as_well(scene: Scene) -> None:
    scene.snap(replace(DATA, status="UPDATE_COMPLETE", updated_at=NOW), PLATFORM)
    scene.say(*UPDATE)
    scene.keeping.keep("production")
    scene.say(*(event(n, "UPDATE_IN_PROGRESS", PLATFORM) for n in range(RECENT + 9)))
    scene.keeping.keep("production")
    scene.cloud.asked.clear()
    assert scene.keeping.follow("production") == 0
    assert scene.asked() == [PLATFORM.stack_id]
    scene.keeping.keep("production")
    assert scene.cloud.asked[0] == (DATA.stack_id, frozenset({"e-1", "e-2"}))


@pytest.mark.parametrize("name", ["production", "elsewhere"])
def test_nothing_is_asked_before_the_first_snapshot(name: str) -> None:
    unit, cloud = MemoryUnit(), Cloud()
    with unit() as store:
        store.environments.add(b.environment())
    assert StackEventKeeping(unit, MovableClock(), cast(StackReader, cloud)).keep(name) == 0
    assert cloud.asked == []


def test_what_is_kept_ends_as_the_stack_stands_or_there_is_more() -> None:
    stack = replace(DATA, status="UPDATE_COMPLETE", updated_at=NOW)
    about_a_resource = event(3, "UPDATE_COMPLETE", physical_id="production-app")
    assert settled(stack, UPDATE)
    assert settled(stack, [*UPDATE, about_a_resource])
    assert not settled(stack, [])
    assert not settled(stack, [about_a_resource])
    assert not settled(replace(stack, updated_at=NOW + 5 * SECOND), UPDATE)
    assert not settled(replace(stack, status="UPDATE_ROLLBACK_COMPLETE"), UPDATE)
    assert not settled(replace(stack, status="UPDATE_IN_PROGRESS"), UPDATE[:1])
    assert not settled(replace(stack, updated_at=None, created_at=NOW + 5 * SECOND), UPDATE)
