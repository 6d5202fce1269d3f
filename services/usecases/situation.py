"""Gathers what the checks of a failover are made on, for the person's preview and for the worker alike."""

from datetime import datetime, timedelta

from services.domain.budget import Budget, budget_of, month_of
from services.domain.environment import Environment
from services.domain.failover.episode import Episode, Origin
from services.domain.failover.situation import Situation
from services.domain.failover.target import Candidate, FailoverTarget
from services.domain.freeze import freezing
from services.domain.operation import Target
from services.domain.pause import holding
from services.domain.snapshot import Snapshot
from services.ports import Store

DAY = timedelta(hours=24)


def past(store: Store, environment: str, target: str = "", limit: int = 200) -> tuple[Episode, ...]:
    """The failovers in the history, newest first."""
    return tuple(store.episodes.list(environment=environment, target=target, limit=limit))


def budget(store: Store, environment: Environment, now: datetime) -> Budget:
    """This month's error budget after the failovers in it."""
    return budget_of(environment, store.episodes.list(environment=environment.name, since=month_of(now)), now)


def situation(
    store: Store,
    environment: Environment,
    snapshot: Snapshot,
    target: FailoverTarget,
    to: Candidate | None,
    now: datetime,
    *,
    stale_after: timedelta,
    apart: timedelta,
    own_id: str = "",
) -> Situation:
    """What is known now. `own_id` is the operation that is being checked, which is not in its own way."""
    tests = [
        each
        for each in store.episodes.list(environment=environment.name, since=now - DAY)
        if each.target_kind is Target.CACHE and each.origin is not Origin.AUTOMATIC
    ]
    return Situation(
        environment=environment,
        snapshot=snapshot,
        target=target,
        to=to,
        now=now,
        stale_after=stale_after,
        recent=past(store, environment.name, target.name, 20),
        tests_today=len(tests),
        live=tuple(store.operations.live(environment.name)),
        own_id=own_id,
        pause=holding(store.pauses.current(now), environment.name, now),
        freeze=freezing(store.freezes.current(now), environment.name, now),
        apart=apart,
    )
