"""Makes nodes: what a thing is by itself, its findings and the age of its facts become the one state it is shown in."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypedDict, Unpack

from services.domain.finding import Finding
from services.domain.findings import findings
from services.domain.findings.brief import BRIEF
from services.domain.snapshot import Metric, Part, Snapshot
from services.domain.status import State, Status, as_read, freshness
from services.domain.topology.model import Detail, Kind, Node


class Extras(TypedDict, total=False):
    """The optional fields of a node."""

    zone: str | None
    note: str
    corner: str
    details: tuple[Detail, ...]
    aws: tuple[tuple[str, str], ...]
    related: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Eye:
    """Looks at one snapshot at one time."""

    snapshot: Snapshot
    now: datetime
    stale_after: timedelta
    findings: tuple[Finding, ...] = ()
    _of: dict[str, list[Finding]] = field(default_factory=dict)
    _fresh: dict[Part, Status | None] = field(default_factory=dict)

    @classmethod
    def on(cls, snapshot: Snapshot, now: datetime, stale_after: timedelta) -> "Eye":
        """An eye with the snapshot's findings sorted by their subjects."""
        found = findings(snapshot)
        of: dict[str, list[Finding]] = {}
        for finding in found:
            of.setdefault(finding.subject, []).append(finding)
        fresh = {part: freshness(snapshot, part, now, stale_after) for part in Part}
        return cls(snapshot, now, stale_after, found, of, fresh)

    def read_at(self, part: Part) -> datetime | None:
        """When a part was read."""
        return self.snapshot.reading(part).read_at

    def was_read(self, part: Part) -> bool:
        """Whether a part ever was read."""
        return self.read_at(part) is not None

    def node(self, node_id: str, kind: Kind, label: str, state: State, part: Part, **extras: Unpack[Extras]) -> Node:
        """A node in the state it may be shown in. Old facts are shown as old whatever they said."""
        found = self._of.get(node_id, [])
        shown = as_read(state, self._fresh[part])
        if self._fresh[part] is None:
            worse = [f for f in found if f.status.rank < shown.status.rank]
            if worse:
                first = min(worse, key=lambda f: f.status.rank)
                shown = State(first.status, BRIEF.get(first.rule, first.status))
        return Node(node_id, kind, label, shown, part, self.read_at(part), findings=tuple(found), **extras)

    def of(self, node_id: str) -> tuple[Finding, ...]:
        """The findings about a node."""
        return tuple(self._of.get(node_id, ()))

    def detail(self, part: Part, name: str, value: object, *, code: bool = False) -> Detail:
        """A fact of a part; None and empty text read as unknown, never as zero."""
        return Detail(name, "not known" if value is None or value == "" else str(value), self.read_at(part), code)

    def details(self, part: Part, *pairs: tuple[str, object]) -> tuple[Detail, ...]:
        """Several facts of one part."""
        return tuple(self.detail(part, name, value) for name, value in pairs)

    def metric(self, subject: str, name: str) -> Metric | None:
        """The newest point of a metric, unless it is too old to say anything about now."""
        found = self.snapshot.metric(subject, name)
        too_old = found is not None and self.now - found.at > max(self.stale_after * 10, timedelta(minutes=10))
        return None if too_old else found

    def measured(self, name: str, text: str, *metrics: Metric | None) -> Detail | None:
        """A fact from metrics with the time of their oldest point; None when one is missing."""
        known = [metric for metric in metrics if metric is not None]
        return (
            Detail(name, text, min(m.at for m in known), measured=True)
            if known and len(known) == len(metrics)
            else None
        )


def present_only(details: Iterable[Detail | None]) -> tuple[Detail, ...]:
    """The details that exist."""
    return tuple(detail for detail in details if detail is not None)


def switch(on: bool | None) -> str:
    """A setting in words."""
    return "not known" if on is None else "on" if on else "off"
