"""The pages over the real desk, the real templates and the small CloudFormation: from the form to what was deployed."""

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from services.domain.operation import State
from services.settings import Settings
from tests.unit.portal import house as houses
from tests.unit.portal.house import House
from tests.unit.portal.scaling_forms import filled, get, post, words
from tests.unit.usecases.deployment_world import ADMIN, Scene

BASE = "/environments/legacy/deployments"
REASON = "one more zone for the database"


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def admin(scene: Scene, tmp_path: Path) -> FlaskClient:
    settings = Settings(cookie_secure=False, home=tmp_path, _env_file=None)
    house = House(settings, scene.unit, scene.clock)
    house.deployments, house.operations = scene.desk, scene.operations
    house.add_people()
    client = houses.app(house).test_client()
    assert houses.log_in(client, "admin") == 303
    return client


def ticked(page: str, *stacks: str) -> dict[str, object]:
    """The form of a plan with only these stacks chosen."""
    return {**filled(page, "plan-form"), "stacks": list(stacks)}


def test_untouched_the_form_changes_nothing_and_holds_all_of_it(admin: FlaskClient, scene: Scene) -> None:
    page = get(admin, f"{BASE}/new")
    assert "Nothing differs from what is deployed yet." in words(page)
    data = ticked(page, "network", "data", "platform", "service-rbac", "service-audit", "service-identity-sync")
    assert len(data) > 100, "more controls than a form with files may have parts"
    answer = admin.post(f"{BASE}/new", data=data)
    assert answer.status_code == 303
    plan = answer.headers["Location"]
    assert "Being worked out." in words(get(admin, plan))
    scene.run(scene.desk.review(ADMIN, plan.rpartition("/")[2]).plan.operation)
    assert "Nothing would change." in words(get(admin, plan))


def test_from_the_form_over_the_review_to_what_was_deployed(admin: FlaskClient, scene: Scene) -> None:
    data = ticked(get(admin, f"{BASE}/new"), "data") | {"data.DatabaseMultiAz": "true", "what": "a standby"}
    answer = admin.post(f"{BASE}/new", data=data)
    assert answer.status_code == 303, words(answer.get_data(as_text=True))
    plan = answer.headers["Location"]
    seen = scene.desk.review(ADMIN, plan.rpartition("/")[2])
    scene.run(seen.plan.operation)
    page = get(admin, plan)
    said = words(page)
    assert "DatabaseMultiAz false true" in said
    assert "A standby, in legacy: plan" in said
    form = filled(page, "data-deploy") | {"reason": REASON}
    named = scene.desk.review(ADMIN, seen.plan.id).to_confirm
    form |= {f"confirm-{number}": name for number, name in enumerate(named)}
    where = post(admin, plan, form, 303)
    assert "About to begin." in words(get(admin, where)) or "Waiting" in words(get(admin, where))
    ended = scene.run(where.rpartition("/")[2])
    assert ended.state is State.SUCCEEDED, ended.because
    live = words(get(admin, where))
    assert "Done. What was reviewed is deployed, and seen in AWS." in live
    assert "data changed" in live
    history = words(get(admin, BASE))
    assert "The last one: a standby by admin: deployed." in history
    back = filled(get(admin, f"{BASE}/new?follows={seen.plan.id}&as=undo"), "plan-form")
    assert back["data.DatabaseMultiAz"] == "false"
    assert "Over." in words(get(admin, plan))


def test_a_wrong_value_comes_back_beside_its_field(admin: FlaskClient) -> None:
    data = ticked(get(admin, f"{BASE}/new"), "data") | {"data.DatabaseStorage": "1"}
    answer = admin.post(f"{BASE}/new", data=data)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="data.DatabaseStorage-wrong"' in page


def test_a_whole_shape_is_planned_as_such(admin: FlaskClient, scene: Scene) -> None:
    page = get(admin, f"{BASE}/new?blueprint=multi-az&whole=y")
    assert "The shape multi-az as a whole." in words(page)
    answer = admin.post(f"{BASE}/new", data=ticked(page, "network", "data", "platform"))
    assert answer.status_code == 303, words(answer.get_data(as_text=True))[:400]
    made = scene.desk.review(ADMIN, answer.headers["Location"].rpartition("/")[2]).plan
    assert (made.blueprint, made.whole) == ("multi-az", True)
    scene.run(made.operation)
    said = words(get(admin, answer.headers["Location"]))
    assert "What is at stake" in said
    assert "DatabaseMultiAz false true" in said


def test_a_deletion_is_reviewed_like_any_deployment(admin: FlaskClient, scene: Scene) -> None:
    data = filled(get(admin, f"{BASE}/delete"), "/delete")
    answer = admin.post(f"{BASE}/delete", data={**data, "stacks": ["service-rbac"]})
    assert answer.status_code == 303, words(answer.get_data(as_text=True))[:400]
    made = scene.desk.review(ADMIN, answer.headers["Location"].rpartition("/")[2]).plan
    scene.run(made.operation)
    said = words(get(admin, answer.headers["Location"]))
    assert "Deletion of service-rbac, in legacy: plan" in said
    assert "deleted" in said


def test_a_failure_is_told_with_awss_reason_and_tried_again_with_its_values(admin: FlaskClient, scene: Scene) -> None:
    seen = scene.planned("data", values={"data": {"DatabaseStorage": "60"}})
    operation = scene.ask(seen)
    scene.aws.failing["data"] = "Database: Insufficient capacity"
    assert scene.run(operation.id).state is State.FAILED
    said = words(get(admin, f"/operations/{operation.id}"))
    assert "data: failed, put back" in said
    assert "Database: Insufficient capacity" in said
    assert "Plan it anew, with changed parameters" in said
    once_more = get(admin, f"{BASE}/new?follows={seen.plan.id}&as=again")
    assert filled(once_more, "plan-form")["data.DatabaseStorage"] == "60"
    assert "The last deployment failed:" in words(get(admin, BASE))


def test_a_failed_rollback_is_continued_through_the_pages(admin: FlaskClient, scene: Scene) -> None:
    operation = scene.ask(scene.planned("data", values={"data": {"DatabaseStorage": "60"}}))
    scene.aws.failing["data"] = "Database: Insufficient capacity"
    scene.run(operation.id)
    scene.aws.stacks["data"].status = "UPDATE_ROLLBACK_FAILED"
    scene.snap()
    way = f"/operations/{operation.id}/recover/data/continue"
    where = post(admin, way, filled(get(admin, way), "recover") | {"reason": REASON}, 303)
    said = words(get(admin, where))
    assert "Continued rollback of legacy-data, in legacy" in said
    assert "All deployments" in said
