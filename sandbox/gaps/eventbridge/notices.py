"""ElastiCache's notices: one line of JSON to the replication group's SNS topic (aws-facts 2.2, UG "Event Notifications
and Amazon SNS"). The topic must not be encrypted, and its policy must let the account's own by AWS:SourceOwner."""

import json
import logging
from typing import Any

from moto.elasticache.models import elasticache_backends
from moto.sns.models import sns_backends

from sandbox.clock import clock, transition
from sandbox.gaps.elasticache import events
from sandbox.gaps.elasticache.groups import Group
from sandbox.gaps.eventbridge import weather
from sandbox.gaps.eventbridge.permission import allows

log = logging.getLogger("sandbox.gaps.eventbridge")
NAMES: tuple[tuple[str, str, str], ...] = (
    ("cache-cluster", "Failover from primary node", "FailoverComplete"),
    ("cache-cluster", "Recovering cache nodes", "CacheNodeReplaceStarted"),
    ("cache-cluster", "Finished recovery for cache nodes", "CacheNodeReplaceComplete"),
    ("cache-cluster", "Added cache node", "AddCacheNodeComplete"),
    ("cache-cluster", "Cache cluster created", "CacheClusterProvisioningComplete"),
    ("cache-cluster", "Cache cluster deleted", "DeleteCacheClusterComplete"),
    ("replication-group", "Replication group", "CreateReplicationGroupComplete"),
)
"""Source type and beginning of an event's message -> name of the notice. What is not here is not sent."""


def listen() -> None:
    """Have ElastiCache's events sent on."""
    events.delivered.append(_heard)


def name_of(event: dict[str, Any]) -> str | None:
    """The notice that goes with an event, as `ElastiCache:FailoverComplete`."""
    for kind, beginning, name in NAMES:
        if event["SourceType"] == kind and event["Message"].startswith(beginning):
            deleted = name == "CreateReplicationGroupComplete" and not event["Message"].endswith(" created")
            return None if deleted else f"ElastiCache:{name}"
    return None


def _heard(account: str, region: str, event: dict[str, Any]) -> None:
    name, topic = name_of(event), _topic(account, region, event)
    if name and topic:
        if weather.now.drop:
            weather.now.dropped += 1
            return
        body = json.dumps({name: event["SourceIdentifier"]})
        for copy in range(weather.now.duplicate + 1):
            wait = weather.DELAY + copy * weather.DUPLICATE_GAP
            clock.after(wait, "elasticache.notify", account=account, region=region, topic=topic, body=body)


def _topic(account: str, region: str, event: dict[str, Any]) -> str | None:
    source = event["SourceIdentifier"]
    for group in elasticache_backends[account][region].replication_groups.values():
        if isinstance(group, Group) and source in (
            group.replication_group_id,
            *(member["id"] for member in group.members),
        ):
            return group.data.get("NotificationTopicArn")
    return None


@transition("elasticache.notify")
def notify(account: str, region: str, topic: str, body: str) -> None:
    """Publish a notice."""
    found = sns_backends[account][region].topics.get(topic)
    owner = {"aws:sourceowner": account, "aws:securetransport": "true"}
    if found is None or found.kms_master_key_id:
        log.info("ElastiCache cannot publish to %s", topic)
    elif allows(found.policy, "elasticache.amazonaws.com", "sns:Publish", topic, owner):
        found.publish(body, subject="ElastiCache Notification Message")
        weather.now.delivered += 1
    else:
        log.info("the policy of %s does not let ElastiCache publish", topic)
