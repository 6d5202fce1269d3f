"""Operations over the real application: live page, fragment, what people do to it, the list, pauses, banners."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from services.domain.errors import Conflict, Invalid, NotNow
from services.domain.operation import Sent, State
from services.domain.pause import EVERYWHERE
from tests import builders as b
from tests.unit.portal.conftest import SignIn
from tests.unit.portal.desks import FakeFailovers, FakeHistory, FakeOperations, FakePauses
from tests.unit.portal.house import House, token
from tests.unit.portal.operation_views import PROBED, failover, view

PAGE = "/operations/op-1"


@pytest.fixture
def desk(house: House) -> FakeOperations:
    made = FakeOperations()
    house.operations = made  # type: ignore[assignment]
    house.failovers, house.failover_history = FakeFailovers(), FakeHistory()  # type: ignore[assignment]
    return made


@pytest.fixture
def switch(house: House) -> FakePauses:
    made = FakePauses()
    house.pauses = made  # type: ignore[assignment]
    return made


def text(client: FlaskClient, path: str = PAGE, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)[:300]
    return answer.get_data(as_text=True)


def post(client: FlaskClient, path: str, status: int = 303, **data: str) -> str:
    answer = client.post(path, data=data | {"csrf_token": token(client, "/")})
    assert answer.status_code == status, answer.get_data(as_text=True)[:300]
    return answer.get_data(as_text=True)


def version(page: str) -> str:
    found = re.search(r"hx-vals='\{\"v\": \"([0-9a-f]+)\"\}'", page)
    assert found
    return found[1]


# The live page


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("sent", list(Sent))
def test_every_state_has_a_page_for_everyone_and_polls_only_while_it_lives(
    as_: SignIn, desk: FakeOperations, state: State, sent: Sent
) -> None:
    finished = None if failover(state).live else b.NOW
    desk.put(view(failover(state, sent, finished_at=finished, because="Because of this.")))
    for role in ("viewer", "operator", "admin"):
        page = text(as_(role))
        assert ('hx-get="/operations/op-1/live"' in page) is failover(state).live
        ids = re.findall(r'\bid="([^"]+)"', page)
        assert len(ids) == len(set(ids))


def test_without_a_script_a_running_page_reloads_itself_but_never_under_somebody_typing(
    as_: SignIn, desk: FakeOperations
) -> None:
    reloads = '<noscript><meta http-equiv="refresh"'
    for state, wanted in ((State.RUNNING, True), (State.STUCK, False), (State.AWAITING_APPROVAL, False)):
        desk.put(view(failover(state, Sent.YES if state is State.STUCK else Sent.NO)))
        assert (reloads in text(as_("admin"))) is wanted


def test_the_fragment_is_the_very_one_the_page_holds_and_is_sent_only_when_it_changed(
    as_: SignIn, desk: FakeOperations
) -> None:
    client = as_("operator")
    running = desk.put(view(failover(State.RUNNING, Sent.YES)))
    shown = version(text(client))
    assert client.get(f"{PAGE}/live?v={shown}").status_code == 204
    desk.put(replace(running, events=(b.cloud_event(),)))
    again = text(client, f"{PAGE}/live?v={shown}")
    assert again.startswith('<div id="operation"')
    assert "Multi-AZ instance failover started." in again
    assert version(again) != shown


def test_a_fragment_is_of_one_session_for_it_holds_that_sessions_token(as_: SignIn, desk: FakeOperations) -> None:
    desk.put(view(failover(State.RUNNING)))
    assert version(text(as_("operator"))) != version(text(as_("operator")))


def test_a_finished_one_shows_its_result_and_its_place_in_the_history(
    as_: SignIn, house: House, desk: FakeOperations
) -> None:
    house.failover_history.episodes = [b.episode("ep-9", number=9)]  # type: ignore[attr-defined]
    seen = (("fail-over", b.NOW - timedelta(seconds=249)),)
    done = failover(State.SUCCEEDED, Sent.YES, ago=300, seen=seen, finished_at=b.NOW, notes=PROBED)
    desk.put(view(replace(done, sent_at=b.NOW - timedelta(seconds=100))))
    page = text(as_("viewer"))
    assert "Result, each with the time it took" in page
    assert 'href="/failovers/ep-9"' in page


def test_one_that_is_long_over_is_not_shown_in_todays_world(as_: SignIn, desk: FakeOperations) -> None:
    long_ago = b.NOW - timedelta(days=800)
    desk.put(view(failover(State.SUCCEEDED, Sent.YES, finished_at=long_ago, sent_at=long_ago)))
    page = text(as_("viewer"))
    assert "by the request alone" in page
    assert 'aria-label="Standby in us-east-1a: ready to take over; Primary in us-east-1b: takes writes."' in page


def test_from_memory_the_page_stays_and_says_so(as_: SignIn, desk: FakeOperations) -> None:
    client = as_("admin")
    desk.put(view(failover(State.STUCK, Sent.YES)))
    desk.away = True
    page = text(client)
    assert "Haven’s own database does not answer." in page
    assert "<form id=" not in page


def test_an_old_reading_is_said(as_: SignIn, house: House, desk: FakeOperations) -> None:
    client = as_("viewer")
    desk.put(view(failover(State.RUNNING, Sent.YES)))
    house.clock.move(minutes=5)
    assert "The picture is old." in text(client)


def test_an_unknown_operation_is_not_found(as_: SignIn, desk: FakeOperations) -> None:
    text(as_("viewer"), "/operations/none", 404)
    text(as_("viewer"), "/operations/none/live", 404)


def test_a_ticket_that_is_no_link_is_none(as_: SignIn, desk: FakeOperations) -> None:
    desk.put(view(failover(State.RUNNING, ticket="javascript:alert(1)")))
    assert 'href="javascript' not in text(as_("viewer"))
    desk.put(view(failover(State.RUNNING, ticket="https://tickets.example/OPS-1")))
    assert '<a href="https://tickets.example/OPS-1"' in text(as_("viewer"))


# What people do


def test_a_second_person_sees_the_checks_and_approves_what_was_seen(as_: SignIn, desk: FakeOperations) -> None:
    desk.put(view(failover(State.AWAITING_APPROVAL, version=3, approve_before=b.NOW + timedelta(minutes=50))))
    client = as_("admin")
    page = text(client)
    assert "Approve: fail over production-app to us-east-1b" in page
    assert "The checks as they were at" in page
    assert 'name="version" value="3"' in page
    post(client, f"{PAGE}/approve", version="3")
    assert desk.did == [("admin", "approve", "op-1", 3)]


def test_the_requester_is_offered_no_approval_and_refused_one(as_: SignIn, desk: FakeOperations) -> None:
    desk.put(view(failover(State.AWAITING_APPROVAL)))
    client = as_("operator")
    assert 'id="approve"' not in text(client)
    post(client, f"{PAGE}/approve", 403, version="0")
    assert desk.did == []


def test_what_changed_since_is_shown_again_before_it_is_approved(as_: SignIn, desk: FakeOperations) -> None:
    desk.put(view(failover(State.AWAITING_APPROVAL, version=4)))
    page = post(as_("admin"), f"{PAGE}/approve", 409, version="3")
    assert "It has changed since you looked." in page
    assert 'name="version" value="4"' in page
    assert "What you saw is not named." in post(as_("admin"), f"{PAGE}/approve", 422, version="x")


@pytest.mark.parametrize(
    ("way", "did"), [("decline", "decline"), ("resume", "resume"), ("done", "mark_done"), ("give-up", "give_up")]
)
def test_each_way_on_takes_its_reason(as_: SignIn, desk: FakeOperations, way: str, did: str) -> None:
    state = State.AWAITING_APPROVAL if way == "decline" else State.STUCK
    desk.put(view(failover(state, Sent.YES if state is State.STUCK else Sent.NO)))
    client = as_("admin")
    assert f'name="{way}-reason"' in text(client)
    refused = post(client, f"{PAGE}/{way}", 422, **{f"{way}-reason": "short"})
    assert "8 to 500 characters." in refused
    assert ">short</textarea>" in refused
    post(client, f"{PAGE}/{way}", **{f"{way}-reason": "I saw it in the console"})
    assert desk.did == [("admin", did, "op-1", "I saw it in the console")]


@pytest.mark.parametrize(
    ("refuse", "status"),
    [
        (Conflict("Only a stuck operation is resolved by hand."), 409),
        (Invalid("No.", {"reason": "Say more."}), 422),
        (NotNow("The database is away."), 503),
    ],
)
def test_a_refused_act_keeps_the_page_and_what_was_typed(
    as_: SignIn, desk: FakeOperations, refuse: Conflict | Invalid | NotNow, status: int
) -> None:
    desk.put(view(failover(State.STUCK, Sent.YES)))
    desk.refuse = refuse
    page = post(as_("admin"), f"{PAGE}/done", status, **{"done-reason": "I saw it in the console"})
    assert refuse.message in page
    assert "I saw it in the console" in page
    assert not isinstance(refuse, Invalid) or "Say more." in page


def test_it_is_cancelled_while_that_is_possible(as_: SignIn, desk: FakeOperations) -> None:
    desk.put(view(failover(State.RUNNING)))
    client = as_("operator")
    assert "Cancel the failover of production-app" in text(client)
    post(client, f"{PAGE}/cancel")
    assert desk.did == [("operator", "cancel", "op-1")]
    desk.put(view(failover(State.RUNNING, Sent.YES)))
    assert "Cancel ended at" in text(client)


@pytest.mark.parametrize("way", ["approve", "cancel", "decline", "resume", "done", "give-up"])
def test_a_viewer_may_do_none_of_it(as_: SignIn, desk: FakeOperations, way: str) -> None:
    desk.put(view(failover(State.STUCK, Sent.YES)))
    post(as_("viewer"), f"{PAGE}/{way}", 403, version="0", **{f"{way}-reason": "I would like to"})
    assert desk.did == []


# The list


def test_the_list_tells_what_runs_from_what_is_over(as_: SignIn, desk: FakeOperations) -> None:
    desk.put(view(failover(State.RUNNING)))
    desk.put(view(replace(failover(State.CANCELLED), id="op-2")))
    page = text(as_("viewer"), "/operations")
    live, over = page.index('id="live"'), page.index('id="over"')
    assert live < page.index('href="/operations/op-1">Failover') < over < page.index('href="/operations/op-2">')


def test_while_the_database_is_away_the_list_says_what_it_does_not_know(as_: SignIn, desk: FakeOperations) -> None:
    client = as_("viewer")
    desk.put(view(failover(State.RUNNING)))
    desk.away = True
    page = text(client, "/operations")
    assert "Haven’s own database does not answer." in page
    assert 'href="/operations/op-1">Failover' in page


def test_with_nothing_to_show_the_list_says_how_one_begins(as_: SignIn, desk: FakeOperations) -> None:
    page = text(as_("viewer"), "/operations")
    assert "Nothing is running." in page
    assert "No operation has been asked for yet." in page


# Pauses


def test_a_pause_is_set_for_one_environment_or_everywhere(
    as_: SignIn, desk: FakeOperations, switch: FakePauses
) -> None:
    client = as_("operator")
    page = text(client, "/environments/legacy/failovers")
    assert re.search(r'<option selected value="legacy">', page)
    form = {"environment": "legacy", "lasts": "30m", "reason": "Change freeze for the release"}
    answer = client.post("/pauses", data=form | {"back": "/failovers", "csrf_token": token(client, "/")})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/failovers")
    post(client, "/pauses", **(form | {"environment": EVERYWHERE, "lasts": "at", "until": "2026-11-22T15:00"}))
    ends = [what[2] for what in switch.did]
    assert ends == [b.NOW + timedelta(minutes=30), b.NOW.replace(hour=15, minute=0, second=0, microsecond=0)]
    assert [what[1] for what in switch.did] == ["legacy", EVERYWHERE]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"reason": ""}, "Say why; everybody sees it."),
        ({"lasts": "at", "until": "soon"}, "A time in UTC as 2026-11-22T15:00."),
        ({"lasts": "for ever"}, "Not a valid choice."),
        ({"environment": "nowhere"}, "Not a valid choice."),
    ],
)
def test_what_is_wrong_with_a_pause_is_said_and_all_is_kept(
    as_: SignIn, desk: FakeOperations, switch: FakePauses, wrong: dict[str, str], words: str
) -> None:
    form = {"environment": "legacy", "lasts": "1h", "until": "", "reason": "Change freeze for the release"} | wrong
    page = post(as_("operator"), "/pauses", 422, **form)
    assert words in page
    assert form["reason"] in page
    assert switch.did == []


def test_a_pause_the_use_case_refuses_is_said(as_: SignIn, desk: FakeOperations, switch: FakePauses) -> None:
    switch.refuse = Invalid("Too long.", {"until": "A pause ends one minute to seven days from now."})
    form = {"environment": "legacy", "lasts": "at", "until": "2027-11-22T15:00", "reason": "Change freeze"}
    assert re.search(r'id="until-wrong">.*seven days', post(as_("operator"), "/pauses", 422, **form))


def test_a_pause_is_lifted(as_: SignIn, desk: FakeOperations, switch: FakePauses) -> None:
    switch.held = [b.pause("pause-7", "production")]
    client = as_("operator")
    assert "Lift the pause of production" in text(client, "/environments/production/failovers")
    answer = client.post("/pauses/pause-7/lift", data={"back": "//evil.example", "csrf_token": token(client, "/")})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/operations")
    assert switch.did == [("operator", "pause-7")]


def test_a_viewer_sees_pauses_and_may_neither_set_nor_lift_them(
    as_: SignIn, desk: FakeOperations, switch: FakePauses
) -> None:
    switch.held = [b.pause("pause-7")]
    client = as_("viewer")
    page = text(client, "/operations")
    assert "Change freeze for the release." in page
    assert 'action="/pauses' not in page
    post(client, "/pauses", 403, environment="legacy", lasts="1h", reason="I would like to")
    post(client, "/pauses/pause-7/lift", 403)


# On every page


def test_every_page_says_what_runs_and_what_is_held(as_: SignIn, desk: FakeOperations, switch: FakePauses) -> None:
    desk.put(view(failover(State.RUNNING, Sent.YES)))
    switch.held = [b.pause()]
    page = text(as_("viewer"), "/")
    assert "Failover of production-app, in production, is running." in page
    assert "Automation paused for production until 2026-11-22" in page
    assert 'href="/operations/op-1">Watch' in page


def test_a_page_does_not_point_at_itself_and_many_are_counted(
    as_: SignIn, desk: FakeOperations, switch: FakePauses
) -> None:
    desk.put(view(failover(State.RUNNING, Sent.YES)))
    assert 'class="banners"' not in text(as_("viewer"))
    for number in range(2, 7):
        desk.put(view(replace(failover(State.RUNNING), id=f"op-{number}")))
    assert "4 more operations and pauses." in text(as_("viewer"), "/")


def test_with_the_database_away_no_page_breaks_over_it(as_: SignIn, house: House) -> None:
    client = as_("viewer")
    text(client, "/")
    house.unit.away = True
    assert 'class="banners"' not in text(client, "/")


def test_a_page_left_open_hears_of_what_begins_and_is_told_nothing_twice(as_: SignIn, desk: FakeOperations) -> None:
    client = as_("viewer")
    before = text(client, "/banners?on=/ledger")
    assert "is running." not in before
    version = before.partition('"v": "')[2].partition('"')[0]
    assert client.get(f"/banners?on=/ledger&v={version}").status_code == 204
    desk.put(view(failover(State.RUNNING, Sent.YES)))
    answer = client.get(f"/banners?on=/ledger&v={version}")
    assert (answer.status_code, "is running." in answer.get_data(as_text=True)) == (200, True)
    assert "is running." not in text(client, "/banners?on=/operations/op-1")
