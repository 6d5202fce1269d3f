"""The worker's ticks for deployments: stack events kept often enough, and drift looked for whatever happens."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from services.domain.deployment.plan import Plan
from services.domain.errors import NotNow
from services.domain.operation import Operation
from services.usecases.plan_tidying import Tidied
from services.worker.deployments import KeepingWithTexts, StackEventTicks, look_for_drift, restore_policies, tidy_plans
from tests import builders as b
from tests.fakes.clock import MovableClock


@dataclass
class Keeping:
    raises: dict[str, Exception] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def keep(self, environment: str) -> int:
        return self._ask("keep", environment)

    def follow(self, environment: str) -> int:
        return self._ask("follow", environment)

    def _ask(self, how: str, environment: str) -> int:
        self.asked.append(f"{how} {environment}")
        if environment in self.raises:
            raise self.raises[environment]
        return 1

    def take(self) -> list[str]:
        taken, self.asked = self.asked, []
        return taken


class Worker:
    """Ticks every minute for what this worker holds; `late` jobs are done when they are let."""

    def __init__(self, *held: str, late: bool = False) -> None:
        self.keeping, self.clock, self.running = Keeping(), MovableClock(), set[str]()
        self.jobs: list[Callable[[], None]] = []
        submit = self.jobs.append if late else (lambda job: job())
        every = timedelta(minutes=1)
        self.ticks = StackEventTicks(self.keeping, self.clock, lambda: held, lambda: self.running, submit, every=every)

    def tick(self, seconds: float = 2) -> list[str]:
        """What was asked for at a tick so much later."""
        self.clock.move(seconds=seconds)
        self.ticks.tick()
        return self.keeping.take()


def test_each_held_environment_at_once_and_then_now_and_then() -> None:
    worker = Worker("legacy", "production")
    assert worker.tick() == ["keep legacy", "keep production"]
    assert worker.tick(59) == []
    assert worker.tick(1) == ["keep legacy", "keep production"]


def test_where_an_operation_runs_it_is_followed_and_once_more_after_its_end() -> None:
    worker = Worker("legacy", "production")
    worker.tick()
    worker.running = {"production"}
    assert worker.tick() == ["follow production"]
    assert worker.tick(58) == ["keep legacy", "keep production"]
    assert worker.tick() == ["follow production"]
    worker.running = set()
    assert worker.tick() == ["keep production"]
    assert worker.tick() == []


def test_what_runs_elsewhere_is_left_to_who_holds_it() -> None:
    worker = Worker("legacy")
    worker.tick()
    worker.running = {"production"}
    assert worker.tick() == []


@pytest.mark.parametrize("problem", [NotNow("CloudFormation throttles."), RuntimeError("a bug")])
def test_one_that_fails_stops_neither_the_others_nor_itself(problem: Exception) -> None:
    worker = Worker("legacy", "production")
    worker.keeping.raises = {"legacy": problem}
    assert worker.tick() == ["keep legacy", "keep production"]
    assert worker.tick() == []
    assert worker.tick(60) == ["keep legacy", "keep production"]


def test_one_that_is_being_read_is_left_alone() -> None:
    worker = Worker("production", late=True)
    worker.tick()
    worker.tick(60)
    assert len(worker.jobs) == 1
    worker.jobs.pop()()
    assert worker.tick(60) == ["keep production"]
    assert len(worker.jobs) == 1


class Drifts:
    """`services.worker.deployments.Looking` that answers as told."""

    def __init__(self, answer: Sequence[Operation] | Exception) -> None:
        self.answer, self.asked = answer, 0

    def begin_due(self) -> Sequence[Operation]:
        self.asked += 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([], ""),
        ([b.operation("op-7")], "op-7"),
        (NotNow("The database is away."), "drift not looked for"),
        (KeyError("x"), "looking for drift failed"),
    ],
    ids=["nothing", "some", "away", "a bug"],
)
def test_what_it_does_is_logged_and_nothing_ends_the_worker(
    answer: Sequence[Operation] | Exception, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    drifts = Drifts(answer)
    look_for_drift(drifts)
    assert drifts.asked == 1
    out = capsys.readouterr().out
    assert said in out if said else out == ""


def test_left_policies_are_put_back_and_nothing_ends_the_worker(capsys: pytest.CaptureFixture[str]) -> None:
    for answer, said in (
        ([b.operation("op-7")], "op-7"),
        (NotNow("Away."), "not looked for"),
        (KeyError("x"), "failed"),
    ):
        restore_policies(Drifts(answer))
        assert said in capsys.readouterr().out


@dataclass
class Texts:
    """`services.worker.deployments.Texts` that answers as told."""

    problem: Exception | None = None
    asked: list[str] = field(default_factory=list)

    def put_packaged(self) -> None:
        self.asked.append("packaged")

    def keep(self, environment: str) -> int:
        self.asked.append(environment)
        if self.problem is not None:
            raise self.problem
        return 1


def test_texts_are_fetched_with_all_events_and_the_packaged_kept_once() -> None:
    events, texts = Keeping(), Texts()
    both = KeepingWithTexts(events, texts)
    assert [both.keep("legacy"), both.follow("legacy"), both.keep("legacy")] == [1, 1, 1]
    assert texts.asked == ["packaged", "legacy", "legacy"]
    assert events.take() == ["keep legacy", "follow legacy", "keep legacy"]


@pytest.mark.parametrize("problem", [NotNow("CloudFormation throttles."), RuntimeError("a bug")])
def test_texts_that_cannot_be_had_keep_no_event_from_being_kept(problem: Exception) -> None:
    assert KeepingWithTexts(Keeping(), Texts(problem)).keep("legacy") == 1


def test_texts_are_fetched_also_where_events_are_not() -> None:
    events, texts = Keeping({"legacy": NotNow("CloudFormation throttles.")}), Texts()
    with pytest.raises(NotNow):
        KeepingWithTexts(events, texts).keep("legacy")
    assert texts.asked == ["packaged", "legacy"]


@dataclass
class Tidying:
    """`services.worker.deployments.Tidying` that answers as told, by environment."""

    answers: dict[str, Sequence[Tidied] | Exception]
    asked: list[str] = field(default_factory=list)

    def tidy(self, environment: str) -> Sequence[Tidied]:
        self.asked.append(environment)
        answer = self.answers.get(environment, ())
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_where_tidying_fails_it_is_logged_and_the_others_have_their_turn(capsys: pytest.CaptureFixture[str]) -> None:
    plan = Plan("plan-7", "legacy", "more storage", "ada", b.NOW, "single-az")
    done, refused = Tidied(plan, ("haven-1 of legacy-data",)), Tidied(plan, problem="AWS says no.")
    tidying = Tidying({"a": NotNow("Away."), "b": KeyError("x"), "c": [done, refused, Tidied(plan)]})
    tidy_plans(tidying, ["a", "b", "c", "d"])
    assert tidying.asked == ["a", "b", "c", "d"]
    out = capsys.readouterr().out
    for said in ("plans not tidied up", "tidying up failed", "haven-1 of legacy-data", "AWS says no."):
        assert said in out
    assert out.count(" plan=plan-7") == 2
