"""Findings about what is not known: one for each part that could not be read."""

from collections.abc import Iterator

from services.domain.finding import Finding, Requirement, Subject
from services.domain.snapshot import Part, Reading, Snapshot
from services.domain.status import Status
from services.domain.wording import capital


def gaps(snapshot: Snapshot) -> Iterator[Finding]:
    """Parts with a gap, and parts that never were read at all. A snapshot kept from before Haven read events is not
    held to them: nothing it was judged by is missing."""
    for part in Part:
        if part is Part.EVENTS and snapshot.readings and not snapshot.asked(part):
            continue
        reading = snapshot.reading(part)
        if reading.gap is not None or reading.read_at is None:
            yield Finding(
                "gap",
                Status.UNKNOWN,
                Subject.unread(part),
                f"{capital(part)} not read",
                _why(reading),
                Requirement.KNOWLEDGE,
                _mend(reading),
                part,
                detail=part,
            )


def _why(reading: Reading) -> str:
    if reading.gap is None:
        return "AWS was not asked for it yet."
    kept = f"What is shown was read at {reading.read_at:%H:%M:%S}." if reading.read_at else "It never was read."
    return f"{reading.gap.why.rstrip('.')} ({reading.gap.code}, since {reading.gap.since:%H:%M:%S}). {kept}"


def _mend(reading: Reading) -> str:
    code = reading.gap.code if reading.gap else ""
    if "Throttl" in code or "TooManyRequests" in code or "RequestLimit" in code:
        return "Nothing: Haven asks again by itself; look for others who call the same API often."
    if "Denied" in code or "Unauthorized" in code:
        return "Give Haven's reader role the right to make this call."
    return "Haven asks again by itself at the next reading."
