"""The fleet's page, and the fragment it polls."""

import re
from datetime import timedelta
from pathlib import Path

from flask.testing import FlaskClient

from services.domain.snapshot import Part
from tests import builders
from tests.unit.portal import house as houses
from tests.unit.portal.conftest import SignIn
from tests.unit.portal.house import House

HX = {"HX-Request": "true"}


def version(page: str) -> str:
    found = re.search(r"""hx-vals='\{"v": "([0-9a-f]+)"\}'""", page)
    assert found
    return found.group(1)


def live(client: FlaskClient, v: str = "", query: str = "") -> tuple[int, str]:
    answer = client.get(f"/fleet/live?v={v}&{query}", headers=HX)
    return answer.status_code, answer.get_data(as_text=True)


def test_the_page_shows_both_environments_with_links_to_their_findings(as_: SignIn) -> None:
    page = as_("viewer").get("/").get_data(as_text=True)
    assert page.index("legacy") < page.index("production</a></h3>")
    assert 'href="/environments/legacy/topology?node=database-legacy-app"' in page


def test_the_last_failover_is_what_aws_said(as_: SignIn, house: House) -> None:
    page = as_("viewer").get("/").get_data(as_text=True)
    assert page.count('title="AWS keeps its events for 14 days.">none in the last 14 days') == 2
    done = builders.failover(at=builders.NOW - timedelta(hours=1))
    house.put(builders.snapshot(failovers=(done,), taken_at=house.clock.now()))
    _, fragment = live(as_("viewer"))
    assert re.search(
        r"Last failover</dt>\s*<dd><time[^>]*>today 01:13</time><br>"
        r'<span class="muted">production-app: Multi-AZ instance failover completed</span></dd>',
        fragment,
    )


def test_a_failover_is_not_read_yet_where_events_never_were(as_: SignIn, house: House) -> None:
    readings = tuple(r for r in builders.readings() if r.part is not Part.EVENTS)
    house.put(builders.snapshot(readings=readings))
    page = as_("viewer").get("/?q=production").get_data(as_text=True)
    assert re.search(r"Last failover</dt>\s*<dd><span class=\"muted\">not read yet</span></dd>", page)


def test_the_page_includes_the_very_fragment_it_polls(as_: SignIn) -> None:
    client = as_("viewer")
    _, fragment = live(client)
    assert fragment.strip() in client.get("/").get_data(as_text=True)


def test_an_unchanged_fleet_is_not_sent_again(as_: SignIn) -> None:
    client = as_("viewer")
    status, fragment = live(client)
    assert status == 200
    assert live(client, version(fragment)) == (204, "")


def test_a_change_is_sent(as_: SignIn, house: House) -> None:
    client = as_("viewer")
    _, before = live(client)
    down = builders.database(status="storage-full")
    house.put(builders.snapshot(databases=(down,), taken_at=house.clock.move(seconds=1)))
    status, after = live(client, version(before))
    assert status == 200
    assert "Down" in after
    assert version(after) != version(before)


def test_growing_stale_is_a_change_though_nothing_new_was_read(as_: SignIn, house: House) -> None:
    client = as_("viewer")
    _, before = live(client)
    house.clock.move(seconds=house.settings.stale_after + 1)
    status, after = live(client, version(before))
    assert status == 200
    assert "Stale" in after


def test_search_and_filter_work_without_a_script_and_are_kept_by_the_fragment(as_: SignIn) -> None:
    client = as_("viewer")
    page = client.get("/?q=legacy-app&show=needs").get_data(as_text=True)
    assert 'id="env-legacy"' in page
    assert 'id="env-production"' not in page
    assert 'value="legacy-app"' in page
    assert 'hx-get="/fleet/live?q=legacy-app&amp;show=needs"' in page
    _, fragment = live(client, query="q=legacy-app&show=needs")
    assert 'id="env-production"' not in fragment


def test_what_was_typed_is_escaped(as_: SignIn) -> None:
    page = as_("viewer").get("/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").get_data(as_text=True)
    assert "<script>alert" not in page


def test_a_search_that_finds_nothing_says_so(as_: SignIn) -> None:
    assert "No environment fits" in as_("viewer").get("/?q=no-such-thing").get_data(as_text=True)


def test_with_the_database_away_the_page_stays_and_says_it_is_from_memory(as_: SignIn, house: House) -> None:
    client = as_("viewer")
    client.get("/")
    house.unit.away = True
    answer = client.get("/")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert "own database is away" in page
    assert "from memory" in page
    assert 'id="env-production"' in page


def test_without_an_environment_the_page_says_what_would_be_here(tmp_path: Path) -> None:
    made = houses.house(tmp_path, filled=False)
    made.add_people()
    client = houses.app(made).test_client()
    houses.log_in(client, "admin")
    page = client.get("/").get_data(as_text=True)
    assert "No environment is known to Haven" in page
    assert "haven environment add" in page


def test_an_environment_on_its_first_reading_is_busy_and_not_healthy(as_: SignIn, house: House) -> None:
    house.add_environment(None, builders.environment("fresh", created_at=house.clock.now()))
    page = as_("viewer").get("/").get_data(as_text=True)
    assert 'aria-busy="true"' in page
    assert "The first reading is on its way." in page
