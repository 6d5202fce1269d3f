"""Logging in and out, and what becomes of an open page when the session ends."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.unit.portal.conftest import SignIn
from tests.unit.portal.house import PASSWORD, House, log_in, token


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie("haven")
    return found.value if found else ""


def test_who_is_not_logged_in_is_sent_to_the_form_and_back(client: FlaskClient) -> None:
    answer = client.get("/users/viewer?x=1")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/login?next=/users/viewer?x%3D1")
    page = client.get(answer.headers["Location"]).get_data(as_text=True)
    assert 'value="/users/viewer?x=1"' in page
    form = {"name": "admin", "password": PASSWORD, "csrf_token": token(client, "/login"), "next": "/users/viewer?x=1"}
    assert client.post("/login", data=form).headers["Location"] == "/users/viewer?x=1"


def test_a_next_elsewhere_is_forgotten(client: FlaskClient) -> None:
    form = {"name": "admin", "password": PASSWORD, "csrf_token": token(client, "/login"), "next": "//evil.example/"}
    assert client.post("/login", data=form).headers["Location"] == "/"


def test_a_wrong_password_keeps_the_name_and_forgets_the_password(client: FlaskClient) -> None:
    form = {"name": "admin", "password": "wrong wrong wrong", "csrf_token": token(client, "/login")}
    answer = client.post("/login", data=form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'value="admin"' in page
    assert "wrong wrong" not in page
    assert "do not fit together" in page


def test_an_unknown_name_reads_exactly_like_a_wrong_password(client: FlaskClient) -> None:
    def refused(name: str) -> str:
        form = {"name": name, "password": "wrong wrong wrong", "csrf_token": token(client, "/login")}
        text = client.post("/login", data=form).get_data(as_text=True)
        return text.partition('role="alert"')[2].partition("</form>")[0].replace(name, "NAME")

    def bare(text: str) -> str:
        return re.sub(r'name="csrf_token" value="[^"]*"', "", text)

    assert bare(refused("viewer")) == bare(refused("nobody-at-all"))


def test_too_many_failures_lock_and_say_until_when(client: FlaskClient, house: House) -> None:
    for _ in range(house.settings.lockout_after):
        last = log_in(client, "viewer", "wrong wrong wrong")
    assert last == 403
    form = {"name": "viewer", "password": PASSWORD, "csrf_token": token(client, "/login")}
    answer = client.post("/login", data=form)
    assert answer.status_code == 403
    assert "It can be tried again after" in answer.get_data(as_text=True)
    house.clock.move(seconds=house.settings.lockout_for + 1)
    assert log_in(client, "viewer") == 303


def test_missing_words_are_said_beside_their_fields(client: FlaskClient) -> None:
    answer = client.post("/login", data={"csrf_token": token(client, "/login")})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'aria-describedby="name-wrong"' in page
    assert "Type your password." in page


def test_the_database_away_at_login_keeps_what_was_typed(client: FlaskClient, house: House) -> None:
    csrf = token(client, "/login")
    house.unit.away = True
    answer = client.post("/login", data={"name": "viewer", "password": PASSWORD, "csrf_token": csrf})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "5"
    assert 'value="viewer"' in answer.get_data(as_text=True)


def test_logging_in_begins_under_a_fresh_cookie(client: FlaskClient) -> None:
    csrf = token(client, "/login")
    planted = cookie(client)
    client.post("/login", data={"name": "admin", "password": PASSWORD, "csrf_token": csrf})
    with client.session_transaction() as session:
        assert session["_user_id"].startswith("token-")
        assert "csrf_token" not in session
    assert cookie(client) != planted


def test_the_cookie_never_holds_a_name_or_a_role(as_: SignIn) -> None:
    client = as_("admin")
    with client.session_transaction() as session:
        assert "admin" not in repr(dict(session))


def test_a_stolen_cookie_is_worth_nothing_after_logging_out(app: Flask, as_: SignIn) -> None:
    client = as_("viewer")
    stolen = cookie(client)
    assert client.post("/logout", data={"csrf_token": token(client, "/")}).headers["Location"] == "/login"
    thief = app.test_client()
    thief.set_cookie("haven", stolen)
    assert thief.get("/").status_code == 303


def test_logging_out_empties_the_browser_even_while_the_database_is_away(as_: SignIn, house: House) -> None:
    client = as_("viewer")
    csrf = token(client, "/")
    house.unit.away = True
    assert client.post("/logout", data={"csrf_token": csrf}).status_code == 503
    house.unit.away = False
    assert client.get("/").status_code == 303


def test_get_does_not_log_out(as_: SignIn) -> None:
    client = as_("viewer")
    assert client.get("/logout").status_code == 405
    assert client.get("/").status_code == 200


def test_a_polling_page_is_told_that_the_session_ended_and_keeps_its_content(as_: SignIn, house: House) -> None:
    client = as_("viewer")
    house.clock.move(hours=1)
    headers = {"HX-Request": "true", "HX-Current-URL": "https://haven.example/?q=rbac"}
    answer = client.get("/fleet/live?q=rbac", headers=headers)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 401
    assert "Your session ended" in page
    assert 'href="/login?next=/?q%3Drbac"' in page
    assert "<html" not in page


def test_polling_is_no_sign_of_a_person(as_: SignIn, house: House) -> None:
    client = as_("viewer")
    for _ in range(house.settings.session_idle // 60 + 1):
        house.clock.move(minutes=1)
        answer = client.get("/fleet/live?v=0123456789abcdef", headers={"HX-Request": "true"})
    assert answer.status_code == 401


def test_opening_a_part_of_the_page_is_one(as_: SignIn, house: House) -> None:
    client = as_("viewer")
    for _ in range(house.settings.session_idle // 60 + 1):
        house.clock.move(minutes=1)
        assert client.get("/fleet/live", headers={"HX-Request": "true"}).status_code == 200


def test_looking_around_is_one(as_: SignIn, house: House) -> None:
    client = as_("viewer")
    for _ in range(house.settings.session_idle // 60 + 1):
        house.clock.move(minutes=1)
        assert client.get("/").status_code == 200


@pytest.mark.parametrize("path", ["/", "/fleet/live"])
def test_a_forged_cookie_is_nobody(client: FlaskClient, path: str) -> None:
    client.set_cookie("haven", "eyJfdXNlcl9pZCI6InRva2VuLTAwMDAwMDAwMDAwMSJ9.aaaa.bbbb")
    assert client.get(path).status_code == 303


def test_who_is_logged_in_needs_no_form(as_: SignIn) -> None:
    assert as_("viewer").get("/login?next=/design").headers["Location"] == "/design"
