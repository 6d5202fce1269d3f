"""AWS's own event lists, polled: what RDS and ElastiCache say of an environment's databases and caches, and what
Application Auto Scaling did to its services.

One paged list per kind of source, for the whole account and region, of which the environment's own are kept. The window
is a number of minutes counted back by AWS's clock, so a clock of ours that is off does not lose events; it is rounded
up, and what is given twice is known again by its key.
"""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from services.aws.belongings import Belongings
from services.aws.errors import translated
from services.aws.rds_words import event_id
from services.aws.session import Clients, Sessions
from services.aws.times import utc
from services.domain.environment import Environment
from services.domain.event import CloudEvent
from services.domain.snapshot import Snapshot
from services.ports import Clock

if TYPE_CHECKING:
    from types_boto3_application_autoscaling.type_defs import ScalingActivityTypeDef
    from types_boto3_elasticache.type_defs import EventTypeDef as CacheEventTypeDef
    from types_boto3_rds.type_defs import EventTypeDef as DatabaseEventTypeDef

LONGEST = 14 * 24 * 60 - 5
"""Minutes: a little less than the 14 days beyond which AWS refuses."""
MARGIN = timedelta(minutes=1)
"""Added to every window, for the seconds between asking and AWS's looking at its clock."""
KINDS = {"rds": ("db-instance", "db-cluster"), "elasticache": ("replication-group", "cache-cluster")}
"""Source -> the kinds of resource it tells about."""
SCALING = "scaling"
"""The source of scaling activities, which AWS keeps for six weeks and lists newest first."""
LONGEST_MESSAGE = 2000


class EventReader:
    """`ports.EventReader` with the environment's reader credentials."""

    def __init__(self, sessions: Sessions, clock: Clock) -> None:
        self._sessions = sessions
        self._clock = clock

    def events(
        self, environment: Environment, snapshot: Snapshot, source: str, since: datetime
    ) -> Sequence[CloudEvent]:
        """As `ports.EventReader.events`; may begin up to two minutes before `since`. Kinds of which the environment has
        nothing are not asked for."""
        if source == SCALING:
            return self._activities(environment, snapshot, since)
        if source not in KINDS:
            raise ValueError(f"There are no events of {source!r}.")
        now, own = self._clock.now(), Belongings(environment, snapshot)
        window = minutes(since, now)
        found: list[CloudEvent] = []
        with translated():
            clients = self._sessions.reader(environment)
            for kind in KINDS[source]:
                if not _any(own, kind):
                    continue
                for event in _listed(clients, source, kind, window):
                    if own.has(kind, event.get("SourceIdentifier", "")):
                        found.append(to_event(environment.name, source, kind, event, now))
        return tuple(sorted(found, key=lambda event: event.at))  # stable: AWS's order within a moment

    def _activities(self, environment: Environment, snapshot: Snapshot, since: datetime) -> Sequence[CloudEvent]:
        now = self._clock.now()
        names = {f"service/{each.cluster}/{each.service_name}": each.name for each in snapshot.services}
        if not names:
            return ()
        found: list[CloudEvent] = []
        with translated():
            client = self._sessions.reader(environment).application_autoscaling
            pages = client.get_paginator("describe_scaling_activities").paginate(ServiceNamespace="ecs")
            for page in pages:
                for activity in page["ScalingActivities"]:
                    if activity["StartTime"] >= since and (name := names.get(activity["ResourceId"])):
                        found.append(to_activity(environment.name, name, activity, now))
                if page["ScalingActivities"] and page["ScalingActivities"][-1]["StartTime"] < since:
                    break  # the rest is older
        return tuple(sorted(found, key=lambda event: event.at))


def to_activity(environment: str, service: str, activity: "ScalingActivityTypeDef", now: datetime) -> CloudEvent:
    """Haven's event of a scaling activity: what was done and why, in AWS's words. How it ended comes too late for an
    event that is kept once, so it is not part of it."""
    message = f"{activity.get('Description', '')} {activity.get('Cause', '')}".strip()[:LONGEST_MESSAGE]
    at = utc(activity["StartTime"])
    return CloudEvent(environment, SCALING, "activity", service, at, message, received_at=now)


def minutes(since: datetime, now: datetime) -> int:
    """The window that reaches back to `since`, in AWS's whole minutes."""
    return max(1, min(LONGEST, math.ceil((now - since + MARGIN).total_seconds() / 60)))


def to_event(
    environment: str, source: str, kind: str, found: "DatabaseEventTypeDef | CacheEventTypeDef", now: datetime
) -> CloudEvent:
    """Haven's event of RDS's or ElastiCache's; the latter has no categories."""
    message = found.get("Message", "").strip()[:LONGEST_MESSAGE]
    return CloudEvent(
        environment=environment,
        source=source,
        source_type=kind,
        subject=found.get("SourceIdentifier", ""),
        at=utc(found["Date"]),
        message=message,
        categories=tuple(cast(dict[str, Any], found).get("EventCategories", ())),
        event_id=event_id(message) if source == "rds" else "",
        received_at=now,
    )


def _any(own: Belongings, kind: str) -> bool:
    if kind == "db-instance":
        return bool(own.instances or own.clusters)
    return bool(own.clusters if kind == "db-cluster" else own.groups)


def _listed(
    clients: Clients, source: str, kind: str, window: int
) -> "Iterator[DatabaseEventTypeDef | CacheEventTypeDef]":
    if source == "rds":
        for page in clients.rds.get_paginator("describe_events").paginate(SourceType=cast(Any, kind), Duration=window):
            yield from page["Events"]
        return
    for each in clients.elasticache.get_paginator("describe_events").paginate(
        SourceType=cast(Any, kind), Duration=window
    ):
        yield from each["Events"]
