"""Whether something in an environment is on its way, so that it is worth looking more often."""

from services.domain.snapshot import Snapshot
from services.domain.states import cache_state, cluster_state, database_state
from services.domain.status import Status

_TASKS_AT_REST = frozenset({"RUNNING", "STOPPED"})


def moving(snapshot: Snapshot) -> bool:
    """Whether a stack, service, task, target, database or cache is between two states."""
    return (
        any(stack.status.endswith("_IN_PROGRESS") for stack in snapshot.stacks)
        or any(deployment.rollout == "IN_PROGRESS" for s in snapshot.services for deployment in s.deployments)
        or any(task.last_status not in _TASKS_AT_REST for s in snapshot.services for task in s.tasks)
        or any(t.state == "initial" for s in snapshot.services if s.target_group for t in s.target_group.targets)
        or any(database_state(database).status is Status.CHANGING for database in snapshot.databases)
        or any(cluster_state(cluster).status is Status.CHANGING for cluster in snapshot.clusters)
        or any(cache_state(cache).status is Status.CHANGING for cache in snapshot.caches)
    )
