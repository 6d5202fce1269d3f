"""Checks of what is around the target: what else is going on, and whether the services can bear it."""

from services.domain.check import Check
from services.domain.failover.connections import RESERVED, connections_of, pools, users_of
from services.domain.failover.situation import Judge, Situation
from services.domain.failover.stands import store_of
from services.domain.operation import Operation, State, Target
from services.domain.snapshot import Cache, FargateService, Part
from services.domain.states import healthy_tasks
from services.domain.wording import counted, listed


def deployments(situation: Situation) -> Check:
    """No stack and no service is being changed. A stuck rollout must not keep anybody from acting, so it may be
    overridden; not so the data stack's, which may be changing the database this very moment."""
    parts = (Part.STACKS, Part.SERVICES)
    judge = Judge(situation, "deployments", "No deployment is in progress", parts, unknown_overridable=True)
    if judge.unread:
        return judge.unread
    snapshot = situation.snapshot
    # In REVIEW_IN_PROGRESS a stack only has a change set to look at; nothing is done.
    going = [s for s in snapshot.stacks if s.status.endswith("_IN_PROGRESS") and s.status != "REVIEW_IN_PROGRESS"]
    rolling = [s.name for s in snapshot.services if any(d.rollout == "IN_PROGRESS" for d in s.deployments)]
    said = [f"stack {s.stack_name} is {s.status}" for s in going] + [f"{name} is being deployed" for name in rolling]
    if said:
        data = any(stack.name == "data" for stack in going)
        return judge.failed(f"{listed(said)}.", "Wait until it is done, or stop it.", overridable=not data)
    stacks, services = counted(len(snapshot.stacks), "stack"), counted(len(snapshot.services), "service")
    return judge.passed(f"{stacks} and {services} are at rest.")


def operations(situation: Situation) -> Check:
    """Nothing else of Haven's is at work here. On the same target nothing may even wait; elsewhere only what runs, or
    is stuck half-way, is in the way. A stuck one is resolved, not overridden: it may still act in AWS. Only a change of
    a service's scaling may be overridden: it does not touch where data lives, and an outage cannot wait for tasks."""
    judge = Judge(situation, "operations", "No other operation runs")
    in_way = [each for each in situation.live if each.id != situation.own_id and each.live and _in_way(situation, each)]
    if in_way:
        said = listed([f"{each.what} ({each.state}, {each.id})" for each in in_way])
        mild = all(each.target_kind is Target.SERVICE for each in in_way)
        return judge.failed(f"{said}.", "Wait until it is over, cancel it, or resolve it.", overridable=mild)
    return judge.passed("No other operation is at work in this environment.")


_ONLY_ASKS = frozenset({"plan", "carry", "drift", "access check"})
"""Kinds of operations that execute nothing: a failover never waits for them."""


def _in_way(situation: Situation, other: Operation) -> bool:
    if other.kind in _ONLY_ASKS:
        return False
    same = other.target_kind is situation.target.kind and other.target == situation.target.name
    return same or other.state in (State.RUNNING, State.STUCK)


def alarms(situation: Situation) -> Check:
    """Nothing rings already: new trouble could not be told from old. Overridable, for a ringing alarm may be the very
    reason to act. Target tracking's alarms ring by design."""
    judge = Judge(situation, "alarms", "Alarms are quiet", (Part.ALARMS,), unknown_overridable=True)
    if judge.unread:
        return judge.unread
    watching = [alarm for alarm in situation.snapshot.alarms if not alarm.scaling]
    if not watching:
        return judge.unknown("Not known: no alarm watches this environment.", "Deploy the alarms of the templates.")
    ringing = [alarm.name for alarm in watching if alarm.state == "ALARM"]
    if ringing:
        return judge.failed(f"In ALARM: {listed(ringing)}.", "See what they say, and mend it first.", overridable=True)
    return judge.passed(f"None of {counted(len(watching), 'alarm')} rings.")


def tasks(situation: Situation) -> Check:
    """Every service has healthy tasks outside the zone the primary leaves. Overridable: in an outage of that zone,
    moving the database cannot wait for every service."""
    parts = (Part.SERVICES, Part.TASKS, Part.TARGETS)
    judge = Judge(situation, "tasks", "Tasks are healthy in the other zones", parts, unknown_overridable=True)
    if judge.unread:
        return judge.unread
    leaving = situation.target.zone
    if leaving is None:
        return judge.unknown("Not known: the zone of the primary is not.", "Wait until AWS says it.")
    counts = [(s.name, _elsewhere(s, leaving)) for s in situation.snapshot.services if s.desired > 0]
    without = [name for name, count in counts if count == 0]
    if without:
        fact = f"Outside {leaving}, no healthy task of {listed(without)}."
        return judge.failed(fact, "Run tasks of each service in three zones.", overridable=True)
    return judge.passed(f"Healthy outside {leaving}: {listed([f'{count} of {name}' for name, count in counts])}.")


def _elsewhere(service: FargateService, leaving: str) -> int:
    return sum(task.zone not in (None, leaving) for task in healthy_tasks(service))


def connections(situation: Situation) -> Check | None:
    """All pools together fit the database when everybody reconnects at once. Overridable, known or not: pools are
    seldom full, and the limit is mostly planned by the class. Nothing for a cache, which holds 65,000."""
    target, snapshot = situation.target, situation.snapshot
    store = store_of(snapshot, target.kind, target.name)
    if target.kind is Target.CACHE or isinstance(store, Cache):
        return None
    parts = (Part.DATABASE, Part.SERVICES, Part.STACKS)
    judge = Judge(situation, "connections", "Connections fit when all reconnect", parts, unknown_overridable=True)
    if judge.unread or store is None:
        return judge.unread or judge.unknown(
            "Not known: it is not in the last reading.", "Look whether it still exists."
        )
    found = pools(snapshot, users_of(snapshot, target.kind, store.endpoint))
    unsaid = [pool.service for pool in found if pool.size is None]
    if unsaid:
        return judge.unknown(
            f"Not known: the stack of {listed(unsaid)} has no PoolSize.", "Set PoolSize in the service's stack."
        )
    total = sum(pool.tasks * (pool.size or 0) for pool in found)
    terms = " + ".join(f"{pool.tasks} × {pool.size} ({pool.service})" for pool in found) or "0"
    sum_ = f"{terms} + {RESERVED} reserved = {total + RESERVED:,}"
    most, by = connections_of(store)
    if most is None:
        return judge.unknown(
            f"{sum_}; what {store.instance_class or 'its class'} holds is not known.", "Look up SHOW max_connections."
        )
    fact = f"{sum_} of {most:,} connections planned for {by}."
    if total + RESERVED > most:
        return judge.failed(fact, "Make the pools smaller, or the instance class larger.", overridable=True)
    return judge.passed(fact)
