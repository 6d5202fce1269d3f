"""The pages about drift in the browser: looking, accepting with a reason, taking back, and who may not."""

import html
from http import HTTPStatus

import pytest
from flask.testing import FlaskClient

from tests import builders as b
from tests.unit.portal import drift_scene as scene
from tests.unit.portal.conftest import SignIn
from tests.unit.portal.house import House, token

HERE = "/environments/production/drift"
PLACE = {"stack": "data", "resource": "Database", "path": "/DBInstanceClass"}
REASON = "A larger class for the sale."


def text(client: FlaskClient, path: str = HERE) -> str:
    answer = client.get(path)
    assert answer.status_code == HTTPStatus.OK, path
    return html.unescape(answer.get_data(as_text=True))


def post(client: FlaskClient, act: str, **form: str) -> tuple[int, str]:
    """Status, and where it leads or what it says."""
    answer = client.post(f"{HERE}/{act}", data={"csrf_token": token(client, HERE), **form})
    return answer.status_code, answer.headers.get("Location") or html.unescape(answer.get_data(as_text=True))


@pytest.fixture
def filled(house: House) -> House:
    scene.fill(house)
    return house


@pytest.mark.usefixtures("filled")
def test_the_page_shows_expected_and_actual_and_what_it_is(as_: SignIn) -> None:
    shown = text(as_("admin"))
    assert shown.index("3 differences:") < shown.index("db.r6g.large") < shown.index("db.r6g.xlarge")
    for words in ("Explains itself", "The batch moved.", "It is UPDATE_IN_PROGRESS.", "detect-stack-drift"):
        assert words in shown
    assert f"{HERE}/accept?stack=data&resource=Database&path=/DBInstanceClass" in shown


def test_never_looked_offers_to_look(as_: SignIn) -> None:
    shown = text(as_("operator"))
    assert "Never looked." in shown
    assert "Look now" in shown
    assert "never read" in shown


def test_an_environment_that_was_never_read_says_so(house: House, as_: SignIn) -> None:
    house.add_environment(None, b.environment("unread"))
    client = as_("operator")
    shown = text(client, "/environments/unread/drift")
    assert "Nothing to compare yet" in shown
    assert "Look now" not in shown


def test_looking_asks_once_and_shows_how_far_it_is(house: House, as_: SignIn) -> None:
    client = as_("operator")
    assert post(client, "look") == (HTTPStatus.SEE_OTHER, HERE)
    assert ("operator", "look for drift", "production") in house.actions
    shown = text(client)
    assert "Looking now." in shown
    assert "operator asked already." in shown
    status, said = post(client, "look")
    assert status == HTTPStatus.CONFLICT
    assert "Something stands in the way." in said


def test_a_viewer_sees_and_is_told_who_may(filled: House, as_: SignIn) -> None:
    client = as_("viewer")
    shown = text(client)
    assert "3 differences:" in shown
    assert "Those who may look: operator and admin." in shown
    assert "Accept it" not in shown
    assert "Take back" not in shown
    form = as_("operator")
    answer = form.post(f"{HERE}/look", data={"csrf_token": token(form, HERE)})
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert client.get(f"{HERE}/accept?stack=data&resource=Database&path=/DBInstanceClass").status_code == 403
    assert filled.actions[-1][1] != "accept drift"


def test_a_difference_is_accepted_with_a_reason(filled: House, as_: SignIn) -> None:
    client = as_("admin")
    shown = text(client, f"{HERE}/accept?stack=data&resource=Database&path=/DBInstanceClass")
    assert "db.r6g.xlarge" in shown
    status, where = post(client, "accept", **PLACE, actual="db.r6g.xlarge", reason=REASON)
    assert (status, where) == (HTTPStatus.SEE_OTHER, HERE)
    assert ("admin", "accept drift", "production") in filled.actions
    shown = text(client)
    assert "2 differences:" in shown
    assert f"“{REASON}”" in shown


def test_accepting_without_a_reason_keeps_what_was_typed(filled: House, as_: SignIn) -> None:
    status, said = post(as_("admin"), "accept", **PLACE, actual="db.r6g.xlarge", reason="no <b>")
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Nothing was accepted." in said
    assert "8 to 500 characters." in said
    assert "no <b>" in said
    assert "accept drift" not in [action for _, action, _ in filled.actions]


@pytest.mark.parametrize(
    "changed", [{"actual": "db.m5.large"}, {"path": "/Engine"}, {"stack": "nowhere"}, {"resource": "Nothing"}]
)
def test_what_differs_otherwise_by_now_is_shown_and_not_accepted(
    filled: House, as_: SignIn, changed: dict[str, str]
) -> None:
    given = {**PLACE, "actual": "db.r6g.xlarge", "reason": REASON, **changed}
    status, said = post(as_("admin"), "accept", **given)
    assert status == HTTPStatus.NOT_FOUND
    assert "does not differ so any more" in said
    assert "accept drift" not in [action for _, action, _ in filled.actions]


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("path", ["/PreferredBackupWindow", "/Nothing", ""])
def test_what_is_no_drift_has_no_form(as_: SignIn, path: str) -> None:
    answer = as_("admin").get(f"{HERE}/accept?stack=data&resource=Database&path={path}")
    assert answer.status_code == HTTPStatus.NOT_FOUND


def test_an_accepted_difference_is_taken_back(filled: House, as_: SignIn) -> None:
    client = as_("admin")
    place = {**PLACE, "path": "/PreferredBackupWindow"}
    assert post(client, "take-back", **place) == (HTTPStatus.SEE_OTHER, HERE)
    assert ("admin", "take back accepted drift", "production") in filled.actions
    assert "4 differences:" in text(client)
    status, said = post(client, "take-back", **place)
    assert status == HTTPStatus.NOT_FOUND
    assert "Nothing is accepted" in said


@pytest.mark.usefixtures("filled")
def test_taking_back_nothing_in_particular_is_refused(as_: SignIn) -> None:
    assert post(as_("admin"), "take-back", stack="data")[0] == HTTPStatus.UNPROCESSABLE_ENTITY


@pytest.mark.parametrize("act", ["accept", "take-back"])
@pytest.mark.usefixtures("filled")
def test_an_operator_may_look_and_not_say_that_it_is_meant(as_: SignIn, act: str) -> None:
    given = {**PLACE, "path": "/PreferredBackupWindow" if act == "take-back" else "/DBInstanceClass"}
    status, _ = post(as_("operator"), act, **given, actual="db.r6g.xlarge", reason=REASON)
    assert status == HTTPStatus.FORBIDDEN


def test_the_part_that_is_polled_is_sent_once_a_version(filled: House, as_: SignIn) -> None:
    client = as_("viewer")
    shown = client.get(HERE).get_data(as_text=True)
    version = shown.partition('id="drift"')[2].partition('"v": "')[2].partition('"')[0]
    assert client.get(f"{HERE}/live?v={version}").status_code == HTTPStatus.NO_CONTENT
    filled.clock.move(seconds=30)
    assert client.get(f"{HERE}/live?v={version}").status_code == HTTPStatus.NO_CONTENT
    scene.put(filled, scene.report("data", hours=0))
    answer = client.get(f"{HERE}/live?v={version}")
    assert answer.status_code == HTTPStatus.OK
    assert "2 differences:" in answer.get_data(as_text=True)


def test_two_people_never_share_a_form(filled: House, as_: SignIn) -> None:
    one, other = as_("admin"), as_("admin-2")
    forms = [token(each, f"{HERE}/live") for each in (one, other)]
    assert all(forms)
    assert forms[0] != forms[1]


def test_an_unknown_environment_is_not_found(as_: SignIn) -> None:
    client = as_("admin")
    for path in ("", "/live", "/accept"):
        assert client.get(f"/environments/nowhere/drift{path}").status_code == HTTPStatus.NOT_FOUND
