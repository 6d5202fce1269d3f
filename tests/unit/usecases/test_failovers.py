"""A failover from the preview to the verified end, and everything that refuses it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.domain.access import Role
from services.domain.errors import Conflict, Invalid, NotAllowed, NotFound, NotNow, Refused, Unsafe
from services.domain.operation import Sent, State, Target
from services.usecases.failover_history import Filter
from tests import builders as b
from tests.builders import NOW, ZONES
from tests.unit.usecases.failover_world import ADA, ADMIN, BOB, VIEWER, Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_the_preview_says_what_will_happen(scene: Scene) -> None:
    preview = scene.failovers.preview(VIEWER, "production", Target.DATABASE_INSTANCE, "production-app")
    assert [(move.what, move.from_zone, move.to_zone) for move in preview.plan.moves] == [
        ("primary", ZONES[0], ZONES[1]),
        ("standby", ZONES[1], ZONES[0]),
    ]
    assert preview.plan.expectation.failovers == 0
    assert "force-failover" in preview.plan.commands[0]
    assert preview.budget.total == pytest.approx(1296)
    assert (list(preview.blocked), list(preview.overridable), preview.live) == ([], [], None)
    assert not preview.needs_approval


def test_from_request_to_verified_end(scene: Scene) -> None:
    asked = scene.failovers.request(ADA, scene.request(), client="192.0.2.1")
    assert (asked.state, asked.requested_by, asked.wants("to_zone")) == (State.REQUESTED, "ada", ZONES[1])
    ended = scene.run(times=60)
    assert (ended.state, scene.aws.calls, ended.receipt) == (State.SUCCEEDED, 1, "request-1")
    assert [name for name, _ in ended.seen] == [
        "fail-over",
        "available",
        "endpoint",
        "targets-healthy",
        "zone-swapped",
        "alarms-quiet",
    ]
    assert ended.note("baseline_zone") == ZONES[0]
    assert ended.note("writes_lost_at")
    assert scene.ledger() == [
        ("ada", "request failover", "done"),
        ("system", "start failover", "running"),
        ("system", "send failover", "intended"),
        ("system", "send failover", "sent"),
        ("system", "finish failover", "succeeded"),
    ]


def test_its_record_is_complete(scene: Scene) -> None:
    scene.failovers.request(ADA, scene.request())
    scene.run(times=60)
    scene.intake.poll("production")
    (episode,) = scene.history.page(VIEWER, Filter())
    assert (episode.origin.value, episode.result.value) == ("controlled", "completed")
    assert (episode.from_zone, episode.to_zone) == (ZONES[0], ZONES[1])
    assert (episode.operation_id, episode.who, episode.reason) == ("op-1", "ada", "us-east-1a is degraded")
    assert episode.outage_source == "probe"
    assert episode.outage_seconds == 20


def test_a_protected_environment_waits_for_the_second_person() -> None:
    scene = Scene(protected=True)
    asked = scene.failovers.request(ADA, scene.request())
    assert (asked.state, asked.approve_before) == (State.AWAITING_APPROVAL, NOW + timedelta(hours=1))
    assert scene.run(times=3).state is State.AWAITING_APPROVAL
    scene.operations.approve(BOB, "op-1", scene.operations.view(BOB, "op-1").operation.version)
    assert scene.run(times=3).sent is Sent.YES


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"typed_name": "production"}, {"typed_name"}),
        ({"reason": "because"}, {"reason"}),
        ({"ticket": "two words"}, {"ticket"}),
        ({"typed_name": "", "reason": ""}, {"typed_name", "reason"}),
    ],
)
def test_what_was_typed_wrong(scene: Scene, changes: dict, fields: set[str]) -> None:
    with pytest.raises(Invalid) as refused:
        scene.failovers.request(ADA, scene.request(**changes))
    assert set(refused.value.fields) == fields
    assert scene.ledger() == []


def test_an_override_needs_its_own_reason(scene: Scene) -> None:
    with pytest.raises(Invalid) as refused:
        scene.failovers.request(ADMIN, scene.request(overrides=("alarms",)))
    assert set(refused.value.fields) == {"override_reason"}


def test_only_who_may(scene: Scene) -> None:
    with pytest.raises(NotAllowed):
        scene.failovers.request(VIEWER, scene.request())
    with pytest.raises(NotAllowed, match="override"):
        scene.failovers.request(ADA, scene.request(overrides=("alarms",), override_reason="known and harmless"))


def test_a_primary_that_has_moved_since(scene: Scene) -> None:
    with pytest.raises(Conflict, match="not in us-east-1b as you saw it"):
        scene.failovers.request(ADA, scene.request(expected_zone=ZONES[1]))
    assert scene.ledger() == [("ada", "request failover", "denied")]


def test_two_at_once(scene: Scene) -> None:
    scene.failovers.request(ADA, scene.request())
    with pytest.raises(Conflict, match="op-1"):
        scene.failovers.request(BOB, scene.request())


def test_a_failed_check_blocks_and_the_refusal_is_kept(scene: Scene) -> None:
    scene.aws.status = "modifying"
    scene.snap()
    with pytest.raises(Unsafe, match="modifying"):
        scene.failovers.request(ADA, scene.request())
    assert scene.ledger() == [("ada", "request failover", "denied")]


def test_an_admin_lets_a_check_pass_with_a_reason(scene: Scene) -> None:
    ringing = b.alarm(state="ALARM")
    scene.aws.shape = replace(scene.aws.shape, alarms=(ringing,))
    scene.snap()
    with pytest.raises(Unsafe, match=ringing.name):
        scene.failovers.request(ADA, scene.request())
    (check,) = scene.failovers.preview(ADMIN, "production", Target.DATABASE_INSTANCE, "production-app").overridable
    wanted = scene.request(overrides=(check.key, "no-such"), override_reason="it rings because of 1a")
    asked = scene.failovers.request(ADMIN, wanted)
    assert asked.overridden == (check.key,)
    assert scene.run(times=3).sent is Sent.YES


def test_legacy_has_nowhere_to_go(scene: Scene) -> None:
    with scene.unit() as store:
        store.environments.add(b.environment("legacy"))
        store.snapshots.put(b.legacy_snapshot(), changed=True, verdict="", summary="", token=1)
    target = next(t for t in scene.failovers.targets(VIEWER, "legacy") if t.kind is Target.DATABASE_INSTANCE)
    assert not target.possible
    assert "multi-az" in target.mend
    wanted = scene.request(
        environment="legacy", target=target.name, typed_name=target.name, expected_primary=target.name
    )
    with pytest.raises(Unsafe, match="Multi-AZ"):
        scene.failovers.request(ADA, wanted)


@pytest.mark.parametrize(
    ("environment", "name", "member"),
    [
        ("no-such", "production-app", ""),
        ("../x", "production-app", ""),
        ("production", "no-such", ""),
        ("production", "production-app", "no-such"),
    ],
)
def test_what_there_is_not(scene: Scene, environment: str, name: str, member: str) -> None:
    with pytest.raises(NotFound):
        scene.failovers.preview(VIEWER, environment, Target.DATABASE_INSTANCE, name, member)


def shards(scene: Scene) -> None:
    nodes = (
        b.cache_node(1),
        b.cache_node(2),
        b.cache_node(3, node_group="0002", role="primary"),
        b.cache_node(4, node_group="0002", role="replica"),
    )
    scene.aws.shape = replace(scene.aws.shape, caches=(b.cache(nodes=0),))
    lag = b.metric("production-cache-004", "ReplicationLag", 0.2, unit="Seconds", at=scene.clock.now())
    caches = (replace(scene.aws.shape.caches[0], nodes=nodes),)
    scene.aws.shape = replace(scene.aws.shape, caches=caches, metrics=(*scene.aws.shape.metrics, lag))
    scene.snap()


def test_each_shard_of_a_cache_is_asked_for_by_itself(scene: Scene) -> None:
    shards(scene)
    named = (Target.CACHE, "production-cache")
    assert scene.failovers.preview(VIEWER, "production", *named).target.node_group == "0001"
    seen = scene.failovers.preview(VIEWER, "production", *named, node_group="0002")
    assert (seen.target.primary, seen.target.zone) == ("production-cache-003", ZONES[2])
    assert "--node-group-id 0002" in seen.plan.commands[0]
    with pytest.raises(NotFound, match="shard 0009"):
        scene.failovers.preview(VIEWER, "production", *named, node_group="0009")


def test_a_shard_s_request_names_it_for_the_call(scene: Scene) -> None:
    shards(scene)
    asked = scene.failovers.request(
        ADA,
        scene.request(
            kind=Target.CACHE,
            target="production-cache",
            node_group="0002",
            expected_zone=ZONES[2],
            expected_primary="production-cache-003",
            typed_name="production-cache",
        ),
    )
    assert asked.wants("node_group") == "0002"
    assert asked.wants("expected_primary") == "production-cache-003"


def test_before_the_first_reading(scene: Scene) -> None:
    with scene.unit() as store:
        store.environments.add(b.environment("legacy"))
    with pytest.raises(NotNow):
        scene.failovers.targets(VIEWER, "legacy")


def test_multi_az_switched_off_between_preview_and_act(scene: Scene) -> None:
    scene.failovers.request(ADA, scene.request())
    scene.run()
    single = replace(scene.aws.shape.databases[0], multi_az=False, secondary_zone=None)
    scene.aws.shape = replace(scene.aws.shape, databases=(single,))
    refused = scene.run()
    assert (refused.state, scene.aws.calls) == (State.FAILED, 0)
    assert "Refused on fresh facts" in refused.because


def freeze(scene: Scene, **changes: object) -> None:
    with scene.unit() as store:
        store.freezes.add(b.freeze(**changes))


def test_a_change_freeze_refuses_and_says_until_when(scene: Scene) -> None:
    freeze(scene, hours=2)
    with pytest.raises(Unsafe, match="“Black Friday” is on until 2026-11-22 04:13 UTC"):
        scene.failovers.request(ADA, scene.request())
    scene.clock.move(hours=2)
    scene.snap()
    assert scene.failovers.request(ADA, scene.request()).state is State.REQUESTED


@pytest.mark.parametrize("changes", [{"env": "legacy"}, {"removed_at": NOW}, {"starts": NOW + timedelta(hours=1)}])
def test_a_change_freeze_that_is_not_on_here(scene: Scene, changes: dict) -> None:
    freeze(scene, **changes)
    scene.failovers.request(ADA, scene.request())
    assert scene.run(times=3).sent is Sent.YES


def test_a_change_freeze_that_begins_between_request_and_act(scene: Scene) -> None:
    freeze(scene, environment="*", starts=NOW + timedelta(seconds=3))
    scene.failovers.request(ADA, scene.request())
    assert scene.run().state is State.RUNNING
    refused = scene.run()
    assert (refused.state, refused.sent, scene.aws.calls) == (State.FAILED, Sent.NO, 0)
    assert "Refused on fresh facts" in refused.because
    assert "“Black Friday” is on" in refused.because


def test_an_admin_lets_a_failover_pass_a_change_freeze(scene: Scene) -> None:
    freeze(scene)
    wanted = scene.request(overrides=("freeze",), override_reason="us-east-1a is going down")
    with pytest.raises(NotAllowed, match="override"):
        scene.failovers.request(ADA, wanted)
    asked = scene.failovers.request(ADMIN, wanted)
    assert asked.overridden == ("freeze",)
    assert scene.run(times=60).state is State.SUCCEEDED
    assert scene.aws.calls == 1


def test_somebody_else_failed_it_over_before_the_act(scene: Scene) -> None:
    scene.failovers.request(ADA, scene.request())
    scene.run()
    moved = replace(scene.aws.shape.databases[0], zone=ZONES[1], secondary_zone=ZONES[0])
    scene.aws.shape = replace(scene.aws.shape, databases=(moved,))
    refused = scene.run()
    assert (refused.state, scene.aws.calls) == (State.FAILED, 0)
    assert "the request was made for" in refused.because


def test_the_target_is_gone(scene: Scene) -> None:
    scene.failovers.request(ADA, scene.request())
    scene.run()
    scene.aws.read = lambda *_, **__: replace(b.snapshot(databases=()), taken_at=scene.clock.now())  # type: ignore[method-assign]
    assert scene.engine.advance("op-1") is None
    refused = scene.operations.view(VIEWER, "op-1").operation
    assert (refused.state, scene.aws.calls) == (State.FAILED, 0)


def test_a_pause_between_request_and_act_makes_it_wait(scene: Scene) -> None:
    scene.failovers.request(ADA, scene.request())
    scene.run()
    with scene.unit() as store:
        store.pauses.add(b.pause(hours=0.1))
    held = scene.run(times=2)
    assert (held.state, held.sent, scene.aws.calls) == (State.RUNNING, Sent.NO, 0)
    assert held.because.startswith("Automation is paused")
    scene.clock.move(minutes=6)
    scene.snap()
    assert scene.run(times=2).sent is Sent.YES


def test_aws_refuses(scene: Scene) -> None:
    scene.aws.refuses = Refused("InvalidDBInstanceState")
    scene.failovers.request(ADA, scene.request())
    assert scene.run(times=3).state is State.FAILED


def test_aws_abandons_it(scene: Scene) -> None:
    words = "Abandoning user requested failover since a failover recently occurred on the database instance."
    scene.aws.script = ((5, words),)
    scene.failovers.request(ADA, scene.request())
    ended = scene.run(times=5)
    assert (ended.state, ended.because) == (State.FAILED, words)
    scene.intake.poll("production")
    (episode,) = scene.history.page(VIEWER, Filter())
    assert episode.result.value == "abandoned by AWS"


def test_the_event_never_comes_but_the_world_shows_it(scene: Scene) -> None:
    scene.aws.mute = True
    scene.failovers.request(ADA, scene.request())
    assert scene.run(times=80).state is State.SUCCEEDED


def test_status_stuck_in_rebooting(scene: Scene) -> None:
    scene.failovers.request(ADA, scene.request())
    scene.run(times=2)
    scene.aws.status = "rebooting"
    stuck = scene.run(times=200)
    assert stuck.state is State.STUCK
    assert "describe-db-instances" in stuck.because


def test_the_lists_do_not_answer_but_the_queue_does(scene: Scene) -> None:
    scene.failovers.request(ADA, scene.request())
    scene.run(times=2)
    scene.aws.lists_fail = NotNow("throttled")
    at = scene.clock.now()
    scene.aws.queued = [replace(b.cloud_event(words), at=at) for _, words in scene.aws.script]
    assert "fail-over" in dict(scene.run(times=2).seen)
    assert len(scene.aws.taken) == 4


def test_an_endpoint_that_cannot_be_reached_from_here_is_no_step(scene: Scene) -> None:
    scene.aws.no_route = True
    scene.failovers.request(ADA, scene.request())
    ended = scene.run(times=60)
    assert ended.state is State.SUCCEEDED
    assert ended.seen_at("endpoint") is None
    assert ended.note("writes_lost_at") == ""


def test_a_second_one_too_soon_is_refused(scene: Scene) -> None:
    scene.failovers.request(ADA, scene.request())
    scene.run(times=60)
    scene.intake.poll("production")
    scene.clock.move(minutes=5)
    scene.snap()
    with pytest.raises(Unsafe):
        scene.failovers.request(ADA, scene.request(expected_zone=ZONES[1]))


def test_the_budget_after_it(scene: Scene) -> None:
    scene.failovers.request(ADA, scene.request())
    scene.run(times=60)
    scene.intake.poll("production")
    preview = scene.failovers.preview(VIEWER, "production", Target.DATABASE_INSTANCE, "production-app")
    assert preview.budget.used == 20
    month = scene.history.months(VIEWER, "production", 3)[-1]
    assert (month.budget.used, len(month.episodes)) == (20, 1)


def test_roles_that_may(scene: Scene) -> None:
    auditor = b.actor(Role.AUDITOR, "aud")
    assert scene.failovers.targets(auditor, "production")
    with pytest.raises(NotAllowed):
        scene.failovers.request(auditor, scene.request())
