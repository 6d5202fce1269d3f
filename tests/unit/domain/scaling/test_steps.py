"""The steps of a scaling change: seen in order, repeated only where harmless, read back at the end."""

from dataclasses import replace

from services.domain.scaling.change import ScalingChange, Suspended, after, state_of
from services.domain.scaling.step import Adjustment, StepPolicy
from services.domain.scaling.step import Step as Adjusting
from services.domain.scaling.steps import COUNT, READ_BACK, ScalingFacts, steps_for
from services.domain.snapshot import ScheduledAction
from tests import builders as b

SNAPSHOT = b.snapshot()
SERVICE = b.service()
NOW = state_of(b.scaling())
WHOLE = ScalingChange(
    min_capacity=4,
    max_capacity=14,
    suspended=Suspended(True, False, False),
    policies=(b.policy(target=50.0),),
    steps=(StepPolicy("rbac-burst", Adjustment.CHANGE, (Adjusting(2, 0.0),)),),
    removed_policies=("production-rbac-memory",),
    scheduled=(ScheduledAction("night", "cron(0 22 * * ? *)", None, 3, None),),
    removed_scheduled=("old",),
    desired_once=5,
)
FACTS = ScalingFacts(SNAPSHOT, SERVICE, NOW, 3)


def test_each_write_is_a_step_then_all_is_read_back_then_the_tasks() -> None:
    assert [(step.sentence, step.acts, step.repeatable, step.optional) for step in steps_for(WHOLE)] == [
        ("Policy production-rbac-memory is gone", True, True, False),
        ("Scheduled action old is gone", True, True, False),
        ("Policy production-rbac-cpu is as asked", True, True, False),
        ("Policy rbac-burst is as asked", True, True, False),
        ("Scheduled action night is as asked", True, True, False),
        ("The desired count is set to 5", True, False, False),
        ("Registered as asked: minimum 4, maximum 14, what is suspended", True, True, False),
        ("Everything reads back as asked", False, False, False),
        ("ECS runs as many tasks as are desired", False, False, True),
    ]


def test_a_policy_alone_moves_no_tasks_and_a_count_alone_leaves_nothing_to_read_back() -> None:
    policy = steps_for(ScalingChange(policies=(b.policy(target=50.0),)))
    assert [step.name for step in policy] == ["PutScalingPolicy/production-rbac-cpu", READ_BACK]
    assert [step.name for step in steps_for(ScalingChange(desired_once=5))] == ["UpdateService", COUNT]


def test_a_step_is_done_when_aws_shows_it() -> None:
    done = replace(FACTS, state=after(WHOLE, NOW), desired=5, running=5)
    for step in steps_for(WHOLE):
        assert step.done_when(done)
        assert not step.done_when(replace(FACTS, state=None, desired=4))
    (read_back,) = (step for step in steps_for(WHOLE) if step.name == READ_BACK)
    assert not read_back.done_when(replace(FACTS, state=after(replace(WHOLE, max_capacity=15), NOW)))


def test_a_count_that_aws_accepted_counts_though_it_moved_on() -> None:
    (count,) = (step for step in steps_for(WHOLE) if step.name == "UpdateService")
    assert not count.done_when(replace(FACTS, desired=7))
    assert count.done_when(replace(FACTS, desired=7, accepted="UpdateService"))
    bounds = steps_for(ScalingChange(max_capacity=14))[0]
    assert not bounds.done_when(replace(FACTS, accepted="RegisterScalableTarget"))


def test_tasks_are_counted_by_a_reading_made_since() -> None:
    (count,) = (step for step in steps_for(WHOLE) if step.name == COUNT)
    assert not count.done_when(replace(FACTS, desired=5))
    assert not count.done_when(replace(FACTS, desired=5, running=4))
    assert count.done_when(replace(FACTS, desired=5, running=5))
