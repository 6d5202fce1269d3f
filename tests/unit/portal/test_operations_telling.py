"""Measured values, request ids and alarms as sentences."""

import pytest

from portal.failovers.preview import left
from portal.operations import telling

LOST, BACK = "2026-11-22T19:57:51.741+00:00", "2026-11-22T19:57:54.241+00:00"


@pytest.mark.parametrize(
    ("sentence", "lost", "told"),
    [
        (f"writes lost at: {LOST}", "", "Writes were lost at 19:57:51.7 UTC, by the probe."),
        (f"writes back at: {BACK}", LOST, "Writes were back after 2.5 s."),
        (f"writes back at: {BACK}", "", "Writes were back at 19:57:54.2 UTC."),
        ("writes back at: soon", "", "writes back at: soon"),
        ("baseline zone: us-east-1a", "", ""),
        ("baseline alarms: ", "", ""),
        ("ada approved it.", "", "ada approved it."),
        ("AWS accepted the request y0hFfnT4Km3xfqXmtPkLGoNlg.", "", "AWS accepted the request y0hFfnT4Km3x…."),
        ("AWS accepted the request abc-1.", "", "AWS accepted the request abc-1."),
    ],
)  # fmt: skip
def test_the_trail_is_told_in_sentences(sentence: str, lost: str, told: str) -> None:
    assert telling.told(sentence, lost) == told


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("ALARM: Threshold Crossed: 3 out of 3", "It rings."),
        ("OK: Threshold Crossed: 3 out of 3", "It is quiet."),
        ("INSUFFICIENT_DATA: Insufficient Data: 2", "It has too little data to tell."),
        ("Something new", "Something new"),
    ],
)
def test_an_alarm_says_what_it_means(words: str, said: str) -> None:
    assert telling.alarm(words) == said


@pytest.mark.parametrize(
    ("after", "before", "said"),
    [
        (1296.0, 1296.0, "21.6 min"),
        (1293.5, 1296.0, "21 min 33 s"),
        (1206.0, 1296.0, "20.1 min"),
        (0.0, 0.0, "0.0 min"),
        (0.0, 2.0, "0 min 0 s"),
    ],
)
def test_what_is_left_is_said_finely_enough_to_differ(after: float, before: float, said: str) -> None:
    assert left(after, before) == said
