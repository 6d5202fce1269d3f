"""What went wrong becomes the right status, in words, as a page or as a fragment."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.domain.errors import (
    Conflict,
    HavenError,
    Invalid,
    Misconfigured,
    NotAllowed,
    NotFound,
    NotNow,
    OutcomeUnknown,
    Refused,
    Unsafe,
)
from tests.unit.portal import house as houses
from tests.unit.portal.conftest import SignIn
from tests.unit.portal.house import House

HX = {"HX-Request": "true"}


@pytest.fixture
def failing(app: Flask) -> Flask:
    """The application with one page that fails as told, open to everyone."""

    def fail(kind: str) -> str:
        raise {
            "notfound": NotFound("There is no database x."),
            "notallowed": NotAllowed("Your role, viewer, may not. Roles that may: admin."),
            "invalid": Invalid("Wrong.", {"max": "At most 12."}),
            "conflict": Conflict("Changed since you looked."),
            "unsafe": Unsafe("The standby lags."),
            "notnow": NotNow("Haven's database is away.", retry_after=7.2),
            "unknown": OutcomeUnknown("The answer was lost."),
            "misconfigured": Misconfigured("HAVEN_DATABASE_URL is missing."),
            "bug": ZeroDivisionError("secret inner words"),
        }[kind]

    app.add_url_rule("/fail/<kind>", "assets.file2", fail)
    app.before_request_funcs[None] = [f for f in app.before_request_funcs[None] if f.__name__ != "_require_login"]
    return app


@pytest.mark.parametrize(
    ("kind", "status", "words"),
    [
        ("notfound", 404, "There is no database x."),
        ("notallowed", 403, "Roles that may: admin."),
        ("invalid", 422, "At most 12."),
        ("conflict", 409, "Changed since you looked."),
        ("unsafe", 409, "The standby lags."),
        ("notnow", 503, "Try again in 8 s."),
        ("unknown", 503, "Look before asking again."),
        ("misconfigured", 500, "HAVEN_DATABASE_URL is missing."),
        ("bug", 500, "a mistake in Haven"),
    ],
)
def test_each_kind_of_error_has_its_status_and_says_what_to_do(
    failing: Flask, kind: str, status: int, words: str
) -> None:
    client = failing.test_client()
    page, fragment = client.get(f"/fail/{kind}"), client.get(f"/fail/{kind}", headers=HX)
    assert (page.status_code, fragment.status_code) == (status, status)
    assert words in page.get_data(as_text=True)
    assert words in fragment.get_data(as_text=True)
    assert "<html" in page.get_data(as_text=True)
    assert "<html" not in fragment.get_data(as_text=True)


def test_every_kind_of_understood_error_has_words(failing: Flask) -> None:
    kinds = {kind for kind in HavenError.__subclasses__() + Refused.__subclasses__() if kind is not Refused}
    from portal.errors import STATUS

    assert kinds == set(STATUS)


def test_not_now_says_when_to_come_back(failing: Flask) -> None:
    assert failing.test_client().get("/fail/notnow").headers["Retry-After"] == "8"


def test_a_bug_tells_its_request_and_nothing_of_its_insides(failing: Flask) -> None:
    answer = failing.test_client().get("/fail/bug")
    page = answer.get_data(as_text=True)
    assert answer.headers["X-Request-Id"] in page
    assert "secret inner words" not in page
    assert "Traceback" not in page


def test_an_unknown_address_is_a_page_of_ours(client: FlaskClient) -> None:
    answer = client.get("/nothing/here")
    assert answer.status_code == 404
    assert "There is no such page." in answer.get_data(as_text=True)


def test_a_wrong_method_says_which_are_right(as_: SignIn) -> None:
    answer = as_("viewer").get("/logout")
    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("role", ["viewer", "operator"])
def test_a_denied_act_is_refused_with_who_may_and_recorded(as_: SignIn, house: House, role: str) -> None:
    answer = as_(role).get("/ledger")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 403
    assert "Roles that may: auditor, admin." in page
    assert house.actions[-1] == (role, "denied", "GET /ledger")


def test_a_denied_act_is_refused_even_when_the_ledger_is_away(as_: SignIn, house: House) -> None:
    client = as_("auditor")
    token = houses.token(client, "/")
    house.unit.away = True
    answer = client.post("/users", data={"csrf_token": token, "name": "eve", "role": "admin", "password": "x" * 12})
    assert answer.status_code in (403, 422, 503)
    house.unit.away = False
    assert "eve" not in [target for _, _, target in house.actions]


def test_nobody_is_told_they_may_not_while_their_role_cannot_be_confirmed(as_: SignIn, house: House) -> None:
    client = as_("admin")
    house.unit.away = True
    answer = client.get("/ledger")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 503
    assert "your role cannot be confirmed" in page
    assert "recorded" not in page
    assert answer.headers["Retry-After"]


def test_the_page_about_an_absent_database_is_itself_shown(as_: SignIn, house: House) -> None:
    client = as_("viewer")
    house.clock.move(minutes=3)
    house.unit.away = True
    answer = client.get("/")
    assert answer.status_code == 503
    assert "Haven cannot do this just now." in answer.get_data(as_text=True)
    assert answer.headers["Retry-After"]
