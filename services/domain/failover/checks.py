"""The checks before a failover: the same when it is looked at, asked for, approved, and right before it is sent."""

from services.domain.check import Check
from services.domain.failover import checks_around as around
from services.domain.failover import checks_store as store
from services.domain.failover import checks_time as time
from services.domain.failover.situation import Situation

_RULES = (
    store.status,
    store.multi_az,
    store.standby,
    store.zone,
    store.maintenance,
    around.deployments,
    around.operations,
    store.lag,
    store.backup,
    around.alarms,
    around.tasks,
    time.apart,
    time.tests,
    around.connections,
    time.freeze,
    time.pause,
)


def checks(situation: Situation) -> tuple[Check, ...]:
    """Every check that applies to this kind of target, always in the same order. What could not be read, or is older
    than `stale_after`, is unknown; unknown is never a pass."""
    return tuple(check for rule in _RULES if (check := rule(situation)) is not None)


__all__ = ["Situation", "checks"]
