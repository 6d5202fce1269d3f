"""Sentences for what the trail and AWS write as values: measurements, request ids, alarms. Pure."""

import re
from datetime import datetime

from portal.failovers.preview import seconds

_SHORT = 12
_MEASURED = re.compile(
    r"^(?P<lead>.*: )?(?P<name>writes lost at|writes back at|baseline \w+): ?(?P<value>.*)$", re.DOTALL
)
_RECEIPT = re.compile(r"(?<=request )[A-Za-z0-9-]{20,}")
_POINTS = re.compile(r"(?<=datapoints )\[([^,\]]*),[^\]]*\]")
_ALARM = {"ALARM": "It rings.", "OK": "It is quiet.", "INSUFFICIENT_DATA": "It has too little data to tell."}


def told(sentence: str, lost: str = "") -> str:
    """A line of the trail as people read it; empty for what was only noted down to compare with later. `lost` is when
    writes were lost (ISO), so that it can be said how long they were."""
    lead, back, shown = sentence.partition("read back: ")
    if back:
        return f"{lead}AWS shows {shown}."
    found = _MEASURED.match(sentence)
    if found is None:
        return _RECEIPT.sub(lambda match: short(match[0]), sentence)
    if found["name"].startswith("baseline"):
        return ""
    at = _time(found["value"])
    if at is None:
        return sentence
    clock = f"{at:%H:%M:%S}.{at.microsecond // 100_000} UTC"
    if found["name"] == "writes lost at":
        return f"{found['lead'] or ''}Writes were lost at {clock}, by the probe."
    since = _time(lost)
    after = f"after {seconds(max(0.0, (at - since).total_seconds()))}" if since else f"at {clock}"
    return f"{found['lead'] or ''}Writes were back {after}."


def short(receipt: str) -> str:
    """The beginning of an id, enough to tell it from others."""
    return receipt if len(receipt) <= _SHORT else f"{receipt[:_SHORT]}…"


def alarm(words: str) -> str:
    """What CloudWatch's line about an alarm means; the line itself when it is none."""
    state = words.partition(":")[0].strip()
    return _ALARM.get(state, words)


def without_points(words: str) -> str:
    """CloudWatch's line with the newest of its data points alone, for fifteen of them say no more."""
    return _POINTS.sub(lambda match: f"[{match[1]}, …]", words)


def _time(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip()) if text else None
    except ValueError:
        return None
