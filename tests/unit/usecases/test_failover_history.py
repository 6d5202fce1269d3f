"""The history and an incident's time line."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.domain.access import Role
from services.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from services.domain.failover.episode import Origin
from services.ports import Entry
from services.usecases.failover_history import Filter
from tests import builders as b
from tests.builders import NOW
from tests.unit.usecases.failover_world import ADA, BOB, VIEWER, Scene

AUDITOR = b.actor(Role.AUDITOR, "aud")


@pytest.fixture
def scene() -> Scene:
    made = Scene()
    made.failovers.request(ADA, made.request())
    made.run(times=60)
    made.intake.poll("production")
    return made


def only(scene: Scene) -> str:
    (episode,) = scene.history.page(VIEWER, Filter())
    return episode.id


def test_the_time_line_joins_everything(scene: Scene) -> None:
    with scene.unit() as store:
        store.ledger.append(Entry(NOW + timedelta(minutes=1), "eve", "pause automation", "done", "production"))
    incident = scene.history.incident(AUDITOR, only(scene))
    of_rds = [moment.words for moment in incident.moments if moment.source == "rds"]
    assert of_rds[:2] == ["Multi-AZ instance failover started.", "DB instance restarted"]
    assert len(of_rds) == 4
    assert {moment.source for moment in incident.moments} == {"rds", "haven", "picture", "ledger"}
    assert [moment.at for moment in incident.moments] == sorted(moment.at for moment in incident.moments)
    assert any(moment.link == "operation:op-1" for moment in incident.moments)
    assert any("primary" in moment.sentence for moment in incident.moments if moment.source == "picture")
    assert [moment.sentence for moment in incident.moments if moment.source == "ledger"] == [
        "eve: pause automation (done)"
    ]


def test_the_ledger_is_for_those_who_may_read_it(scene: Scene) -> None:
    with scene.unit() as store:
        store.ledger.append(Entry(NOW + timedelta(minutes=1), "eve", "pause automation", "done", "production"))
    sources = {moment.source for moment in scene.history.incident(VIEWER, only(scene)).moments}
    assert "ledger" not in sources


def test_filters(scene: Scene) -> None:
    for wanted, count in (
        (Filter(environment="production"), 1),
        (Filter(environment="legacy"), 0),
        (Filter(origin="automatic"), 0),
        (Filter(origin=Origin.HAVEN.value, result="completed", target="production-app"), 1),
        (Filter(since=NOW + timedelta(days=1)), 0),
        (Filter(until=NOW - timedelta(days=1)), 0),
    ):
        assert len(scene.history.page(VIEWER, wanted)) == count
    with pytest.raises(Invalid):
        scene.history.page(VIEWER, Filter(), limit=0)


def test_acknowledging(scene: Scene) -> None:
    id = only(scene)  # noqa: A001
    with pytest.raises(NotAllowed):
        scene.history.acknowledge(VIEWER, id, "looked at it")
    with pytest.raises(Invalid):
        scene.history.acknowledge(BOB, id, "ok")
    known = scene.history.acknowledge(BOB, id, "nothing lost").acknowledged
    assert known is not None
    assert (known.by, known.comment) == ("bob", "nothing lost")
    with pytest.raises(Conflict, match="bob"):
        scene.history.acknowledge(ADA, id, "me too, as well")
    assert scene.ledger()[-1] == ("bob", "acknowledge failover", "done")
    scene.clock.move(hours=2)
    scene.aws.queued = [replace(b.cloud_event("Recovery of standby DB instance has started."), at=scene.clock.now())]
    scene.intake.listen("production")
    assert scene.history.get(VIEWER, id).acknowledged == known


def test_what_there_is_not(scene: Scene) -> None:
    for look in (
        lambda: scene.history.get(VIEWER, "no-such"),
        lambda: scene.history.incident(VIEWER, "no-such"),
        lambda: scene.history.acknowledge(BOB, "no-such", "looked at it"),
        lambda: scene.history.months(VIEWER, "no-such"),
    ):
        with pytest.raises(NotFound):
            look()


def test_months(scene: Scene) -> None:
    months = scene.history.months(VIEWER, "production", 3)
    assert [month.budget.month.month for month in months] == [9, 10, 11]
    assert [len(month.episodes) for month in months] == [0, 0, 1]
    assert [month.budget.used for month in months] == [0, 0, 20]
