"""Every single point of failure and weakness of a snapshot, from pure rules.

A rule is asked only when the parts it needs were read at least once; what was not read is a finding of its own, so
missing knowledge neither accuses nor reassures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.domain.finding import Finding, Requirement, Rule, Subject
from services.domain.findings import cache, database, elastic, entrance, network, queues, spread, watch
from services.domain.findings.unread import gaps
from services.domain.snapshot import Snapshot

RULES: tuple[Rule, ...] = (
    *database.RULES,
    *spread.RULES,
    *entrance.RULES,
    *cache.RULES,
    *network.RULES,
    *elastic.RULES,
    *queues.RULES,
    *watch.RULES,
)
"""Most consequential first: findings of equal weight keep this order."""


def findings(snapshot: Snapshot, rules: Sequence[Rule] = RULES) -> tuple[Finding, ...]:
    """Every finding, worst first; among equals the order of the rules, then of the snapshot. Ids are unique."""
    found = [*gaps(snapshot)]
    for rule in rules:
        if rule.applies(snapshot):
            found.extend(rule.check(snapshot))
    unique = {finding.id: finding for finding in found}
    return tuple(sorted(unique.values(), key=lambda finding: (finding.weight.rank, finding.status.rank)))


@dataclass(frozen=True)
class Group:
    """Findings of one rule that share a status: thirty services without scaling are one line with thirty subjects."""

    rule: str
    findings: tuple[Finding, ...]

    @property
    def first(self) -> Finding:
        """The one that stands for the group."""
        return self.findings[0]


def grouped(found: Sequence[Finding]) -> tuple[Group, ...]:
    """Findings by rule and status, in the order of their first member."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in found:
        groups.setdefault((finding.rule, finding.status), []).append(finding)
    return tuple(Group(rule, tuple(members)) for (rule, _), members in groups.items())


__all__ = ["RULES", "Finding", "Group", "Requirement", "Rule", "Subject", "findings", "grouped"]
