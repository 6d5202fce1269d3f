"""A change and a state as text come back as they went, and anything else is refused."""

from datetime import UTC, datetime

import pytest

from services.domain.errors import Invalid
from services.domain.scaling.change import ScalingChange, Suspended, state_of
from services.domain.scaling.step import Adjustment, Step, StepPolicy
from services.domain.snapshot import ScheduledAction
from services.usecases.scaling_documents import LONGEST, change_text, read_change, read_state, state_text
from tests import builders as b

CHANGE = ScalingChange(
    min_capacity=4,
    suspended=Suspended(True, False, True),
    policies=(b.policy(),),
    labels=(("a", "b"),),
    steps=(StepPolicy("s", Adjustment.PERCENT, (Step(2, None, 3.5), Step(4, 3.5))),),
    scheduled=(ScheduledAction("n", "rate(5 minutes)", None, None, 3),),
    until=datetime(2026, 11, 22, 18, tzinfo=UTC),
)


def test_there_and_back() -> None:
    assert read_change(change_text(CHANGE)) == CHANGE
    state = state_of(b.scaling(steps=CHANGE.steps, labels=CHANGE.labels))
    assert read_state(state_text(state)) == state


@pytest.mark.parametrize("text", ["", "{", "[]", '{"min_capacity": "many"}', " " * (LONGEST + 1)])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="open the form again"):
        read_change(text)
    with pytest.raises(Invalid, match="open it again"):
        read_state(text)
