"""The pages about templates: what runs, what differs, and the empty and unknown places."""

import pytest
from flask.testing import FlaskClient

from tests.unit.portal.conftest import SignIn
from tests.unit.portal.house import House
from tests.unit.portal.templates_scene import NEW_VERSION, OLD_VERSION, beside, kept


def text(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return " ".join(answer.get_data(as_text=True).split())


@pytest.mark.parametrize("role", ["viewer", "auditor", "operator", "admin"])
def test_everybody_sees_what_runs_where(as_: SignIn, house: House, role: str) -> None:
    kept(house, behind=("data",))
    kept(house, "legacy")
    page = text(as_(role), "/templates")
    assert "<strong>1 stack runs another text</strong> than this release deploys: data of production." in page
    assert "This release deploys it" in page
    assert f'href="/templates/compare?a={OLD_VERSION}&amp;b={NEW_VERSION}"' in page
    assert 'href="/environments/production/stacks/data/template"' in page
    assert "There is none: every stack" in page


def test_all_as_this_release_has_it(as_: SignIn, house: House) -> None:
    kept(house)
    kept(house, "legacy")
    assert "of Haven&#39;s run what this release deploys." in text(as_("viewer"), "/templates")


def test_before_a_worker_has_read_anything(as_: SignIn) -> None:
    client = as_("viewer")
    page = text(client, "/templates")
    assert "Not all is read:" in page
    assert "not kept yet: a worker does it" in page
    shown = text(client, "/environments/legacy/stacks/data/template")
    assert "Not read yet" in shown
    assert "A worker fetches the template of each stack" in shown


def test_a_difference_is_told_by_sign_and_word_and_the_rest_is_folded(as_: SignIn, house: House) -> None:
    kept(house, behind=("data",))
    page = text(as_("viewer"), f"/templates/compare?a={OLD_VERSION[:12]}&b={NEW_VERSION}")
    assert "1 line added and 1 taken away, from data" in page
    assert '<span aria-hidden="true">+</span><span class="sr">added</span>' in page
    assert '<span aria-hidden="true">−</span><span class="sr">taken away</span>' in page
    assert "Storage &lt;in&gt; GiB" in page
    assert "lines that stayed</summary>" in page
    back = text(as_("viewer"), f"/templates/compare?a={NEW_VERSION}&b={OLD_VERSION}")
    assert "1 line added and 1 taken away" in back


def test_one_version_beside_itself_is_alike(as_: SignIn, house: House) -> None:
    kept(house)
    page = text(as_("viewer"), f"/templates/compare?a={NEW_VERSION}&b={NEW_VERSION}")
    assert "They are alike." in page
    assert "It is the same version." in page


def test_a_version_shows_its_text_and_the_others(as_: SignIn, house: House) -> None:
    kept(house, behind=("data",))
    page = text(as_("viewer"), f"/templates/{OLD_VERSION}")
    assert "Another text than this release deploys.</strong> It runs as data of production." in page
    assert "Storage &lt;in&gt; GiB" in page
    assert f"To {NEW_VERSION[:8]}" in page


def test_what_a_stack_runs_and_what_deploying_would_change(as_: SignIn, house: House) -> None:
    kept(house, behind=("data",))
    client = as_("viewer")
    behind = text(client, "/environments/production/stacks/data/template")
    assert "It runs another text than this release deploys:" in behind
    assert "What this release would change" in behind
    assert "aws cloudformation get-template --region us-east-1 --stack-name production-data" in behind
    network = text(client, "/environments/production/stacks/network/template")
    assert "It runs what this release deploys." in network
    assert "What this release would change" not in network


def test_a_custom_stack_is_shown_and_never_written_to(as_: SignIn, house: House) -> None:
    kept(house)
    beside(house, read=False)
    client = as_("viewer")
    assert "production-billing" in text(client, "/templates")
    beside(house)
    shown = text(client, "/environments/production/stacks/billing/template")
    assert "Haven reads it and never writes to it." in shown
    assert "Type: AWS::S3::Bucket" in shown


@pytest.mark.parametrize(
    "path",
    [
        "/templates/ffffffffffff",
        "/templates/short",
        "/templates/compare",
        "/templates/compare?a=../x&b=y",
        "/environments/nowhere/stacks/data/template",
        "/environments/production/stacks/nothing/template",
    ],
)
def test_what_is_not_there_is_said(as_: SignIn, house: House, path: str) -> None:
    kept(house)
    assert "There is no" in (page := text(as_("viewer"), path, 404)) or "has no stack" in page


def test_nobody_without_a_login(client: FlaskClient) -> None:
    assert client.get("/templates").headers["Location"].startswith("/login")


def test_the_database_away_is_said(as_: SignIn, house: House) -> None:
    client = as_("viewer")
    house.unit.away = True
    assert client.get("/templates").status_code == 503
