"""Checks of the time: too soon after another one, too many in a day, a freeze, a pause."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from services.domain.check import Check
from services.domain.failover.episode import Result
from services.domain.failover.situation import Judge, Situation, span
from services.domain.operation import Target
from services.domain.pause import EVERYWHERE
from services.domain.snapshot import Part

NEVER_WITHIN = timedelta(minutes=10)
"""RDS accepts a repeat and silently abandons it, a cache rebuilds its replica, and the API shows zones that swapped up
to nine minutes ago: this soon nothing good can come of it, and nobody can override it."""
MOST_TESTS = 15
"""TestFailovers AWS allows an account in 24 hours, counted by node group."""


def apart(situation: Situation) -> Check:
    """No failover of the target lately. After NEVER_WITHIN it may be overridden. When AWS's events are not read, one
    may have gone unseen: an admin who looked at AWS may know better."""
    judge = Judge(situation, "apart", "No failover lately", (Part.EVENTS,), unknown_overridable=True)
    if any(episode.result is Result.RUNNING for episode in situation.recent):
        return judge.failed("A failover of it is running.", "Wait until it is over.", overridable=False)
    last = max(_failovers(situation), default=None)
    least = situation.apart
    if last is not None and (since := situation.now - last) < least:
        fact = f"The last one was {span(since)} ago, at {last:%H:%M:%S} UTC; {span(least)} apart are wanted."
        wait = f"Wait {span(least - since)} more."
        return judge.failed(fact, wait, overridable=since >= min(least, NEVER_WITHIN))
    if judge.unread:
        return judge.unread
    if last is None:
        return judge.passed("None is known.")
    return judge.passed(f"The last one was {span(situation.now - last)} ago; {span(least)} apart are wanted.")


def _failovers(situation: Situation) -> Iterator[datetime]:
    """When the role last moved, by the history and by what the snapshot itself tells. What AWS abandoned moved
    nothing."""
    for episode in situation.recent:
        if episode.result is not Result.ABANDONED:
            yield episode.completed_at or episode.started_at
    source = "elasticache" if situation.target.kind is Target.CACHE else "rds"
    for failover in situation.snapshot.failovers:
        if failover.subject == situation.target.name and failover.source == source:
            yield failover.at


def tests(situation: Situation) -> Check | None:
    """AWS still allows a TestFailover today. Nothing for RDS, which does not count."""
    if situation.target.kind is not Target.CACHE:
        return None
    # Unknown may be overridden: AWS counts for itself, and refuses.
    judge = Judge(situation, "tests", "Today's tests are not used up", (Part.EVENTS,), unknown_overridable=True)
    fact = f"{situation.tests_today} of {MOST_TESTS} in the last 24 hours, as far as Haven knows."
    if situation.tests_today >= MOST_TESTS:
        return judge.failed(fact, "Wait until the oldest is a day ago; AWS refuses more.", overridable=False)
    return judge.unread or judge.passed(fact)


def freeze(situation: Situation) -> Check:
    """No change freeze is on. Overridable: that is what an emergency is."""
    judge = Judge(situation, "freeze", "No change freeze is on")
    held = situation.freeze
    if held is not None and held.holds(situation.environment.name, situation.now):
        fact = f"The change freeze “{held.name}” is on until {held.ends:%Y-%m-%d %H:%M} UTC: {held.reason}"
        mend = "Wait until it ends, or say why this cannot wait."
        return judge.failed(fact, mend, overridable=True)
    return judge.passed("No change freeze is on.")


def pause(situation: Situation) -> Check:
    """Haven is not paused here. Not overridable: whoever may act may lift the pause, and then it is on record."""
    judge = Judge(situation, "pause", "Haven is not paused")
    held = situation.pause
    if held is not None and held.holds(situation.environment.name, situation.now):
        where = "Everything" if held.environment == EVERYWHERE else held.environment
        fact = f"{where} is paused by {held.by} until {held.until:%Y-%m-%d %H:%M} UTC: {held.reason}"
        return judge.failed(fact, "Lift the pause, or wait until it ends.", overridable=False)
    return judge.passed("No pause holds this environment.")
