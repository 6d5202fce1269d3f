"""Checks of the database or cache itself: its state, where it can go, what waits in it, what it could be restored from.

What may be overridden: never what AWS would refuse anyway (status, no standby), for that would only be a refusal later.
"""

from datetime import timedelta

from services.domain.check import Check
from services.domain.failover.situation import Judge, Situation, span
from services.domain.failover.stands import PARTS, Store, shard_of, store_of
from services.domain.operation import Target
from services.domain.snapshot import Cache, Database, DatabaseCluster, Part
from services.domain.wording import counted, listed

BACKUP_WITHIN = timedelta(minutes=15)
"""RDS writes the log to S3 every five minutes; three of them missing is a backup that hangs."""
CLUSTER_LAG, CACHE_LAG = 30.0, 5.0
"""Seconds. A cluster's failover waits until the reader has caught up; a cache loses what the replica has not got."""
METRIC_WITHIN = timedelta(minutes=5)


def status(situation: Situation) -> Check:
    """The thing and its members are available: in any other state AWS refuses."""
    judge = Judge(situation, "status", "Status is available", (PARTS[situation.target.kind],))
    store = _store(situation)
    if judge.unread or store is None:
        return judge.unread or judge.unknown(
            "Not known: it is not in the last reading.", "Look whether it still exists."
        )
    bad = [f"{name} is {state}" for name, state in _states(situation, store) if state != "available"]
    if bad:
        return judge.failed(
            f"{listed(bad)}.", "Wait for “available”; its events say what is being done.", overridable=False
        )
    return judge.passed("It is available." if isinstance(store, Database) else "It and its members are available.")


def multi_az(situation: Situation) -> Check:
    """It has something to fail over to, and AWS is willing."""
    target = situation.target
    title = "Automatic failover is on" if target.kind is Target.CACHE else "Multi-AZ is on"
    judge = Judge(situation, "multi-az", title, (PARTS[target.kind],))
    if judge.unread:
        return judge.unread
    if not target.possible:
        return judge.failed(target.why_not, target.mend, overridable=False)
    if target.kind is Target.DATABASE_INSTANCE:
        return judge.passed("Multi-AZ is on: RDS keeps a synchronous standby.")
    heirs = counted(len(target.candidates), "member")
    return judge.passed(f"{heirs} could take over from {target.primary or 'the primary'}.")


def standby(situation: Situation) -> Check:
    """Where it goes is known, and is another zone.

    Within one zone a database has nothing to gain. A cache's failover is a test, and is allowed to test that; with
    cluster mode the API never tells roles, so that not knowing them may be overridden there.
    """
    target, to = situation.target, situation.to
    cache = target.kind is Target.CACHE
    judge = Judge(situation, "standby", "Standby is in another zone", (PARTS[target.kind],), unknown_overridable=cache)
    if judge.unread:
        return judge.unread
    if to is None:
        why = "There is nowhere to go to." if target.possible else target.why_not
        return judge.failed(why, target.mend or "Choose one of the members named.", overridable=False)
    if to.zone is None or target.zone is None:
        which = "the standby" if to.zone is None else "the primary"
        return judge.unknown(
            f"Not known: AWS does not say where {which} is.", "Wait: AWS says it once a conversion or failover is over."
        )
    who = to.member or "the standby"
    if to.zone == target.zone:
        mend = "Choose a member in another zone, or move one there."
        return judge.failed(f"{who} is in {to.zone}, and so is the primary.", mend, overridable=cache)
    return judge.passed(f"The primary is in {target.zone}, {who} in {to.zone}.")


def zone(situation: Situation) -> Check:
    """The zone it goes to works, as EC2 says. When EC2 cannot be asked, an admin may know from elsewhere."""
    judge = Judge(situation, "zone", "The zone it goes to is available", (Part.ZONES,), unknown_overridable=True)
    wanted = situation.to.zone if situation.to else None
    if judge.unread:
        return judge.unread
    found = next((each for each in situation.snapshot.zones if each.name == wanted), None)
    if found is None:
        return judge.unknown("Not known: its zone is not known, or EC2 does not list it.", "See where the standby is.")
    if found.state != "available":
        mend = "Stay where it is until the zone is back, or choose a member in another one."
        return judge.failed(f"EC2 says that {found.name} is {found.state}.", mend, overridable=False)
    return judge.passed(f"EC2 says that {found.name} is available.")


def maintenance(situation: Situation) -> Check:
    """Nothing waits that the restart would apply. What waits for weeks must not keep anybody from acting at night, so
    it may be overridden; what is running shows in the status, which may not."""
    part = PARTS[situation.target.kind]
    judge = Judge(situation, "maintenance", "No modification or maintenance waits", (part,), unknown_overridable=False)
    store = _store(situation)
    if judge.unread or store is None:
        return judge.unread or judge.unknown(
            "Not known: it is not in the last reading.", "Look whether it still exists."
        )
    if isinstance(store, Cache):
        if store.status == "available" and store.automatic_failover in ("enabled", "disabled"):
            return judge.passed("ElastiCache is not modifying it.")
        fact = f"ElastiCache says {store.status}, automatic failover {store.automatic_failover}."
        return judge.failed(fact, "Wait until it is done.", overridable=False)
    waiting = [f"{name} to {value}" for name, value in store.pending] + list(store.maintenance)
    if waiting:
        fact = f"Waiting: {listed(waiting)}. A failover restarts the database and may apply it."
        return judge.failed(fact, "Apply it in a quiet hour first, or accept that it comes along.", overridable=True)
    return judge.passed("Nothing is pending.")


def lag(situation: Situation) -> Check:
    """Who takes over is in step. A missing metric says nothing about the replica, and CloudWatch is often late when
    things are bad: unknown and too much may both be overridden."""
    target, to = situation.target, situation.to
    if target.kind is Target.DATABASE_INSTANCE:
        judge = Judge(situation, "lag", "Standby is in step", (Part.DATABASE,))
        return judge.unread or judge.passed("The standby is written synchronously: there is no lag to wait for.")
    name, limit = ("ReplicationLag", CACHE_LAG) if target.kind is Target.CACHE else ("ReplicaLag", CLUSTER_LAG)
    judge = Judge(situation, "lag", "Replica is in step", (Part.METRICS,), unknown_overridable=True)
    if judge.unread:
        return judge.unread
    # Where AWS chooses, it takes the one with the least lag.
    members = [to.member] if to and target.chooses else [each.member for each in target.candidates]
    points = [point for member in members if (point := situation.snapshot.metric(member, name))]
    known = [point for point in points if situation.now - point.at <= METRIC_WITHIN]
    if not known:
        fact = f"Not known: no {name} of {listed(members) or 'a replica'} in the last {span(METRIC_WITHIN)}."
        return judge.unknown(fact, "Look at the metric in CloudWatch.")
    best = min(known, key=lambda point: point.value)
    fact = f"{name} of {best.subject} is {best.value:g} s, at most {limit:g} s are fine."
    if best.value > limit:
        return judge.failed(fact, "Wait until it has caught up: less load, or more time.", overridable=True)
    return judge.passed(fact)


def backup(situation: Situation) -> Check | None:
    """It could be restored to minutes ago. Overridable: with the primary failing, a failover may be the lesser evil.
    Nothing for a cache, which is filled anew and not restored."""
    store = _store(situation)
    if situation.target.kind is Target.CACHE:
        return None
    judge = Judge(situation, "backup", "Backup is recent", (Part.DATABASE,), unknown_overridable=True)
    if judge.unread or not isinstance(store, Database | DatabaseCluster):
        return judge.unread or judge.unknown(
            "Not known: it is not in the last reading.", "Look whether it still exists."
        )
    if store.backup_retention_days == 0:
        mend = "Set BackupRetentionPeriod to 7 days or more."
        return judge.failed("Backups are off: retention is 0 days.", mend, overridable=True)
    if store.latest_restorable is None:
        return judge.unknown("Not known: AWS gives no latest restorable time.", "Wait for the first backup.")
    age = situation.now - store.latest_restorable
    fact = f"Restorable to {store.latest_restorable:%H:%M:%S} UTC, {span(age)} ago; {span(BACKUP_WITHIN)} are allowed."
    if age > BACKUP_WITHIN:
        return judge.failed(fact, "Look at the backup events; take a snapshot.", overridable=True)
    return judge.passed(fact)


def _store(situation: Situation) -> Store | None:
    return store_of(situation.snapshot, situation.target.kind, situation.target.name)


def _states(situation: Situation, store: Store) -> list[tuple[str, str]]:
    own = [(store.identifier, store.status)]
    if isinstance(store, DatabaseCluster):
        return own + [(each.identifier, each.status) for each in store.members if each.status]
    if isinstance(store, Cache):
        nodes = shard_of(store, situation.target.node_group)
        return own + [(each.cluster_id, each.status) for each in nodes if each.status]
    return own
