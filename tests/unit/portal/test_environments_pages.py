"""Environments in the portal: seen by all, changed by admins, with what is wrong beside its field."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from services.catalogue import PackagedCatalogue
from services.domain.access import SYSTEM
from services.domain.operation import Operation, State, Target
from services.usecases.environment_checks import looked
from services.usecases.environments import CHECK
from tests import builders as b
from tests.builders import NOW
from tests.fakes.stack_looks import standing
from tests.unit.portal.conftest import SignIn
from tests.unit.portal.house import House, token

NEW = {
    "name": "shop",
    "account": "2109 8765 4321",
    "region": "eu-west-1",
    "blueprint": "multi-az",
    "slo_target": "99.9",
    "protected": "y",
    "external_id": "a-long-random-text",
}
REASON = "the company moved house"


def text(client: FlaskClient, path: str) -> str:
    return " ".join(client.get(path).get_data(as_text=True).split())


def post(client: FlaskClient, path: str, data: dict[str, str] | None = None) -> tuple[int, str]:
    sent = (data or {}) | {"csrf_token": token(client, "/environments/new")}
    answer = client.post(path, data=sent, follow_redirects=True)
    return answer.status_code, " ".join(answer.get_data(as_text=True).split())


def checked(house: House, name: str = "production", **missing: list[str]) -> None:
    """A check asked for and made, as a worker would."""
    house.stack_looks.missing = dict(missing)
    operation = house.environment_checks.request(SYSTEM, name)
    environment = house.environments.get(SYSTEM, name)
    notes = looked(house.unit, house.stack_looks, PackagedCatalogue(), environment)
    with house.unit() as store:
        running = store.operations.save(operation.move(State.RUNNING, NOW))
        store.operations.save(running.noted(**notes).move(State.SUCCEEDED, NOW))


def edits(client: FlaskClient, name: str = "production") -> dict[str, str]:
    """The fields of the edit form as a browser would send them back."""
    page = client.get(f"/environments/{name}/edit").get_data(as_text=True)
    fields = dict(re.findall(r'<input[^>]* name="(\w+)"[^>]* value="([^"]*)"', page))
    fields |= {found: value for value, found in re.findall(r'<input[^>]* value="([^"]*)"[^>]* name="(\w+)"', page)}
    fields["blueprint"] = re.findall(r'<option selected value="([^"]+)"', page)[0]
    if re.search(r"<input[^>]* checked[^>]*>", page):
        fields["protected"] = "y"
    return {key: value for key, value in fields.items() if key != "csrf_token"} | {"reason": ""}


@pytest.mark.parametrize("role", ["viewer", "auditor", "operator", "admin"])
def test_everybody_sees_the_list_and_an_environment(as_: SignIn, role: str) -> None:
    client = as_(role)
    page = text(client, "/environments")
    assert "2 environments are looked after." in page
    for words in ('href="/environments/production"', "1234 5678 9012", "not protected", "Never checked"):
        assert words in page
    shown = text(client, "/environments/production")
    assert "Its access was never checked." in shown
    assert "which leaves 21.6 min in 30 days" in shown
    assert ("Check access" in shown) is (role == "admin")
    assert ("Add or adopt" in page) is (role == "admin")


@pytest.mark.parametrize("role", ["viewer", "auditor", "operator"])
def test_nobody_but_an_admin_changes_one_and_the_attempt_is_recorded(as_: SignIn, house: House, role: str) -> None:
    client = as_(role)
    for path in ("new", "production/edit", "production/archive"):
        assert client.get(f"/environments/{path}").status_code == 403
    acts = {
        "/environments": NEW,
        "/environments/production/edit": NEW,
        "/environments/production/archive": {"reason": REASON, "typed_name": "production"},
        "/environments/production/bring-back": {},
        "/environments/production/check": {},
        "/environments/production/freezes": {
            "name": "Holidays",
            "starts": "2026-12-20 00:00",
            "ends": "2026-12-27 00:00",
            "reason": REASON,
        },
    }
    for path, data in acts.items():
        sent = data | {"csrf_token": token(client, "/users")}
        assert client.post(path, data=sent).status_code == 403, path
        assert (role, "denied", f"POST {path}") in house.actions
    assert not [each for each in house.actions if each[0] == role and each[1] not in ("log in", "denied")]


def test_an_environment_is_added_and_its_access_is_checked(as_: SignIn, house: House) -> None:
    status, page = post(as_("admin"), "/environments", NEW)
    assert (status, "shop is looked after now" in page) == (200, True)
    made = house.environments.get(SYSTEM, "shop")
    assert (made.account, made.region, made.stack_prefix) == ("210987654321", "eu-west-1", "shop")
    assert (made.slo_target, made.protected, made.external_id) == (99.9, True, "a-long-random-text")
    assert (made.reader_role_arn, made.created_at) == (None, house.clock.now())
    assert ("admin", "register environment", "shop") in house.actions
    assert ("admin", "request access check", "shop") in house.actions
    assert "Its access is being checked." in page
    assert 'hx-get="/environments/shop/access"' in page


@pytest.mark.parametrize(
    ("wrong", "status", "words"),
    [
        ({"name": "Shop!"}, 422, "A name is 3 to 28 lower-case letters"),
        ({"name": "new"}, 422, "Haven uses this name itself"),
        ({"account": "1234"}, 422, "The 12 digits of the AWS account."),
        ({"slo_target": "all"}, 422, "A percentage from 90 to below 100"),
        ({"slo_target": "nan"}, 422, "A percentage from 90 to below 100"),
        ({"slo_target": ""}, 422, "A percentage, such as 99.95."),
        ({"blueprint": "three-az"}, 422, "Not a valid choice."),
        ({"reader_role_arn": "arn:aws:iam::123456789012:role/x"}, 422, "This role belongs to account 123456789012"),
        ({"name": "production"}, 409, "There already is an environment production."),
        ({"account": b.ACCOUNT, "region": b.REGION, "stack_prefix": "legacy"}, 409, "legacy looks after the stacks"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(
    as_: SignIn, house: House, wrong: dict[str, str], status: int, words: str
) -> None:
    answered, page = post(as_("admin"), "/environments", NEW | wrong)
    assert (answered, words in page) == (status, True)
    assert 'value="a-long-random-text"' in page
    assert {each.name for each in house.environments.all(SYSTEM)} == {"production", "legacy"}


def test_the_form_begins_with_what_was_found(as_: SignIn, house: House) -> None:
    page = text(as_("admin"), "/environments/new?like=legacy&prefix=shop")
    assert re.search(r'name="name"[^>]* value="shop"', page)
    assert re.search(r'name="account"[^>]* value="123456789012"', page)
    assert '<option selected value="single-az">' in page
    assert re.search(r"<input[^>]*checked[^>]*>", page), "whatever it is like, a new one is protected at first"
    assert house.unit.writes == 0 or "shop" not in {each.name for each in house.environments.all(SYSTEM)}


def test_an_edit_is_saved_and_said(as_: SignIn, house: House) -> None:
    client = as_("admin")
    status, page = post(client, "/environments/production/edit", edits(client) | {"slo_target": "99.5 %"})
    assert (status, "Changed: SLO target." in page) == (200, True)
    assert house.environments.get(SYSTEM, "production").slo_target == 99.5
    assert "Nothing was changed." in post(client, "/environments/production/edit", edits(client))[1]


def test_where_it_is_stays_once_stacks_are_known_also_for_who_types_the_request(as_: SignIn, house: House) -> None:
    client = as_("admin")
    page = text(client, "/environments/production/edit")
    assert "elsewhere it would be another environment" in page
    assert 'name="account"' not in page
    status, _ = post(client, "/environments/production/edit", edits(client) | {"account": "210987654321"})
    assert (status, house.environments.get(SYSTEM, "production").account) == (200, b.ACCOUNT)


def test_protection_goes_only_with_a_reason(as_: SignIn, house: House) -> None:
    client = as_("admin")
    sent = edits(client)
    del sent["protected"]
    status, page = post(client, "/environments/production/edit", sent)
    assert (status, "Say why: from then on one person alone" in page) == (422, True)
    assert post(client, "/environments/production/edit", sent | {"reason": REASON})[0] == 200
    assert not house.environments.get(SYSTEM, "production").protected


def test_who_was_slower_sees_both_versions_and_may_insist(as_: SignIn, house: House) -> None:
    client = as_("admin")
    mine = edits(client) | {"slo_target": "99.1"}
    found = house.environments.editable(SYSTEM, "production")
    house.environments.edit(SYSTEM, found.version, replace(found.environment, slo_target=99.7))
    status, page = post(client, "/environments/production/edit", mine)
    assert status == 409
    assert "Somebody was faster." in page
    assert '<td data-label="Now">99.7</td><td data-label="Yours">99.1</td>' in page
    assert "by system at" in page
    assert house.environments.get(SYSTEM, "production").slo_target == 99.7
    seen = re.findall(r'name="seen" value="([^"]*)"', page)[0]
    assert post(client, "/environments/production/edit", mine | {"seen": seen})[0] == 200
    assert house.environments.get(SYSTEM, "production").slo_target == 99.1


def test_archiving_is_confirmed_and_undone(as_: SignIn, house: House) -> None:
    client, path = as_("admin"), "/environments/production/archive"
    assert "Nothing is changed or deleted." in text(client, path)
    assert post(client, path, {"reason": REASON, "typed_name": "legacy"})[0] == 422
    assert post(client, path, {"reason": "", "typed_name": "production"})[0] == 422
    status, page = post(client, path, {"reason": REASON, "typed_name": "production"})
    assert (status, "production is archived." in page) == (200, True)
    assert "Edit…" not in page
    listed = text(client, "/environments")
    assert "1 environment is looked after." in listed
    assert "Archived" in listed
    assert "is archived already." in text(client, path)
    status, page = post(client, "/environments/production/bring-back")
    assert (status, "production is looked after again" in page) == (200, True)
    assert ("admin", "bring environment back", "production") in house.actions


def test_what_stands_in_the_way_of_archiving_is_said(as_: SignIn, house: House) -> None:
    operation = Operation(
        id="op-1",
        kind="failover",
        environment="production",
        target_kind=Target.DATABASE_INSTANCE,
        target="production-app",
        requested_by="ada",
        requested_at=NOW,
        reason=REASON,
        begin_before=NOW + timedelta(minutes=5),
    )
    with house.unit() as store:
        store.operations.add(operation)
    client, path = as_("admin"), "/environments/production/archive"
    page = text(client, path)
    assert "The failover of production-app (requested) must be over first." in page
    assert "typed_name" not in page
    assert post(client, path, {"reason": REASON, "typed_name": "production"})[0] == 409


def test_what_a_check_found_is_shown(as_: SignIn, house: House) -> None:
    house.stack_looks.standings = [
        standing("production-network", tagged="production"),
        standing("production-dashboards"),
        standing("shop-data"),
        standing("legacy-data"),
        standing("stranger"),
    ]
    checked(house, operator=["rds:RebootDBInstance", "elasticache:TestFailover"])
    page = text(as_("viewer"), "/environments/production")
    for words in (
        "1 role needs you:",
        "the operator lacks 2 rights.",
        "rds:RebootDBInstance",
        "by its tag",
        "production-data",
        "custom; with the tag haven:environment it is shown too, read-only",
        'href="/environments/new?like=production&amp;prefix=shop"',
        'as <a href="/environments/legacy">legacy</a>',
        "1 more stack of the account has nothing to do with Haven.",
    ):
        assert words in page
    assert 'hx-get="/environments/production/access"' not in page, "a check that is over is not polled"
    assert "Haven’s access to production needs you." in text(as_("viewer"), "/environments")


def test_a_check_that_finds_nothing_amiss_says_so(as_: SignIn, house: House) -> None:
    house.stack_looks.standings = [standing(f"production-{name}") for name in ("network", "data")]
    checked(house)
    page = text(as_("viewer"), "/environments/production")
    assert "Haven may do here what it needs to;</strong> 2 stacks are looked after." in page
    assert "4 stacks of its blueprint are not there." in page


def test_the_fragment_is_the_same_for_everybody_and_ends_with_the_check(as_: SignIn, house: House) -> None:
    admin, viewer, path = as_("admin"), as_("viewer"), "/environments/production/access"
    post(admin, "/environments/production/check")
    fragment = admin.get(path).get_data(as_text=True)
    assert fragment == viewer.get(path).get_data(as_text=True)
    assert "csrf" not in fragment
    version = re.findall(r'hx-vals=\'{"v": "(\w+)"}\'', fragment)[0]
    assert viewer.get(f"{path}?v={version}").status_code == 204
    with house.unit() as store:
        running = next(each for each in store.operations.live() if each.kind == CHECK)
        store.operations.save(running.move(State.EXPIRED, NOW))
    over = viewer.get(f"{path}?v={version}").get_data(as_text=True)
    assert "Its access could not be checked." in over
    assert "hx-get" not in over


def test_where_no_worker_runs_that_is_said(as_: SignIn, house: House) -> None:
    client = as_("admin")
    assert "Its access is being checked." in post(client, "/environments/production/check")[1]
    house.clock.move(minutes=2)
    assert "No worker has taken the check yet." in text(client, "/environments/production")


def test_a_check_that_failed_is_said_and_leaves_what_was_found(as_: SignIn, house: House) -> None:
    house.stack_looks.standings = [standing("production-network")]
    checked(house)
    asked = house.environment_checks.request(SYSTEM, "production")
    with house.unit() as store:
        store.operations.save(asked.move(State.RUNNING, NOW).move(State.FAILED, NOW, "Haven has no credentials."))
    page = text(as_("viewer"), "/environments/production")
    for words in ("Its access could not be checked.", "Haven has no credentials.", "production-network"):
        assert words in page
    assert "Could not be checked" in text(as_("viewer"), "/environments")


def test_asking_twice_is_one_check(as_: SignIn, house: House) -> None:
    client = as_("admin")
    for _ in range(2):
        assert post(client, "/environments/production/check")[0] == 200
    with house.unit(readonly=True) as store:
        assert len([each for each in store.operations.list() if each.kind == CHECK]) == 1


def test_the_page_of_a_check_can_be_opened_from_its_banner(as_: SignIn, house: House) -> None:
    client = as_("admin")
    post(client, "/environments/production/check")
    with house.unit(readonly=True) as store:
        running = store.operations.live()[0]
    page = client.get(f"/operations/{running.id}")
    assert (page.status_code, "Access check of production" in page.get_data(as_text=True)) == (200, True)
    checked(house, "legacy")
    with house.unit(readonly=True) as store:
        over = store.operations.list(environment="legacy")[0]
    assert client.get(f"/operations/{over.id}").status_code == 200


def test_a_freeze_is_announced_and_taken_back(as_: SignIn, house: House) -> None:
    client, path = as_("admin"), "/environments/production/freezes"
    window = {"name": "Holidays", "starts": "2026-12-20 00:00", "ends": "2027-01-02T00:00Z", "reason": REASON}
    status, page = post(client, path, window)
    assert (status, "<strong>Holidays</strong> is to come" in page) == (200, True)
    assert "<strong>Holidays" not in text(client, "/environments/legacy")
    freeze = re.findall(r"freezes/([\w-]+)/remove", page)[0]
    assert "None is on, and none is to come." in post(client, f"{path}/{freeze}/remove")[1]
    everywhere = window | {"everywhere": "y"}
    post(client, path, everywhere)
    assert "is to come, everywhere" in text(as_("viewer"), "/environments/legacy")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"starts": "tomorrow"}, "A time in UTC as 2026-11-22 18:00."),
        ({"ends": "2026-12-19 00:00"}, "ends one minute to 90 days after it begins"),
        ({"reason": "x"}, "8 to 500 characters."),
        ({"name": "x"}, "3 to 60 characters."),
    ],
)
def test_what_is_wrong_with_a_freeze_is_said(as_: SignIn, wrong: dict[str, str], words: str) -> None:
    window = {"name": "Holidays", "starts": "2026-12-20 00:00", "ends": "2026-12-27 00:00", "reason": REASON}
    status, page = post(as_("admin"), "/environments/production/freezes", window | wrong)
    assert (status, words in page) == (422, True)
    assert 'details class="no-print" open' in page


def test_the_external_id_is_shown_to_admins_alone(as_: SignIn, house: House) -> None:
    found = house.environments.editable(SYSTEM, "production")
    house.environments.edit(SYSTEM, found.version, replace(found.environment, external_id="half-a-key"))
    assert "half-a-key" in text(as_("admin"), "/environments/production")
    assert "half-a-key" not in text(as_("operator"), "/environments/production")


def test_what_is_not_there_is_not_found(as_: SignIn) -> None:
    client = as_("admin")
    for path in ("nowhere", "nowhere/edit", "nowhere/archive", "nowhere/access"):
        assert client.get(f"/environments/{path}").status_code == 404
