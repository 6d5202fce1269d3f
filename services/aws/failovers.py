"""Failovers of the environment's databases and caches, from the events that RDS and ElastiCache keep for 14 days.

Only completed ones count. ElastiCache's events have neither category nor id, so there AWS's words decide; both services
end their sentences with or without a period or a blank.
"""

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from services.aws.times import utc
from services.domain.snapshot import Failover

if TYPE_CHECKING:
    from types_boto3_elasticache.client import ElastiCacheClient
    from types_boto3_elasticache.type_defs import EventTypeDef as CacheEventTypeDef
    from types_boto3_rds.client import RDSClient
    from types_boto3_rds.type_defs import EventTypeDef as DatabaseEventTypeDef

Kind = Literal["db-instance", "db-cluster"]
WINDOW = 14 * 24 * 60 - 5
"""Minutes to look back, counted by AWS's own clock: a little less than the 14 days beyond which it refuses."""

MOST = 20
"""How many failovers a snapshot holds."""

_DATABASE = re.compile(r"Multi-AZ instance failover completed\.?$|Completed (RDS initiated )?failover to DB instance\b")
_CACHE = re.compile(r"Failover (from primary node|to replica)\b.* completed\.?$")


def list_database_failovers(
    client: "RDSClient", identifiers: Sequence[str], kind: Kind = "db-instance"
) -> tuple[Failover, ...]:
    """The completed failovers of the named instances or DB clusters, as AWS orders them."""
    pages = client.get_paginator("describe_events").paginate(
        SourceType=kind, EventCategories=["failover"], Duration=WINDOW
    )
    return _completed((event for page in pages for event in page["Events"]), identifiers, _DATABASE, "rds")


def list_cache_failovers(client: "ElastiCacheClient", ids: Sequence[str]) -> tuple[Failover, ...]:
    """The completed failovers of the named replication groups, as AWS orders them."""
    pages = client.get_paginator("describe_events").paginate(SourceType="replication-group", Duration=WINDOW)
    return _completed((event for page in pages for event in page["Events"]), ids, _CACHE, "elasticache")


def newest(found: Iterable[Failover]) -> tuple[Failover, ...]:
    """Each once, the newest first, no more than a snapshot holds."""
    return tuple(sorted(set(found), key=lambda each: (each.at, each.source, each.subject), reverse=True)[:MOST])


def _completed(
    events: "Iterable[DatabaseEventTypeDef | CacheEventTypeDef]",
    own: Sequence[str],
    words: re.Pattern[str],
    source: str,
) -> tuple[Failover, ...]:
    return tuple(
        Failover(event["SourceIdentifier"], utc(event["Date"]), message, source)
        for event in events
        if event.get("SourceIdentifier") in own and words.match(message := event.get("Message", "").strip())
    )
