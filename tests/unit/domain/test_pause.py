"""The pause switch."""

from datetime import datetime, timedelta

import pytest

from services.domain.pause import EVERYWHERE, holding
from tests import builders as b
from tests.builders.places import NOW

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("environment", "now", "holds"),
    [
        ("production", NOW, True),
        ("production", NOW - timedelta(seconds=1), False),
        ("production", NOW + 2 * HOUR - timedelta(seconds=1), True),
        ("production", NOW + 2 * HOUR, False),
        ("legacy", NOW, False),
    ],
)
def test_it_holds_its_own_environment_until_its_end(environment: str, now: datetime, holds: bool) -> None:
    assert b.pause().holds(environment, now) is holds


def test_everywhere_is_every_environment_and_lifted_is_none() -> None:
    assert b.pause(environment=EVERYWHERE).holds("legacy", NOW)
    assert not b.pause(lifted_at=NOW, lifted_by="bob").holds("production", NOW + HOUR)


def test_the_longest_of_those_that_hold_is_named() -> None:
    short, long = b.pause("a", hours=1), b.pause("b", hours=3, environment=EVERYWHERE)
    other, over = b.pause("c", env="legacy", hours=9), b.pause("d", hours=9, lifted_at=NOW)
    assert holding([short, long, other, over], "production", NOW) == long
    assert holding([short, long, other, over], "production", NOW + 3 * HOUR) is None
    assert holding([], "production", NOW) is None
