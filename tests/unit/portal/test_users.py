"""People: listed, added, changed; what is wrong is said with everything typed kept, and every change is recorded."""

import pytest

from tests.unit.portal.conftest import SignIn
from tests.unit.portal.house import PASSWORD, House, log_in, token

NEW = {"name": "ana", "role": "operator", "password": PASSWORD, "again": PASSWORD}


def test_an_admin_sees_everyone(as_: SignIn) -> None:
    page = as_("admin").get("/users").get_data(as_text=True)
    assert "5 people have an account." in page
    for name in ("viewer", "auditor", "operator", "admin-2"):
        assert f'href="/users/{name}"' in page


@pytest.mark.parametrize("role", ["viewer", "auditor", "operator"])
@pytest.mark.parametrize("path", ["/users", "/users/viewer"])
def test_nobody_else_does(as_: SignIn, role: str, path: str) -> None:
    assert as_(role).get(path).status_code == 403


def test_a_person_is_added_may_log_in_and_is_in_the_ledger(as_: SignIn, house: House) -> None:
    client = as_("admin")
    answer = client.post("/users", data={**NEW, "csrf_token": token(client, "/users")}, follow_redirects=True)
    assert "ana may log in now as operator." in answer.get_data(as_text=True)
    assert ("admin", "add user", "ana") in house.actions
    assert log_in(client.application.test_client(), "ana") == 303


@pytest.mark.parametrize(
    ("wrong", "status", "words"),
    [
        ({"name": "A b"}, 422, "3 to 64 lower-case letters"),
        ({"name": ""}, 422, "Type a user name."),
        ({"name": "viewer"}, 409, "viewer"),
        ({"password": "short", "again": "short"}, 422, "At least 12 characters."),
        ({"again": "something else"}, 422, "The two passwords differ."),
        ({"role": "king"}, 422, "Not a valid choice."),
    ],
)
def test_what_is_wrong_is_said_and_all_but_passwords_is_kept(
    as_: SignIn, house: House, wrong: dict[str, str], status: int, words: str
) -> None:
    client, before = as_("admin"), len(house.actions)
    form = NEW | wrong | {"csrf_token": token(client, "/users")}
    answer = client.post("/users", data=form)
    page = answer.get_data(as_text=True)
    assert answer.status_code == status
    assert words in page
    assert f'value="{form["name"].strip()}"' in page
    assert PASSWORD not in page
    assert len(house.actions) == before


def change(as_: SignIn, path: str, data: dict[str, str]) -> tuple[int, str]:
    client = as_("admin")
    answer = client.post(path, data=data | {"csrf_token": token(client, "/users")}, follow_redirects=True)
    return answer.status_code, answer.get_data(as_text=True)


def test_a_role_is_set_and_their_sessions_end(as_: SignIn, house: House) -> None:
    theirs = as_("viewer")
    status, page = change(as_, "/users/viewer/role", {"role": "auditor"})
    assert (status, "viewer has another role now." in page) == (200, True)
    assert theirs.get("/").status_code == 303
    assert ("admin", "set role", "viewer") in house.actions


def test_a_password_is_reset(as_: SignIn) -> None:
    fresh = "another long password"
    assert change(as_, "/users/viewer/password", {"password": fresh, "again": fresh})[0] == 200
    client = as_("admin").application.test_client()
    assert log_in(client, "viewer") == 422
    assert log_in(client, "viewer", fresh) == 303


def test_a_weak_new_password_is_refused_beside_its_field(as_: SignIn) -> None:
    status, page = change(as_, "/users/viewer/password", {"password": "short", "again": "short"})
    assert status == 422
    assert 'aria-describedby="password-wrong"' in page
    assert "At least 12 characters." in page


def test_disabling_wants_the_name_typed(as_: SignIn, house: House) -> None:
    status, page = change(as_, "/users/viewer/disable", {"typed": "veiwer"})
    assert (status, "it is viewer" in page, 'value="veiwer"' in page) == (422, True, True)
    theirs = as_("viewer")
    assert change(as_, "/users/viewer/disable", {"typed": "viewer"})[0] == 200
    assert theirs.get("/").status_code == 303
    assert change(as_, "/users/viewer/enable", {})[0] == 200
    as_("viewer")


def test_the_last_admin_cannot_be_disabled(as_: SignIn, house: House) -> None:
    assert change(as_, "/users/admin-2/disable", {"typed": "admin-2"})[0] == 200
    status, page = change(as_, "/users/admin/disable", {"typed": "admin"})
    assert (status, "last enabled admin" in page) == (409, True)


def test_nobody_is_offered_to_disable_themselves(as_: SignIn) -> None:
    page = as_("admin").get("/users/admin").get_data(as_text=True)
    assert "/users/admin/disable" not in page
    assert "This is you." in page


def test_an_unknown_person_is_not_found(as_: SignIn) -> None:
    assert as_("admin").get("/users/nobody").status_code == 404
    assert change(as_, "/users/nobody/role", {"role": "admin"})[0] == 404
