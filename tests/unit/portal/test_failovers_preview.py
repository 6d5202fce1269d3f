"""The preview of a failover, and the request under it: what it says to whom, what it keeps, what it refuses."""

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from portal.failovers import preview, seats, zones
from services.domain.access import Actor, Role
from services.domain.check import Answer
from services.domain.errors import Conflict, Invalid, NotNow, Unsafe
from services.domain.failover.target import Candidate
from services.domain.operation import Target
from services.domain.status import Status
from services.usecases.failovers import FailoverRequest, Preview
from tests import builders as b
from tests.unit.portal import desks
from tests.unit.portal.conftest import SignIn
from tests.unit.portal.desks import FakeFailovers
from tests.unit.portal.house import House, token

PAGE = "/environments/production/failovers/new"
ASKED = f"{PAGE}?kind=rds-instance&target=production-app"
FORM = {
    "kind": "rds-instance",
    "target": "production-app",
    "expected_zone": "us-east-1a",
    "expected_primary": "production-app",
    "typed_name": "production-app",
    "reason": "Patch the host of us-east-1a",
    "ticket": "OPS-4471",
}
FAILED = b.check("recent", Answer.FAIL, title="No failover lately", fact="One ended 5 min ago.", overridable=True)
UNKNOWN = b.check("pools", Answer.UNKNOWN, title="Connections fit", fact="Not known.", overridable=True)
BLOCKS = b.check("status", Answer.FAIL, title="Status is available", fact="It is modifying.", mend="Wait.")
ADMIN, OPERATOR, VIEWER = (Actor(role.value, role) for role in (Role.ADMIN, Role.OPERATOR, Role.VIEWER))


@pytest.fixture
def desk(house: House) -> FakeFailovers:
    made = FakeFailovers()
    house.failovers = made  # type: ignore[assignment]
    return made


def seen(desk: FakeFailovers, actor: Actor = OPERATOR, to: str = "", name: str = "production-app") -> Preview:
    environment = "legacy" if name.startswith("legacy") else "production"
    kind = next(t.kind for t in desk.known[environment] if t.name == name)
    return desk.preview(actor, environment, kind, name, to)


def text(client: FlaskClient, path: str = ASKED, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)[:300]
    return answer.get_data(as_text=True)


def send(client: FlaskClient, status: int, **changes: str | list[str]) -> str:
    data: dict[str, str | list[str]] = {**FORM, **changes, "csrf_token": token(client, ASKED)}
    answer = client.post(PAGE, data=data)
    assert answer.status_code == status, answer.get_data(as_text=True)[:300]
    return answer.headers.get("Location", "") or answer.get_data(as_text=True)


# The page's data


def test_when_all_pass_the_verdict_says_what_moves_where_and_for_how_long(desk: FakeFailovers) -> None:
    page = preview.make(seen(desk), b.snapshot(), OPERATOR)
    assert page.said.status is Status.HEALTHY
    assert page.said.line == (
        "production-app moves from us-east-1a to us-east-1b; writes are out for about 24 s (17 to 31 s)."
    )
    assert page.can_send
    assert page.share == pytest.approx(100 * 24 / 1296)


@pytest.mark.parametrize(
    ("checks", "actor", "status", "can", "words"),
    [
        ((BLOCKS, FAILED), ADMIN, Status.DEGRADED, False, "Not now: 1 of 2 checks stands in the way."),
        ((FAILED,), ADMIN, Status.DEGRADED, True, "1 check not passed."),
        ((FAILED,), OPERATOR, Status.DEGRADED, False, "1 check not passed."),
        ((UNKNOWN,), OPERATOR, Status.DEGRADED, False, "1 check not passed."),
        ((b.check(),), VIEWER, Status.HEALTHY, False, "All 1 checks pass."),
    ],
)
def test_what_is_not_passed_blocks_or_needs_an_admin(
    desk: FakeFailovers, checks: tuple[object, ...], actor: Actor, status: Status, can: bool, words: str
) -> None:
    desk.checks = checks  # type: ignore[assignment]
    page = preview.make(seen(desk), b.snapshot(), actor)
    assert (page.said.status, page.can_send, page.said.strong) == (status, can, words)


def test_unknown_is_never_shown_as_a_pass(desk: FakeFailovers) -> None:
    desk.checks = (UNKNOWN, b.check())
    page = preview.make(seen(desk), b.snapshot(), OPERATOR)
    assert [(row.status, row.word) for row in page.checks] == [
        (Status.UNKNOWN, "Not known"),
        (Status.HEALTHY, "Passes"),
    ]


def test_the_last_button_names_its_effect(desk: FakeFailovers) -> None:
    page = preview.make(seen(desk), b.snapshot(), OPERATOR)
    assert page.button == "Ask a second person: fail over production-app to us-east-1b"
    desk.protected = False
    assert preview.make(seen(desk), None, OPERATOR).button == "Fail over production-app to us-east-1b"
    cache = preview.make(seen(desk, name="production-cache"), None, OPERATOR)
    assert cache.button == "Test the failover of production-cache to us-east-1b"
    assert cache.is_test


def test_a_running_operation_comes_before_every_check(desk: FakeFailovers) -> None:
    desk.live, desk.checks = b.operation("op-9"), (BLOCKS,)
    page = preview.make(seen(desk), None, ADMIN)
    assert page.said.status is Status.CHANGING
    assert "op-9" in page.why_not


def test_what_cannot_be_failed_over_says_why_and_what_mends_it(desk: FakeFailovers) -> None:
    page = preview.make(seen(desk, name="legacy-app"), b.legacy_snapshot(), ADMIN)
    assert (page.said.strong, page.said.line) == ("It cannot be failed over.", "It has no standby: Multi-AZ is off.")
    assert "Turn on Multi-AZ" in page.said.why
    assert page.picture.words == "Nothing would move."


@pytest.mark.parametrize(
    ("length", "said"), [(24.0, "24 s"), (10.84, "11 s"), (1.25, "1.2 s"), (0.0, "0 s"), (1500, "1,500 s")]
)
def test_seconds_are_said_as_people_read_them(length: float, said: str) -> None:
    assert preview.seconds(length) == said


# The picture


def test_the_picture_has_a_lane_for_each_zone_the_leader_ringed_and_an_empty_place() -> None:
    target = desks.database()
    lanes = seats.lanes(b.snapshot(), seats.planned(target, target.candidates[0]))
    assert [lane.zone for lane in lanes] == list(b.ZONES)
    assert [[seat.title for seat in lane.seats] for lane in lanes] == [["Primary now"], ["Standby now"], []]
    assert [crew.name for crew in lanes[0].crews] == list(b.SERVICES)
    drawn = zones.draw(lanes, "words")
    assert drawn.wide.width == zones.WIDE
    assert all(ring[2] > 0 for ring in drawn.ring)


def test_two_members_in_a_zone_stand_below_each_other() -> None:
    target = desks.cache(candidates=(Candidate("production-cache-002", b.ZONES[0]),))
    lanes = seats.lanes(b.snapshot(), seats.planned(target, target.candidates[0]))
    assert len(lanes[0].seats) == 2
    assert zones.draw(lanes, "").wide.height > zones.draw(lanes[1:], "").wide.height


def test_failing_targets_are_told_by_shape_and_word() -> None:
    snapshot = b.snapshot()
    service = snapshot.services[0]
    here = next(task.ip for task in service.tasks if task.zone == b.ZONES[0])
    assert service.target_group
    states = tuple(replace(t, state="unhealthy") if t.ip == here else t for t in service.target_group.targets)

    sick = replace(service, target_group=replace(service.target_group, targets=states))
    crew = seats.crews(b.snapshot(services=(sick,)), b.ZONES[0])[0]
    assert (crew.status, crew.word) == (Status.DEGRADED, "1 failing")


def test_of_many_services_the_rest_is_one_line() -> None:
    many = tuple(b.service(f"service-{n}") for n in range(9))
    found = seats.crews(b.snapshot(services=many), b.ZONES[0])
    assert len(found) == seats.MOST_CREWS
    assert found[-1].name == "4 more,"


# The page itself


def test_failed_checks_stand_before_the_form_and_the_form_holds_what_was_seen(as_: SignIn, desk: FakeFailovers) -> None:
    desk.checks = (FAILED, b.check())
    page = text(as_("admin"))
    places = [
        page.index(words) for words in ("verdict-line", "No failover lately", "The database is available", "<textarea")
    ]
    assert places == sorted(places)
    assert 'name="expected_zone" value="us-east-1a"' in page
    assert 'name="expected_primary" value="production-app"' in page
    assert 'name="overrides" value="recent"' in page


def test_a_viewer_sees_the_preview_and_who_may_ask(as_: SignIn, desk: FakeFailovers) -> None:
    page = text(as_("viewer"))
    assert "Roles that may run failovers: operator and admin." in page
    assert "typed_name" not in page


def test_an_operator_is_offered_no_override(as_: SignIn, desk: FakeFailovers) -> None:
    desk.checks = (FAILED,)
    page = text(as_("operator"))
    assert 'name="overrides"' not in page
    assert re.search(r'<button class="btn btn-danger" type="submit" disabled', page)
    assert "an admin may override" in page


def test_cli_lines_can_be_copied_as_they_are(as_: SignIn, desk: FakeFailovers) -> None:
    page = text(as_("viewer"))
    line = "aws rds reboot-db-instance --db-instance-identifier production-app --force-failover --region us-east-1"
    assert f'data-copy="{line}"' in page


def test_of_a_cluster_another_member_is_a_get_away(as_: SignIn, desk: FakeFailovers) -> None:
    desk.known["production"] = (desks.cluster(),)
    page = text(as_("operator"), f"{PAGE}?kind=rds-cluster&target=production-ledger&to=ledger-3")
    assert re.search(r'value="ledger-3" checked', page)
    assert "to us-east-1c" in page
    assert '<form class="toolbar no-print" method="get"' in page


@pytest.mark.parametrize(
    "query", ["kind=service&target=rbac", "kind=x&target=y", "target=production-app", "kind=cache&target="]
)
def test_what_cannot_be_failed_over_at_all_is_not_found(as_: SignIn, desk: FakeFailovers, query: str) -> None:
    assert as_("operator").get(f"{PAGE}?{query}").status_code == 404


def test_legacy_is_refused_with_what_would_mend_it(as_: SignIn, house: House) -> None:
    """The real use case on the single-AZ system as found."""
    page = text(as_("admin"), "/environments/legacy/failovers/new?kind=rds-instance&target=legacy-app")
    assert "It cannot be failed over." in page
    assert "Multi-AZ" in page
    assert 'name="typed_name"' not in page


# The request


def test_a_request_goes_to_its_own_page_and_carries_what_was_seen(as_: SignIn, desk: FakeFailovers) -> None:
    assert send(as_("operator"), 303) == "/operations/op-new"
    assert desk.did == [
        (
            "operator",
            FailoverRequest(
                "production",
                Target.DATABASE_INSTANCE,
                "production-app",
                "us-east-1a",
                "production-app",
                "production-app",
                "Patch the host of us-east-1a",
                ticket="OPS-4471",
            ),
        )
    ]


def test_overrides_are_only_those_that_were_offered(as_: SignIn, desk: FakeFailovers) -> None:
    desk.checks = (FAILED, UNKNOWN)
    send(as_("admin"), 303, overrides=["recent", "pools", "made-up"], override_reason="The last one was a test.")
    (_, request), *_ = desk.did
    assert isinstance(request, FailoverRequest)
    assert (request.overrides, request.override_reason) == (("recent", "pools"), "The last one was a test.")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"reason": ""}, "Say why; it is kept for ever."),
        ({"reason": "short"}, "8 to 500 characters."),
        ({"typed_name": ""}, "Type the name."),
        ({"ticket": "x" * 201}, "At most 200 characters."),
    ],
)
def test_what_is_missing_is_said_beside_its_field_and_all_is_kept(
    as_: SignIn, desk: FakeFailovers, wrong: dict[str, str], words: str
) -> None:
    page = send(as_("operator"), 422, **wrong)
    assert words in page
    assert desk.did == []
    kept = FORM | wrong
    assert f'value="{kept["ticket"]}"' in page
    assert kept["reason"] in page


def test_what_the_use_case_finds_wrong_stands_beside_its_field(as_: SignIn, desk: FakeFailovers) -> None:
    desk.refuse = Invalid("Nothing was asked for yet.", {"typed_name": "Type the target's name, production-app."})
    page = send(as_("operator"), 422, typed_name="production-ap")
    assert re.search(r'id="typed_name-wrong">.*Type the target&#39;s name', page)
    assert 'value="production-ap"' in page


def test_a_primary_that_moved_is_said_and_shown_before_anybody_asks_again(as_: SignIn, desk: FakeFailovers) -> None:
    client = as_("operator")
    desk.known["production"] = (desks.database(zone="us-east-1b", candidates=(Candidate("", "us-east-1a"),)),)
    page = send(client, 409)
    assert "The primary is not where you saw it." in page
    assert 'name="expected_zone" value="us-east-1b"' in page
    assert "Patch the host of us-east-1a" in page
    assert desk.did == []


@pytest.mark.parametrize(
    ("refuse", "status"),
    [
        (Conflict("production-app already has an operation that is not over: op-9."), 409),
        (Unsafe("Nothing was asked for. Status is available: It is modifying."), 409),
        (NotNow("Haven's own database does not answer."), 503),
    ],
)
def test_a_refusal_keeps_the_page_and_says_why(
    as_: SignIn, desk: FakeFailovers, refuse: Conflict | Unsafe | NotNow, status: int
) -> None:
    desk.refuse = refuse
    page = send(as_("operator"), status)
    assert refuse.message.replace("'", "&#39;") in page
    assert "Patch the host of us-east-1a" in page


def test_a_viewer_may_not_ask_by_any_way(as_: SignIn, desk: FakeFailovers) -> None:
    client = as_("viewer")
    answer = client.post(PAGE, data=FORM | {"csrf_token": token(client, "/")})
    assert answer.status_code == 403
    assert desk.did == []


# The way there


def test_a_panel_leads_to_the_preview_those_who_may_ask_and_only_now(as_: SignIn) -> None:
    topology = "/environments/production/topology"
    link = f'id="fail-over" href="{PAGE}?kind=rds-instance&amp;target=production-app"'
    for node in ("database-production-app", "standby-production-app"):
        assert link in text(as_("operator"), f"{topology}?node={node}")
    assert 'id="fail-over"' not in text(as_("viewer"), f"{topology}?node=database-production-app")
    past = f"{topology}?node=database-production-app&at={b.NOW:%Y-%m-%dT%H:%M:%S}"
    assert 'id="fail-over"' not in text(as_("operator"), past)
    assert 'id="fail-over"' not in text(as_("operator"), f"{topology}?node=service-rbac")


def test_a_rendering_with_the_link_is_not_served_to_who_may_not_ask(as_: SignIn) -> None:
    live = "/environments/production/topology/live?node=cache-production-cache"
    assert "kind=cache&amp;target=production-cache" in text(as_("operator"), live)
    assert 'id="fail-over"' not in text(as_("viewer"), live)


def test_the_shard_that_was_chosen_stays_chosen(as_: SignIn, desk: FakeFailovers) -> None:
    client = as_("operator")
    first = desks.cache()
    second = replace(first, node_group="0002", primary="production-cache-004")
    desk.known = {"production": (replace(first, node_group="0001"), second)}
    page = text(client, "/environments/production/failovers/new?kind=cache&target=production-cache&shard=0002")
    assert "production-cache, shard 0002" in page
    assert '<input type="hidden" name="shard" value="0002">' in page
    assert 'name="expected_primary" value="production-cache-004"' in page
    assert text(client, "/environments/production/failovers/new?kind=cache&target=production-cache&shard=9", 404)
