"""From a plan to what stands behind it: the templates' texts and what differs, the prices' sources, and what protects a
resource from its deletion. Over the real desk, the real templates and the small CloudFormation."""

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from portal.deployments.money import sources
from services.domain.deployment.cost import Line
from services.domain.deployment.pricing_origins import Origin
from services.settings import Settings
from tests.unit.portal import house as houses
from tests.unit.portal.house import House
from tests.unit.portal.scaling_forms import get, words
from tests.unit.portal.upgrade_scene import HERE, Walked
from tests.unit.usecases.deployment_world import Scene

BASE = "/environments/legacy/deployments"
BIGGER = {"data": {"DatabaseMultiAz": "true"}}


@pytest.fixture
def scene() -> Scene:
    return Scene()


@pytest.fixture
def house(scene: Scene, tmp_path: Path) -> House:
    made = House(Settings(cookie_secure=False, home=tmp_path, _env_file=None), scene.unit, scene.clock)
    made.deployments, made.operations = scene.desk, scene.operations
    made.add_people()
    return made


def signed_in(house: House, name: str = "admin") -> FlaskClient:
    client = houses.app(house).test_client()
    assert houses.log_in(client, name) == 303
    return client


@pytest.fixture
def admin(house: House) -> FlaskClient:
    return signed_in(house)


def linked(page: str, words_: str) -> list[str]:
    """Where the links of this text lead."""
    return [
        href.replace("&amp;", "&")
        for href, inner in re.findall(r'<a[^>]*href="([^"]+)"[^>]*>(.*?)</a>', page, re.DOTALL)
        if words_ in re.sub("<[^>]+>", "", inner)
    ]


def older(scene: Scene) -> str:
    """Another text runs as `data` than this release's; its version."""
    stack = scene.aws.stacks["data"]
    stack.body = stack.body.replace("Description:", "# an older one\nDescription:", 1)
    return scene.catalogue.version(stack.body)


def test_the_review_leads_to_both_texts_and_to_what_differs(admin: FlaskClient, scene: Scene) -> None:
    version = older(scene)
    page = get(admin, f"{BASE}/{scene.planned('data', values=BIGGER).plan.id}")
    (differs,) = linked(page, "what differs in the template of data")
    assert f"a={version}" in differs
    assert "1 taken away" in words(get(admin, differs))
    (runs,) = linked(page, "the text that runs as data")
    assert "# an older one" in get(admin, runs)
    (then,) = linked(page, "the text that would be deployed as data")
    assert "What this release deploys" in words(get(admin, then))


def test_a_template_that_stays_is_said_to_with_its_text_at_hand(admin: FlaskClient, scene: Scene) -> None:
    page = get(admin, f"{BASE}/{scene.planned('data', values=BIGGER).plan.id}")
    assert linked(page, "what differs") == linked(page, "would be deployed") == []
    (runs,) = linked(page, "the text that runs as data")
    assert "What this release deploys" in words(get(admin, runs))
    assert "the text that runs as data , which stays." in words(page)


def test_the_form_leads_to_the_texts_it_lets_one_choose_from(admin: FlaskClient, scene: Scene) -> None:
    assert linked(get(admin, f"{BASE}/new"), "what differs") == [], "nobody has read yet which text runs"
    version = older(scene)
    scene.planned("data", values=BIGGER)
    page = get(admin, f"{BASE}/new")
    (runs,) = linked(page, "The text that runs as data")
    assert runs == "/environments/legacy/stacks/data/template"
    get(admin, runs)
    (today,) = linked(page, "today’s text of data")
    assert "What this release deploys" in words(get(admin, today))
    (differs,) = linked(page, "what differs from what runs")
    assert f"a={version}" in differs
    assert "1 taken away" in words(get(admin, differs))


def test_a_deletion_says_what_is_protected_and_where_to_turn_it_off(
    admin: FlaskClient, house: House, scene: Scene
) -> None:
    scene.aws.touch("data", DeletionProtection="true")
    scene.snap()
    plan = f"{BASE}/{scene.planned(delete=True).plan.id}"
    page = get(admin, plan)
    assert "Protected from deletion: Database ." in words(page)
    assert "The database Database cannot be deleted: AWS would refuse it" in words(page)
    assert "by the deployed parameter DeletionProtection. Turn it off first" in words(page)
    (where,) = linked(page, "turns it off")
    assert where == f"{BASE}/new?stacks=data"
    assert "data.DeletionProtection" in get(admin, where)
    seen = get(signed_in(house, "viewer"), plan)
    assert "Protected from deletion: Database ." in words(seen)
    assert linked(seen, "turns it off") == []


def test_prices_say_how_sure_they_are_and_where_they_come_from(admin: FlaskClient, scene: Scene) -> None:
    page = get(admin, f"{BASE}/{scene.planned('data', values=BIGGER).plan.id}")
    said = words(page)
    assert "price: a single quote" in said, "storage is the least sure part of the database's"
    assert re.search(r"Where the prices come from: \d+ list prices, \d+ of them not AWS’s own word", said)
    assert "db.t4g.medium Multi-AZ in Database 0.13 per hour Quoted by others as 0.129 to 0.130" in said
    assert "0.23 per GB-month" in said
    assert "confidence high AWS's own price" in said


def test_the_way_to_multi_az_says_it_of_each_stage(tmp_path: Path) -> None:
    client = houses.app(Walked(tmp_path).house).test_client()
    assert houses.log_in(client, "viewer") == 303
    said = words(get(client, HERE))
    assert "Where the prices come from: " in said
    assert "0.045 USD per hour, AWS's own price" in said


def line(name: str, *confidences: str) -> Line:
    made = tuple(Origin(each, each, 1.0, "hour", "AWS", each) for each in confidences)
    return Line("data", name, "AWS::RDS::DBInstance", 1.0, 2.0, "", origins=made)


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([line("A", "high")], "1 list price, AWS’s own word"),
        ([line("A", "medium")], "1 list price, not AWS’s own word"),
        ([line("A", "high", "high ")], "2 list prices, 1 of them not AWS’s own word"),
        ([line("A", "high"), line("B", "high")], "1 list price, AWS’s own word"),
        ([line("A", "medium", "medium-high")], "2 list prices, 2 of them not AWS’s own word"),
    ],
)
def test_whose_word_the_prices_are_is_counted(lines: list[Line], said: str) -> None:
    assert sources(lines).said == said


def test_a_price_is_told_once_with_all_that_it_is_in_and_quotes_first() -> None:
    found = sources([line("A", "high"), line("B", "high", "medium"), line("C")]).rows
    assert [(row.origin.key, row.used_by) for row in found] == [("medium", ["B"]), ("high", ["A", "B"])]
    assert sources([line("C")]).rows == []
