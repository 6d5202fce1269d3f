"""The frame: what each role sees, the probes, the page of components."""

import re

import pytest
from flask.testing import FlaskClient

from tests.unit.portal.conftest import SignIn
from tests.unit.portal.house import House

SEEN = ["Fleet", "Topology", "Scaling", "Failovers", "Deployments", "Operations"]
"""What everybody may open."""


def nav(page: str) -> list[str]:
    return re.findall(r'data-go="\w">(\w+)</a>', page)


@pytest.mark.parametrize(
    ("role", "areas"),
    [
        ("viewer", [*SEEN, "Environments"]),
        ("operator", [*SEEN, "Environments"]),
        ("auditor", [*SEEN, "Audit", "Environments"]),
        ("admin", [*SEEN, "Audit", "Environments", "Users"]),
    ],
)
def test_the_navigation_shows_what_the_role_may_open_and_all_of_it_opens(
    as_: SignIn, role: str, areas: list[str]
) -> None:
    client = as_(role)
    page = client.get("/").get_data(as_text=True)
    assert nav(page) == areas
    for href in re.findall(r'<a href="([^"]+)"[^>]* data-go=', page):
        assert client.get(href).status_code == 200


def test_the_present_area_is_marked_once(as_: SignIn) -> None:
    page = as_("admin").get("/users/viewer").get_data(as_text=True)
    assert re.findall(r'aria-current="page" data-go="(\w)"', page) == ["u"]


def test_the_picker_lists_every_environment(as_: SignIn) -> None:
    page = as_("viewer").get("/").get_data(as_text=True)
    for name in ("production", "legacy"):
        assert f'<li><a href="/environments/{name}/topology">{name}</a></li>' in page


def test_without_an_environment_there_is_no_topology_to_go_to(as_: SignIn, house: House) -> None:
    client = as_("viewer")
    house.unit.away = True
    house.snapshots._last_known.clear()
    answer = client.get("/nothing")
    assert answer.status_code == 404
    assert nav(answer.get_data(as_text=True)) == ["Fleet", "Failovers", "Deployments", "Operations", "Environments"]


def test_alive_asks_nobody(client: FlaskClient, house: House) -> None:
    house.unit.away = True
    house.problems.append("everything is missing")
    answer = client.get("/healthz")
    assert (answer.status_code, answer.get_data(as_text=True)) == (200, "alive\n")


def test_ready_names_everything_that_is_missing(client: FlaskClient, house: House) -> None:
    assert client.get("/readyz").get_data(as_text=True) == "ready\n"
    house.problems += ["The database does not answer.", "No migration."]
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.get_data(as_text=True).splitlines() == house.problems
    assert answer.headers["Retry-After"] == "5"


def test_probes_set_no_cookie(client: FlaskClient) -> None:
    for path in ("/healthz", "/readyz"):
        assert "Set-Cookie" not in client.get(path).headers


def test_the_components_page_shows_every_state_and_every_kind_of_place(as_: SignIn) -> None:
    page = as_("viewer").get("/design").get_data(as_text=True)
    for status in ("down", "degraded", "unknown", "stale", "changing", "paused", "simulated", "healthy"):
        assert f'class="state is-{status}"' in page
    for title in ("Nothing here yet", "First reading in progress", "Could not be read", "Your role may not do this"):
        assert f"<h2>{title}</h2>" in page


def test_a_sample_chart_leaves_a_hole_where_nothing_was_read() -> None:
    from portal.design.samples import Point, chart

    made = chart((Point(0, 10), Point(1, 20), Point(2, None), Point(3, None), Point(4, 30), Point(5, 40)), 50)
    assert [line[0] for line in made.lines] == ["M", "M"]
    assert made.gaps == ((120.0, 360.0),)
