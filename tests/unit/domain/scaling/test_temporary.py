"""What Haven lets pass when it takes a temporary edit back."""

from datetime import timedelta

from services.domain.check import Answer
from services.domain.scaling.change import ScalingChange, state_of
from services.domain.scaling.temporary import LIVE, Edit, EditState, let_pass
from tests import builders as b
from tests.builders import NOW


def test_the_weaknesses_that_were_there_pass_and_the_need_of_now_does_not() -> None:
    checks = [
        b.check("step", Answer.FAIL, overridable=True),
        b.check("one-zone-gone", Answer.UNKNOWN, overridable=True),
        b.check("need", Answer.FAIL, overridable=True),
        b.check("quota", Answer.FAIL),
        b.check("freeze", overridable=True),
        b.check("stack", Answer.FAIL, overridable=True),
    ]
    assert let_pass(checks, ()) == ("step", "one-zone-gone")


def test_a_need_that_is_never_known_passes_and_one_that_was_known_does_not() -> None:
    unknown = b.check("need", Answer.UNKNOWN, overridable=True)
    assert let_pass([unknown], [unknown]) == ("need",)
    assert let_pass([unknown], [b.check("need")]) == ()
    assert let_pass([b.check("need", Answer.FAIL, overridable=True)], [unknown]) == ()
    assert let_pass([b.check("stack", Answer.FAIL, overridable=True)], [unknown]) == ()


def test_it_is_live_until_it_has_ended_or_is_kept() -> None:
    assert {EditState.WAITING, EditState.HELD, EditState.REVERTING} == set(LIVE)
    change, before = ScalingChange(max_capacity=20), state_of(b.scaling())
    for state in EditState:
        edit = Edit("op-1", "production", "rbac", "ada", "why", NOW, NOW + timedelta(hours=1), before, change, state)
        assert edit.live is (state in LIVE)
