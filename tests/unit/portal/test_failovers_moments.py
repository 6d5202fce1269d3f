"""The time line of an incident: what it leaves out, what it tells as one line, and what it never hides."""

from datetime import timedelta

import pytest

from portal.failovers.moments import matters, time_line
from services.usecases.failover_history import Incident, Moment
from tests import builders as b

START = b.episode().started_at


def moment(sentence: str = "RDS began.", source: str = "rds", *, after: float = 0, subject: str = "production-app",
           words: str = "") -> Moment:  # fmt: skip
    return Moment(START + timedelta(seconds=after), source, sentence, words, subject)


def incident(*moments: Moment) -> Incident:
    return Incident(b.episode(), START - timedelta(minutes=15), START + timedelta(minutes=30), moments)


def went_off(name: str) -> Moment:
    return moment(f"alarm {name}: state OK to ALARM", "picture", subject=f"alarm-{name}")


def rang(name: str, state: str = "ALARM") -> Moment:
    words = f"{state}: Threshold Crossed: 3 out of the last 3 datapoints"
    return moment(words, "cloudwatch", subject=name, words=words)


@pytest.mark.parametrize(
    ("what", "kept"),
    [
        (moment(), True),
        (moment("ada: log in (done)", "ledger"), True),
        (moment("failover of production-app: ada approved it.", "haven"), True),
        (rang("production-rbac-cpu"), True),
        (rang("TargetTracking-service/production/rbac-AlarmLow-1"), False),
        (rang("production-rbac-cpu", "INSUFFICIENT_DATA"), False),
        (moment("(service rbac) (port 8080) is unhealthy in (target-group x)", "ecs", subject="rbac"), True),
        (moment("(service rbac) has reached a steady state.", "ecs", subject="rbac"), False),
        (moment("CREATE_COMPLETE", "cloudformation", subject="production-data"), False),
        (moment("alarm a appeared", "picture", subject="alarm-a"), False),
        (moment("database production-app: status available to rebooting", "picture", subject="database-x"), True),
        (moment("stack data appeared", "picture", subject="stack-data"), False),
        (moment("zone us-east-1b: state available to impaired", "picture", subject="zone-us-east-1b"), True),
    ],
)
def test_the_short_form_holds_what_may_have_to_do_with_it(what: Moment, kept: bool) -> None:
    assert matters(what) is kept
    line = time_line(incident(what), (), every=False)
    assert (len(line.lines), line.hidden, line.narrowed) == (int(kept), int(not kept), True)


@pytest.mark.parametrize(("after", "kept"), [(-301, False), (-299, True), (600, True), (700, False)])
def test_the_short_form_reaches_from_5_min_before_to_10_min_after(after: float, kept: bool) -> None:
    assert bool(time_line(incident(moment(after=after)), (), every=False).lines) is kept


def test_every_moment_is_there_when_asked_for_and_all_of_a_chosen_source() -> None:
    whole = incident(moment(after=-800), moment("CREATE_COMPLETE", "cloudformation"), moment(after=900))
    every = time_line(whole, (), every=True)
    assert (len(every.lines), every.hidden, every.total) == (3, 0, 3)
    chosen = time_line(whole, {"rds"}, every=False)
    assert ([line.moment.source for line in chosen.lines], chosen.hidden) == (["rds", "rds"], 1)


def test_thirty_of_the_same_are_one_line_that_names_each() -> None:
    line = time_line(incident(*(went_off(f"production-{n}") for n in range(30)), moment()), (), every=False)
    assert [each.sentence for each in line.lines] == ["30 alarms: state OK to ALARM", "RDS began."]
    assert len(line.lines[0].more) == 30


def test_two_of_the_same_stay_two_and_another_between_ends_the_run() -> None:
    runs = (rang("a"), rang("b"), moment(), rang("c"), rang("d"), rang("e"))
    sentences = [each.sentence for each in time_line(incident(*runs), (), every=False).lines]
    assert sentences == ["It rings.", "It rings.", "RDS began.", "3 alarms, each: It rings."]


def test_measurements_are_sentences_and_baselines_are_not_told() -> None:
    lead = "failover of production-app: "
    whole = incident(
        moment(f"{lead}baseline zone: us-east-1a", "haven"),
        moment(f"{lead}writes lost at: 2026-11-22T19:57:51.741+00:00", "haven"),
        moment(f"{lead}writes back at: 2026-11-22T19:57:54.241+00:00", "haven"),
    )
    line = time_line(whole, (), every=True)
    assert [each.sentence for each in line.lines] == [
        f"{lead}Writes were lost at 19:57:51.7 UTC, by the probe.",
        f"{lead}Writes were back after 2.5 s.",
    ]
    assert (line.total, line.hidden) == (2, 0)
