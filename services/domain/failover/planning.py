"""The plan of a failover: what will move, how long writes will be out, who feels it, and the lines it stands for."""

from collections.abc import Iterator, Sequence
from statistics import median

from services.domain.environment import Environment
from services.domain.failover import commands
from services.domain.failover.connections import parameters_of, pools, users_of
from services.domain.failover.episode import Episode, Result
from services.domain.failover.plan import Dependent, Expectation, Move, Plan
from services.domain.failover.stands import store_of
from services.domain.failover.target import Candidate, FailoverTarget
from services.domain.operation import Target
from services.domain.snapshot import Cache, Database, DatabaseCluster, Snapshot
from services.domain.wording import counted, listed, spelled

OWN_LEAST = 3
"""Fewer own failovers than this say nothing about the next one."""

AWS_SAYS = {
    Target.DATABASE_INSTANCE: (90.0, 60.0, 120.0, "AWS says 60 to 120 s for a Multi-AZ instance, longer after large "
                               "transactions"),
    Target.DATABASE_CLUSTER: (35.0, 0.0, 35.0, "AWS says typically under 35 s for a Multi-AZ DB cluster"),
    Target.CACHE: (10.0, 1.0, 60.0, "AWS says seconds and gives no figure; Haven reckons with 10, at most 60"),
}  # fmt: skip


def plan(
    environment: Environment,
    snapshot: Snapshot,
    target: FailoverTarget,
    to: Candidate | None,
    episodes: Sequence[Episode],
) -> Plan:
    """What a failover of `target` to `to` would do, by a snapshot and the history (any order, other kinds are passed
    over). Without somewhere to go there are no moves and no commands."""
    moves, lines = (_moves(target, to), _commands(environment, target, to)) if to else ((), ())
    return Plan(moves, expectation(target.kind, episodes), tuple(_dependents(snapshot, target)), lines)


def expectation(kind: Target, episodes: Sequence[Episode]) -> Expectation:
    """How long writes will be out: the median of our own measured outages of this kind, from three on, else AWS's."""
    own = [
        (episode.started_at, episode.outage_seconds)
        for episode in episodes
        if episode.target_kind is kind and episode.result is Result.COMPLETED and episode.outage_seconds is not None
    ]
    if len(own) < OWN_LEAST:
        usual, low, high, said = AWS_SAYS[kind]
        measured = spelled(len(own)) if own else "none"
        return Expectation(
            usual,
            low,
            high,
            0,
            f"{said}. Haven has measured {measured} of its own; from {spelled(OWN_LEAST)} on it goes by those.",
        )
    seconds = [outage for _, outage in own]
    latest = max(at for at, _ in own)
    source = f"The median of {len(own)} failovers of this kind that Haven saw, the last on {latest:%Y-%m-%d}."
    return Expectation(median(seconds), min(seconds), max(seconds), len(own), source)


def _moves(target: FailoverTarget, to: Candidate) -> tuple[Move, ...]:
    likely = not target.chooses and len(target.candidates) > 1
    if target.kind is Target.DATABASE_INSTANCE:
        return (Move("primary", target.zone, to.zone), Move("standby", to.zone, target.zone))
    lead, other = ("writer", "reader") if target.kind is Target.DATABASE_CLUSTER else ("primary", "replica")
    return (
        Move(lead, target.zone, to.zone, target.primary, to.member, likely),
        Move(other, to.zone, target.zone, to.member, target.primary, likely),
    )


def _commands(environment: Environment, target: FailoverTarget, to: Candidate) -> tuple[str, ...]:
    region, chosen = environment.region, to.member if target.chooses else ""
    return (
        commands.send(target.kind, target.name, region, to_member=chosen, node_group=target.node_group),
        commands.events(target.kind, target.name, region),
        commands.state(target.kind, target.name, region),
    )


def _dependents(snapshot: Snapshot, target: FailoverTarget) -> Iterator[Dependent]:
    store = store_of(snapshot, target.kind, target.name)
    if store is None:
        return
    cache = isinstance(store, Cache)
    parameter = "CacheEndpoint" if cache else "DatabaseEndpoint"
    users = users_of(snapshot, target.kind, store.endpoint)
    for service, pool in zip(users, pools(snapshot, users), strict=True):
        which = counted(pool.tasks, "task")
        held = "" if cache or pool.size is None else f" (pools of {pool.size}: {pool.tasks * pool.size} connections)"
        certain = parameter in parameters_of(snapshot, service)
        guess = "" if certain else " Its stack does not say whether it uses it."
        lost = "lose their connections and reconnect" if pool.tasks != 1 else "loses its connections and reconnects"
        yield Dependent("service", service.name, f"{which} {lost}{held}; writes fail meanwhile.{guess}")
    yield from _own(store)


def _own(store: Database | DatabaseCluster | Cache) -> Iterator[Dependent]:
    """What it means for the thing itself."""
    if isinstance(store, Cache):
        yield Dependent("cache", store.identifier, "The last writes may be lost, for replicas follow; for about ten "
                        "minutes there is a replica less, until the old primary is rebuilt.")  # fmt: skip
        return
    effect = "Sessions are cut and open transactions roll back; what was committed stays."
    if store.pending:
        waiting = listed([f"{name} to {value}" for name, value in store.pending])
        effect += f" It is a restart, so what waits for one is applied: {waiting}."
    yield Dependent("database", store.identifier, effect)
    if isinstance(store, Database):
        again = "RDS abandons another failover soon after this one."
        yield Dependent("standby", store.identifier, f"It is brought in step again in the old zone. {again}")
