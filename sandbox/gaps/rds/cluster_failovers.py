"""FailoverDBCluster, RebootDBCluster, and failovers that RDS begins by itself (aws-facts 1.3, 1.8).

The cluster is `failing-over` from the call on; the writer is cut off, a reader takes over, and both events name it. A
failover that RDS began says so in its last event; why it began, no event of a cluster says.
"""

from random import Random
from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import InvalidDBClusterStateFault, InvalidParameterCombination, InvalidParameterValue
from moto.rds.models import rds_backends

from sandbox.clock import clock, transition
from sandbox.gaps.rds.automatic import CAUSES, PLANNED
from sandbox.gaps.rds.clusters import OWN_MEMBERS, check_available, existing, find_cluster, place_of
from sandbox.gaps.rds.events import tell
from sandbox.gaps.rds.instances import refuse_state
from sandbox.gaps.rds.sensing import sense
from sandbox.gaps.rds.timeline import CLUSTER_REBOOT, cluster_failover
from sandbox.weather.placement import zones_down

DETECTION = 10  # seconds until RDS notices that the writer failed
TOO_FEW = "Database cluster:{name} should have at least two database instances for failover"
NOBODY = (
    "Database cluster:{name} should have at least two database instances in valid states "
    "or a valid target instance for failover."
)
_draw = Random()


def failover_db_cluster(self: Any) -> ActionResult:
    """FailoverDBCluster, to a reader of one's choice or the first that is fit."""
    given = self.params
    cluster = existing(self.backend, given.get("DBClusterIdentifier"))
    check_available(cluster)
    if len(cluster.members) < 2:
        raise InvalidDBClusterStateFault(TOO_FEW.format(name=cluster.db_cluster_identifier))
    target = given.get("TargetDBInstanceIdentifier")
    if target and cluster.engine == "mysql":
        text = "TargetDBInstanceIdentifier isn't supported for RDS for MySQL Multi-AZ DB clusters."
        raise InvalidParameterCombination(text)
    successor = _named(cluster, target) if target else fittest(cluster)
    if successor is None:
        raise InvalidDBClusterStateFault(NOBODY.format(name=cluster.db_cluster_identifier))
    cluster.status = "failing-over"
    begin(cluster, successor, automatic=False)
    return ActionResult({"DBCluster": cluster})


def _named(cluster: Any, target: str) -> Any:
    found = next((m for m in cluster.members if m.db_instance_identifier == target.lower()), None)
    if found is None:
        raise InvalidParameterValue(f"Cannot find target instance: {target}")
    if found.is_cluster_writer:
        raise refuse_state(f"Instance {target} is already the writer of the DB cluster.")
    if found.status != "available":
        raise refuse_state(f"Instance {target} should be in valid state for failover.")
    return found


def fittest(cluster: Any) -> Any:
    """A reader in a standing zone: the one first in line to be promoted."""
    fit = [m for m in cluster.members if not m.is_cluster_writer and m.status == "available"]
    standing = [m for m in fit if m.availability_zone not in zones_down()]
    return min(standing, key=lambda m: m.promotion_tier, default=None)


def begin(cluster: Any, successor: Any, *, automatic: bool) -> None:
    """Set a failover on its way."""
    times = cluster_failover(_draw.uniform)
    cluster.busy = "failover"
    nodes = {"old": cluster.writer.db_instance_identifier, "new": successor.db_instance_identifier}
    for step, seconds in vars(times).items():
        clock.after(seconds, "rds.cluster_step", step=step, automatic=automatic, **nodes, **place_of(cluster))


@transition("rds.cluster_step")
def cluster_step(account: str, region: str, identifier: str, step: str, old: str, new: str, automatic: bool) -> None:
    """One step of a failover."""
    cluster = find_cluster(account, region, identifier)
    if cluster is None or cluster.status == "deleting":
        return
    members = {m.db_instance_identifier: m for m in cluster.members}
    if old not in members or new not in members:
        return
    if step == "started":
        cluster.down_since = cluster.down_since or clock.now()
        cluster.status = "failing-over"
        same = members[old].availability_zone == members[new].availability_zone
        tell(cluster, "RDS-EVENT-0072" if same else "RDS-EVENT-0073", new)
    elif step == "promoted":
        for name, member in members.items():
            member.is_cluster_writer = name == new
        cluster.down_since = members[new].down_since = None
    elif step == "restarted":
        members[old].down_since = None
        tell(members[old], "RDS-EVENT-0006")
    elif step == "completed":
        cluster.failed_over_at = clock.now()
        tell(cluster, "RDS-EVENT-0071-automatic" if automatic else "RDS-EVENT-0071", new)
    else:
        cluster.busy, cluster.status = "", "available"
    sense(cluster)


def fail_over_cluster(account: str, region: str, identifier: str, cause: str) -> str:
    """Let the writer of a cluster fail for a cause; returns why. Raises LookupError if there is no such cluster,
    ValueError if it cannot fail over now."""
    cluster = find_cluster(account, region, identifier)
    if cluster is None:
        raise LookupError(f"there is no DB cluster {identifier}")
    if cluster.busy or cluster.status != "available":
        raise ValueError(f"it is {cluster.busy or cluster.status}")
    successor = fittest(cluster)
    if cluster.writer is None or successor is None:
        raise ValueError("it has no reader that could take over")
    if cause in PLANNED:
        begin(cluster, successor, automatic=True)
    else:
        cluster.busy, cluster.down_since, cluster.writer.down_since = "failover", clock.now(), clock.now()
        sense(cluster)
        clock.after(DETECTION, "rds.cluster_struck", **place_of(cluster))
    return CAUSES[cause]


@transition("rds.cluster_struck")
def cluster_struck(account: str, region: str, identifier: str) -> None:
    """RDS noticed that the writer failed, or that its zone is gone."""
    cluster = find_cluster(account, region, identifier)
    if cluster is None or cluster.status not in ("available", "failing-over") or cluster.writer is None:
        return
    lost = cluster.down_since is not None or cluster.writer.availability_zone in zones_down()
    successor = fittest(cluster)
    if lost and successor is not None:
        cluster.down_since = cluster.down_since or clock.now()
        begin(cluster, successor, automatic=True)
    else:
        cluster.busy = ""


def reboot_db_cluster(self: Any) -> ActionResult:
    """RebootDBCluster: all members of a Multi-AZ DB cluster restart; the writer stays the writer."""
    cluster = existing(self.backend, self.params.get("DBClusterIdentifier"))
    if cluster.engine not in OWN_MEMBERS:
        text = "RebootDBCluster is supported only for Multi-AZ DB clusters. Use RebootDBInstance instead."
        raise InvalidParameterCombination(text)
    check_available(cluster)
    cluster.status, cluster.busy = "rebooting", "reboot"
    for step, seconds in CLUSTER_REBOOT.items():
        clock.after(seconds, "rds.cluster_reboot", step=step, **place_of(cluster))
    return ActionResult({"DBCluster": cluster})


@transition("rds.cluster_reboot")
def cluster_reboot(account: str, region: str, identifier: str, step: str) -> None:
    """One step of a reboot of all members."""
    cluster = find_cluster(account, region, identifier)
    if cluster is None or cluster.status != "rebooting":
        return
    if step == "available":
        cluster.status, cluster.busy = "available", ""
    else:
        cluster.down_since = clock.now() if step == "shutdown" else None
        for member in cluster.members:
            member.status = "rebooting" if step == "shutdown" else "available"
            tell(member, "RDS-EVENT-0004" if step == "shutdown" else "RDS-EVENT-0006")
    sense(cluster)


def zone_changed(zone: str, failed: bool) -> None:
    """Notice lost writers."""
    for regions in list(rds_backends.values()):
        for backend in list(regions.values()):
            for cluster in list(backend.clusters.values()):
                sense(cluster)
                here = cluster.writer is not None and cluster.writer.availability_zone == zone
                if failed and here and cluster.status == "available" and not cluster.busy:
                    cluster.busy = "failover"
                    clock.after(DETECTION, "rds.cluster_struck", **place_of(cluster))
