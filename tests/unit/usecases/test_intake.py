"""Taking AWS's events in: by both ways, twice, out of order, and with one way broken."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.domain.errors import NotNow
from services.domain.event import Came
from services.usecases.failover_history import Filter
from tests import builders as b
from tests.builders import NOW
from tests.unit.usecases.failover_world import VIEWER, Scene


@pytest.fixture
def scene() -> Scene:
    made = Scene()
    made.aws.asked_at = NOW
    made.clock.move(minutes=2)
    made.snap()
    return made


def kept(scene: Scene) -> list[str]:
    with scene.unit(readonly=True) as store:
        found = store.events.between("production", NOW - timedelta(days=1), NOW + timedelta(days=1))
    return sorted(event.message for event in found if event.source == "rds")


def test_a_failover_asked_for_outside_haven(scene: Scene) -> None:
    assert scene.intake.poll("production") > 0
    (episode,) = scene.history.page(VIEWER, Filter())
    assert episode.origin.value == "asked for outside Haven"
    assert episode.operation_id == ""


def test_twice_and_by_both_ways_is_once(scene: Scene) -> None:
    scene.intake.poll("production")
    before = kept(scene)
    scene.aws.queued = list(reversed(scene.aws.said()))
    scene.intake.listen("production")
    scene.intake.poll("production")
    assert kept(scene) == before
    assert len(scene.history.page(VIEWER, Filter())) == 1


def test_out_of_order_by_the_queue(scene: Scene) -> None:
    scene.aws.mute = True
    said = [(45, "Multi-AZ instance failover completed"), (10, "Multi-AZ instance failover started.")]
    for after, words in said:
        scene.aws.queued = [replace(b.cloud_event(words), at=NOW + timedelta(seconds=after))]
        assert scene.intake.listen("production") == 1
    (episode,) = scene.history.page(VIEWER, Filter())
    assert episode.seconds == 35
    assert scene.aws.taken == [words for _, words in said]


def test_a_message_is_taken_off_only_when_its_event_is_kept(scene: Scene) -> None:
    scene.aws.queued = [b.cloud_event("Multi-AZ instance failover started.", 10)]
    receive = scene.aws.receive

    def lost(*args: object) -> object:
        answer = receive(*args)  # type: ignore[arg-type]
        scene.unit.away = True
        return answer

    scene.aws.receive = lost  # type: ignore[method-assign,assignment]
    with pytest.raises(NotNow):
        scene.intake.listen("production")
    assert scene.aws.taken == []


def test_one_list_that_does_not_answer_does_not_keep_the_other(scene: Scene) -> None:
    answer = scene.aws.events

    def events(environment, snapshot, source, since):
        if source == "elasticache":
            raise NotNow("throttled")
        return answer(environment, snapshot, source, since)

    scene.aws.events = events  # type: ignore[method-assign]
    with pytest.raises(NotNow):
        scene.intake.poll("production")
    assert len(kept(scene)) == 4


def test_polls_overlap_and_reach_back_at_most_what_aws_keeps(scene: Scene) -> None:
    asked: list[tuple[str, timedelta]] = []

    def events(environment, snapshot, source, since):
        asked.append((source, scene.clock.now() - since))
        return []

    scene.aws.events = events  # type: ignore[method-assign]
    scene.intake.poll("production")
    scene.clock.move(minutes=1)
    scene.intake.poll("production")
    scene.clock.move(days=30)
    scene.intake.poll("production")
    fortnight = timedelta(days=14) - timedelta(minutes=5)
    assert [length for source, length in asked if source == "rds"] == [fortnight, timedelta(minutes=11), fortnight]


def test_what_ecs_said_is_kept_from_the_snapshot(scene: Scene) -> None:
    scene.intake.poll("production")
    with scene.unit(readonly=True) as store:
        found = store.events.between("production", NOW - timedelta(days=30), NOW + timedelta(days=1))
    of_ecs = [event for event in found if event.source == "ecs"]
    said = {event.message for service in scene.aws.shape.services for event in service.events}
    assert {event.message for event in of_ecs} == said
    assert all(event.came is Came.SNAPSHOT for event in of_ecs)


def test_unknown_environments_say_nothing(scene: Scene) -> None:
    assert (scene.intake.poll("no-such"), scene.intake.listen("no-such")) == (0, 0)
