"""AWS's words about failovers, understood: what happened, who began it, and the same in ours (aws-facts 1.2, 1.3, 2.1).

Words decide before ids: the API gives no id at all, and the reason of a failover comes under the id of its completion.
Blanks and periods at the end do not matter, nor does the case: the wire and the documentation differ in them.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from services.domain.event import CloudEvent
from services.domain.failover.episode import Origin


class What(StrEnum):
    """The part an event plays in a failover. The value names the phase."""

    CALLED = "asked for"
    STARTED = "started"
    RESTARTED = "restarted"
    COMPLETED = "completed"
    REASON = "reason given"
    ABANDONED = "abandoned"
    PARTIAL = "recovered from a partial failover"
    FAILED = "failed"
    TAKEN_BACK = "previous primary promoted again"
    REBUILDING = "standby being rebuilt"
    REBUILT = "redundancy back"
    OTHER = "said"


@dataclass(frozen=True)
class Said:
    """An event understood. `origin` is who began the failover as far as these words tell; `from_member`, `to_member`
    and `shard` (a cache's node group) are filled where the words name them; `event_id` is RDS's own."""

    what: What
    meaning: str
    origin: Origin | None = None
    event_id: str = ""
    from_member: str = ""
    to_member: str = ""
    shard: str = ""


@dataclass(frozen=True)
class _Known:
    what: What
    event_id: str
    words: str
    meaning: str
    origin: Origin | None = None


_NODE = r"(?P<{}>[\w-]+)"
_INSTANCE = (
    _Known(What.STARTED, "RDS-EVENT-0013", r"Multi-AZ instance failover started",
           "RDS began to move the primary to the standby; reads and writes stop."),
    _Known(What.STARTED, "RDS-EVENT-0050", r"Multi-AZ instance activation started",
           "RDS began to bring the instance back in the same zone; reads and writes stop."),
    _Known(What.RESTARTED, "RDS-EVENT-0006", r"DB instance restarted",
           "The database process is up again and recovers; connections are accepted soon."),
    _Known(What.COMPLETED, "RDS-EVENT-0049", r"Multi-AZ instance failover completed",
           "The standby is the primary now; the endpoint's name leads to it."),
    _Known(What.COMPLETED, "RDS-EVENT-0015", r"Multi-AZ failover to standby complete\b.*",
           "The standby is the primary now; DNS may take a few minutes to say so everywhere."),
    _Known(What.COMPLETED, "RDS-EVENT-0051", r"Multi-AZ instance activation completed",
           "The instance is back in the same zone."),
    _Known(What.ABANDONED, "RDS-EVENT-0034", r"Abandoning user requested failover\b.*",
           "RDS had accepted the request and dropped it, because there had just been a failover. Nothing moved.",
           Origin.OUTSIDE),
    _Known(What.PARTIAL, "RDS-EVENT-0065", r"(The instance has )?recovered from (a )?partial failover",
           "The failover did not go through whole; RDS repaired what it left."),
    _Known(What.REBUILDING, "RDS-EVENT-0361", r"Recovery of standby DB instance has started",
           "RDS rebuilds the standby; until it is done there is nowhere to fail over to."),
    _Known(What.REBUILT, "RDS-EVENT-0362", r"Recovery of standby DB instance (has|is) completed?",
           "The standby is in step again: redundancy is back."),
    _Known(What.REASON, "", r"The user requested a failover of the DB instance",
           "Somebody asked for this failover.", Origin.OUTSIDE),
    _Known(What.REASON, "", r"The operating system underlying the RDS database instance is being patched\b.*",
           "AWS patched the primary's operating system and moved the primary out of the way.", Origin.AUTOMATIC),
    _Known(What.REASON, "", r"The primary host of the RDS Multi-AZ instance is unhealthy",
           "The machine under the primary failed; AWS moved to the standby.", Origin.AUTOMATIC),
    _Known(What.REASON, "", r"The primary host of the RDS Multi-AZ instance is unreachable\b.*",
           "AWS lost the network to the primary and moved to the standby.", Origin.AUTOMATIC),
    _Known(What.REASON, "", r"The RDS instance was modified by customer",
           "A modification, such as another class, was applied; RDS did it by moving to the standby.",
           Origin.AUTOMATIC),
    _Known(What.REASON, "", r"The RDS Multi-AZ primary instance is busy and unresponsive",
           "The primary was so overloaded that it no longer answered AWS; AWS moved to the standby.",
           Origin.AUTOMATIC),
    _Known(What.REASON, "", r"The storage volume underlying the primary host\b.* experienced a failure",
           "The primary's storage failed; AWS moved to the standby.", Origin.AUTOMATIC),
)  # fmt: skip
_CLUSTER = (
    _Known(What.STARTED, "RDS-EVENT-0072", rf"Started same AZ failover to DB instance: {_NODE.format('to')}",
           "RDS began to move the writer to a reader in the same zone; writes stop."),
    _Known(What.STARTED, "RDS-EVENT-0073", rf"Started cross AZ failover to DB instance: {_NODE.format('to')}",
           "RDS began to move the writer to a reader in another zone; writes stop."),
    # Only for its own failovers does RDS put "RDS initiated" here (aws-facts 1.3): without it, somebody asked.
    _Known(What.COMPLETED, "RDS-EVENT-0071", rf"Completed RDS initiated failover to DB instance: {_NODE.format('to')}",
           "A reader is the writer now; RDS did it by itself and gives no reason.", Origin.AUTOMATIC),
    _Known(What.COMPLETED, "RDS-EVENT-0071", rf"Completed failover to DB instance: {_NODE.format('to')}",
           "A reader is the writer now; somebody asked for it.", Origin.OUTSIDE),
    _Known(What.FAILED, "RDS-EVENT-0069", r"Cluster failover failed\b.*",
           "The failover failed; the members' states must be looked at before another try."),
    _Known(What.TAKEN_BACK, "RDS-EVENT-0070", rf"Promoting previous primary again: {_NODE.format('to')}",
           "The failover did not go through; the previous writer takes writes again."),
)  # fmt: skip
_CACHE = (
    _Known(What.CALLED, "", r"Test Failover API called for node group (?P<shard>\d{4})",
           "Somebody asked for a test failover of this node group.", Origin.OUTSIDE),
    _Known(What.COMPLETED, "",
           rf"Failover from primary node {_NODE.format('old')} to replica node {_NODE.format('to')} completed",
           "The replica is the primary now; the endpoint's name leads to it."),
    _Known(What.COMPLETED, "", rf"Failover to replica node {_NODE.format('to')} completed",
           "The replica is the primary now; the endpoint's name leads to it."),
    _Known(What.REBUILDING, "", r"Recovering cache nodes\b.*",
           "The old primary is rebuilt as a replica; until it is done there is one member less."),
    _Known(What.REBUILT, "", r"Finished recovery for cache nodes\b.*",
           "The rebuilt replica is in step again: redundancy is back."),
)  # fmt: skip
_PLAIN = {
    "DB instance shutdown": "The database process was stopped.",
    "DB instance created": "The database was created.",
    "DB instance deleted": "The database was deleted.",
    "Backing up DB instance": "A backup began.",
    "Finished DB instance backup": "A backup was finished.",
    "Applying modification to convert to a Multi-AZ DB instance": "RDS began to make a standby.",
    "Finished applying modification to convert to a Multi-AZ DB instance": "The standby is ready: Multi-AZ is on.",
    "Applying modification to convert to a standard (Single-AZ) DB instance": "RDS began to remove the standby.",
    "Finished applying modification to convert to a standard (Single-AZ) DB instance":
        "The standby is gone: Multi-AZ is off, and nothing can be failed over.",
    "Multi-AZ instance recovery started": "RDS began to repair the pair of primary and standby.",
    "Multi-AZ instance recovery completed. Pending failover or activation":
        "The pair of primary and standby is repaired; a failover or activation follows.",
    "Applying off-line patches to DB instance": "AWS began offline maintenance; the database is away meanwhile.",
    "Finished applying off-line patches to DB instance": "Offline maintenance is over.",
    "Database instance patched": "A patch of the database was finished.",
    "Recovery of the DB instance is complete": "The database has recovered.",
    "Reset master credentials": "The master password was changed.",
    "Cluster topology is updated": "The members of the cluster or their roles changed.",
    "DB cluster created": "The DB cluster was created.",
    "DB cluster deleted": "The DB cluster was deleted.",
}  # fmt: skip
_TAIL = re.compile(r"[\s.]+$")
_MEMBER = re.compile(r"(?P<group>.+?)(-(?P<shard>\d{4}))?-\d{3}$")
"""ElastiCache names members `<group>-001`, and with several shards `<group>-0001-001`."""


def plain(message: str) -> str:
    """The message without blanks and periods at its end."""
    return _TAIL.sub("", message.strip())


def _compiled(rows: tuple[_Known, ...]) -> tuple[tuple[re.Pattern[str], _Known], ...]:
    return tuple((re.compile(row.words, re.IGNORECASE), row) for row in rows)


_TABLES = {"rds": _compiled((*_INSTANCE, *_CLUSTER)), "elasticache": _compiled(_CACHE)}
_BY_ID = {row.event_id: row for row in (*_INSTANCE, *_CLUSTER) if row.event_id}
_SENTENCES = {words.lower(): sentence for words, sentence in _PLAIN.items()}


def understood(event: CloudEvent) -> Said:
    """What an event says. One that is unknown, or no part of a failover, is OTHER with an empty or plain meaning."""
    words = plain(event.message)
    for pattern, row in _TABLES.get(event.source, ()):
        if match := pattern.fullmatch(words):
            named = {name: value or "" for name, value in match.groupdict().items()}
            old, new = named.get("old", ""), named.get("to", "")
            shard = named.get("shard", "") or member_shard(new) if event.source == "elasticache" else ""
            return Said(row.what, row.meaning, row.origin, row.event_id, old, new, shard)
    if event.source == "rds" and (by_id := _BY_ID.get(event.event_id)):
        # New words under a known id. Whose failover it was, the words would have said.
        return Said(by_id.what, by_id.meaning, None, by_id.event_id)
    return Said(What.OTHER, _SENTENCES.get(words.lower(), "") if event.source == "rds" else "")


def meaning_of(event: CloudEvent) -> str:
    """What an event means, as a plain sentence; AWS's own words where Haven does not know them."""
    return understood(event).meaning or event.message.strip()


def group_of(member: str) -> str:
    """The replication group a cache member belongs to, by its name; a name of another form is taken for a group's."""
    match = _MEMBER.fullmatch(member)
    return match["group"] if match else member


def member_shard(member: str) -> str:
    """The node group in a cache member's name; empty where it names none."""
    match = _MEMBER.fullmatch(member)
    return (match["shard"] or "") if match else ""
