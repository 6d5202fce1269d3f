"""Everything read from AWS about one environment at one time, in Haven's own shapes.

A snapshot is made of parts that are read independently. A part that could not be read keeps its last known facts
together with the time they were read, and a `Gap` that says why: it is never shown as zero and never as healthy.
All times are aware UTC; shares are percentages from 0 to 100; sizes are GiB unless a name says otherwise.
"""

from services.domain.snapshot.compute import (
    Deployment,
    FargateService,
    FargateTask,
    Scaling,
    ScalingPolicy,
    ScheduledAction,
    ServiceEvent,
)
from services.domain.snapshot.entrance import Gateway, LoadBalancer, Target, TargetGroup, VpcLink
from services.domain.snapshot.places import NatGateway, Network, Stack, StackResource, Subnet, Zone
from services.domain.snapshot.readings import Calls, Gap, Part, Reading
from services.domain.snapshot.stores import Cache, CacheNode, ClusterMember, Database, DatabaseCluster, Queue
from services.domain.snapshot.watch import Alarm, Failover, Metric
from services.domain.snapshot.whole import Snapshot

__all__ = [
    "Alarm",
    "Cache",
    "CacheNode",
    "Calls",
    "ClusterMember",
    "Database",
    "DatabaseCluster",
    "Deployment",
    "Failover",
    "FargateService",
    "FargateTask",
    "Gap",
    "Gateway",
    "LoadBalancer",
    "Metric",
    "NatGateway",
    "Network",
    "Part",
    "Queue",
    "Reading",
    "Scaling",
    "ScalingPolicy",
    "ScheduledAction",
    "ServiceEvent",
    "Snapshot",
    "Stack",
    "StackResource",
    "Subnet",
    "Target",
    "TargetGroup",
    "VpcLink",
    "Zone",
]
