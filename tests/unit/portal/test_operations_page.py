"""An operation's page as data: verdict, steps, picture, outage, result, what one may do. No request, no clock."""

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.operations import elapsed, forms, page, picture, steps, verdict
from portal.operations.outage import outage
from portal.operations.picture import Scene
from portal.topology.shapes import Text
from services.domain.access import Actor, Role
from services.domain.check import Answer
from services.domain.operation import Operation, Sent, State, Target
from services.domain.status import Status
from services.usecases.operations import OperationView
from tests import builders as b
from tests.unit.portal.operation_views import PROBED, WANTED, failover, view

NOW, STALE = b.NOW, timedelta(minutes=1)
ADMIN, OPERATOR, VIEWER = (Actor(role.value, role) for role in (Role.ADMIN, Role.OPERATOR, Role.VIEWER))
STARTED = b.cloud_event(seconds=-5)
COMPLETED = b.cloud_event("Multi-AZ instance failover completed", -2)


def at(seconds: float) -> str:
    return (NOW + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


def lost(since: float = -10.8, back: float | None = None) -> tuple[tuple[str, str], ...]:
    """Notes of a probe that lost the endpoint, and perhaps had it back."""
    notes = (*PROBED, ("writes_lost_at", at(since)))
    return notes if back is None else (*notes, ("writes_back_at", at(back)))


def seen(**steps_: float) -> tuple[tuple[str, object], ...]:
    return tuple((name.replace("_", "-"), NOW + timedelta(seconds=second)) for name, second in steps_.items())


def said(view_: OperationView, paused: bool = False) -> tuple[Status, str, str]:
    made = verdict.verdict(view_, b.pause() if paused else None, NOW)
    return made.status, made.strong, made.line


# The verdict


@pytest.mark.parametrize(
    ("operation", "status", "strong", "line"),
    [
        (failover(State.AWAITING_APPROVAL), Status.PAUSED, "Waiting for a second person", "then it expires"),
        (failover(State.REQUESTED), Status.CHANGING, "About to begin.", "A worker takes it"),
        (failover(State.RUNNING), Status.CHANGING, "Changing.", "checks are made again"),
        (
            failover(State.RUNNING, Sent.YES, notes=lost()),
            Status.CHANGING,
            "Changing.",
            "The database moves from us-east-1a to us-east-1b; writes have been out for 11 s.",
        ),
        (
            failover(State.RUNNING, Sent.MAYBE),
            Status.UNKNOWN,
            "Not known whether AWS has the request.",
            "never sends twice",
        ),
        (failover(State.STUCK, Sent.YES), Status.DEGRADED, "Stuck:", "a person must look"),
        (failover(State.FAILED), Status.DOWN, "Failed.", "Nothing was sent to AWS."),
        (failover(State.FAILED, Sent.YES), Status.DOWN, "Failed.", "Something had been sent"),
        (failover(State.CANCELLED), Status.PAUSED, "Cancelled.", "Nothing was touched."),
        (failover(State.EXPIRED), Status.PAUSED, "Expired.", "Nothing was touched."),
        (
            failover(State.SUCCEEDED, Sent.YES, notes=lost(-34, -10), finished_at=NOW),
            Status.HEALTHY,
            "Done.",
            "moved from us-east-1a to us-east-1b; writes were out for 24 s.",
        ),
    ],
)
def test_the_verdict_says_where_it_stands(operation: Operation, status: Status, strong: str, line: str) -> None:
    found = said(view(operation))
    assert found[:2] == (status, strong)
    assert line in found[2]


def test_a_pause_holds_what_was_not_sent_and_nothing_else() -> None:
    assert said(view(failover(State.REQUESTED)), paused=True)[:2] == (Status.PAUSED, "Held:")
    assert said(view(failover(State.RUNNING, Sent.YES)), paused=True)[1] == "Changing."


def test_being_late_is_said() -> None:
    late = verdict.verdict(view(failover(State.RUNNING, Sent.YES, ago=60, notes=lost(-45))), None, NOW)
    assert late.why.startswith("Longer than the 31 s expected at most.")
    on_time = verdict.verdict(view(failover(State.RUNNING, Sent.YES, notes=lost())), None, NOW)
    assert on_time.why.startswith("On time: 24 s without writes is usual.")


def test_after_the_move_the_verdict_names_what_is_still_awaited() -> None:
    moved = failover(State.RUNNING, Sent.YES, seen=seen(fail_over=-5), step="available", notes=lost(-15, -6))
    found = verdict.verdict(view(moved), None, NOW)
    assert found.strong == "Moved; being verified."
    assert "writes were out for 9 s" in found.line
    assert "Still awaited: the status “available”." in found.why


# Outage


@pytest.mark.parametrize(
    ("operation", "seconds", "over", "words"),
    [
        (failover(State.RUNNING), None, False, "not begun"),
        (failover(State.RUNNING, Sent.YES), None, False, "none noticed yet"),
        (failover(State.RUNNING, Sent.YES, notes=lost()), 10.8, False, "11 s so far"),
        (failover(State.RUNNING, Sent.YES, notes=lost(-30, -6)), 24.0, True, "24 s, measured from outside"),
        (failover(State.SUCCEEDED, Sent.YES, notes=PROBED, finished_at=NOW), None, True, "none was noticed"),
        (failover(State.FAILED, Sent.YES, notes=lost(-30), finished_at=NOW), 30.0, True, "at least 30 s"),
        (failover(State.RUNNING, Sent.YES, notes=()), None, False, "not measured"),
        (
            failover(State.RUNNING, Sent.YES, notes=(*PROBED, ("writes_lost_at", "nonsense"))),
            None,
            False,
            "none noticed",
        ),
    ],
)
def test_the_outage_is_what_was_measured_and_never_zero_for_unknown(
    operation: Operation, seconds: float | None, over: bool, words: str
) -> None:
    found = outage(operation, NOW)
    assert (found.seconds, found.over) == (pytest.approx(seconds) if seconds is not None else None, over)
    assert found.words.startswith(words)


def test_an_outage_that_the_probe_missed_is_at_most_what_the_events_say() -> None:
    done = failover(State.SUCCEEDED, Sent.YES, notes=PROBED, finished_at=NOW)
    found = outage(done, NOW, b.episode(outage_seconds=8.3))
    assert (found.seconds, found.over) == (8.3, True)
    assert found.words == "at most 8.3 s, by AWS's events; the probe noticed none"
    assert (
        "writes were out for at most 8.3 s"
        in verdict.verdict(view(done), None, NOW, b.episode(outage_seconds=8.3)).line
    )
    assert "no outage was noticed" in verdict.verdict(view(done), None, NOW).line
    assert outage(done, NOW, b.episode(outage_seconds=None)).words == "none was noticed"


def test_only_the_outage_is_compared_with_what_is_expected() -> None:
    measured = elapsed.elapsed(failover(State.RUNNING, Sent.YES, notes=lost()), NOW)
    assert measured
    assert (measured.measured, measured.running, measured.clock) == (True, True, "00:10")
    blind = elapsed.elapsed(failover(State.RUNNING, Sent.YES, ago=75, notes=()), NOW)
    assert blind
    assert (blind.measured, blind.clock) == (False, "01:15")
    assert blind.x(1e9) == elapsed.WIDTH + 1


def test_nothing_elapses_before_anything_was_sent() -> None:
    assert elapsed.elapsed(failover(State.RUNNING), NOW) is None


# Steps


def marks(view_: OperationView) -> list[tuple[str, str]]:
    return [(row.mark, row.title) for row in steps.rows(view_)]


def test_the_line_of_no_return_stands_before_the_request() -> None:
    rows = steps.rows(view(failover(State.RUNNING)))
    assert [row.title for row in rows if row.line_before] == ["Sent to AWS, once"]
    assert ("now", "Checked again on fresh facts, intent kept") in marks(view(failover(State.RUNNING)))


def test_a_running_step_says_what_it_waits_for_how_long_and_what_then() -> None:
    rows = steps.rows(view(failover(State.RUNNING, Sent.YES)))
    now = next(row for row in rows if row.mark == "now")
    assert now.text.startswith("Waiting for the event “Multi-AZ instance failover completed”")
    assert now.until == NOW + timedelta(minutes=5, seconds=-20)
    assert "aws rds describe-events" in now.mend
    assert steps.progress(rows) == "5 of 11"


def test_a_lost_answer_is_neither_done_nor_failed() -> None:
    assert ("missed", "May have been sent to AWS, once") in marks(view(failover(State.RUNNING, Sent.MAYBE)))


@pytest.mark.parametrize(
    ("operation", "mark", "title"),
    [
        (failover(State.AWAITING_APPROVAL, approve_before=NOW), "now", "Waiting for a second person"),
        (failover(State.EXPIRED, approve_before=NOW, finished_at=NOW), "failed", "Not approved"),
        (failover(State.REQUESTED, approved_by="ada", approved_at=NOW), "done", "Approved"),
        (failover(State.REQUESTED), "now", "Waiting for a worker"),
        (failover(State.FAILED, finished_at=NOW), "failed", "Checked again on fresh facts, intent kept"),
        (failover(State.STUCK, Sent.YES), "stuck", "RDS moves the primary to the standby"),
        (failover(State.FAILED, Sent.YES, finished_at=NOW), "failed", "RDS moves the primary to the standby"),
        (
            failover(State.SUCCEEDED, Sent.YES, missed=("zone-swapped",), finished_at=NOW),
            "missed",
            "The API shows the primary in the other zone",
        ),
    ],
)
def test_each_state_marks_its_step(operation: Operation, mark: str, title: str) -> None:
    assert (mark, title) in marks(view(operation))


def test_what_was_let_pass_is_said_by_its_title_with_its_reason() -> None:
    failed = b.check("recent", Answer.FAIL, title="No failover lately", overridable=True)
    wanted = (*WANTED.items(), ("override_reason", "The last one was a test."))
    text = steps.checked(failover(State.REQUESTED, checks=(failed, b.check()), overridden=("recent",), wanted=wanted))
    assert text == "1 of 2 checks passed; let pass: No failover lately (“The last one was a test.”)"


def test_the_result_gives_each_verification_its_time() -> None:
    done = failover(
        State.SUCCEEDED,
        Sent.YES,
        ago=300,
        seen=seen(fail_over=-249, available=-222),
        missed=("zone-swapped",),
        notes=lost(-290, -266),
        finished_at=NOW,
    )
    found = {each.sentence: (each.word, each.took) for each in steps.result(view(done), NOW)}
    assert found["RDS moves the primary to the standby"] == ("Seen", 51.0)
    assert found["Its status is available again"] == ("Seen", 78.0)
    assert found["The API shows the primary in the other zone"] == ("Not seen in time", None)
    assert found["Writes were out, measured from outside"][1] == pytest.approx(24.0)


def test_without_a_request_there_is_no_result() -> None:
    assert steps.result(view(failover(State.CANCELLED)), NOW) == ()


# The picture


@pytest.mark.parametrize(
    ("operation", "events", "scene"),
    [
        (failover(State.RUNNING), (), Scene.BEFORE),
        (failover(State.RUNNING, Sent.MAYBE), (), Scene.LOST),
        (failover(State.RUNNING, Sent.YES), (), Scene.ASKED),
        (failover(State.RUNNING, Sent.YES), (STARTED,), Scene.GOING),
        (failover(State.RUNNING, Sent.MAYBE), (STARTED,), Scene.GOING),
        (failover(State.RUNNING, Sent.YES, notes=lost()), (), Scene.GOING),
        (failover(State.RUNNING, Sent.YES), (COMPLETED, STARTED), Scene.ARRIVED),
        (failover(State.RUNNING, Sent.YES, seen=seen(fail_over=-1)), (), Scene.ARRIVED),
        (
            failover(State.RUNNING, Sent.YES),
            (b.cloud_event("Multi-AZ instance failover completed", -3600),),
            Scene.ASKED,
        ),
        (failover(State.FAILED, Sent.YES), (), Scene.BEFORE),
    ],
)
def test_the_picture_claims_no_more_than_was_seen(
    operation: Operation, events: tuple[object, ...], scene: Scene
) -> None:
    assert picture.scene(operation, b.snapshot(), events) is scene  # type: ignore[arg-type]


def test_the_ring_moves_with_the_leader() -> None:
    before = picture.draw(failover(State.RUNNING), b.snapshot(), ())
    after = picture.draw(failover(State.RUNNING, Sent.YES), b.snapshot(), (COMPLETED,))
    assert before
    assert after
    assert before.ring[0][0] < after.ring[0][0]
    assert "Standby in us-east-1a: the API still says primary" in after.words


def test_once_the_api_has_swapped_the_old_one_is_a_plain_standby() -> None:
    swapped = b.snapshot(databases=(b.database(zone=b.ZONES[1], secondary_zone=b.ZONES[0]),))
    drawn = picture.draw(failover(State.RUNNING, Sent.YES), swapped, (COMPLETED,))
    assert drawn
    assert drawn.words == "Standby in us-east-1a: ready to take over; Primary in us-east-1b: takes writes."


def test_what_the_operation_saw_itself_counts_for_more_than_an_older_snapshot() -> None:
    done = failover(State.SUCCEEDED, Sent.YES, seen=seen(fail_over=-30, zone_swapped=-1), finished_at=NOW)
    drawn = picture.draw(done, b.snapshot(), (COMPLETED,))
    assert drawn
    assert drawn.words == "Standby in us-east-1a: ready to take over; Primary in us-east-1b: takes writes."


def test_a_cache_shows_every_member_and_its_new_primary() -> None:
    wanted = (
        ("expected_primary", "production-cache-001"),
        ("to_member", "production-cache-002"),
        ("node_group", "0001"),
    )
    operation = failover(
        State.RUNNING, Sent.YES, target_kind=Target.CACHE, target="production-cache", wanted=wanted, notes=()
    )
    nodes = (b.cache_node(1, role="replica"), b.cache_node(2, role="primary"), b.cache_node(3))
    drawn = picture.draw(operation, b.snapshot(caches=(replace(b.cache(), nodes=nodes),)), ())
    assert drawn
    assert "Primary in us-east-1b: takes writes" in drawn.words
    assert drawn.words.count("Replica") == 2


def test_without_a_snapshot_the_request_alone_is_drawn() -> None:
    drawn = picture.draw(failover(State.SUCCEEDED, Sent.YES), None, ())
    assert drawn
    assert any(isinstance(shape, Text) for shape in drawn.wide.shapes)


def test_what_moves_nothing_has_no_picture() -> None:
    assert picture.draw(b.operation(target_kind=Target.SERVICE, target="rbac"), b.snapshot(), ()) is None


# The page


def test_events_and_trail_are_one_list_newest_first_in_plain_words() -> None:
    heard = page.heard(view(failover(State.RUNNING, Sent.YES), (STARTED,)))
    assert [line.source for line in heard] == ["ada", "RDS"]
    assert heard[1].words == "Multi-AZ instance failover started."
    assert heard[1].sentence.startswith("RDS began to move the primary")


def test_of_alarms_those_of_scaling_are_left_out_and_the_rest_is_told_shortly() -> None:
    words = (
        "OK: Threshold Crossed: 3 out of the last 3 datapoints [3.0 (22:33), 3.0 (22:32), 2.0 (22:31)] were not less."
    )
    tracking = replace(
        b.cloud_event(words), source="cloudwatch", subject="TargetTracking-service/production/rbac-AlarmLow-1"
    )
    own_alarm = replace(b.cloud_event(words), source="cloudwatch", subject="production-rbac-healthy-hosts")
    heard = page.heard(view(failover(State.RUNNING, Sent.YES), (tracking, own_alarm)))
    told = [(line.sentence, line.words) for line in heard if line.source == "CloudWatch"]
    short = "OK: Threshold Crossed: 3 out of the last 3 datapoints [3.0 (22:33), …] were not less."
    assert told == [("production-rbac-healthy-hosts: It is quiet.", short)]


def test_the_budget_counts_what_was_measured_once_it_is_over() -> None:
    running = failover(State.RUNNING, Sent.YES, notes=lost())
    found = page.money(running, outage(running, NOW))
    assert found
    assert (found.before, found.cost, found.after) == (836.0, 24.0, 812.0)
    over = failover(State.RUNNING, Sent.YES, notes=lost(-50, -10))
    counted = page.money(over, outage(over, NOW))
    assert counted
    assert counted.cost == pytest.approx(40.0)
    assert page.money(b.operation(), outage(b.operation(), NOW)) is None


@pytest.mark.parametrize(
    ("operation", "actor", "may"),
    [
        (failover(State.AWAITING_APPROVAL), ADMIN, {"approve", "decline"}),
        (failover(State.AWAITING_APPROVAL), OPERATOR, {"cancel"}),
        (failover(State.AWAITING_APPROVAL), VIEWER, set()),
        (failover(State.REQUESTED), ADMIN, {"cancel"}),
        (failover(State.RUNNING), OPERATOR, {"cancel"}),
        (failover(State.RUNNING, Sent.MAYBE), ADMIN, set()),
        (failover(State.RUNNING, Sent.YES), ADMIN, set()),
        (failover(State.STUCK, Sent.YES), OPERATOR, {"resolve"}),
        (failover(State.STUCK, Sent.YES), VIEWER, set()),
        (failover(State.SUCCEEDED, Sent.YES), ADMIN, set()),
    ],
)
def test_nobody_is_offered_what_would_be_refused(operation: Operation, actor: Actor, may: set[str]) -> None:
    found = page.acts(operation, actor)
    assert {name for name in ("approve", "decline", "cancel", "resolve") if getattr(found, name)} == may
    assert found.any or found.why_not


def test_from_memory_nothing_can_be_done() -> None:
    assert not page.acts(failover(State.STUCK, Sent.YES), ADMIN, from_memory=True).any


def test_an_old_snapshot_makes_a_live_page_stale_and_a_finished_one_not() -> None:
    later = NOW + 2 * STALE
    assert page.make(view(failover(State.RUNNING)), ADMIN, later, STALE).stale
    assert not page.make(view(failover(State.CANCELLED)), ADMIN, later, STALE).stale


@pytest.mark.parametrize(
    ("live", "pauses", "status", "strong"),
    [
        ((), (), Status.HEALTHY, "Nothing is running."),
        ((), (b.pause(),), Status.PAUSED, "Automation is paused."),
        ((failover(State.RUNNING),), (b.pause(),), Status.CHANGING, "1 running:"),
        (
            (failover(State.RUNNING), failover(State.AWAITING_APPROVAL)),
            (),
            Status.PAUSED,
            "1 waiting for a second person:",
        ),
        ((failover(State.STUCK), failover(State.AWAITING_APPROVAL)), (), Status.DEGRADED, "1 stuck:"),
    ],
)
def test_the_list_says_first_what_waits_for_a_person(
    live: tuple[Operation, ...], pauses: tuple[object, ...], status: Status, strong: str
) -> None:
    found = page.headline(live, pauses)  # type: ignore[arg-type]
    assert (found.status, found.strong) == (status, strong)


# Pauses


@pytest.mark.parametrize(
    ("lasts", "typed", "until"),
    [
        ("30m", "", NOW + timedelta(minutes=30)),
        ("4h", "nonsense", NOW + timedelta(hours=4)),
        ("morning", "", (NOW + timedelta(days=1)).replace(hour=8, minute=0, second=0, microsecond=0)),
        ("at", "2026-11-22T15:00", NOW.replace(hour=15, minute=0, second=0, microsecond=0)),
        ("at", "2026-11-22 15:00 UTC", NOW.replace(hour=15, minute=0, second=0, microsecond=0)),
        ("at", "2026-11-22T15:00Z", NOW.replace(hour=15, minute=0, second=0, microsecond=0)),
    ],
)
def test_a_pause_ends_when_it_was_said(lasts: str, typed: str, until: object) -> None:
    assert forms.ends(lasts, typed, NOW) == until


@pytest.mark.parametrize("typed", ["", "later", "2026-02-30T10:00", "15:00", "2026-11-22T15:00+01:00"])
def test_a_time_that_is_none_ends_no_pause(typed: str) -> None:
    with pytest.raises(ValueError, match="A time in UTC"):
        forms.ends("at", typed, NOW)
