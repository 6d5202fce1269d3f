"""What was not read: a finding of its own, and never an accusation."""

from dataclasses import replace

import pytest

from services.domain.findings import findings
from services.domain.snapshot import Gap, Part, Reading, Snapshot
from services.domain.status import Status
from tests import builders as b

HEALTHY = b.snapshot()


def unread(*parts: Part, code: str = "AccessDenied") -> tuple[Reading, ...]:
    return tuple(Reading(p, None, Gap(p, code, "No.", b.NOW)) if p in parts else Reading(p, b.NOW) for p in Part)


def test_a_part_never_read_yields_its_gap_and_nothing_else():
    everything = replace(b.legacy_snapshot(), readings=unread(*Part))
    assert {finding.rule for finding in findings(everything)} == {"gap"}
    assert len(findings(everything)) == len(Part)
    assert all(finding.status is Status.UNKNOWN for finding in findings(everything))


def test_a_snapshot_without_any_reading_is_unknown_not_healthy():
    assert {f.rule for f in findings(Snapshot("new", b.NOW))} == {"gap"}


@pytest.mark.parametrize("part", Part)
def test_a_gap_is_found_once_beside_what_the_other_parts_say(part: Part):
    found = findings(replace(HEALTHY, readings=unread(part)))
    assert [(finding.rule, finding.detail) for finding in found] == [("gap", part)]


@pytest.mark.parametrize(
    ("code", "mend"),
    [("ThrottlingException", "asks again"), ("AccessDenied", "reader role"), ("InternalError", "next reading")],
)
def test_a_gap_says_when_its_facts_are_from_and_what_would_mend_it(code: str, mend: str):
    read = b.readings(failed={Part.CACHE: code})
    found = findings(replace(HEALTHY, readings=read))
    assert f"({code}, since 02:13:00). What is shown was read at 02:12:00." in found[0].why
    assert mend in found[0].mend


def test_old_facts_of_a_failed_part_still_count():
    read = b.readings(failed={Part.DATABASE: "Throttling"})
    alone = b.database(multi_az=False, secondary_zone=None)
    rules = [f.rule for f in findings(replace(HEALTHY, databases=(alone,), readings=read))]
    assert rules == ["database-single-zone", "gap"]
