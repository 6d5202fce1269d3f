"""The guided path in the portal: every state of the page, who may plan, and where the button leads."""

import html
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from tests import builders as b
from tests.unit.portal import house as houses
from tests.unit.portal.house import token
from tests.unit.portal.upgrade_scene import HERE, STAGES, Walked


@pytest.fixture
def walked(tmp_path: Path) -> Walked:
    return Walked(tmp_path)


def as_(walked: Walked, name: str) -> FlaskClient:
    client = houses.app(walked.house).test_client()
    assert houses.log_in(client, name) == HTTPStatus.SEE_OTHER
    return client


def text(client: FlaskClient, path: str = HERE) -> str:
    answer = client.get(path)
    assert answer.status_code == HTTPStatus.OK, path
    return html.unescape(answer.get_data(as_text=True))


def post(client: FlaskClient, stage: str) -> tuple[int, str]:
    answer = client.post(f"{HERE}/{stage}", data={"csrf_token": token(client, HERE)})
    return answer.status_code, answer.headers.get("Location") or html.unescape(answer.get_data(as_text=True))


def test_the_first_stage_is_next_with_all_there_is_to_know(walked: Walked) -> None:
    shown = text(as_(walked, "admin"))
    assert "0 of 5 stages done;" in shown
    assert "next: a way out for every zone." in shown
    for words in ("One NAT gateway for three zones", "NatPerZone", "At stake", "no data store", "Plan this stage"):
        assert words.lower() in shown.lower(), words
    assert shown.count('<button class="btn btn-primary" type="submit"') == 1
    assert "Storage can never shrink" in shown
    assert "as of 20" in shown


def test_the_button_leads_to_the_plan(walked: Walked) -> None:
    client = as_(walked, "admin")
    status, where = post(client, "network")
    assert status == HTTPStatus.SEE_OTHER
    assert where.startswith("/environments/legacy/deployments/")
    shown = text(client)
    assert "Being worked out" in shown
    assert 'type="submit" disabled' in shown


def test_a_stage_before_its_turn_is_refused_and_the_page_says_why(walked: Walked) -> None:
    status, said = post(as_(walked, "admin"), "capacity")
    assert status == HTTPStatus.CONFLICT
    assert "comes after “A way out for every zone”" in said
    assert "Plan this stage" in said
    assert post(as_(walked, "admin"), "nonsense")[0] == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize("role", ["viewer", "auditor", "operator"])
def test_who_may_not_plan_sees_all_and_is_told_who_may(walked: Walked, role: str) -> None:
    client = as_(walked, role)
    shown = text(client)
    assert "0 of 5 stages done;" in shown
    assert "Plan this stage" not in shown
    assert "Roles that may deploy stacks: admin" in shown
    borrowed = text(client, "/").partition('name="csrf_token" value="')[2].partition('"')[0]
    answer = client.post(f"{HERE}/network", data={"csrf_token": borrowed})
    assert answer.status_code == HTTPStatus.FORBIDDEN


def test_without_its_token_nothing_is_planned(walked: Walked) -> None:
    client = as_(walked, "admin")
    assert client.post(f"{HERE}/network").status_code == HTTPStatus.BAD_REQUEST
    assert "Being worked out" not in text(client)


def test_the_path_is_walked_and_the_findings_shrink(walked: Walked) -> None:
    walked.go("network")
    walked.go("standby")
    walked.plan("capacity")
    shown = text(as_(walked, "admin"))
    assert "2 of 5 stages done;" in shown
    assert "Review the plan" in shown
    assert "by its change sets" in shown
    assert "Its plan as it was reviewed" in shown
    assert shown.count("Before <time") == 2


def test_a_running_stage_is_followed_and_polled(walked: Walked) -> None:
    walked.ask("network")
    client = as_(walked, "admin")
    shown = text(client)
    assert "now: a way out for every zone." in shown
    assert "Follow it" in shown
    assert "Plan this stage" not in shown
    version = shown.partition('hx-vals=\'{"v": "')[2].partition('"')[0]
    assert client.get(f"{HERE}/live?v={version}").status_code == HTTPStatus.NO_CONTENT
    assert client.get(f"{HERE}/live?v=other").status_code == HTTPStatus.OK


def test_at_the_end_all_is_done(walked: Walked) -> None:
    for stage in STAGES:
        walked.go(stage)
    shown = text(as_(walked, "admin"))
    assert "All five stages are done." in shown
    assert "It is Multi-AZ." in shown
    assert "Plan this stage" not in shown
    assert "It still goes by the name" not in shown


def test_a_failed_stage_says_why_and_can_be_planned_anew(walked: Walked) -> None:
    walked.scene.aws.failing["network"] = "NatGateway3: the limit is reached"
    walked.scene.run(walked.ask("network"))
    shown = text(as_(walked, "admin"))
    assert "a way out for every zone failed." in shown
    assert "the limit is reached" in shown
    assert "What happened, and the ways out" in shown
    assert "Plan this stage" in shown


def test_what_was_read_long_ago_is_said_to_be_old(walked: Walked) -> None:
    walked.scene.clock.move(minutes=30)
    shown = text(as_(walked, "admin"))
    assert "what is known is old" in shown
    assert "Look at the time." in shown


def test_never_read_and_not_there(walked: Walked) -> None:
    walked.house.add_environment(None, b.environment("unread"))
    client = as_(walked, "viewer")
    shown = text(client, "/environments/unread/upgrade")
    assert "Not read yet." in shown
    assert "Plan this stage" not in shown
    assert client.get("/environments/unread/upgrade/live?v=x").status_code == HTTPStatus.OK
    assert client.get("/environments/nowhere/upgrade").status_code == HTTPStatus.NOT_FOUND


def test_an_environment_that_is_multi_az_has_nothing_to_do(tmp_path: Path) -> None:
    walked = Walked(tmp_path, "production")
    shown = text(as_(walked, "admin"), "/environments/production/upgrade")
    assert "Already Multi-AZ." in shown
    assert "as it was found" in shown
    assert "Plan this stage" not in shown


def test_nothing_deployed_offers_the_blueprint_as_a_whole(walked: Walked) -> None:
    walked.scene.aws.stacks.clear()
    walked.scene.snap()
    shown = text(as_(walked, "admin"))
    assert "Nothing is deployed." in shown
    assert "Plan multi-az as a whole" in shown


def test_in_a_protected_environment_it_waits_for_a_second_person(walked: Walked) -> None:
    with walked.scene.unit() as store:
        known = store.environments.get("legacy")
        assert known is not None
        store.environments.save(known, replace(known, protected=True))
    client = as_(walked, "admin")
    assert "a second person’s approval" in text(client)
    walked.ask("network")
    shown = text(client)
    assert "Waits for approval" in shown
    assert "Follow it" in shown


def test_a_plan_that_became_void_is_planned_anew(walked: Walked) -> None:
    walked.plan("network")
    walked.scene.clock.move(minutes=5)
    walked.scene.aws.stacks["network"].updated_at = walked.scene.clock.now()
    walked.scene.snap()
    shown = text(as_(walked, "admin"))
    assert "Void" in shown
    assert "Plan it anew" in shown
    assert "Review the plan" not in shown


def test_all_done_under_another_name_says_where_to_change_it(walked: Walked) -> None:
    for stage in STAGES:
        walked.go(stage)
    with walked.scene.unit() as store:
        known = store.environments.get("legacy")
        assert known is not None
        store.environments.save(known, replace(known, blueprint="single-az"))
    shown = text(as_(walked, "admin"))
    assert "It still goes by the name single-az." in shown
    assert "/environments/legacy/edit" in shown
