"""Looking for drift through the engine: every stack compared once, results kept as they come, nobody held up."""

from dataclasses import replace

import pytest

from services.domain.deployment.drift import ACCEPTED, DRIFT
from services.domain.errors import HavenError, Misconfigured, NotNow, OutcomeUnknown, Refused
from services.domain.operation import Operation, State
from services.usecases.drifting import stacks_of
from tests import builders as b
from tests.unit.usecases.drift_world import ADMIN, CLASS, OPERATOR, Scene, accepting, database

BUSY = Refused("Drift detection is already in progress for stack [arn:production-data].")


@pytest.fixture
def scene() -> Scene:
    return Scene()


def words(scene: Scene, stack: str) -> list[str]:
    """What the page has on one stack: its report's status and why the last look failed."""
    overview = scene.desk.overview(OPERATOR, "production")
    seen = next(each for each in overview.stacks if each.stack == stack)
    return [seen.report.status if seen.report else "", seen.failed]


def test_every_stack_is_compared_once_and_its_report_kept(scene: Scene) -> None:
    scene.cloud.found["data"] = [database(CLASS)]
    done = scene.looked()
    assert done.state is State.SUCCEEDED
    assert sorted(scene.cloud.begun) == sorted(stacks_of(done))
    assert words(scene, "data") == ["DRIFTED", ""]
    assert done.note("found_data") == "1 resource differs"
    assert done.note("found_network") == "in sync"


def test_a_pause_does_not_hold_the_looking(scene: Scene) -> None:
    with scene.unit() as store:
        store.pauses.add(b.pause(at=scene.clock.now(), hours=1))
    assert scene.looked().state is State.SUCCEEDED


def test_detections_run_side_by_side(scene: Scene) -> None:
    scene.cloud.looks = 100
    operation = scene.run(scene.desk.request(OPERATOR, "production").id, times=10)
    assert operation.state is State.RUNNING
    assert len(scene.cloud.begun) == len(stacks_of(operation)) == 6


def test_results_are_kept_as_they_come(scene: Scene) -> None:
    scene.cloud.lost["platform"] = NotNow("Rate exceeded")
    operation = scene.run(scene.desk.request(OPERATOR, "production").id, times=12)
    assert operation.state is State.RUNNING
    assert words(scene, "data") == ["IN_SYNC", ""]
    assert words(scene, "platform") == ["", ""]


def test_a_worker_that_died_goes_on_where_the_notes_end(scene: Scene) -> None:
    asked = scene.desk.request(OPERATOR, "production")
    scene.run(asked.id, times=4)
    assert 0 < len(scene.cloud.begun) < 6
    scene.engine = scene.process()
    assert scene.run(asked.id).state is State.SUCCEEDED
    assert sorted(scene.cloud.begun) == sorted(stacks_of(asked))


def test_a_stack_being_changed_is_said_and_keeps_its_earlier_report(scene: Scene) -> None:
    scene.cloud.found["data"] = [database(CLASS)]
    scene.looked()
    scene.cloud.refusals["data"], scene.cloud.status["data"] = [BUSY], "UPDATE_IN_PROGRESS"
    done = scene.looked()
    assert done.state is State.SUCCEEDED
    assert words(scene, "data") == [
        "DRIFTED",
        "It is UPDATE_IN_PROGRESS: CloudFormation compares only a stack that is at rest.",
    ]


def test_a_stack_that_is_gone_is_said(scene: Scene) -> None:
    scene.cloud.refusals["data"], scene.cloud.status["data"] = [Refused("does not exist")], ""
    scene.looked()
    assert words(scene, "data")[1] == "There is no stack production-data any more."


@pytest.mark.parametrize("first", [BUSY, OutcomeUnknown("The answer was lost.")])
def test_what_is_compared_already_is_asked_once_more_later(scene: Scene, first: HavenError) -> None:
    scene.cloud.refusals["data"] = [first]
    done = scene.run(scene.desk.request(OPERATOR, "production").id, times=90)
    assert done.state is State.SUCCEEDED
    assert scene.cloud.begun.count("data") == 1
    assert words(scene, "data") == ["IN_SYNC", ""]


def test_what_is_refused_twice_is_said_in_awss_words(scene: Scene) -> None:
    scene.cloud.refusals["data"] = [BUSY, BUSY]
    done = scene.run(scene.desk.request(OPERATOR, "production").id, times=90)
    assert done.state is State.SUCCEEDED
    assert words(scene, "data") == ["", BUSY.message]


def test_a_detection_that_found_nothing_is_said_in_awss_words(scene: Scene) -> None:
    scene.cloud.lost["data"] = Refused("Failed to detect drift on resource [Database]")
    assert scene.looked().state is State.SUCCEEDED
    assert words(scene, "data") == ["", "Failed to detect drift on resource [Database]"]


def test_a_throttled_begin_is_tried_again(scene: Scene) -> None:
    scene.cloud.refusals["network"] = [NotNow("Rate exceeded")] * 3
    assert scene.looked().state is State.SUCCEEDED
    assert words(scene, "network") == ["IN_SYNC", ""]


def test_a_missing_right_ends_it_and_says_which(scene: Scene) -> None:
    scene.cloud.refusals["network"] = [Misconfigured("The role may not cloudformation:DetectStackDrift.")]
    done = scene.looked()
    assert (done.state, done.because) == (State.FAILED, "The role may not cloudformation:DetectStackDrift.")


def test_what_never_ends_is_left_out_and_never_waits_for_a_person(scene: Scene) -> None:
    scene.cloud.lost["network"] = NotNow("Rate exceeded")
    done = scene.run(scene.desk.request(OPERATOR, "production").id, times=60, seconds=60)
    assert done.state is State.SUCCEEDED
    assert done.missed == ("network",)
    assert "network was compared" in done.because


def test_it_can_be_cancelled_before_a_result(scene: Scene) -> None:
    scene.cloud.looks = 100
    looking = scene.run(scene.desk.request(OPERATOR, "production").id, times=3)
    assert scene.operations.cancel(OPERATOR, looking.id).state is State.CANCELLED


def test_nothing_is_sent_that_changes_anything(scene: Scene) -> None:
    done: Operation = scene.looked()
    assert done.sent_at is None
    with pytest.raises(Refused, match="only looks"):
        scene.procedure.act(scene.desk.overview(OPERATOR, "production").environment, done)


def verdicts(scene: Scene) -> list[str]:
    """Of the stack `data`."""
    overview = scene.desk.overview(OPERATOR, "production")
    return [each.verdict for stack in overview.stacks for each in stack.judged if stack.stack == "data"]


def test_what_was_accepted_lapses_once_it_is_no_difference_any_more(scene: Scene) -> None:
    scene.cloud.found["data"] = [database(CLASS)]
    scene.looked()
    scene.desk.accept(ADMIN, accepting())
    scene.looked()
    assert verdicts(scene) == [ACCEPTED]
    scene.cloud.found["data"] = [replace(database(), status="IN_SYNC")]
    scene.looked()
    lapsed = next(entry for entry in scene.ledger if entry.action == "end accepted drift")
    assert (lapsed.actor, lapsed.detail["path"]) == ("system", "/DBInstanceClass")
    scene.cloud.found["data"] = [database(CLASS)]
    scene.looked()
    assert verdicts(scene) == [DRIFT]


def test_what_was_not_looked_at_does_not_lapse(scene: Scene) -> None:
    scene.cloud.found["data"] = [database(CLASS)]
    scene.looked()
    scene.desk.accept(ADMIN, accepting())
    scene.cloud.found["data"] = []
    scene.looked()
    scene.cloud.found["data"] = [database(CLASS)]
    scene.looked()
    assert verdicts(scene) == [ACCEPTED]
