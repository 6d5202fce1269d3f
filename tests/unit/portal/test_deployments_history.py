"""The deployments of an environment or of all: the verdict, filters, files, what stood when, two plans compared."""

import csv
import html
import io
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from portal.deployments import comparing, records
from portal.failovers.export import BOM
from services.domain.deployment.plan import PlanState
from services.domain.operation import State
from services.domain.status import Status
from tests import builders as b
from tests.unit.portal import deployments_scene as scene
from tests.unit.portal.conftest import SignIn
from tests.unit.portal.deployments_scene import LEGACY, FakeDeployments
from tests.unit.portal.house import House
from tests.unit.portal.scaling_forms import get, words


@pytest.fixture
def desk(house: House) -> FakeDeployments:
    made = FakeDeployments()
    house.deployments = made  # type: ignore[assignment]
    return made


@pytest.fixture
def viewer(desk: FakeDeployments, as_: SignIn) -> FlaskClient:
    return as_("viewer")


def test_the_page_says_how_the_last_one_ended_and_shows_all(viewer: FlaskClient) -> None:
    said = words(get(viewer, LEGACY))
    assert "Nothing is being deployed. The last one: upgrade to multi-az by ada: deployed." in said
    for row in ("approved by bob", "“single points of failure go”", "outside Haven", scene.WORDS, "First deployment"):
        assert row in said
    assert "Roles that may deploy stacks: admin." in said
    assert "Plan a deployment" not in said


def test_an_admin_may_plan_and_go_back(desk: FakeDeployments, as_: SignIn) -> None:
    page = get(as_("admin"), LEGACY)
    assert f'href="{LEGACY}/new"' in page
    assert f'href="{LEGACY}/new?follows=plan-1&amp;as=back"' in page


def test_over_all_environments_it_names_each(viewer: FlaskClient, desk: FakeDeployments) -> None:
    said = words(get(viewer, "/deployments"))
    assert "legacy" in said
    assert desk.asked[-1] == ("", "", "", None)
    assert 'data-go="d"' in get(viewer, "/")


def test_filters_are_asked_of_the_desk_and_of_the_rows(viewer: FlaskClient, desk: FakeDeployments) -> None:
    said = words(get(viewer, f"{LEGACY}?stack=data&who=ada&before=2026-11-22+02:13"))
    environment, stack, who, before = desk.asked[-1]
    assert (environment, stack, who) == ("legacy", "data", "ada")
    assert before is not None
    assert before.isoformat() == "2026-11-22T02:13:00+00:00"
    assert "As it was at 2026-11-22 02:13:00 UTC." in said
    outside = words(get(viewer, f"{LEGACY}?origin=outside"))
    assert "Update of data outside Haven" in outside
    assert "First deployment" not in outside


def test_what_stood_then_is_the_newest_that_was_done(viewer: FlaskClient) -> None:
    said = words(get(viewer, f"{LEGACY}?before={b.NOW:%Y-%m-%d}+{b.NOW - 9 * scene.MIN:%H:%M:%S}"))
    assert "In force at" in said
    assert "data First deployment" in said


def test_what_stood_then_is_asked_of_the_desk_however_long_the_history_is(
    viewer: FlaskClient, desk: FakeDeployments
) -> None:
    old = desk.past[-1]
    many = [replace(desk.past[0], at=b.NOW - n * scene.MIN, ended_at=None, stacks=("platform",)) for n in range(20, 90)]
    desk.past = [*many, old]
    when = b.NOW - 10 * scene.MIN
    page = get(viewer, f"{LEGACY}?before={when:%Y-%m-%d}+{when:%H:%M}")
    then = page.partition('id="then"')[2].partition("</section>")[0]
    assert "First deployment" in then
    assert 'href="/operations/op-old"' in then
    assert 'id="d-op-old"' not in page
    assert desk.stood == [("legacy", when.replace(second=0, microsecond=0))]


def test_over_all_environments_what_stood_is_asked_of_each(viewer: FlaskClient, desk: FakeDeployments) -> None:
    when = b.NOW - 4 * scene.MIN
    said = words(get(viewer, f"/deployments?before={when:%Y-%m-%d}+{when:%H:%M:%S}&stack=data"))
    assert {name for name, _ in desk.stood} >= {"legacy", "production"}
    assert "legacy data Upgrade to multi-az" in said
    assert "legacy network Upgrade" not in said


def test_nothing_stood_before_the_first(viewer: FlaskClient) -> None:
    assert "Nothing is known to have been deployed by then." in words(get(viewer, f"{LEGACY}?before=2020-01-01"))


def test_what_was_put_in_force_from_outside_is_led_to_its_line(viewer: FlaskClient, desk: FakeDeployments) -> None:
    outside = replace(desk.past[1], result="UPDATE_COMPLETE")
    assert outside.rollout is not None
    outside = replace(outside, rollout=replace(outside.rollout, status="UPDATE_COMPLETE"))
    desk.then = (outside,)
    shown = get(viewer, f"{LEGACY}?before={b.NOW:%Y-%m-%d+%H:%M:%S}")
    line = f"data-{outside.at:%Y%m%d%H%M%S}"
    assert f'href="#d-{line}"' in shown
    desk.past = ()
    elsewhere = html.unescape(get(viewer, f"{LEGACY}?before={b.NOW:%Y-%m-%d+%H:%M:%S}"))
    assert f'href="{LEGACY}?stack=data&before=' in elsewhere
    assert f'#d-{line}"' in elsewhere


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("yesterday", "“yesterday” is no time."),
        ("2026-13-01 02:13", "“2026-13-01 02:13” is no time."),
        ("2999-01-01", "That is still to come: it is"),
        ("9999-12-31 23:59", "That is still to come: it is"),
        ("25:00", "“25:00” is no time."),
    ],
)
def test_a_bad_time_is_an_error_and_stays_in_its_field(viewer: FlaskClient, typed: str, said: str) -> None:
    page = get(viewer, f"{LEGACY}?before={typed.replace(' ', '+')}&stack=data")
    assert said in words(page)
    assert "The time was not understood." in words(page)
    assert f'value="{typed}"' in page
    assert 'id="then"' not in page


def test_a_file_of_a_bad_time_is_refused(viewer: FlaskClient) -> None:
    assert viewer.get("/deployments.csv?before=yesterday").status_code == 422


def test_a_time_of_day_alone_is_the_last_such_time(viewer: FlaskClient, desk: FakeDeployments) -> None:
    for minutes in (-5, 5):
        at = b.NOW + minutes * scene.MIN
        get(viewer, f"{LEGACY}?before={at:%H:%M}")
        last = at if minutes < 0 else at - timedelta(days=1)
        assert desk.stood[-1] == ("legacy", last.replace(second=0, microsecond=0))


def recovered(desk: FakeDeployments) -> None:
    """A failed deployment, and the rollback that was asked for after it."""
    failed, wanted = scene.failed(), {"what": "rollback of legacy-data", "deployment": "op-deploy"}
    rollback = replace(
        scene.operation("recover", State.SUCCEEDED, wanted=tuple(wanted.items())),
        id="op-back", requested_by="root", reason="It has to go back", finished_at=b.NOW,
    )  # fmt: skip
    first = replace(desk.past[0], operation=failed.operation, result="failed", recoveries=(rollback,))
    second = replace(
        first, at=b.NOW, plan=None, operation=rollback, what=rollback.what, result="done", recoveries=(),
        recovers=failed.operation,
    )  # fmt: skip
    desk.past = (second, first)


def test_a_deployment_and_its_rollback_name_each_other(viewer: FlaskClient, desk: FakeDeployments) -> None:
    recovered(desk)
    page = get(viewer, LEGACY)
    assert "Then rollback of legacy-data by root, done: “It has to go back”" in words(page)
    assert "Rollback of legacy-data after upgrade to multi-az" in words(page)
    assert page.count('href="/operations/op-back"') == 2
    made = json.loads(viewer.get("/deployments.json").get_data(as_text=True))["deployments"]
    assert made[0]["recovers"] == "op-deploy"
    assert [(each["operation"], each["reason"]) for each in made[1]["recoveries"]] == [("op-back", "It has to go back")]


def test_what_goes_back_names_the_plan_it_follows(viewer: FlaskClient, desk: FakeDeployments) -> None:
    desk.past = [replace(desk.past[0], plan=scene.plan(PlanState.OVER, follows="plan-0"))]
    assert f'href="{LEGACY}/plan-0">an earlier plan' in get(viewer, LEGACY)


def test_a_time_that_is_none_is_said_beside_its_field_and_the_rest_holds(viewer: FlaskClient) -> None:
    page = get(viewer, f"{LEGACY}?before=yesterday&stack=data")
    assert "A time in UTC, as 2026-11-22 02:13." in page
    assert 'value="yesterday"' in page
    assert 'value="data"' in page


def test_nothing_yet_and_nothing_that_fits(viewer: FlaskClient, desk: FakeDeployments) -> None:
    assert "No deployment fits" in words(get(viewer, f"{LEGACY}?stack=nothing"))
    desk.past, desk.reviews = (), {}
    assert "Nothing was deployed yet" in words(get(viewer, LEGACY))


def test_while_the_database_is_away_the_page_stays(viewer: FlaskClient, desk: FakeDeployments, house: House) -> None:
    get(viewer, LEGACY)
    desk.away = house.unit.away = True
    assert "The history is away." in words(get(viewer, LEGACY))


def test_an_unknown_environment_is_not_found(viewer: FlaskClient) -> None:
    get(viewer, "/environments/nowhere/deployments", 404)


def test_the_csv_calculates_nothing(viewer: FlaskClient, desk: FakeDeployments) -> None:
    desk.past = [replace(desk.past[0], reason="=cmd()"), *desk.past[1:]]
    answer = viewer.get("/deployments.csv?environment=legacy&origin=haven")
    text = answer.get_data(as_text=True)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="deployments-legacy.csv"'
    rows = list(csv.DictReader(io.StringIO(text.removeprefix(BOM))))
    assert [(row["what"], row["origin"], row["seconds"]) for row in rows] == [
        ("upgrade to multi-az", "haven", "180.0"),
        ("first deployment", "haven", "540.0"),
    ]
    assert rows[0]["reason"] == "'=cmd()"


def test_the_json_has_parameters_but_no_secret(viewer: FlaskClient) -> None:
    made = json.loads(viewer.get("/deployments.json").get_data(as_text=True))
    first = made["deployments"][0]
    assert made["format"] == "haven.deployments/1"
    assert {"stack": "data", "name": "CacheNodes", "before": "1", "after": "3"} in first["parameters"]
    assert "Secret" not in json.dumps(made)
    assert made["deployments"][1]["failure"] == scene.WORDS


def test_files_hold_more_than_one_part(viewer: FlaskClient, desk: FakeDeployments) -> None:
    desk.past = [replace(desk.past[0], at=b.NOW - n * scene.MIN, what=f"number {n}") for n in range(450)]
    made = json.loads(viewer.get("/deployments.json").get_data(as_text=True))
    assert [each["what"] for each in made["deployments"]] == [f"number {n}" for n in range(450)]


def test_older_ones_begin_exactly_where_the_page_ends(viewer: FlaskClient, desk: FakeDeployments) -> None:
    part = timedelta(milliseconds=250)
    desk.past = [replace(desk.past[0], at=b.NOW - n * part, what=f"number {n}.") for n in range(60)]
    page = get(viewer, LEGACY)
    assert "Number 49." in page
    assert "Number 50." not in page
    older = html.unescape(page.partition('<p class="pager"><a class="btn" href="')[2].partition('"')[0])
    page = get(viewer, older)
    assert [f"Number {n}." in page for n in (49, 50, 59)] == [False, True, True]


def test_a_failed_one_and_one_that_runs_are_told_first() -> None:
    found = records.rows(scene.records())
    failed = records.headline(found[1:], (), None, ())
    assert (failed.status, failed.strong) == (Status.DOWN, "The last deployment failed:")
    assert failed.line == "update of data, outside Haven: UPDATE_ROLLBACK_COMPLETE."
    assert records.headline(found, (), None, [scene.operation()]).line == "upgrade to multi-az, running."
    assert records.headline(found, [scene.reviewed()], None, ()).why == "1 plan can be reviewed."


def test_two_plans_differ_where_they_differ(viewer: FlaskClient, desk: FakeDeployments) -> None:
    data = scene.plan().stacks[1]
    other = scene.plan(PlanState.OVER, id="plan-0", stacks=(replace(data, version="0" * 16, parameters=()),))
    desk.reviews["plan-0"] = scene.reviewed(other)
    made = comparing.compared(desk.reviews["plan-1"], desk.reviews["plan-0"])
    pairs = {(stack.name, pair.name): (pair.first, pair.second) for stack in made.stacks for pair in stack.differing}
    assert pairs["data", "CacheNodes"] == ("3", comparing.MISSING)
    assert pairs["data", "Template"] == ("bbbbccccdddd", "000000000000")
    assert pairs["data", "Secret"] == (comparing.SECRET, comparing.MISSING)
    assert ("data", "Database") not in pairs
    said = words(get(viewer, "/deployments/compare?first=plan-1&second=plan-0"))
    assert f"{made.number} differences." in said
    assert "They are alike." in words(get(viewer, "/deployments/compare?first=plan-1&second=plan-1"))
    get(viewer, "/deployments/compare?first=plan-1&second=gone", 404)
