"""A bound that a scheduled action set is explained beside the bounds, and is no edit."""

from dataclasses import replace
from datetime import UTC, datetime

from tests.unit.domain.scaling.edits import BUSY, QUIET, live, world
from tests.unit.domain.scaling.test_edited import SCHEDULED
from tests.unit.portal.conftest import SignIn
from tests.unit.portal.house import House
from tests.unit.portal.scaling_forms import get, words


def test_a_bound_that_a_scheduled_action_set_is_explained(house: House, as_: SignIn) -> None:
    snapshot, _ = world(live(min_capacity=6, scheduled=(BUSY, QUIET)), SCHEDULED)
    house.put(replace(snapshot, taken_at=datetime(2026, 11, 23, 10, 0, tzinfo=UTC)))
    said = words(get(as_("viewer"), "/environments/production/scaling/rbac"))
    assert "The minimum is 6: the scheduled action rbac-busy set it at 2026-11-23 06:30 UTC." in said
    assert "edited live" not in said
