"""What is tidied up after plans, what is left because somebody may want it, and what happens when AWS does not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from services.domain.deployment.plan import Plan, PlanState
from services.domain.errors import HavenError, Misconfigured, NotNow, OutcomeUnknown, Refused
from services.domain.operation import State
from services.usecases.deployment_shapes import Reviewed
from services.usecases.plan_tidying import MOST, PlanTidying, Tidied
from tests import builders as b
from tests.fakes.stack_shapes import FakeSet
from tests.unit.usecases.deployment_world import ADMIN, VIEWER, Scene

STORAGE = {"data": {"DatabaseStorage": "80"}}
BOTH = {"data": {"DatabaseStorage": "80"}, "platform": {"ZonalShift": "true"}}
SERVICES = {"service-rbac": {"MaxTasks": "5"}, "service-audit": {"MaxTasks": "5"}}


class Ground(Scene):
    """The deployment desk, and what tidies up after it."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.tidying = self.another()

    def another(self) -> PlanTidying:
        return PlanTidying(self.unit, self.clock, self.aws, self.aws, keep=timedelta(days=30))

    def tidy(self) -> Sequence[Tidied]:
        return self.tidying.tidy(self.name)

    def discarded(self, *stacks: str, **more: object) -> Reviewed:
        seen = self.planned(*stacks, **more)
        self.desk.discard(ADMIN, seen.plan.id)
        return seen

    def plan_of(self, seen: Reviewed) -> Plan:
        with self.unit(readonly=True) as store:
            found = store.plans.get(seen.plan.id)
        assert found is not None
        return found

    def wait(self, **time: float) -> None:
        self.clock.move(**time)
        self.snap()


def new() -> Ground:
    return Ground(deployed=False)


def test_a_discarded_plan_leaves_neither_change_set_nor_empty_stack() -> None:
    ground = new()
    seen = ground.discarded()
    name = ground.stack(seen, "network").change_set.name
    (done,) = ground.tidy()
    assert done.deleted == (f"{name} of legacy-network", "legacy-network")
    assert (ground.aws.sets, ground.aws.stacks) == ({}, {})
    assert ground.plan_of(seen).tidied_at == ground.clock.now()
    assert ground.ledger()[-1] == ("system", "tidy plan", "done")
    calls = list(ground.aws.calls)
    assert ground.tidy() == []
    assert ground.aws.calls == calls


def test_what_is_deployed_stays() -> None:
    ground = Ground()
    seen = ground.discarded("data", values=STORAGE)
    ground.tidy()
    assert ground.aws.sets == {}
    assert ground.aws.stacks["data"].status == "CREATE_COMPLETE"
    assert "clear data" not in ground.aws.calls
    assert ground.plan_of(seen).tidied_at is not None


def test_a_plan_that_waits_is_left_until_it_has_waited_too_long() -> None:
    ground = new()
    seen = ground.planned()
    for days in (0, 29):
        ground.wait(days=days)
        assert ground.tidy() == []
    assert len(ground.aws.sets) == 1
    ground.wait(days=1.1)
    assert len(ground.tidy()) == 1
    kept = ground.plan_of(seen)
    assert (kept.state, kept.because) == (PlanState.DISCARDED, "Nobody asked for it within 30 days.")
    assert (ground.aws.sets, ground.aws.stacks) == ({}, {})
    assert ground.ledger()[-2:] == [("system", "discard plan", "done"), ("system", "tidy plan", "done")]


def test_a_void_plan_is_put_aside_once_nobody_reads_it_any_more() -> None:
    ground = Ground()
    seen = ground.planned("data", values=STORAGE)
    ground.aws.touch("data", CacheNodes="2")
    ground.wait(minutes=1)
    assert ground.tidy() == []
    ground.wait(hours=1)
    assert len(ground.tidy()) == 1
    kept = ground.plan_of(seen)
    assert (kept.state, kept.because) == (PlanState.DISCARDED, "It was void: legacy-data was changed since.")
    assert ground.aws.sets == {}


def test_one_that_only_looked_void_stands() -> None:
    ground = Ground()
    seen = ground.planned("data", values=STORAGE)
    ground.wait(hours=2)
    ground.aws.stacks["data"].status = "UPDATE_IN_PROGRESS"
    ground.snap()
    assert ground.tidy() == []
    ground.aws.stacks["data"].status = "CREATE_COMPLETE"  # before the next reading
    assert ground.tidy() == []
    assert ground.plan_of(seen).state is PlanState.READY
    assert len(ground.aws.sets) == 1


def test_the_same_change_planned_twice_goes_with_the_last_plan_that_has_it() -> None:
    ground = new()
    first = ground.discarded()
    second = ground.planned()
    assert ground.stack(first, "network").change_set.arn == ground.stack(second, "network").change_set.arn
    (done,) = ground.tidy()
    assert (done.plan.id, done.deleted, done.problem) == (first.plan.id, (), "")
    assert len(ground.aws.sets) == 1
    ground.desk.discard(ADMIN, second.plan.id)
    ground.tidy()
    assert (ground.aws.sets, ground.aws.stacks) == ({}, {})


def test_a_stack_in_which_somebody_else_reviews_stays() -> None:
    ground = new()
    seen = ground.discarded()
    own = ground.stack(seen, "network").change_set
    other = replace(own, arn="arn:other", name="by-hand")
    ground.aws.sets["arn:other"] = FakeSet(other, {}, "")
    ground.tidy()
    assert list(ground.aws.sets) == ["arn:other"]
    assert ground.aws.stacks["network"].status == "REVIEW_IN_PROGRESS"
    assert ground.plan_of(seen).tidied_at is not None


def test_what_was_made_of_a_plan_that_failed_goes_though_its_name_was_lost() -> None:
    ground = Ground()
    ground.aws.answers = [None, Refused("AWS says no.")]
    seen = ground.planned(*SERVICES, values=SERVICES)
    assert seen.plan.state is PlanState.FAILED
    assert len(ground.aws.sets) == 1
    older = replace(next(iter(ground.aws.sets.values())).shown, arn="arn:older", created_at=b.NOW - timedelta(days=1))
    ground.aws.sets["arn:older"] = FakeSet(older, {}, "")
    (done,) = ground.tidy()
    assert len(done.deleted) == 1
    assert list(ground.aws.sets) == ["arn:older"]
    assert ground.plan_of(seen).state is PlanState.FAILED


def test_a_plan_whose_operation_never_began_is_behind_us() -> None:
    ground = Ground()
    operation = ground.ask_plan("data", values=STORAGE)
    assert ground.tidy() == []
    ground.wait(hours=1)
    assert ground.run(operation.id).state is State.EXPIRED
    assert len(ground.tidy()) == 1
    seen = ground.desk.review(VIEWER, operation.wants("plan"))
    assert (seen.plan.state, seen.plan.tidied_at) == (PlanState.FAILED, ground.clock.now())


def test_the_rest_of_a_deployment_that_ended_half_way_goes_and_what_ran_stays() -> None:
    ground = Ground()
    seen = ground.planned(values=BOTH)
    asked = ground.ask(seen)
    ground.aws.failing["data"] = "Database: Insufficient capacity"
    ground.run(asked.id)
    assert len(ground.aws.sets) == 2
    (done,) = ground.tidy()
    assert done.deleted == (f"{ground.stack(seen, 'platform').change_set.name} of legacy-platform",)
    assert list(ground.aws.sets) == ground.aws.executed
    kept = ground.plan_of(seen)
    assert kept.state is PlanState.OVER
    assert kept.because.startswith("legacy-data failed")


def test_aws_is_not_asked_about_what_was_deployed() -> None:
    ground = Ground()
    operation = ground.deploy("data", values=STORAGE)
    ground.aws.blind = NotNow("AWS is away.")
    (done,) = ground.tidy()
    assert (done.plan.id, done.deleted, done.problem) == (operation.wants("plan"), (), "")
    assert ground.tidy() == []


def test_while_something_goes_on_or_haven_is_held_nothing_is_tidied() -> None:
    ground = Ground()
    ground.discarded("data", values=STORAGE)
    going = ground.ask_plan("platform", values={"platform": BOTH["platform"]})
    assert ground.tidy() == []
    ground.run(going.id)
    with ground.unit() as store:
        store.pauses.add(replace(b.pause(env="legacy"), at=ground.clock.now(), until=ground.clock.now() + timedelta(1)))
    assert ground.tidy() == []
    assert len(ground.aws.sets) == 2
    ground.wait(days=1)
    assert len(ground.tidy()) == 1
    assert len(ground.aws.sets) == 1


def test_nothing_is_asked_of_an_archived_or_unknown_environment() -> None:
    ground = new()
    ground.discarded()
    with ground.unit() as store:
        store.environments.save(ground.environment, replace(ground.environment, archived=True))
    assert ground.tidy() == []
    assert ground.tidying.tidy("nowhere") == []
    assert len(ground.aws.sets) == 1


@pytest.mark.parametrize("refusal", [Refused("no"), Misconfigured("no"), NotNow("no"), OutcomeUnknown("no")])
def test_what_aws_refuses_is_tried_again_later_and_ever_later(refusal: HavenError) -> None:
    ground = new()
    seen = ground.discarded()
    ground.aws.answers, ground.aws.reaches = [refusal], False
    assert [each.problem for each in ground.tidy()] == ["no"]
    ground.wait(minutes=9)
    assert ground.tidy() == []
    ground.aws.answers = [refusal]
    ground.wait(minutes=1)
    assert len(ground.tidy()) == 1
    ground.wait(minutes=19)
    assert ground.tidy() == []
    ground.wait(minutes=1)
    assert [each.problem for each in ground.tidy()] == [""]
    assert (ground.aws.sets, ground.aws.stacks) == ({}, {})
    assert ground.plan_of(seen).tidied_at is not None


def test_a_stack_that_may_not_be_deleted_is_told_with_what_was() -> None:
    ground = new()
    seen = ground.discarded()
    ground.aws.answers = [None, Misconfigured("The role is denied DeleteStack.")]
    (done,) = ground.tidy()
    assert (len(done.deleted), done.problem) == (1, "The role is denied DeleteStack.")
    assert (ground.aws.sets, list(ground.aws.stacks)) == ({}, ["network"])
    assert ground.plan_of(seen).tidied_at is None
    assert ground.ledger()[-1] == ("system", "tidy plan", "failed")
    assert len(ground.another().tidy("legacy")) == 1  # another worker does not wait
    assert ground.aws.stacks == {}


def test_a_lost_answer_is_asked_for_again() -> None:
    ground = new()
    ground.discarded()
    ground.aws.answers = [None, OutcomeUnknown("lost")]
    assert [each.problem for each in ground.tidy()] == ["lost"]
    ground.wait(hours=1)
    assert [each.problem for each in ground.tidy()] == [""]
    assert ground.aws.stacks == {}


def test_one_look_does_not_do_everything() -> None:
    ground = Ground()
    with ground.unit() as store:
        for number in range(MOST + 2):
            gone = Plan(f"p{number}", "legacy", "x", "ada", ground.clock.now(), "single-az", PlanState.DISCARDED)
            store.plans.add(gone)
    assert len(ground.tidy()) == MOST
    assert len(ground.tidy()) == 2
