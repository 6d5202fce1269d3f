"""What a process remembers of sessions, and what wins when requests and the reading of all sessions cross."""

from datetime import timedelta

import pytest

from services.ports import LoginSession
from services.usecases.session_memory import SessionMemory
from tests.builders import NOW

SECOND = timedelta(seconds=1)


def session(id: str) -> LoginSession:
    return LoginSession(id, "ada", NOW, NOW, "192.0.2.1")


def known(memory: SessionMemory, *ids: str) -> list[str]:
    return [id for id in ids if memory.recall(id, NOW)]  # noqa: A001 (the field's own term)


@pytest.fixture
def memory() -> SessionMemory:
    return SessionMemory(timedelta(minutes=2), most=3)


def test_a_reading_replaces_what_was_known(memory: SessionMemory) -> None:
    memory.keep(session("old"), NOW)
    memory.reading()
    memory.replace([session("new")], NOW)
    assert known(memory, "old", "new") == ["new"]


def test_what_happened_during_a_reading_is_newer_than_its_answer(memory: SessionMemory) -> None:
    memory.keep(session("ended"), NOW)
    memory.reading()
    memory.keep(session("begun"), NOW)
    memory.forget("ended")
    memory.replace([session("ended")], NOW)
    assert known(memory, "ended", "begun") == ["begun"]
    memory.reading()
    memory.replace([session("ended")], NOW)
    assert known(memory, "ended", "begun") == ["ended"]


def test_beyond_its_room_the_longest_unseen_are_left_out(memory: SessionMemory) -> None:
    memory.reading()
    memory.replace([session(name) for name in "abcd"], NOW)
    assert known(memory, *"abcd") == ["a", "b", "c"]
    memory.keep(session("e"), NOW)
    assert known(memory, *"abcde") == ["a", "b", "e"]


def test_an_outage_begins_when_it_is_first_heard_of_and_ends_with_an_answer(memory: SessionMemory) -> None:
    memory.keep(session("a"), NOW)
    memory.away(NOW + SECOND)
    memory.away(NOW + 60 * SECOND)
    assert memory.recall("a", NOW + 121 * SECOND)
    assert not memory.recall("a", NOW + 122 * SECOND)
    memory.reading()
    memory.replace([session("a")], NOW + 122 * SECOND)
    assert memory.recall("a", NOW + 182 * SECOND)
