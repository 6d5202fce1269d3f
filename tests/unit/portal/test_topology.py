"""The topology page over the real application: what it says in each state, and what its fragment answers."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree

import pytest
from flask.testing import FlaskClient

from services.domain.snapshot import Gap, Part, Reading, Snapshot
from tests import builders as b
from tests.unit.portal.house import House, app, house, log_in

PAGE = "/environments/production/topology"


@pytest.fixture
def home(tmp_path: Path) -> House:
    return house(tmp_path, session_idle=24 * 3600, session_absolute=48 * 3600)


@pytest.fixture
def client(home: House) -> FlaskClient:
    made = app(home).test_client()
    log_in(made, "viewer")
    return made


def text(client: FlaskClient, path: str = PAGE, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)[:400]
    return answer.get_data(as_text=True)


def version(page: str) -> str:
    found = re.search(r"hx-vals='\{\"v\": \"([0-9a-f]+)\"\}'", page)
    assert found
    return found[1]


def pictures(page: str) -> list[str]:
    return re.findall(r'<svg class="picture.*?</svg>', page, re.S)


def test_the_page_opens_with_the_verdict_then_picture_then_findings(client: FlaskClient):
    page = text(client)
    places = [page.index(words) for words in ("Topology of production", "Healthy.", "picture-wide", "Nothing is wrong")]
    assert places == sorted(places)


def test_the_picture_shows_every_zone_and_task_as_links_with_words(client: FlaskClient):
    wide, narrow = pictures(text(client))
    for zone in b.ZONES:
        assert f"<title>zone {zone}" in wide or zone in wide
    for task in (task for service in b.snapshot().services for task in service.tasks):
        assert f'data-node="task-{task.task_id}"' in wide
        assert f'data-node="task-{task.task_id}"' in narrow
    assert "Standby in us-east-1b: healthy, takes over; not readable" in wide


def test_pictures_are_well_formed_and_carry_no_style(client: FlaskClient):
    page = text(client)
    for picture in pictures(page):
        ElementTree.fromstring(picture)  # noqa: S314 our own markup
    assert " style=" not in page
    assert "<style" not in page
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)


def test_element_ids_are_unique(client: FlaskClient):
    ids = re.findall(r'\bid="([^"]+)"', text(client, f"{PAGE}?node=service-rbac"))
    assert len(ids) == len(set(ids))


def test_every_part_of_the_page_leads_somewhere(client: FlaskClient):
    page = text(client, "/environments/legacy/topology")
    ids = set(re.findall(r'\bid="([^"]+)"', page))
    assert {anchor for anchor in re.findall(r'href="#([^"]+)"', page) if not anchor.startswith(("s-", "i-"))} <= ids
    for node in set(re.findall(r'data-node="([^"]+)"', page)):
        assert "is not here any more" not in text(client, f"/environments/legacy/topology?node={node}")


def test_a_node_opens_a_panel_with_facts_ages_ids_and_the_way_without_haven(client: FlaskClient):
    page = text(client, f"{PAGE}?node=database-production-app")
    panel = page[page.index('id="panel"') :]
    assert 'data-panel="database-production-app"' in page
    assert "us-east-1b, synchronous" in panel
    assert 'data-copy="production-app"' in panel
    assert "aws rds describe-db-instances" in panel
    assert f'datetime="{b.NOW:%Y-%m-%dT%H:%M:%SZ}"' in panel
    assert f'href="{PAGE}"' in panel  # closing it


def test_a_node_that_is_gone_says_so_and_nonsense_is_ignored(client: FlaskClient):
    assert "task-gone is not here any more" in text(client, f"{PAGE}?node=task-gone")
    assert "<script>" not in text(client, f"{PAGE}?node=<script>")


def test_legacy_shows_its_findings_with_requirement_and_mend(client: FlaskClient):
    page = text(client, "/environments/legacy/topology")
    assert "One zone carries everything; losing us-east-1a stops it." in page
    assert "19 more findings" in page
    for words in (
        "Turn on Multi-AZ",
        "RPO 0",
        "rbac runs one task",
        "audit runs one task",
        "no NAT; leaves through 1a",
    ):
        assert words in page


def test_findings_open_their_node(client: FlaskClient):
    page = text(client, "/environments/legacy/topology?node=database-legacy-app")
    panel = page[page.index('id="panel"') : page.index('id="findings"')]
    assert "Mend:" in panel
    assert "Breaks:" in panel


def test_the_table_says_what_the_picture_shows(client: FlaskClient):
    page = text(client)
    table = page[page.index('id="as-table"') :]
    assert "NAT gateway" in table
    assert "takes over; not readable" in table


def test_the_fragment_answers_204_until_something_changed(client: FlaskClient, home: House):
    page = text(client)
    live = f"{PAGE}/live?v={version(page)}"
    assert client.get(live).status_code == 204
    home.clock.move(seconds=10)
    assert client.get(live).status_code == 204
    home.put(replace(b.snapshot(), taken_at=b.NOW + timedelta(seconds=10)))
    fragment = text(client, live)
    assert fragment.lstrip().startswith('<div id="topology"')
    assert "<html" not in fragment


def test_the_page_holds_the_very_fragment_that_is_polled(client: FlaskClient):
    assert text(client, f"{PAGE}/live").strip() in text(client)


def test_the_fragment_changes_when_the_snapshot_gets_old(client: FlaskClient, home: House):
    v = version(text(client))
    home.clock.move(seconds=61)
    fragment = text(client, f"{PAGE}/live?v={v}")
    assert "Nothing was read from AWS since 02:13:00; it was healthy then." in fragment
    assert client.get(f"{PAGE}/live?v={version(fragment)}").status_code == 204


def test_the_polled_fragment_keeps_the_open_panel(client: FlaskClient):
    page = text(client, f"{PAGE}?node=service-rbac")
    assert f'hx-get="{PAGE}/live?node=service-rbac"' in page
    assert client.get(f"{PAGE}/live?node=service-rbac&v={version(page)}").status_code == 204


def test_nothing_read_yet_says_what_is_awaited(client: FlaskClient, home: House):
    home.add_environment(None, b.environment("fresh"))
    page = text(client, "/environments/fresh/topology")
    assert "Not read yet." in page
    assert "0 of 15 parts read" in page
    assert client.get(f"/environments/fresh/topology/live?v={version(page)}").status_code == 204


def test_nothing_deployed_names_the_act_that_fills_the_page(client: FlaskClient, home: House):
    home.add_environment(Snapshot("bare", b.NOW, b.readings()), b.environment("bare"))
    page = text(client, "/environments/bare/topology")
    assert "Nothing is deployed yet." in page
    assert "haven stack deploy bare" in page


def test_gaps_are_marked_on_their_part_with_awss_error(client: FlaskClient, home: House):
    no = {Part.DATABASE, Part.LOAD_BALANCER, Part.NETWORK, Part.SERVICES, Part.QUEUES, Part.CACHE}
    read = tuple(
        Reading(p, None, Gap(p, "AccessDenied", "Haven may not", b.NOW)) if p in no else Reading(p, b.NOW) for p in Part
    )
    dark = replace(
        b.snapshot("dim"), readings=read, databases=(), load_balancer=None, network=None, services=(), queues=(),
        caches=(),
    )  # fmt: skip
    home.add_environment(dark, b.environment("dim"))
    page = text(client, "/environments/dim/topology?node=part-database")
    assert "Unknown." in page
    assert "AccessDenied" in page
    assert pictures(page)[0].count("not read") >= 5
    assert "9 <small>of 15</small>" in page


def test_while_havens_database_is_away_the_page_shows_what_this_process_saw(client: FlaskClient, home: House):
    text(client)
    home.unit.away = True
    shown = text(client)
    assert "own database does not answer" in shown
    assert "History is away" in shown
    assert "picture-wide" in shown


@pytest.fixture
def past(home: House) -> House:
    """production: whole at 02:13, failed over at 03:13, four tasks of rbac at 04:13; now is 05:00."""
    moved = replace(b.snapshot(), databases=(b.database(zone=b.ZONES[1], secondary_zone=b.ZONES[0]),))
    grown = replace(moved, services=(b.service("rbac", (*b.ZONES, b.ZONES[0])), *b.snapshot().services[1:]))
    for hours, snapshot in ((1, moved), (2, grown)):
        at = b.NOW + timedelta(hours=hours)
        home.put(replace(snapshot, taken_at=at, readings=b.readings(at)))
    home.clock.move(hours=2, seconds=5)
    return home


def test_a_past_time_shows_what_was_true_then_and_what_changed(client: FlaskClient, past: House):
    page = text(client, f"{PAGE}?at=2026-11-22T03:13:30")
    assert "You are looking at the past" in page
    assert "first seen so at 2026-11-22 03:13:00 UTC" in page
    assert "database production-app primary moved us-east-1a to us-east-1b" in page
    assert "Primary in us-east-1b" in page
    assert 'hx-get="/environments' not in page
    assert "Nothing was read from AWS since" not in page


def test_a_past_time_at_which_nobody_looked_is_stale_not_healthy(client: FlaskClient, past: House):
    page = text(client, f"{PAGE}?at=2026-11-22T03:20")
    assert "Stale." in page
    assert "Healthy." not in page


def test_one_steps_from_change_to_change(client: FlaskClient, past: House):
    page = text(client)
    assert 'data-step="before" href="/environments/production/topology?at=2026-11-22T03:13:00Z"' in page
    assert 'data-step="after"' not in page
    middle = text(client, f"{PAGE}?at=2026-11-22T03:13:00Z")
    assert 'data-step="before" href="/environments/production/topology?at=2026-11-22T02:13:00Z"' in middle
    assert 'data-step="after" href="/environments/production/topology?at=2026-11-22T04:13:00Z"' in middle


def test_the_first_kept_state_has_nothing_before_it(client: FlaskClient, past: House):
    page = text(client, f"{PAGE}?at=2026-11-22T02:13")
    assert 'data-step="before"' not in page
    assert "What changed here" not in page


def test_two_times_are_compared_earlier_first_whichever_is_asked(client: FlaskClient, past: House):
    page = text(client, f"{PAGE}?at=2026-11-22T04:13&against=2026-11-22T02:13")
    heading = "from 2026-11-22 02:13:00 UTC to 2026-11-22 04:13:00 UTC"
    assert heading in page
    assert "rbac: 3 to 4 tasks" in page
    assert heading in text(client, f"{PAGE}?at=2026-11-22T02:13&against=2026-11-22T04:13")


def test_the_present_can_be_compared_and_goes_on_living(client: FlaskClient, past: House):
    page = text(client, f"{PAGE}?against=2026-11-22T02:13")
    assert "rbac: 3 to 4 tasks" in page
    assert "/live?against=2026-11-22T02:13:00Z" in page


def test_equal_times_differ_in_nothing(client: FlaskClient, past: House):
    assert "Nothing that matters differs" in text(client, f"{PAGE}?at=2026-11-22T02:13&against=2026-11-22T02:14")


@pytest.mark.parametrize(
    "asked", ["yesterday", "2026-13-40T00:00", "2026-11-22", "2026-11-22T02:13:00+05:00", "9" * 400]
)
def test_a_time_that_is_none_is_refused_with_the_form_it_takes(client: FlaskClient, asked: str):
    assert "2026-11-22T02:13" in text(client, f"{PAGE}?at={asked}", 422)


def test_the_future_is_refused(client: FlaskClient):
    assert "still to come" in text(client, f"{PAGE}?at=2030-01-01T00:00", 422)


def test_before_anything_was_kept_there_is_no_such_thing(client: FlaskClient):
    assert "is kept" in text(client, f"{PAGE}?at=2020-01-01T00:00", 404)


def test_an_unknown_environment_is_not_found_and_a_stranger_is_sent_to_login(client: FlaskClient, home: House):
    assert client.get("/environments/nowhere/topology").status_code == 404
    assert app(home).test_client().get(PAGE).status_code == 303


def test_sixty_services_stay_readable(client: FlaskClient, home: House):
    services = []
    for number in range(60):
        made = b.service(f"service-{number:02d}", tuple(b.ZONES[n % 3] for n in range(6)))
        tasks = tuple(replace(t, task_id=f"{number:04x}{n:028x}") for n, t in enumerate(made.tasks))
        services.append(replace(made, tasks=tasks))
    home.add_environment(replace(b.snapshot("crowd"), services=tuple(services)), b.environment("crowd"))
    page = text(client, "/environments/crowd/topology")
    wide = pictures(page)[0]
    assert wide.count("2 healthy") == 180
    assert 'data-node="task-' not in wide
    assert "service-59" in wide
    assert len(page) < 250_000
