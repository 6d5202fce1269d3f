"""CloudWatch's rule for alarms of target tracking; the rows with gaps are those of its manual."""

import pytest

from services.domain.scaling.alarm import AlarmState, judge

OK, ALARM, UNKNOWN = AlarmState.OK, AlarmState.ALARM, AlarmState.UNKNOWN


@pytest.mark.parametrize(
    ("minutes", "current", "state"),
    [
        ("XXX", OK, ALARM),
        ("0XXX", OK, ALARM),
        ("XX0", ALARM, OK),
        ("0-X-X", ALARM, OK),
        ("-----", ALARM, UNKNOWN),
        ("", OK, UNKNOWN),
        ("----0", ALARM, OK),
        ("0XX-X", OK, ALARM),
        ("--X--", OK, ALARM),
        ("----X", OK, OK),
        ("----X", UNKNOWN, UNKNOWN),
        ("---X-", ALARM, ALARM),
        ("XXX-----", ALARM, UNKNOWN),
    ],
)
def test_three_minutes_must_breach(minutes: str, current: AlarmState, state: AlarmState) -> None:
    assert judge([{"X": True, "0": False, "-": None}[each] for each in minutes], 3, current) is state
