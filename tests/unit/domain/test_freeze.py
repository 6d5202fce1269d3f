"""Change freezes."""

from datetime import datetime, timedelta

import pytest

from services.domain.freeze import freezing
from services.domain.pause import EVERYWHERE
from tests import builders as b
from tests.builders.places import NOW

HOUR, TICK = timedelta(hours=1), timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("environment", "now", "holds"),
    [
        ("production", NOW - TICK, False),
        ("production", NOW, True),
        ("production", NOW + 48 * HOUR - TICK, True),
        ("production", NOW + 48 * HOUR, False),
        ("legacy", NOW, False),
        (EVERYWHERE, NOW, False),
    ],
)
def test_it_holds_its_own_environment_from_its_beginning_up_to_its_end(
    environment: str, now: datetime, holds: bool
) -> None:
    assert b.freeze().holds(environment, now) is holds


def test_everywhere_is_every_environment_and_removed_is_none() -> None:
    assert b.freeze(environment=EVERYWHERE).holds("legacy", NOW)
    assert not b.freeze(removed_at=NOW, removed_by="bob").holds("production", NOW + HOUR)
    assert not b.freeze(environment=EVERYWHERE, removed_at=NOW, removed_by="bob").holds("legacy", NOW)


def test_of_those_that_hold_the_one_that_ends_last_is_named() -> None:
    short, long = b.freeze("a", hours=1), b.freeze("b", hours=3, environment=EVERYWHERE)
    other, gone = b.freeze("c", env="legacy", hours=9), b.freeze("d", hours=9, removed_at=NOW)
    to_come = b.freeze("e", starts=NOW + 4 * HOUR)
    given = [short, long, other, gone, to_come]
    assert freezing(given, "production", NOW) == long
    assert freezing(given, "legacy", NOW) == other
    assert freezing(given, "production", NOW + 3 * HOUR) is None
    assert freezing(given, "production", NOW + 4 * HOUR) == to_come
    assert freezing([], "production", NOW) is None
