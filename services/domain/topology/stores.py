"""Where data lives: database, cache, queues; and what watches and provisions: alarms, stacks."""

from services.domain.finding import Subject
from services.domain.snapshot import Cache, CacheNode, Database, Part, Queue
from services.domain.states import cache_node_state, cache_state, database_state, stack_state, standby_state
from services.domain.status import State, Status, worst
from services.domain.topology.eye import Eye, present_only, switch
from services.domain.topology.model import Cell, Detail, Kind, Node, Row
from services.domain.wording import counted, listed

GIB = 1024**3


def database_row(eye: Eye, database: Database, zones: tuple[str, ...]) -> Row:
    """Primary and standby in their zones; other zones of its subnets are places it could move to."""
    primary, standby = _primary(eye, database), _standby(eye, database)
    cells = []
    for zone in zones:
        nodes = [primary] if database.zone == zone else []
        if standby is not None and standby.zone == zone:
            nodes.append(standby)
        ready = "no instance; subnet ready" if zone in database.subnet_zones else "no instance"
        cells.append(Cell(zone, tuple(nodes), ready))
    elsewhere = [node for node in (primary, standby) if node is not None and node.zone not in zones]
    engine = "PostgreSQL" if database.engine == "postgres" else database.engine
    return Row(primary, tuple(cells), tuple(elsewhere), engine, f"RDS {database.engine_version}")


def _primary(eye: Eye, db: Database) -> Node:
    connections = eye.metric(db.identifier, "DatabaseConnections")
    cpu = eye.metric(db.identifier, "CPUUtilization")
    latency = eye.metric(db.identifier, "WriteLatency")
    free = eye.metric(db.identifier, "FreeStorageSpace")
    room = f"{free.value / GIB:.0f} of {db.allocated_storage} GiB" if free else ""
    details: tuple[Detail | None, ...] = (
        *eye.details(
            Part.DATABASE,
            ("Primary", db.zone),
            ("Standby", f"{db.secondary_zone}, synchronous" if db.secondary_zone else "none"),
            ("RDS says", db.status),
            ("Engine", f"{db.engine} {db.engine_version}, {db.instance_class}"),
        ),
        eye.measured("Connections", f"{connections.value:.0f}" if connections else "", connections),
        eye.measured("CPU", f"{cpu.value:.0f} %" if cpu else "", cpu),
        eye.measured("Write latency", f"{latency.value * 1000:.1f} ms" if latency else "", latency),
        eye.measured("Free storage", room, free),
        *eye.details(
            Part.DATABASE,
            ("Restorable to", f"{db.latest_restorable:%Y-%m-%d %H:%M:%S}" if db.latest_restorable else "nothing"),
            ("Backups kept", counted(db.backup_retention_days, "day")),
            ("Protected", f"deletion {switch(db.deletion_protection)}, encryption {switch(db.encrypted)}"),
            ("Waiting changes", listed([f"{name}: {value}" for name, value in db.pending]) or "none"),
            ("Maintenance", listed(db.maintenance) or "none pending"),
        ),
        eye.detail(Part.DATABASE, "Endpoint", f"{db.endpoint}:{db.port}" if db.endpoint else None, code=True),
    )
    note = f"{connections.value:.0f} connections" if connections else db.status
    return eye.node(
        Subject.database(db.identifier), Kind.DATABASE, "Primary", database_state(db), Part.DATABASE, zone=db.zone,
        note=note, corner=db.instance_class, details=present_only(details),
        related=(Subject.standby(db.identifier),) if standby_state(db) else (),
        aws=(("Instance", db.identifier), ("Resource id", db.resource_id), ("ARN", db.arn)),
        keys=(("database", db.identifier),),
    )  # fmt: skip


def _standby(eye: Eye, db: Database) -> Node | None:
    state = standby_state(db)
    if state is None:
        return None
    # A standby has no status of its own in RDS's API: it is as the instance is.
    whole = database_state(db)
    shown = state if whole.status is Status.HEALTHY else State(worst((state.status, whole.status)), whole.word)
    return eye.node(
        Subject.standby(db.identifier), Kind.STANDBY, "Standby", shown, Part.DATABASE, zone=db.secondary_zone,
        note="takes over; not readable" if state.status is Status.HEALTHY else state.word,
        details=eye.details(
            Part.DATABASE,
            ("Zone", db.secondary_zone or "not placed yet"),
            ("Replication", "synchronous, by storage: RPO 0"),
            ("Of its own", "RDS says nothing about a standby but its zone"),
        ),
        related=(Subject.database(db.identifier),), aws=(("Instance", db.identifier),),
        keys=(("database", db.identifier),),
    )  # fmt: skip


def cache_row(eye: Eye, cache: Cache, zones: tuple[str, ...]) -> Row:
    """The members of a replication group in their zones."""
    nodes = [_cache_node(eye, cache, node) for node in cache.nodes]
    cells = tuple(Cell(zone, tuple(node for node in nodes if node.zone == zone), "no node") for zone in zones)
    elsewhere = tuple(node for node in nodes if node.zone not in zones)
    details = eye.details(
        Part.CACHE,
        ("ElastiCache says", cache.status),
        ("Engine", f"{cache.engine} {cache.engine_version or ''}, {cache.node_type}"),
        ("Nodes", len(cache.nodes)),
        ("Automatic failover", cache.automatic_failover),
        ("Multi-AZ", cache.multi_az),
        ("Encryption", f"in transit {switch(cache.transit_encryption)}, at rest {switch(cache.at_rest_encryption)}"),
        ("Backups kept", counted(cache.snapshot_retention_days, "day")),
        ("Endpoint", f"{cache.endpoint}:{cache.port}" if cache.endpoint else None),
    )
    group = eye.node(
        Subject.cache(cache.identifier), Kind.CACHE, cache.identifier, cache_state(cache), Part.CACHE,
        note=f"{cache.engine.capitalize()} {cache.engine_version or ''}".rstrip(), details=details,
        related=tuple(Subject.cache_node(node.cluster_id) for node in cache.nodes),
        aws=(("Replication group", cache.identifier), ("ARN", cache.arn)), keys=(("cache", cache.identifier),),
    )  # fmt: skip
    return Row(group, cells, elsewhere, "Cache", group.note)


def _cache_node(eye: Eye, cache: Cache, node: CacheNode) -> Node:
    lag = eye.metric(node.cluster_id, "ReplicationLag")
    memory = eye.metric(node.cluster_id, "DatabaseMemoryUsagePercentage")
    cpu = eye.metric(node.cluster_id, "EngineCPUUtilization")
    primary = node.role == "primary"
    note = f"memory {memory.value:.0f} %" if memory else node.status or cache.status
    if not primary and lag:
        note = f"lag {lag.value:.1f} s"
    details: tuple[Detail | None, ...] = (
        *eye.details(Part.CACHE, ("Role", node.role), ("Zone", node.zone), ("Group", node.node_group)),
        eye.measured("Replication lag", f"{lag.value:.2f} s" if lag else "", lag) if not primary else None,
        eye.measured("Memory", f"{memory.value:.0f} %" if memory else "", memory),
        eye.measured("Engine CPU", f"{cpu.value:.0f} %" if cpu else "", cpu),
    )
    return eye.node(
        Subject.cache_node(node.cluster_id), Kind.CACHE_NODE, (node.role or "node").capitalize(),
        cache_node_state(node, cache), Part.CACHE, zone=node.zone, note=note, corner=node.cluster_id[-3:],
        details=present_only(details), related=(Subject.cache(cache.identifier),),
        aws=(("Cache cluster", node.cluster_id),), keys=(("cache", cache.identifier), ("node", node.cluster_id)),
    )  # fmt: skip


def queue_node(eye: Eye, queue: Queue) -> Node:
    """A queue or a dead-letter queue."""
    dead = queue.dead_letter_of is not None
    oldest = eye.metric(queue.name, "ApproximateAgeOfOldestMessage")
    waiting = queue.visible + queue.in_flight if dead else queue.visible
    note = counted(waiting, "dead letter") if dead else f"{waiting} waiting"
    if not dead and oldest and waiting:
        note = f"{note}, oldest {oldest.value:.0f} s"
    target = (queue.dead_letter or "").rpartition(":")[2]
    redrive = f"{target}, after {queue.max_receives} tries" if target else "none"
    details: tuple[Detail | None, ...] = (
        *eye.details(
            Part.QUEUES, ("Waiting", queue.visible), ("In flight", queue.in_flight), ("Delayed", queue.delayed)
        ),
        eye.measured("Oldest message", f"{oldest.value:.0f} s" if oldest else "", oldest),
        eye.detail(Part.QUEUES, "Takes dead letters of", queue.dead_letter_of)
        if dead
        else eye.detail(Part.QUEUES, "Dead letters go to", redrive),
        eye.detail(Part.QUEUES, "Encryption", switch(queue.encrypted)),
    )
    return eye.node(
        Subject.queue(queue.name), Kind.QUEUE, queue.name, State(Status.HEALTHY, "read"), Part.QUEUES, note=note,
        corner="dead letters" if dead else "", details=present_only(details),
        related=(Subject.queue(queue.dead_letter_of or target),) if dead or target else (),
        aws=(("URL", queue.url), ("ARN", queue.arn)), keys=(("queue", queue.url),),
    )  # fmt: skip


def stacks_node(eye: Eye) -> Node:
    """All stacks as one bar."""
    stacks = eye.snapshot.stacks
    states = [stack_state(stack) for stack in stacks]
    whole = sum(state.status is Status.HEALTHY for state in states)
    state = State(worst(s.status for s in states), f"{whole} of {len(stacks)} complete")
    return eye.node(
        Subject.STACKS, Kind.STACKS, "Stacks", state, Part.STACKS, note=f"{whole} of {len(stacks)} complete",
        details=tuple(eye.detail(Part.STACKS, stack.name, stack.status, code=True) for stack in stacks),
        aws=tuple((stack.name, stack.stack_name) for stack in stacks),
        keys=(("stack", stacks[0].stack_name if stacks else ""),),
    )  # fmt: skip


def alarms_node(eye: Eye) -> Node:
    """All alarms as one bar; those of target tracking are counted apart."""
    alarms = eye.snapshot.alarms
    firing = [alarm for alarm in alarms if alarm.state == "ALARM" and not alarm.scaling]
    own = [alarm for alarm in alarms if not alarm.scaling]
    note = f"{len(firing)} of {counted(len(own), 'alarm')} firing" if firing else f"{counted(len(own), 'alarm')}, quiet"
    details = (
        *(eye.detail(Part.ALARMS, alarm.name, f"{alarm.state}. {alarm.reason or ''}".rstrip()) for alarm in firing),
        eye.detail(Part.ALARMS, "Quiet", sum(alarm.state == "OK" for alarm in own)),
        eye.detail(Part.ALARMS, "Without data", sum(alarm.state == "INSUFFICIENT_DATA" for alarm in own)),
        eye.detail(Part.ALARMS, "Of target tracking", len(alarms) - len(own)),
    )
    return eye.node(
        Subject.ALARMS, Kind.ALARMS, "Alarms", State(Status.HEALTHY, "quiet"), Part.ALARMS, note=note, details=details,
        aws=tuple(("Alarm", alarm.name) for alarm in firing),
    )  # fmt: skip
