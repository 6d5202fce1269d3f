"""Whether the failover that was asked for has happened, judged by AWS's events and by the world.

Events carry AWS's clock, `sent_at` Haven's, so neither "after" nor "before" can be taken to the second. The rule:

- An event counts from SKEW before `sent_at` on.
- A completion after `sent_at` is ours. One in the doubtful minute before it is ours only if its start is in there too,
  and if Haven had not yet heard of it when it wrote down the intent (that is Haven's clock against Haven's own).
- That an older failover is not mistaken for ours does not hang on this alone: none is allowed within ten minutes of
  another one of the target (nobody can override that; settings may say less), status `available` comes back only after
  the completion, and what RDS is asked too soon it abandons, which takes precedence here.
- An abandonment is ours unless a start was seen between `sent_at` and it: then somebody asked again while ours ran.
- The world counts from a reading after `sent_at` only. The same ten minutes keep a late swap of the zones (up to nine
  minutes after a failover) from being taken for that of this one.

Without `sent_at` nothing was asked for, so that nothing that happens is its doing.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from services.domain.event import CloudEvent
from services.domain.failover.causes import Said, What, understood
from services.domain.failover.facts import FailoverFacts
from services.domain.failover.stands import Stand, stand
from services.domain.operation import Target
from services.domain.snapshot import Part

SKEW = timedelta(minutes=1)
_UNDONE = (What.FAILED, What.TAKEN_BACK)


def done(kind: Target, facts: FailoverFacts) -> bool:
    """Whether the role has moved, or AWS says that it did."""
    if facts.sent_at is None or refusal(facts):
        return False
    return _completed(facts, facts.sent_at) or moved(kind, facts)


def refusal(facts: FailoverFacts) -> str:
    """AWS's words when it dropped or failed what it had accepted; empty otherwise."""
    sent_at = facts.sent_at
    if sent_at is None:
        return ""
    begun = False
    for event, said in _since(facts, sent_at):
        if said.what is What.STARTED:
            begun = begun or event.at >= sent_at
        elif (said.what is What.ABANDONED and not begun) or (said.what in _UNDONE and event.at >= sent_at):
            return event.message.strip()
    return ""


def moved(kind: Target, facts: FailoverFacts) -> bool:
    """Whether the world shows the role elsewhere than it was before the act."""
    now = standing(kind, facts)
    if now is None:
        return False
    if kind is Target.DATABASE_INSTANCE:
        return _elsewhere(now.zone, facts.baseline_zone, facts.to_zone)
    if facts.baseline_member:
        return bool(now.member) and now.member != facts.baseline_member
    return _elsewhere(now.zone, facts.baseline_zone, None)


def arrived(kind: Target, facts: FailoverFacts) -> bool:
    """Whether the role stands where it was to go, or anywhere else where nobody could choose."""
    now = standing(kind, facts)
    if now is None or not moved(kind, facts):
        return False
    if kind is Target.DATABASE_CLUSTER and facts.to_member:
        return now.member == facts.to_member
    return True


def standing(kind: Target, facts: FailoverFacts) -> Stand | None:
    """Where the role stands by a reading after the act; None before there is one."""
    now = stand(facts.snapshot, kind, facts.target, facts.node_group)
    return now if now is not None and after_act(facts, now.read_at) else None


def fresh(facts: FailoverFacts, *parts: Part) -> bool:
    """Whether all parts were read after the act: a part that could not be read keeps what was true before it."""
    return all(after_act(facts, facts.snapshot.reading(part).read_at) for part in parts)


def after_act(facts: FailoverFacts, read_at: datetime | None) -> bool:
    """Whether a time is after the act."""
    return facts.sent_at is not None and read_at is not None and read_at > facts.sent_at


def _elsewhere(zone: str | None, before: str | None, wanted: str | None) -> bool:
    if zone is None or before is None or zone == before:
        return False
    return wanted is None or zone == wanted


def _completed(facts: FailoverFacts, sent_at: datetime) -> bool:
    begun = False
    for event, said in _since(facts, sent_at):
        if said.what in (What.STARTED, What.CALLED):
            begun = begun or not _known_before(event, sent_at)
        elif said.what is What.COMPLETED and (event.at >= sent_at or (begun and not _known_before(event, sent_at))):
            return True
    return False


def _known_before(event: CloudEvent, sent_at: datetime) -> bool:
    return event.received_at is not None and event.received_at < sent_at


def _since(facts: FailoverFacts, sent_at: datetime) -> Iterator[tuple[CloudEvent, Said]]:
    """The target's events that count, in AWS's order: starts before ends where both carry the same second."""
    for event in sorted(facts.events, key=lambda each: each.at):
        said = understood(event)
        other_shard = facts.node_group and said.shard and said.shard != facts.node_group
        if event.at >= sent_at - SKEW and not other_shard:
            yield event, said
