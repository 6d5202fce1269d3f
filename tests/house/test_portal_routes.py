"""What holds for every route, also those that are written later."""

import re
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.routing import Rule

from portal.app import PUBLIC
from tests.unit.portal import house as houses
from tests.unit.portal.house import House

EXAMPLES = {"environment": "production", "name": "viewer", "number": "1", "digest": "0" * 12}


@pytest.fixture
def house(tmp_path: Path) -> House:
    return houses.house(tmp_path)


@pytest.fixture
def app(house: House) -> Flask:
    return houses.app(house)


def path(rule: Rule) -> str:
    """An address that fits the rule."""
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: EXAMPLES.get(found.group(1), "x"), rule.rule)


def rules(app: Flask, method: str) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if method in (rule.methods or set())]


def test_every_route_needs_a_login_but_those_listed(app: Flask) -> None:
    client, token = app.test_client(), ""
    for rule in app.url_map.iter_rules():
        if rule.endpoint in PUBLIC:
            continue
        for method in sorted((rule.methods or set()) & {"GET", "POST"}):
            token = token or houses.token(client, "/login")
            answer = client.open(path(rule), method=method, data={"csrf_token": token} if method == "POST" else None)
            where = answer.headers.get("Location", "")
            assert (answer.status_code, where.partition("?")[0]) == (303, "/login"), f"{method} {rule.rule}"


def test_the_list_of_open_routes_is_short_and_real(app: Flask) -> None:
    assert {"assets.file", "probes.alive", "probes.ready", "session.login", "session.enter"} == PUBLIC
    assert {rule.endpoint for rule in app.url_map.iter_rules()} >= PUBLIC


def test_get_changes_nothing(app: Flask, house: House) -> None:
    client = app.test_client()
    houses.log_in(client, "admin")
    before = house.unit.writes
    for rule in rules(app, "GET"):
        client.get(path(rule), buffered=True)
        assert house.unit.writes == before, f"GET {rule.rule} wrote to the database"


def test_every_answer_carries_the_content_policy_also_when_it_is_an_error(app: Flask) -> None:
    client = app.test_client()
    houses.log_in(client, "admin")
    for rule in rules(app, "GET"):
        answer = client.get(path(rule), buffered=True)
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'"), rule.rule
        assert answer.status_code < 500, rule.rule


def test_every_post_needs_its_token(app: Flask, house: House) -> None:
    client = app.test_client()
    houses.log_in(client, "admin")
    before = house.unit.writes
    for rule in rules(app, "POST"):
        assert client.post(path(rule)).status_code == 400, rule.rule
    assert house.unit.writes == before


def test_nobody_sees_more_than_their_role_by_typing_an_address(app: Flask) -> None:
    client = app.test_client()
    houses.log_in(client, "viewer")
    refused = {rule.rule for rule in rules(app, "GET") if client.get(path(rule), buffered=True).status_code == 403}
    assert {"/ledger", "/users", "/users/<name>"} <= refused
