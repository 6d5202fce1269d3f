"""A change set through the engine: asked for once, asked again when nobody knows, and refused on fresh facts."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from services.domain.access import Role
from services.domain.environment import Environment
from services.domain.errors import HavenError, Misconfigured, NotAllowed, NotNow, OutcomeUnknown
from services.domain.operation import Operation, Sent, State
from services.ports import StackOutcome, StackSpec
from services.usecases.carrying_out import CarryProcedure
from services.usecases.engine import Engine
from services.usecases.operations import Operations
from tests import builders as b
from tests.fakes.journal import MemoryJournal
from tests.fakes.leases import MemoryLeases
from tests.unit.usecases import test_carrying as desks

WANTED = {**desks.DEPLOYED, "MaxTasks": "20", "CpuTarget": "50"}


class Cloud(desks.Cloud):
    """`answers` are raised by the next requests for a change set, in turn; the request of an unknown one arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[BaseException] = []
        self.blind: HavenError | None = None
        self.status = "UPDATE_COMPLETE"

    def change_set(self, environment: Environment, spec: StackSpec, outputs: Mapping[str, Any]) -> str | None:
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None and not isinstance(answer, OutcomeUnknown):
            raise answer
        made = super().change_set(environment, spec, outputs)
        if answer is not None:
            raise answer
        return made

    def outcome(self, environment: Environment, stack: str) -> StackOutcome | None:
        if self.blind:
            raise self.blind
        found = super().outcome(environment, stack)
        done = not self.status.endswith("_IN_PROGRESS")
        return found and StackOutcome(self.status, done, done, "", (), found.parameters)


class Scene(desks.Scene):
    """The desk with the engine beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.cloud: Cloud = Cloud()
        self.journal = MemoryJournal(self.clock)
        procedure = CarryProcedure(self.cloud)
        self.operations = Operations(self.unit, self.clock, procedure.steps)
        self.engine = Engine(
            self.unit,
            self.clock,
            MemoryLeases(self.clock),
            self.journal,
            {"carry": procedure},
            holder="worker",
            lease_for=timedelta(seconds=10),
            monotonic=lambda: 0.0,
        )
        self.id = self.desk.request(desks.ADMIN, "production", "rbac", desks.REASON).id

    def run(self, times: int = 6, seconds: float = 2) -> Operation:
        for _ in range(times):
            self.engine.advance(self.id)
            self.clock.move(seconds=seconds)
        return self.read()

    def read(self) -> Operation:
        with self.unit(readonly=True) as store:
            found = store.operations.get(self.id)
        assert found is not None
        return found

    @property
    def said(self) -> list[tuple[str, str]]:
        return [(entry.action, entry.outcome) for entry in reversed(self.ledger)]


def test_a_pause_does_not_hold_what_executes_nothing() -> None:
    scene = Scene()
    with scene.unit() as store:
        store.pauses.add(b.pause(at=scene.clock.now(), hours=1))
    assert scene.run().state is State.SUCCEEDED


def test_it_is_made_of_what_is_deployed_and_its_arn_is_the_receipt() -> None:
    scene = Scene()
    scene.cloud.stacks["service-rbac"]["ImageTag"] = "2.0.0"  # deployed since: it stays
    done = scene.run()
    assert (done.state, done.receipt, done.sent) == (State.SUCCEEDED, "arn:change-set/1", Sent.YES)
    (spec,) = scene.cloud.made
    assert dict(spec.parameters) == {**WANTED, "ImageTag": "2.0.0"}
    assert (spec.name, spec.template) == ("service-rbac", "service")
    assert scene.said == [
        ("request carry", "done"), ("start carry", "running"), ("send carry", "intended"), ("send carry", "sent"),
        ("finish carry", "succeeded"),
    ]  # fmt: skip


@pytest.mark.parametrize("case", ["changed", "gone", "busy", "denied"])
def test_on_fresh_facts_it_is_refused_and_nothing_is_sent(case: str) -> None:
    scene = Scene()
    if case == "changed":
        scene.cloud.stacks["service-rbac"]["MaxTasks"] = "15"
    elif case == "gone":
        del scene.cloud.stacks["service-rbac"]
    elif case == "busy":
        scene.cloud.status = "UPDATE_IN_PROGRESS"
    else:
        scene.cloud.blind = Misconfigured("haven-provisioner may not call DescribeStacks.")
    done = scene.run()
    assert (done.state, done.sent, scene.cloud.made) == (State.FAILED, Sent.NO, [])
    words = {
        "changed": "MaxTasks was 12 and is 15",
        "gone": "There is no stack production-service-rbac any more.",
        "busy": "production-service-rbac is being changed (UPDATE_IN_PROGRESS).",
        "denied": "may not call DescribeStacks",
    }
    assert "nothing was sent" in done.because
    assert words[case] in done.because


def test_nothing_to_change_and_cloudformations_refusals_end_it_with_their_words() -> None:
    for case, words in (("unchanged", "CloudFormation sees nothing to change"), ("refused", "do not exist")):
        scene = Scene()
        scene.cloud.unchanged = case == "unchanged"
        scene.cloud.refuses = "Parameters: [X] do not exist in the template" if case == "refused" else ""
        done = scene.run()
        assert done.state is State.FAILED
        assert words in done.because
        assert done.receipt == ""


def test_an_answer_that_was_lost_is_asked_for_again() -> None:
    scene = Scene()
    scene.cloud.answers = [OutcomeUnknown("CloudFormation did not answer in time.")]
    lost = scene.run(2)
    assert (lost.state, lost.sent) == (State.RUNNING, Sent.MAYBE)
    assert "sent again" in lost.because
    done = scene.run(4)
    assert (done.state, done.receipt) == (State.SUCCEEDED, "arn:change-set/2")
    assert [dict(spec.parameters) for spec in scene.cloud.made] == [WANTED, WANTED]


def test_a_worker_that_died_over_it_leaves_it_to_be_asked_again() -> None:
    class Died(BaseException):
        pass

    scene = Scene()
    scene.cloud.answers = [Died()]
    scene.run(1)
    with pytest.raises(Died):
        scene.engine.advance(scene.id)
    assert scene.read().sent is Sent.MAYBE
    scene.clock.move(seconds=11)
    done = scene.run(4)
    assert (done.state, done.receipt) == (State.SUCCEEDED, "arn:change-set/1")


def test_after_a_lost_answer_it_is_not_made_for_a_stack_that_moved_on() -> None:
    scene = Scene()
    scene.cloud.answers = [OutcomeUnknown("CloudFormation did not answer in time.")]
    scene.run(2)
    scene.cloud.stacks["service-rbac"] |= {"MaxTasks": "20", "CpuTarget": "50"}  # somebody has executed it
    done = scene.run(4)
    assert done.state is State.FAILED
    assert "An earlier try of the next may have been done: look in AWS." in done.because
    assert len(scene.cloud.made) == 1


def test_without_an_answer_for_long_a_person_looks() -> None:
    scene = Scene()
    scene.cloud.answers = [OutcomeUnknown("CloudFormation did not answer in time.")] * 40
    done = scene.run(20, seconds=61)
    assert done.state is State.STUCK
    assert "AWS's answer to the request was never had." in done.because
    assert "begins with haven-" in done.because
    scene.cloud.answers.clear()
    scene.operations.resume(desks.ADMIN, scene.id, "CloudFormation answers again")
    assert scene.run(4).state is State.SUCCEEDED


def test_while_cloudformation_does_not_answer_it_waits_and_then_begins_no_more() -> None:
    scene = Scene()
    scene.cloud.blind = NotNow("CloudFormation does not answer.")
    waiting = scene.run(3)
    assert (waiting.state, waiting.sent) == (State.RUNNING, Sent.NO)
    assert "Cannot see what is true just now" in waiting.because
    scene.clock.move(minutes=31)
    over = scene.run(2)
    assert over.state is State.FAILED
    assert "could not begin in time" in over.because


def test_it_is_cancelled_before_it_was_sent_by_those_who_may_deploy() -> None:
    scene = Scene()
    with pytest.raises(NotAllowed):
        scene.operations.cancel(b.actor(Role.OPERATOR), scene.id)
    assert scene.operations.cancel(desks.ADMIN, scene.id).state is State.CANCELLED
    assert scene.run().state is State.CANCELLED
    assert scene.cloud.made == []
