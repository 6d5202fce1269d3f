"""The failover history: kept for ever, filtered, acknowledged, and joined with everything around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.domain.access import Actor, Permission
from services.domain.budget import Budget, budget_of, month_of
from services.domain.environment import NAME, Environment
from services.domain.errors import Conflict, Invalid, NotFound
from services.domain.failover.causes import meaning_of
from services.domain.failover.episode import Acknowledgement, Episode
from services.domain.history import changes
from services.domain.operation import Operation
from services.ports import Clock, Entry, Store, UnitOfWork
from services.usecases.words import checked_reason

BEFORE, AFTER = timedelta(minutes=15), timedelta(minutes=30)
MOST_MOMENTS = 1000
MOST = 5000
LIFECYCLE = timedelta(days=1)
"""How far before an incident an operation may have been asked for and still run in it."""


@dataclass(frozen=True)
class Filter:
    """Empty matches everything. `origin` and `result` are values of the enums; times are UTC."""

    environment: str = ""
    target: str = ""
    origin: str = ""
    result: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Month:
    """One month of the picture: its failovers and their outage against the budget, in seconds."""

    budget: Budget
    episodes: tuple[Episode, ...]


@dataclass(frozen=True)
class Moment:
    """One line of a time line. `source` is rds, elasticache, ecs, cloudwatch, cloudformation, picture, haven
    or ledger; `sentence` ours, `words` AWS's own; `link` is what it belongs to: `operation:<id>`, `snapshot:<number>`,
    `ledger:<seq>`, or empty."""

    at: datetime
    source: str
    sentence: str
    words: str = ""
    subject: str = ""
    link: str = ""


@dataclass(frozen=True)
class Incident:
    """A failover with everything that happened around it, in order of time. `truncated` says the window held more."""

    episode: Episode
    since: datetime
    until: datetime
    moments: Sequence[Moment]
    truncated: bool = False


class FailoverHistory:
    """Reading and acknowledging. Anyone who may see environments may read; the ledger's lines are only for those who
    may read the ledger; acknowledging needs the right to run failovers."""

    def __init__(self, unit: UnitOfWork, clock: Clock) -> None:
        self._unit, self._clock = unit, clock

    def page(self, actor: Actor, wanted: Filter, limit: int = 200) -> Sequence[Episode]:
        """Newest first."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        if not 1 <= limit <= MOST:
            raise Invalid(f"A list holds 1 to {MOST} failovers.", {"limit": f"From 1 to {MOST}."})
        with self._unit(readonly=True) as store:
            return store.episodes.list(
                environment=wanted.environment or None,
                target=wanted.target,
                origin=wanted.origin,
                result=wanted.result,
                since=wanted.since,
                until=wanted.until,
                limit=limit,
            )

    def get(self, actor: Actor, id: str) -> Episode:
        """One of them. Raises NotFound."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            return _found(store, id)

    def incident(self, actor: Actor, id: str) -> Incident:
        """One of them with its time line: 15 minutes before to 30 after."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            episode = _found(store, id)
            since, until = episode.started_at - BEFORE, (episode.completed_at or episode.started_at) + AFTER
            moments = [
                *_events(store, episode, since, until),
                *_pictures(store, episode, since, until),
                *_operations(store, episode, since, until),
            ]
            if actor.may(Permission.READ_LEDGER):
                moments += _ledger(store, episode, since, until)
        moments.sort(key=lambda moment: moment.at)
        return Incident(episode, since, until, moments[-MOST_MOMENTS:], len(moments) > MOST_MOMENTS)

    def months(self, actor: Actor, environment: str, count: int = 12) -> Sequence[Month]:
        """The last months of one environment, oldest first, the present one last. Raises NotFound."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        count, now = min(max(count, 1), 60), self._clock.now()
        with self._unit(readonly=True) as store:
            known = store.environments.get(environment) if NAME.fullmatch(environment) else None
            if known is None:
                raise NotFound(f"There is no environment {environment[:32]}.")
            firsts = [month_of(now)]
            while len(firsts) < count:
                firsts.append(month_of(firsts[-1] - timedelta(days=1)))
            found = store.episodes.list(environment=environment, since=firsts[-1], limit=MOST)
        return [_month(known, found, first, now) for first in reversed(firsts)]

    def acknowledge(self, actor: Actor, id: str, comment: str, *, client: str = "") -> Episode:
        """Say that somebody has looked at it. Raises Invalid, NotFound, Conflict when somebody did already."""
        actor.require(Permission.RUN_FAILOVERS)
        comment, now = checked_reason(comment, "comment"), self._clock.now()
        with self._unit() as store:
            episode = _found(store, id)
            if episode.acknowledged:
                raise Conflict(f"{episode.acknowledged.by} has acknowledged it already.")
            saved = store.episodes.acknowledge(id, Acknowledgement(actor.name, now, comment))
            if saved is None:
                raise NotFound("There is no such failover.")
            detail = {"failover": id, "target": episode.target}
            store.ledger.append(
                Entry(
                    now, actor.name, "acknowledge failover", "done", episode.environment, comment, detail, client[:256]
                )
            )
        return saved


def _found(store: Store, id: str) -> Episode:
    episode = store.episodes.get(id[:64])
    if episode is None:
        raise NotFound(f"There is no failover {id[:40]} in the history.")
    return episode


def _month(environment: Environment, found: Sequence[Episode], first: datetime, now: datetime) -> Month:
    own = tuple(each for each in found if month_of(each.started_at) == first)
    after = month_of(first + timedelta(days=32))
    return Month(budget_of(environment, own, min(now, after - timedelta(seconds=1))), own)


def _events(store: Store, episode: Episode, since: datetime, until: datetime) -> list[Moment]:
    found = store.events.between(episode.environment, since, until, limit=MOST_MOMENTS)
    return [Moment(event.at, event.source, meaning_of(event), event.message, event.subject) for event in found]


def _pictures(store: Store, episode: Episode, since: datetime, until: datetime) -> list[Moment]:
    """What changed between the kept snapshots of the window: targets, tasks, alarms, stacks, zones."""
    moments: list[Moment] = []
    before = None
    for kept in store.snapshots.kept(episode.environment, since, until, 200):
        whole = store.snapshots.number(episode.environment, kept.number)
        if whole is None:
            continue
        if before is not None and kept.taken_at >= since:
            moments += [
                Moment(kept.taken_at, "picture", change.what, "", change.subject, f"snapshot:{kept.number}")
                for change in changes(before, whole[1])
            ]
        before = whole[1]
    return moments


def _operations(store: Store, episode: Episode, since: datetime, until: datetime) -> list[Moment]:
    moments: list[Moment] = []
    for operation in store.operations.list(environment=episode.environment, before=until, limit=100):
        if not _overlaps(operation, since):
            continue
        for entry in store.operations.trail(operation.id):
            if since <= entry.at <= until:
                sentence = f"{operation.what}: {entry.sentence}"
                moments.append(Moment(entry.at, "haven", sentence, "", operation.target, f"operation:{operation.id}"))
    return moments


def _overlaps(operation: Operation, since: datetime) -> bool:
    return (operation.finished_at or operation.requested_at + LIFECYCLE) >= since


def _ledger(store: Store, episode: Episode, since: datetime, until: datetime) -> list[Moment]:
    """What people did meanwhile, apart from operations, which tell it themselves."""
    return [
        Moment(entry.at, "ledger", f"{entry.actor}: {entry.action} ({entry.outcome})", "", "", f"ledger:{entry.seq}")
        for entry in store.ledger.read(target=episode.environment, since=since, until=until, limit=500)
        if "operation" not in entry.detail
    ]
