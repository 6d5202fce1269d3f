"""What an event is about, and whether that belongs to an environment: by the newest snapshot. Pure.

Names come from the snapshot's own parts and from its stacks' resources, so that a part that could not be read does not
make an environment forget its database.
"""

import re
from collections.abc import Iterable

from services.aws.resources import Resources
from services.aws.stacks import is_ours
from services.domain.environment import Environment
from services.domain.snapshot import FargateService, Snapshot


class Belongings:
    """The names of one environment's things, as events tell them."""

    def __init__(self, environment: Environment, snapshot: Snapshot) -> None:
        resources = Resources(snapshot.stacks)
        members = (member.identifier for cluster in snapshot.clusters for member in cluster.members)
        self._environment = environment
        self._snapshot = snapshot
        self.instances = _names(
            resources.ids("AWS::RDS::DBInstance"), (each.identifier for each in snapshot.databases), members
        )
        self.clusters = _names(resources.ids("AWS::RDS::DBCluster"), (each.identifier for each in snapshot.clusters))
        self.groups = _names(
            resources.ids("AWS::ElastiCache::ReplicationGroup"), (each.identifier for each in snapshot.caches)
        )
        self._nodes = frozenset(node.cluster_id for cache in snapshot.caches for node in cache.nodes)
        self._alarms = _names(resources.ids("AWS::CloudWatch::Alarm"), (alarm.name for alarm in snapshot.alarms))

    def has(self, source_type: str, name: str) -> bool:
        """Whether RDS's or ElastiCache's thing of that kind and name is the environment's."""
        if source_type == "db-instance":
            return name in self.instances or self._member(name)
        if source_type == "db-cluster":
            return name in self.clusters
        if source_type == "replication-group":
            return name in self.groups
        return source_type == "cache-cluster" and (name in self._nodes or self._node(name))

    def service(self, cluster: str, service: str) -> FargateService | None:
        """The service of that name in that ECS cluster, both as AWS names them."""
        named = (each for each in self._snapshot.services if (each.cluster, each.service_name) == (cluster, service))
        return next(named, None)

    def alarm(self, name: str) -> bool:
        """Whether an alarm is the environment's: its stacks' own, or target tracking's on its services."""
        tracks = (f"TargetTracking-service/{each.cluster}/{each.service_name}-" for each in self._snapshot.services)
        return name in self._alarms or name.startswith(tuple(tracks))

    def stack(self, stack_id: str, name: str) -> bool:
        """Whether a stack is the environment's; one that was not there yet is told by its name."""
        known = (stack.stack_id == stack_id for stack in self._snapshot.stacks)
        return any(known) or is_ours(name, self._environment)

    def _member(self, name: str) -> bool:
        """A Multi-AZ DB cluster's instances are named after it: `<cluster>-instance-1`."""
        return any(re.fullmatch(rf"{re.escape(cluster)}-instance-\d+", name) for cluster in self.clusters)

    def _node(self, name: str) -> bool:
        """Nodes are named after their group, and their node group where there are several: `<group>-0001-002`."""
        return any(re.fullmatch(rf"{re.escape(group)}(-\d{{4}})?-\d{{3}}", name) for group in self.groups)


def _names(*found: Iterable[str]) -> frozenset[str]:
    return frozenset(name for some in found for name in some)
