"""What changed between two snapshots, in sentences, and a fingerprint that differs exactly when something did.

Both come from one table of the facts that matter: what exists, where it is, its role, state, size and settings.
Metrics, ages, event texts and the ids of single tasks do not matter: with them every tick would be a change.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from services.domain.facts import Fact, Kind, facts
from services.domain.snapshot import Part, Snapshot


@dataclass(frozen=True)
class Change:
    """One difference. `subject` is the node on the picture, `what` the sentence, `before` and `after` the bare values
    (empty where there was or is none)."""

    subject: str
    what: str
    before: str
    after: str
    kind: Kind


def fingerprint(snapshot: Snapshot) -> str:
    """A SHA-256 over the facts that matter, in hex."""
    plain = sorted((*key, fact.value) for key, fact in facts(snapshot).items())
    return hashlib.sha256(json.dumps(plain).encode()).hexdigest()


def changes(before: Snapshot, after: Snapshot) -> tuple[Change, ...]:
    """What changed, in the order of the picture. Empty exactly when the fingerprints are equal."""
    old, new = facts(before), facts(after)
    gone = {key[0] for key, fact in old.items() if fact.kind is Kind.EXISTS and key not in new}
    came = {key[0] for key, fact in new.items() if fact.kind is Kind.EXISTS and key not in old}
    # Of a part that one of the two never read, only that can be said: its things did not appear or vanish.
    known = {p for p in Part if before.reading(p).read_at is not None and after.reading(p).read_at is not None}
    every = [*new, *(key for key in old if key not in new)]
    subjects = {subject: number for number, subject in enumerate(dict.fromkeys(subject for subject, _ in every))}
    order = sorted(every, key=lambda key: subjects[key[0]])
    return tuple(_each(order, old, new, gone | came, known))


_Table = dict[tuple[str, str], Fact]


def _each(
    order: Sequence[tuple[str, str]], old: _Table, new: _Table, whole: set[str], known: set[Part]
) -> Iterator[Change]:
    for key in order:
        was, now = old.get(key), new.get(key)
        fact = now or was
        if fact is None or (was is not None and now is not None and was.value == now.value):
            continue
        # Of a thing that came or went one line is enough.
        if fact.kind is not Kind.EXISTS and key[0] in whole:
            continue
        if fact.kind is not Kind.GAP and fact.part not in known:
            continue
        value_was, value_now = was.value if was else "", now.value if now else ""
        yield Change(key[0], _sentence(fact, value_was, value_now), value_was, value_now, fact.kind)


def _sentence(fact: Fact, before: str, after: str) -> str:
    if fact.kind is Kind.EXISTS:
        return f"{fact.name} {'appeared' if after else 'is gone'}"
    if fact.kind is Kind.GAP:
        return f"{fact.name} could not be read: {after}" if after else f"{fact.name} is read again"
    if fact.kind is Kind.COUNT:
        return f"{fact.name}: {before or '0'} to {after or '0'} {fact.aspect}"
    if fact.kind is Kind.PLACE:
        thing = f"{fact.name} {fact.aspect}".rstrip()
        if before and after:
            return f"{thing} moved {before} to {after}"
        return f"{thing} {f'now in {after}' if after else f'no longer in {before}'}"
    if fact.kind is Kind.FAILOVER:
        # AWS forgets events after 14 days, which is no failover
        forgotten = f"{fact.name}: AWS no longer tells of its last failover"
        return f"{fact.name} failed over" if after > before else forgotten
    return f"{fact.name}: {fact.aspect} {before or 'none'} to {after or 'none'}"


__all__ = ["Change", "Kind", "changes", "fingerprint"]
