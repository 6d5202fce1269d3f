"""The form of a service's scaling: what it holds, what becomes of what is typed, what is refused beside its field."""

from dataclasses import replace
from datetime import timedelta

import pytest
from werkzeug.datastructures import MultiDict

from portal.scaling import until
from portal.scaling.filling import sheet
from portal.scaling.places import resource_label
from portal.scaling.sheet import Sheet
from services.domain.scaling.change import ScalingChange, Suspended, state_of
from services.domain.scaling.load import REQUESTS
from services.domain.scaling.step import Adjustment, Step, StepPolicy
from services.domain.snapshot import ScheduledAction
from tests import builders as b

LABEL = "app/production-alb/50dc6c495c0c9188/targetgroup/production-rbac/73e2d6bc24d8a067"
MORNING = ScheduledAction("morning", "cron(30 6 ? * MON-FRI *)", "Europe/Berlin", 6, None)
STEPS = StepPolicy("queue-depth", Adjustment.CHANGE, (Step(2, 0.0, 15.0), Step(4, 15.0)), 120)
STATE = state_of(
    b.scaling(
        scheduled=(MORNING,),
        steps=(STEPS,),
        policies=(*b.scaling().policies, replace(b.policy(), name="queue-depth", type="StepScaling", metric=None)),
    )
)


def sent(**changes: str) -> MultiDict[str, str]:
    """What a browser sends of the form when only `changes` were typed; double underscores stand for hyphens."""
    made = sheet(STATE, b.NOW, label=LABEL, prefix="rbac")
    parts = [made.bounds, made.until, *(t.form for t in (*made.tracked, *made.added))]
    parts += [row for step in made.stepped for row in (step.form, *step.rows)] + [s.form for s in made.scheduled]
    data: dict[str, str] = {}
    for part in parts:
        for field in part:
            if field.type == "BooleanField":
                data |= {field.name: "y"} if field.data else {}
            elif field.type == "RadioField":
                data[field.name] = field.data
            else:
                data[field.name] = field._value() if hasattr(field, "_value") else field.data
    typed = {name.replace("__", "-"): value for name, value in changes.items()}
    return MultiDict({name: value for name, value in (data | typed).items() if value != "(off)"})


def typed(**changes: str) -> Sheet:
    return sheet(STATE, b.NOW, data=sent(**changes), prefix="rbac")


def change(**changes: str) -> ScalingChange:
    made = typed(**changes)
    assert made.check(), [form.errors for form in (made.bounds, made.until, *(t.form for t in made.tracked))]
    return made.change(b.NOW)


def test_untouched_it_changes_nothing() -> None:
    assert change() == ScalingChange()


def test_every_editable_value_is_filled_in_with_todays() -> None:
    made = sheet(STATE, b.NOW, label=LABEL, prefix="rbac")
    assert (made.bounds.minimum.data, made.bounds.maximum.data, made.bounds.desired.data) == (3, 12, None)
    assert [(t.word, t.form.target.data, t.form.out.data, t.form.into.data) for t in made.tracked] == [
        ("CPU", 60.0, 60, 300),
        ("memory", 60.0, 60, 300),
    ]
    assert [(t.word, t.form.label.data) for t in made.added] == [("requests per target", LABEL)]
    assert [s.form.schedule.data for s in made.scheduled] == [MORNING.schedule, ""]
    assert [[row.by.data for row in s.rows] for s in made.stepped] == [[2, 4, None, None], [None, None]]
    assert made.others == []


def test_only_what_differs_is_in_the_change() -> None:
    made = change(maximum="14", policy__0__target="55.5", policy__1__into="(off)")
    assert (made.min_capacity, made.max_capacity) == (None, 14)
    assert [(p.name, p.target, p.scale_in_cooldown) for p in made.policies] == [("production-rbac-cpu", 55.5, 300)]


def test_an_empty_cooldown_is_left_to_aws_and_scaling_in_can_be_switched_off() -> None:
    made = change(policy__0__out="", policy__0__scales_in="(off)")
    assert [(p.scale_out_cooldown, p.scale_in_disabled) for p in made.policies] == [(None, True)]


def test_a_missing_policy_is_added_once_its_target_is_filled_in() -> None:
    made = change(add__requests__target="1000")
    assert [(p.name, p.arn, p.metric, p.target) for p in made.policies] == [("rbac-requests", "", REQUESTS, 1000.0)]
    assert made.labels == (("rbac-requests", LABEL),)


def test_policies_and_actions_are_removed_by_name() -> None:
    made = change(policy__1__removed="y", steps__0__removed="y", action__0__removed="y")
    assert made.removed_policies == ("production-rbac-memory", "queue-depth")
    assert (made.removed_scheduled, made.scheduled, made.policies, made.steps) == (("morning",), (), (), ())


def test_steps_are_edited_added_to_and_made_anew() -> None:
    more = {"steps__0__step__1__upper": "30", "steps__0__step__2__lower": "30", "steps__0__step__2__by": "8"}
    assert change(**more).steps == (replace(STEPS, steps=(Step(2, 0.0, 15.0), Step(4, 15.0, 30.0), Step(8, 30.0))),)
    fresh = {"new__steps__0__name": "burst", "new__steps__0__step__0__by": "10", "new__steps__0__least": "2"}
    percent = change(**fresh, new__steps__0__adjustment=Adjustment.PERCENT.value).steps
    assert percent == (StepPolicy("burst", Adjustment.PERCENT, (Step(10),), 300, 2),)


def test_scheduled_actions_are_edited_and_added() -> None:
    new = {"new__action__0__name": "evening", "new__action__0__schedule": "at(2026-12-24T18:00:00)"}
    made = change(action__0__minimum="8", new__action__0__maximum="6", **new)
    assert made.scheduled == (
        replace(MORNING, min_capacity=8),
        ScheduledAction("evening", "at(2026-12-24T18:00:00)", None, None, 6),
    )


def test_suspending_and_the_count_once_and_an_end() -> None:
    made = change(hold_out="y", desired="7", lasts="2h")
    assert made.suspended == Suspended(scale_in=False, scale_out=True, scheduled=False)
    assert (made.desired_once, made.until) == (7, b.NOW + timedelta(hours=2))
    assert change(lasts="at", until=" 2026-11-23 18:00 UTC").until == b.NOW.replace(day=23, hour=18, minute=0, second=0)


@pytest.mark.parametrize(
    ("given", "part", "field", "said"),
    [
        ({"maximum": "twelve"}, "bounds", "maximum", "A whole number from 0 to 5,000."),
        ({"maximum": ""}, "bounds", "maximum", "A whole number from 0 to 5,000."),
        ({"minimum": "5001"}, "bounds", "minimum", "A whole number from 0 to 5,000."),
        ({"desired": "0"}, "bounds", "desired", "A whole number from 1 to 5,000."),
        ({"lasts": "at", "until": "soon"}, "until", "until", until.HINT),
        ({"lasts": "at", "until": "2020-01-01 00:00"}, "until", "until", "That lies in the past."),
        ({"policy__0__target": "101"}, "policy", "target", "A number above 0, at most 100."),
        ({"policy__0__target": ""}, "policy", "target", "A number above 0, at most 100."),
        ({"policy__0__target": "nan"}, "policy", "target", "A number above 0, at most 100."),
        ({"policy__0__out": "-5"}, "policy", "out", "Whole seconds from 0 to 86,400"),
        ({"add__requests__target": "5", "add__requests__label": "alb"}, "added", "label", "As app/<load balancer>"),
        ({"add__requests__target": "5", "add__requests__name": ""}, "added", "name", "without : / |"),
        ({"add__requests__target": "5", "add__requests__name": "queue-depth"}, "added", "name", "is there already"),
        ({"new__action__0__name": "a:b", "new__action__0__minimum": "1"}, "action", "name", "without : / |"),
        ({"new__action__0__schedule": "rate(5 minutes)"}, "action", "schedule", "Give it a min, a max, or both"),
        ({"new__action__0__schedule": "soon", "new__action__0__minimum": "1"}, "action", "schedule", "Write at("),
        ({"new__action__0__minimum": "1", "new__action__0__timezone": "Mars/X"}, "action", "timezone", "no time zone"),
        ({"new__action__0__minimum": "5", "new__action__0__maximum": "4"}, "action", "maximum", "Below its min, 5."),
        ({"new__action__0__name": "morning", "new__action__0__minimum": "1"}, "action", "name", "is there already"),
        ({"new__steps__0__name": "gap"}, "steps", "adjustment", "Give 1 to 20 steps."),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_beside_its_field_and_stays_typed(
    given: dict[str, str], part: str, field: str, said: str
) -> None:
    made = typed(**given)
    assert not made.check()
    assert made.wrong
    forms = {
        "bounds": made.bounds,
        "until": made.until,
        "policy": made.tracked[0].form,
        "added": made.added[0].form,
        "action": made.scheduled[-1].form,
        "steps": made.stepped[-1].form,
    }
    assert said in " ".join(forms[part][field].errors), forms[part].errors
    kept = {name.replace("__", "-"): value for name, value in given.items()}
    shown = {f.name: (f._value() if hasattr(f, "_value") else f.data) for f in forms[part]}
    assert {name: shown[name] for name in kept if name in shown} == {n: v for n, v in kept.items() if n in shown}


def test_what_was_wanted_fills_the_form_again_also_on_another_state() -> None:
    wanted = change(maximum="14", policy__1__removed="y", new__action__0__name="e", new__action__0__minimum="1",
                    new__action__0__schedule="rate(1 day)", desired="5", add__requests__target="900")  # fmt: skip
    moved = replace(STATE, scaling=replace(STATE.scaling, min_capacity=4))
    for state in (STATE, moved):
        again = sheet(state, b.NOW, wanted=wanted, prefix="rbac")
        assert (again.bounds.maximum.data, again.bounds.desired.data) == (14, 5)
        assert [t.form.removed.data for t in again.tracked] == [False, True]
        assert [t.form.target.data for t in again.added] == [900.0]
        assert [s.form.name.data for s in again.scheduled] == ["morning", "e", ""]
    assert again.bounds.minimum.data == 4


def test_more_rows_than_the_form_ever_shows_are_not_read() -> None:
    many = {f"new__action__{n}__schedule": "rate(1 day)" for n in range(60)}
    assert len(typed(**many).scheduled) <= 21


def test_the_label_is_known_only_where_both_its_ends_were_read() -> None:
    assert resource_label(b.snapshot(), "rbac") == LABEL
    assert resource_label(b.snapshot(load_balancer=None), "rbac") == ""
    assert resource_label(None, "rbac") == resource_label(b.snapshot(), "nobody") == ""
