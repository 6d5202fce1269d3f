"""One failover's page: verdict, phases, cost, time line, acknowledging, its file."""

import json
from datetime import timedelta

import pytest

from portal.failovers import incident
from services.domain.errors import Conflict
from services.domain.failover.episode import Episode, Origin, Phase, Result
from services.domain.status import Status
from services.usecases.failover_history import Incident, Moment
from tests import builders as b
from tests.unit.portal import desks
from tests.unit.portal.conftest import SignIn
from tests.unit.portal.desks import FakeHistory
from tests.unit.portal.house import House, token

MOMENTS = (
    Moment(b.NOW - timedelta(minutes=4), "ledger", "ada asked for it", "", "production", "ledger:7"),
    Moment(b.NOW + timedelta(seconds=15), "rds", "RDS began.", "Multi-AZ instance failover started.", "production-app"),
    Moment(b.NOW + timedelta(seconds=70), "haven", "It is done.", "", "production-app", "operation:op-1"),
    Moment(b.NOW + timedelta(seconds=71), "ecs", "Reading changed.", "", "rbac", "snapshot:12"),
)


@pytest.fixture
def history(house: House) -> FakeHistory:
    made = FakeHistory(episodes=[b.episode("ep-1", number=4)], moments=MOMENTS)
    house.failover_history = made  # type: ignore[assignment]
    return made


def made(episode: Episode) -> incident.IncidentPage:
    found = Incident(episode, b.NOW, b.NOW + timedelta(minutes=30), MOMENTS)
    return incident.make(found, (), desks.budget())


@pytest.mark.parametrize(
    ("episode", "status", "strong"),
    [
        (b.episode(), Status.HEALTHY, "production-app failed over."),
        (b.episode(result=Result.RUNNING, completed_at=None), Status.CHANGING, "production-app is failing over."),
        (b.episode(result=Result.ABANDONED), Status.PAUSED, "AWS abandoned the failover of production-app."),
        (b.episode(result=Result.FAILED), Status.DOWN, "The failover of production-app failed."),
        (b.episode(result=Result.UNFINISHED), Status.UNKNOWN, "Nobody saw how the failover of production-app ended."),
    ],
)
def test_the_verdict_says_how_it_ended(episode: Episode, status: Status, strong: str) -> None:
    said = incident.verdict(episode)
    assert (said.status, said.strong) == (status, strong)


@pytest.mark.parametrize(
    ("origin", "who", "words"),
    [
        (Origin.HAVEN, "ada", "Asked for in Haven by ada."),
        (Origin.OUTSIDE, "", "Asked for outside Haven."),
        (Origin.AUTOMATIC, "", "AWS began it by itself."),
        (Origin.UNKNOWN, "", "Who began it is not known yet."),
    ],
)
def test_the_verdict_says_who_began_it(origin: Origin, who: str, words: str) -> None:
    assert incident.verdict(b.episode(origin=origin, who=who)).why.endswith(words)


def test_an_outage_nobody_measured_is_not_said_to_be_none() -> None:
    said = incident.verdict(b.episode(outage_seconds=None))
    assert "how long writes were out is not known" in said.line


def test_phases_follow_each_other_on_the_strip_with_detection_first() -> None:
    page = made(b.episode(detected_at=b.NOW + timedelta(seconds=5)))
    assert [(bar.name, bar.took) for bar in page.bars] == [
        ("first sign of trouble", 10.0),
        ("started", 36.0),
        ("completed", 0.0),
    ]
    assert page.bars[0].x == 0
    assert all(bar.x + bar.width <= incident.WIDTH for bar in page.bars)
    assert page.words.startswith("first sign of trouble 10 s; started 36 s")


def test_what_is_still_going_on_has_no_length() -> None:
    running = b.episode(
        result=Result.RUNNING,
        completed_at=None,
        phases=(Phase("started", b.NOW, "Multi-AZ instance failover started."),),
    )
    assert [bar.took for bar in made(running).bars] == [None]


def test_the_cost_is_a_share_of_its_month_or_not_known() -> None:
    assert made(b.episode(outage_seconds=129.6)).share == pytest.approx(10.0)
    assert made(b.episode(outage_seconds=None)).share is None


def test_the_page_joins_everything_with_its_links(as_: SignIn, history: FakeHistory) -> None:
    page = as_("admin").get("/failovers/ep-1").get_data(as_text=True)
    assert 'href="/operations/op-1"' in page
    assert 'href="/ledger?before=8#entry-7"' in page
    assert 'href="/environments/production/topology?at=' in page
    assert "Multi-AZ instance failover started." in page
    assert "2.8 %" in page


def test_who_may_not_read_the_ledger_gets_no_link_into_it(as_: SignIn, history: FakeHistory) -> None:
    assert "/ledger?before" not in as_("viewer").get("/failovers/ep-1").get_data(as_text=True)


def test_the_time_line_is_filtered_by_source(as_: SignIn, history: FakeHistory) -> None:
    page = as_("viewer").get("/failovers/ep-1?source=rds&source=nothing").get_data(as_text=True)
    assert "RDS began." in page
    assert "Reading changed." not in page
    assert 'value="rds" checked' in page
    assert "Show all" in page


def test_an_unknown_one_is_not_found(as_: SignIn, history: FakeHistory) -> None:
    assert as_("viewer").get("/failovers/none").status_code == 404
    assert as_("viewer").get("/failovers/none/record.json").status_code == 404


def test_its_file_holds_the_record_and_the_time_line(as_: SignIn, history: FakeHistory) -> None:
    answer = as_("viewer").get("/failovers/ep-1/record.json")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="failover-production-4.json"'
    whole = json.loads(answer.get_data(as_text=True))
    assert (whole["format"], whole["number"], len(whole["moments"])) == ("haven.failover/1", 4, 4)


def acknowledge(as_: SignIn, role: str, comment: str) -> tuple[int, str]:
    client = as_(role)
    data = {"comment": comment, "csrf_token": token(client, "/failovers/ep-1")}
    answer = client.post("/failovers/ep-1/acknowledgement", data=data)
    return answer.status_code, answer.get_data(as_text=True)


def test_it_is_acknowledged_with_what_was_found(as_: SignIn, history: FakeHistory) -> None:
    assert acknowledge(as_, "operator", "The host was patched.")[0] == 303
    assert history.did == [("operator", "ep-1", "The host was patched.")]


def test_an_empty_comment_is_said_beside_its_field(as_: SignIn, history: FakeHistory) -> None:
    status, page = acknowledge(as_, "operator", "")
    assert (status, history.did) == (422, [])
    assert "Say what you found." in page


def test_somebody_did_already(as_: SignIn, history: FakeHistory) -> None:
    history.refuse = Conflict("bob acknowledged it already.")
    status, page = acknowledge(as_, "operator", "I looked as well.")
    assert status == 409
    assert "bob acknowledged it already." in page
    assert "I looked as well." in page


def test_a_viewer_sees_that_nobody_has_looked_and_may_not(as_: SignIn, history: FakeHistory) -> None:
    client = as_("viewer")
    assert "Operators and admins may." in client.get("/failovers/ep-1").get_data(as_text=True)
    data = {"comment": "Seen by me.", "csrf_token": token(client, "/")}
    assert client.post("/failovers/ep-1/acknowledgement", data=data).status_code == 403
