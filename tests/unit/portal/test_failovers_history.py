"""Failovers of one environment and of all: targets, history, its filter and files, the picture of a year."""

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from portal.failovers import export, forms, page
from portal.failovers.months import chart
from services.domain.errors import Invalid
from services.domain.failover.episode import Origin, Result
from services.domain.status import Status
from services.usecases.failover_history import MOST, Filter, Month
from tests import builders as b
from tests.unit.portal import desks
from tests.unit.portal.conftest import SignIn
from tests.unit.portal.desks import FakeFailovers, FakeHistory, FakeOperations
from tests.unit.portal.house import House
from tests.unit.portal.operation_views import view

PAGE = "/environments/production/failovers"
STALE = timedelta(minutes=1)
AUTOMATIC = b.episode(
    "ep-2",
    number=2,
    started_at=b.NOW - timedelta(days=1),
    origin=Origin.AUTOMATIC,
    who="",
    reason="",
    cause="The primary host of the RDS Multi-AZ instance is unhealthy.",
    meaning="The machine under the primary failed; AWS moved to the standby.",
    acknowledged=b.acknowledgement(),
)
ABANDONED = b.episode(
    "ep-1", number=1, result=Result.ABANDONED, completed_at=None, outage_seconds=None, outage_source=""
)


@pytest.fixture
def history(house: House) -> FakeHistory:
    made = FakeHistory(episodes=[b.episode("ep-3", number=3), AUTOMATIC, ABANDONED])
    house.failover_history = made  # type: ignore[assignment]
    house.failovers = FakeFailovers()  # type: ignore[assignment]
    house.operations = FakeOperations()  # type: ignore[assignment]
    return made


def text(client: FlaskClient, path: str = PAGE, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)[:300]
    return answer.get_data(as_text=True)


# Targets


def test_each_target_says_where_it_leads_where_it_could_go_and_what_happened_last(
    as_: SignIn, history: FakeHistory
) -> None:
    shown = text(as_("operator"))
    assert "All 2 targets have somewhere to fail over to." in shown
    assert "in us-east-1b" in shown
    assert "production-cache-002 in us-east-1b and production-cache-003 in us-east-1c" in shown
    assert f'href="{PAGE}/new?kind=rds-instance&amp;target=production-app">Fail over…' in shown
    assert '<a href="/failovers/ep-3">' in shown


def test_a_viewer_is_led_to_the_preview_not_to_the_act(as_: SignIn, history: FakeHistory) -> None:
    shown = text(as_("viewer"))
    assert "Fail over…" not in shown
    assert ">Preview<" in shown


def test_what_cannot_be_failed_over_says_why_and_what_mends_it(as_: SignIn, history: FakeHistory) -> None:
    shown = text(as_("operator"), "/environments/legacy/failovers")
    assert "1 of 1 target cannot be failed over:" in shown
    assert "It has no standby: Multi-AZ is off." in shown
    assert "Turn on Multi-AZ" in shown
    assert "No failover has been seen" in shown


def test_a_target_at_work_leads_to_its_operation(as_: SignIn, house: House, history: FakeHistory) -> None:
    house.operations.put(view(b.operation("op-9")))  # type: ignore[attr-defined]
    shown = text(as_("operator"))
    assert "1 failover under way:" in shown
    assert '<a class="btn" href="/operations/op-9">' in shown


def test_an_environment_never_read_waits_and_says_for_what(as_: SignIn, house: House, history: FakeHistory) -> None:
    house.add_environment(None, b.environment("staging"))
    shown = text(as_("viewer"), "/environments/staging/failovers")
    assert 'aria-busy="true"' in shown
    assert "First reading in progress" in shown


def test_old_facts_are_shown_as_old(as_: SignIn, house: House, history: FakeHistory) -> None:
    client = as_("viewer")
    house.clock.move(minutes=5)
    shown = text(client)
    assert 'class="verdict is-stale"' in shown
    assert "2 targets of 2 not read lately." in shown


def test_while_the_database_is_away_the_page_says_what_is_missing(
    as_: SignIn, house: House, history: FakeHistory
) -> None:
    client = as_("operator")
    history.away = house.failovers.away = True  # type: ignore[attr-defined]
    shown = text(client)
    assert "The history is away." in shown
    assert "From memory." in shown
    assert "production-cache-002 in us-east-1b" in shown
    assert "The picture of the year is away." in shown


def test_all_environments_stand_side_by_side(as_: SignIn, history: FakeHistory) -> None:
    shown = text(as_("viewer"), "/failovers")
    assert 'id="targets-production"' in shown
    assert 'id="targets-legacy"' in shown
    assert 'name="environment"' in shown


def test_an_unknown_environment_is_not_found(as_: SignIn, history: FakeHistory) -> None:
    assert as_("viewer").get("/environments/nowhere/failovers").status_code == 404


# History


def test_the_history_tells_who_what_why_and_in_whose_words(as_: SignIn, history: FakeHistory) -> None:
    shown = text(as_("viewer"))
    numbers = re.findall(r'<a href="/failovers/(ep-\d)">\d', shown)
    assert numbers == ["ep-3", "ep-2", "ep-1"]
    for words in (
        "The machine under the primary failed",
        "The primary host of the RDS Multi-AZ instance is unhealthy.",
        "Abandoned by AWS",
        "“us-east-1a is degraded”",
        "from events, at most",
        "bob",
        "nobody yet",
    ):
        assert words in shown


def test_the_filter_asks_and_is_carried_to_the_files(as_: SignIn, history: FakeHistory) -> None:
    shown = text(as_("viewer"), f"{PAGE}?origin=automatic&since=2026-11-01&until=2026-11-22&target=production-app")
    assert re.findall(r'<a href="/failovers/(ep-\d)">\d', shown) == ["ep-2"]
    wanted = next(asked for asked in history.asked if asked.origin)
    assert wanted.until == datetime(2026, 11, 23, tzinfo=UTC)
    assert 'href="/failovers.csv?environment=production&amp;target=production-app&amp;origin=automatic' in shown
    assert '<option value="automatic" selected>' in shown


def test_a_filter_that_fits_nothing_offers_everything(as_: SignIn, history: FakeHistory) -> None:
    shown = text(as_("viewer"), f"{PAGE}?target=nothing")
    assert "No failover fits" in shown


@pytest.mark.parametrize("day", ["2026-13-01", "yesterday", "2026-11-01T00:00"])
def test_a_day_that_is_none_is_said(as_: SignIn, history: FakeHistory, day: str) -> None:
    assert as_("viewer").get(PAGE, query_string={"since": day}).status_code == 422
    with pytest.raises(Invalid) as problem:
        forms.wanted({"since": day})
    assert "since" in problem.value.fields


def test_what_is_no_choice_matches_everything() -> None:
    assert forms.wanted({"origin": "me", "result": "<b>", "environment": "UPPER"}) == Filter()
    assert forms.query(Filter(origin="automatic", until=datetime(2026, 11, 23, tzinfo=UTC))) == {
        "origin": "automatic",
        "until": "2026-11-22",
    }


# Files


def test_the_spreadsheet_holds_every_column_and_calculates_nothing(as_: SignIn, history: FakeHistory) -> None:
    history.episodes = [b.episode(reason='=HYPERLINK("http://x")', who="@sum", cause="-1+2", meaning="a, b\nc")]
    answer = as_("viewer").get("/failovers.csv?environment=production")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="failovers-production.csv"'
    assert answer.mimetype == "text/csv"
    written = answer.get_data().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(written, newline="")))
    assert tuple(rows[0]) == export.COLUMNS
    assert (rows[0]["reason"], rows[0]["who"], rows[0]["cause"]) == ('\'=HYPERLINK("http://x")', "'@sum", "'-1+2")
    assert rows[0]["meaning"] == "a, b\nc"
    assert rows[0]["started_at"].endswith("Z")


@pytest.mark.parametrize("text_", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "  =1"])
def test_no_cell_begins_a_formula(text_: str) -> None:
    assert export.safe(text_) == f"'{text_}"


def test_plain_text_stays_as_it_is() -> None:
    assert export.safe("a=b") == "a=b"


def test_the_json_has_its_documented_shape(as_: SignIn, history: FakeHistory) -> None:
    answer = as_("viewer").get("/failovers.json?result=completed")
    whole = json.loads(answer.get_data(as_text=True))
    assert (whole["format"], whole["filter"]) == ("haven.failovers/1", {"result": "completed"})
    first = whole["failovers"][0]
    flat = {name for name in export.COLUMNS if not name.startswith("acknowledged_")}
    assert set(first) == flat | {"phases", "related", "acknowledged"}
    assert first["phases"][0]["words"] == "Multi-AZ instance failover started."
    assert whole["failovers"][1]["acknowledged"]["by"] == "bob"


def test_files_hold_all_however_many(as_: SignIn, history: FakeHistory) -> None:
    number = 2 * MOST + 7
    # Ten begin in each second, so that a part may end amid them.
    history.episodes = [
        b.episode(f"ep-{n}", number=number - n, started_at=b.NOW - timedelta(seconds=n // 10)) for n in range(number)
    ]
    written = as_("viewer").get("/failovers.csv").get_data().decode("utf-8-sig")
    numbers = [int(row["number"]) for row in csv.DictReader(io.StringIO(written, newline=""))]
    assert numbers == list(range(number, 0, -1))


# The year


def test_months_are_drawn_against_their_budget() -> None:
    long = b.episode("long", outage_seconds=2000.0)
    calm = Month(replace(desks.budget(0.0), month=b.NOW.replace(month=10, day=1)), ())
    bad = Month(desks.budget(2000.0, unmeasured=1), (long, replace(long, id="x", result=Result.ABANDONED)))
    drawn = chart((calm, bad))
    assert [bar.count for bar in drawn.bars] == [0, 1]
    assert drawn.bars[0].height == 0
    assert drawn.bars[1].over == pytest.approx(drawn.bars[1].height - drawn.bars[1].budget)
    assert drawn.bars[1].y >= 0
    assert "worst month was Nov 2026 with 2000 of 1296 seconds; 1 over the budget" in drawn.words


def test_a_short_outage_is_still_seen() -> None:
    drawn = chart((Month(desks.budget(0.4), (b.episode(outage_seconds=0.4),)),))
    assert drawn.bars[0].height == 2.0


def test_no_month_draws_nothing() -> None:
    assert chart(()).empty


def test_the_numbers_of_the_picture_stand_in_a_table(as_: SignIn, history: FakeHistory) -> None:
    shown = text(as_("viewer"))
    assert "<td>Nov 2026</td>" in shown
    assert 'role="img" aria-label="2 failovers in 12 months' in shown


def test_the_worst_target_decides_the_verdict() -> None:
    snapshot, now = b.snapshot(), b.NOW
    found = (desks.database(status="modifying"), desks.cache())
    rows = page.target_rows(found, (), (), snapshot, now, STALE)
    assert [row.status for row in rows] == [Status.CHANGING, Status.HEALTHY]
    assert page.target_rows(found, (), (), snapshot, now + 2 * STALE, STALE)[0].status is Status.STALE
