"""Taking a change back touches only what the change did, and of that only what still stands as it left it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.scaling.change import ScalingChange, ScalingState, Suspended, after
from services.domain.scaling.load import REQUESTS
from services.domain.scaling.step import Adjustment, Step, StepPolicy
from services.domain.scaling.taking_back import taking_back
from services.domain.snapshot import ScheduledAction
from tests import builders as b

CPU, MEMORY = b.policy(), b.policy("ECSServiceAverageMemoryUtilization")
BY_REQUESTS = replace(CPU, name="rbac-requests", metric=REQUESTS, target=900.0)
BURST = StepPolicy("rbac-burst", Adjustment.CHANGE, (Step(2, 0.0),))
NIGHT = ScheduledAction("night", "cron(0 22 * * ? *)", None, 3, None)
OUT = Suspended(scale_in=False, scale_out=True, scheduled=False)
NONE = Suspended(scale_in=False, scale_out=False, scheduled=False)
WAS = ScalingState(b.scaling())
RICH = after(
    ScalingChange(policies=(BY_REQUESTS,), labels=(("rbac-requests", "app/x"),), steps=(BURST,), scheduled=(NIGHT,)),
    WAS,
)
CHANGES = [
    ScalingChange(min_capacity=4),
    ScalingChange(max_capacity=20, min_capacity=6),
    ScalingChange(suspended=OUT),
    ScalingChange(policies=(replace(CPU, target=50.0),)),
    ScalingChange(policies=(replace(CPU, name="rbac-new", arn=""),)),
    ScalingChange(removed_policies=(MEMORY.name,)),
    ScalingChange(removed_policies=("rbac-requests",)),
    ScalingChange(steps=(replace(BURST, cooldown=60),)),
    ScalingChange(steps=(replace(BURST, name="rbac-more"),)),
    ScalingChange(removed_policies=("rbac-burst",)),
    ScalingChange(scheduled=(replace(NIGHT, min_capacity=5), replace(NIGHT, name="day"))),
    ScalingChange(removed_scheduled=("night",)),
]


@pytest.mark.parametrize("change", CHANGES)
def test_taken_back_everything_is_as_before(change: ScalingChange) -> None:
    now = after(change, RICH)
    back = taking_back(change, RICH, now)
    assert back.anything
    assert (back.moved, back.lost) == ((), ())
    assert after(back.change, now) == RICH


@pytest.mark.parametrize("change", CHANGES)
def test_nothing_is_taken_back_twice(change: ScalingChange) -> None:
    back = taking_back(change, RICH, RICH)
    assert not back.anything
    assert (back.moved, back.lost) == ((), ())


@given(st.integers(1, 30), st.integers(1, 30), st.integers(1, 30))
def test_a_number_moves_only_from_where_the_change_left_it(was: int, left: int, is_: int) -> None:
    before, now = (ScalingState(b.scaling(max_capacity=each)) for each in (was, is_))
    back = taking_back(ScalingChange(max_capacity=left), before, now)
    assert back.change.max_capacity == (was if is_ == left != was else None)
    assert back.moved == (("the maximum",) if is_ not in (was, left) else ())


def test_what_somebody_changed_since_is_left_alone_and_named() -> None:
    change = ScalingChange(
        min_capacity=4,
        suspended=OUT,
        policies=(replace(CPU, target=50.0),),
        steps=(replace(BURST, cooldown=60),),
        scheduled=(replace(NIGHT, min_capacity=5),),
        removed_policies=(MEMORY.name,),
    )
    others = ScalingChange(
        suspended=Suspended(True, True, False),
        policies=(replace(CPU, target=70.0), replace(MEMORY, target=71.0)),
        steps=(replace(BURST, cooldown=90),),
        removed_scheduled=("night",),
    )
    back = taking_back(change, RICH, after(others, after(change, RICH)))
    assert back.change == ScalingChange(min_capacity=3)
    assert set(back.moved) == {
        "what is suspended",
        f"policy {CPU.name}",
        f"policy {MEMORY.name}",
        "steps of rbac-burst",
        "scheduled action night",
    }


def test_a_policy_of_a_metric_of_its_own_is_lost() -> None:
    own = replace(CPU, name="own", metric=None)
    before = ScalingState(replace(WAS.scaling, policies=(*WAS.scaling.policies, own)))
    change = ScalingChange(removed_policies=("own",))
    back = taking_back(change, before, after(change, before))
    assert (back.anything, back.lost) == (False, ("own",))


def test_a_count_set_once_is_not_taken_back() -> None:
    assert not taking_back(ScalingChange(desired_once=9), WAS, WAS).anything


def test_other_values_are_not_touched() -> None:
    change = ScalingChange(max_capacity=20)
    now = after(ScalingChange(min_capacity=5, suspended=OUT), after(change, WAS))
    assert taking_back(change, WAS, now).change == ScalingChange(max_capacity=12)
    assert taking_back(ScalingChange(suspended=NONE), WAS, WAS).change == ScalingChange()
