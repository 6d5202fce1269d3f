"""Seeing scaling: the environment's page, a service's page, their fragments, and what they say when little is known."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest

from portal.scaling import policies
from services.domain.scaling.change import ScalingChange, Suspended
from services.domain.scaling.edited import Edited
from services.domain.scaling.step import Adjustment, Step, StepPolicy
from services.domain.scaling.temporary import EditState
from services.domain.snapshot import Part
from services.domain.status import Status
from tests import builders as b
from tests.unit.portal import scaling_scene as scene
from tests.unit.portal.conftest import SignIn
from tests.unit.portal.house import House

INDEX = "/environments/production/scaling"
RBAC = f"{INDEX}/rbac"


@pytest.fixture
def seen(house: House) -> House:
    """production as scaling has left it."""
    scene.fill(house)
    return house


def text(answer: object) -> str:
    """What a page says, without its tags."""
    page = re.sub(r"<svg.*?</svg>", " ", answer.get_data(as_text=True), flags=re.S)  # type: ignore[attr-defined]
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", page)))


def rescale(house: House, **changes: object) -> None:
    """rbac's scaling is another one."""
    found = scene.snapshot()
    services = tuple(
        replace(s, scaling=replace(s.scaling, **changes)) if s.name == "rbac" and s.scaling else s  # type: ignore[arg-type]
        for s in found.services
    )
    house.put(replace(found, services=services, taken_at=b.NOW + timedelta(seconds=1)))


def test_every_service_has_a_row_worst_first(seen: House, as_: SignIn) -> None:
    answer = as_("viewer").get(INDEX)
    rows = re.findall(r'<tr id="row-([\w-]+)"', answer.get_data(as_text=True))
    assert rows == ["audit", "identity-sync", "rbac"]
    said = text(answer)
    assert "At the maximum. audit is at the maximum while more is asked for." in said
    assert "6 to 12 until 03:43" in said
    assert "4, 3, 3 by zone" in said
    assert "Suspended: scaling out." in said


def test_each_row_has_a_small_line_of_its_tasks(seen: House, as_: SignIn) -> None:
    page = as_("viewer").get(INDEX).get_data(as_text=True)
    assert 'aria-label="rbac, last three hours: 8 to 10 tasks"' in page


def test_a_service_is_told_state_first_then_why(seen: House, as_: SignIn) -> None:
    said = text(as_("viewer").get(RBAC))
    assert "Steady. 10 tasks run, all healthy; there is room for 2 more." in said
    assert "Last scaled today 01:25" in said
    assert "$0.49 an hour" in said


def test_while_an_alarm_asks_for_more_it_is_changing_and_never_steady(seen: House, as_: SignIn) -> None:
    now = scene.snapshot()
    rings = [replace(a, state="ALARM") if "rbac-cpu-AlarmHigh" in a.name else a for a in now.alarms]
    seen.put(replace(now, alarms=tuple(rings)))
    said = text(as_("viewer").get(RBAC))
    assert "Changing. 10 tasks run, all healthy; there is room for 2 more." in said
    assert "Policy rbac-cpu is above its target of 60: it asks for more tasks." in said


def test_a_service_that_nothing_scales_is_not_called_paused(seen: House, as_: SignIn) -> None:
    now = scene.snapshot()
    seen.put(replace(now, services=tuple(replace(each, scaling=None) for each in now.services)))
    assert "Not scaled. 10 tasks run" in text(as_("viewer").get(RBAC))


def test_tasks_stand_by_zone_against_the_bounds(seen: House, as_: SignIn) -> None:
    said = text(as_("viewer").get(RBAC))
    assert "us-east-1a 4 4 0" in said
    assert "us-east-1c 3 3 0" in said
    assert "Max 12 edited live template: 10" in said
    assert re.search(r"[1-9]\d* edited live: carry into the template…", said)


def test_policies_have_targets_values_alarms_in_words_and_what_was_edited(seen: House, as_: SignIn) -> None:
    said = text(as_("viewer").get(RBAC))
    assert "58.5 % 1 min ago Target tracking, rbac-cpu" in said
    assert "Quiet The alarm that scales out" in said
    assert "Rings: asks for fewer The alarm that scales in" in said
    assert "Scale-in cooldown 600 s edited live template: 300 s" in said


def test_scheduled_actions_tell_utc_and_their_own_zone_and_leave_room_for_the_readers(seen: House, as_: SignIn) -> None:
    answer = as_("viewer").get(RBAC)
    assert "Mon 23 Nov 06:30 Mon 23 Nov 07:30" in text(answer)
    assert 'datetime="2026-11-23T06:30:00Z" title="2026-11-23 06:30:00 UTC" data-local' in answer.get_data(as_text=True)


def test_reasons_are_plain_first_and_aws_under_them(seen: House, as_: SignIn) -> None:
    said = text(as_("viewer").get(RBAC))
    ours = said.index(
        "Desired count set to 10, because policy rbac-cpu was above its target of 60 for 3 minutes.", 2000
    )
    theirs = said.index("monitor alarm TargetTracking-rbac-cpu-AlarmHigh in state ALARM triggered policy rbac-cpu")
    assert ours < theirs
    assert said.index("Asks for fewer") < said.index("Scaled out"), "what holds now comes first"


def test_reasons_of_one_kind_alone(seen: House, as_: SignIn) -> None:
    def kinds(kind: str) -> list[str]:
        page = as_("viewer").get(f"{RBAC}?kind={kind}").get_data(as_text=True)
        told = page[page.index('<ol class="told">') :]
        return re.findall(r"<div><b>([^<]+)</b>", told)

    assert kinds("scaled") == ["Scaled out", "Scaled in", "Scaled out"]
    assert kinds("edits") == ["Bounds applied"]
    assert "Did not scale" in kinds("held")
    assert len(kinds("nonsense")) == 7


@pytest.mark.parametrize("window", ["1h", "3h", "1d", "7d", "15d", "nonsense"])
def test_charts_stand_for_every_window_with_their_numbers(seen: House, as_: SignIn, window: str) -> None:
    page = as_("viewer").get(f"{RBAC}?window={window}").get_data(as_text=True)
    assert page.count('role="img" aria-label="rbac over') == 2
    rows = int(re.findall(r"As a table: (\d+) rows", page)[0])
    assert 1 < rows <= 100
    assert re.findall(r'aria-current="true">([^<]+)</a>', page)[1] == {
        "1h": "1 h", "1d": "1 day", "7d": "7 days", "15d": "15 days"
    }.get(window, "3 h")  # fmt: skip


def test_a_gap_is_hatched_and_the_table_says_no_data(seen: House, as_: SignIn) -> None:
    page = as_("viewer").get(RBAC).get_data(as_text=True)
    assert page.count('class="gap-box"') >= 2 * 6, "in each plot of both drawings"
    assert "no data" in page[page.index('id="numbers"') :]


def test_what_happened_is_a_sign_and_a_line_of_the_list(seen: House, as_: SignIn) -> None:
    page = as_("viewer").get(RBAC).get_data(as_text=True)
    assert page.count('class="mark-badge"') == 4, "the edit with what it did, and the scaling, in both drawings"
    said = text(as_("viewer").get(RBAC))
    assert "01:25 scaled: Desired count set to 10" in said
    assert "00:23 edit: admin: Maximum 10 → 12 its operation" in said


def test_no_errors_told_while_requests_are_is_none_and_no_requests_is_a_gap(seen: House, as_: SignIn) -> None:
    page = as_("viewer").get(f"{RBAC}?window=1h").get_data(as_text=True)
    assert re.search(r'data-now="5">0</text>', page)


def test_a_temporary_edit_is_told_with_its_end_and_near_it_warned_of(seen: House, as_: SignIn) -> None:
    assert "Until 22 Nov 03:43 UTC by admin 1 h ago" in text(as_("admin").get(RBAC))
    seen.clock.move(minutes=80)
    seen.put(replace(scene.snapshot(), taken_at=seen.clock.now(), readings=b.readings(seen.clock.now())))
    said = text(as_("admin").get(RBAC))
    assert "Ends soon: 22 Nov 03:43 UTC" in said
    assert "Changing." in said


def test_a_held_edit_is_the_verdict(seen: House, as_: SignIn) -> None:
    with seen.unit() as store:
        found = store.edits.get("op-edit")
        assert found
        store.edits.save(replace(found, state=EditState.HELD, because="Ten tasks are needed now."))
    said = text(as_("admin").get(RBAC))
    assert "Degraded. 10 tasks run" in said
    assert "could not be taken back: a person must decide" in said
    assert "Ten tasks are needed now." in said


def test_suspended_flags_say_when_they_end(seen: House, as_: SignIn) -> None:
    rescale(seen, scale_in_suspended=True)
    with seen.unit() as store:
        made = replace(scene.edit(), id="op-2", change=ScalingChange(suspended=Suspended(True, False, False)))
        store.edits.add(made)
    said = text(as_("viewer").get(RBAC))
    assert "Scaling in Suspended tasks stay when load falls; until Sun 22 Nov 03:43 UTC" in said
    assert "Scaling out runs" in said


def test_only_who_may_change_it_is_sent_to_do_so(seen: House, as_: SignIn) -> None:
    assert "Change it…" in text(as_("admin").get(RBAC))
    viewer = text(as_("viewer").get(RBAC))
    assert "Try a change…" in viewer
    assert "Extend, end or keep…" not in viewer


def test_a_service_that_nothing_scales_says_so(house: House, as_: SignIn) -> None:
    said = text(as_("viewer").get("/environments/legacy/scaling/rbac"))
    assert "Nothing scales it: no scalable target is registered." in said
    assert "It is not registered as a scalable target" in said
    assert "Nothing was measured in this window." in said


def test_an_environment_without_services_says_what_would_be_there(house: House, as_: SignIn) -> None:
    house.put(b.snapshot(services=()))
    assert "No service was found" in text(as_("viewer").get(INDEX))


@pytest.mark.parametrize("path", [INDEX, RBAC])
def test_an_environment_never_read_is_awaited(house: House, as_: SignIn, path: str) -> None:
    house.add_environment(None, b.environment("fresh"))
    answer = as_("viewer").get(path.replace("production", "fresh"))
    assert answer.status_code == 200
    assert "First reading in progress." in text(answer)


@pytest.mark.parametrize("path", [INDEX, RBAC])
def test_what_is_old_is_stale_and_never_steady(seen: House, as_: SignIn, path: str) -> None:
    seen.clock.move(minutes=20)
    said = text(as_("viewer").get(path))
    assert "Stale." in said or "At the maximum." in said
    assert "Steady." not in said


def test_scaling_never_read_is_unknown(seen: House, as_: SignIn) -> None:
    unread = tuple(replace(r, read_at=None) if r.part is Part.SCALING else r for r in b.readings())
    seen.put(replace(scene.snapshot(), readings=unread))
    assert "Unknown. 10 tasks run" in text(as_("viewer").get(RBAC))


@pytest.mark.parametrize(
    "path", ["/environments/nowhere/scaling", f"{INDEX}/nothing", "/environments/nowhere/scaling/x"]
)
def test_what_is_not_there_is_404(seen: House, as_: SignIn, path: str) -> None:
    assert as_("viewer").get(path).status_code == 404


@pytest.mark.parametrize("path", [INDEX, RBAC, f"{RBAC}/live", "/environments/production/live/scaling"])
def test_while_the_database_is_away_it_says_when_to_ask_again(seen: House, as_: SignIn, path: str) -> None:
    client = as_("viewer")
    assert client.get(path).status_code == 200
    seen.unit.away = True
    answer = client.get(path)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(
    "path", ["/environments/production/live/scaling", f"{RBAC}/live", f"{RBAC}/live?window=1d&kind=scaled"]
)
def test_a_fragment_is_sent_again_only_when_something_changed(seen: House, as_: SignIn, path: str) -> None:
    client = as_("viewer")
    first = client.get(path)
    version = re.findall(r'"v": "(\w+)"', unescape(first.get_data(as_text=True)))[0]
    again = f"{path}{'&' if '?' in path else '?'}v={version}"
    assert client.get(again).status_code == 204
    rescale(seen, max_capacity=14)
    assert client.get(again).status_code == 200


def test_a_fragment_holds_nothing_of_one_person(seen: House, as_: SignIn) -> None:
    assert "csrf_token" not in as_("admin").get(f"{RBAC}/live").get_data(as_text=True)


def test_fleet_and_topology_lead_there(seen: House, as_: SignIn) -> None:
    client = as_("viewer")
    assert f'href="{INDEX}"' in client.get("/").get_data(as_text=True)
    panel = client.get("/environments/production/topology?node=service-rbac").get_data(as_text=True)
    assert f'href="{RBAC}"' in panel


def test_what_the_template_has_and_aws_has_not_is_told_once_a_thing() -> None:
    edited = [
        Edited("policy/rbac-cpu/type", "Policy rbac-cpu: type", "", "TargetTrackingScaling", "none"),
        Edited("policy/rbac-cpu/target", "Policy rbac-cpu: target", "CpuTarget", "60", "none"),
        Edited("maximum", "Maximum", "MaxTasks", "10", "12"),
    ]
    (found,) = policies.lacking(edited)
    assert (found.label, found.live) == ("Policy rbac-cpu", "none")
    assert found.template == "type TargetTrackingScaling, target 60"


def test_a_step_policy_shows_its_steps_and_one_of_an_unknown_kind_says_it_was_not_read(
    seen: House, as_: SignIn
) -> None:
    stepped = replace(b.policy(), name="rbac-steps", type="StepScaling", metric=None, target=None, alarms=("high",))
    lost = replace(stepped, name="rbac-lost", alarms=())
    steps = (StepPolicy("rbac-steps", Adjustment.CHANGE, (Step(2, 0.0, 15.0), Step(4, 15.0)), cooldown=120),)
    rescale(seen, policies=(stepped, lost), steps=steps)
    said = text(as_("viewer").get(RBAC))
    assert "+0 to +15: +2 tasks; from +15: +4 tasks" in said
    assert "Cooldown 120 s" in said
    assert "Steps not read" in said
    assert "Not found Its alarm" in said


def test_alarms_without_data_or_with_their_actions_off_are_said_so(seen: House, as_: SignIn) -> None:
    found = scene.snapshot()
    changed = {
        "TargetTracking-rbac-cpu-AlarmHigh": {"state": "INSUFFICIENT_DATA"},
        "TargetTracking-rbac-memory-AlarmHigh": {"actions_enabled": False},
    }
    alarms = tuple(replace(a, **changed.get(a.name, {})) for a in found.alarms)  # type: ignore[arg-type]
    seen.put(replace(found, alarms=alarms))
    said = text(as_("viewer").get(RBAC))
    assert "Has no data The alarm that scales out" in said
    assert "Quiet, its actions are off The alarm that scales out" in said
    assert "AWS has no data for rbac-cpu: nothing scales on it." in said


def test_more_services_than_one_state_are_counted_in_the_verdict(house: House, as_: SignIn) -> None:
    answer = as_("viewer").get(INDEX)
    assert "Steady. All 3 services run as many tasks as they should." in text(answer)
    legacy = text(as_("viewer").get("/environments/legacy/scaling"))
    assert f"{Status.PAUSED.value.capitalize()}." in legacy
    assert "nothing registered" in legacy


def test_a_scaling_at_its_maximum_without_being_asked_for_more_is_no_trouble(seen: House, as_: SignIn) -> None:
    rescale(seen, max_capacity=10)
    said = text(as_("viewer").get(RBAC))
    assert "there is no room for more." in said
    assert "Steady." in said
