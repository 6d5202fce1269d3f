"""Metrics over time, in blocks of sixty places: fifteen days of a service's metrics are one query.

Those who write metrics of one environment take turns, so that of two who put into one block neither loses a point.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, or_, select

from services.domain.scaling.measured import Measured
from services.domain.scaling.series import Series
from services.store.blocks import PLACES, Block, assembled, begins, cut, laid, packed, unpacked
from services.store.document import fitting
from services.store.scaling_tables import metric_blocks as blocks
from services.store.scaling_tables import metric_reads as reads
from services.store.upsert import insert

TURN = 0
"""The step of the row that is held by who writes."""
Place = tuple[str, int, str, int]
"""Which block of an environment: subject, step, name, the minute at which it begins."""


class SqlMetrics:
    """`services.ports.Metrics` in SQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, environment: str, measured: Sequence[Measured]) -> None:
        """One statement for the turn, one to read what is there, one to write what became of it."""
        given: dict[Place, Block] = {}
        for each in measured:
            for start, block in cut(each.series):
                place = (each.subject, each.series.step, each.name, start)
                given[place] = laid(given[place], block) if place in given else block
        if not given:
            return
        self._set(environment, TURN, since=0)
        known = self._known(environment, list(given))
        rows = []
        for place, block in sorted(given.items()):
            body = packed(laid(unpacked(known[place]), block) if place in known else block)
            if body != known.get(place):
                rows.append(_row(environment, place, body))
        if rows:
            first = insert(self._connection, blocks)
            where = list(blocks.primary_key.columns)
            put = first.on_conflict_do_update(index_elements=where, set_={"body": first.excluded.body})
            self._connection.execute(put, rows)

    def read(
        self, environment: str, subject: str, names: Sequence[str], since: int, until: int, step: int
    ) -> Mapping[str, Series]:
        """One query; a name without a point is all gap."""
        found: dict[str, list[tuple[int, Block]]] = {name: [] for name in names}
        query = select(blocks.c.name, blocks.c.start, blocks.c.body).where(
            blocks.c.environment == environment,
            blocks.c.subject == subject,
            blocks.c.step == step,
            blocks.c.name.in_(list(found)),
            blocks.c.start >= begins(since, step),
            blocks.c.start < until,
        )
        for name, start, body in self._connection.execute(query):
            found[name].append((start, unpacked(body)))
        return {name: assembled(parts, since, until, step) for name, parts in found.items()}

    def read_until(self, environment: str, step: int) -> int | None:
        """The minute up to which AWS's metrics were read in this step."""
        return self._get(environment, step, "until")

    def set_read_until(self, environment: str, step: int, minute: int) -> None:
        """The last word counts: going back only means reading the same once more."""
        self._set(environment, step, until=minute)

    def read_since(self, environment: str, step: int) -> int | None:
        """The minute from which on AWS's metrics were read in this step."""
        return self._get(environment, step, "since")

    def set_read_since(self, environment: str, step: int, minute: int) -> None:
        """As `set_read_until`."""
        self._set(environment, step, since=minute)

    def prune(self, before: Mapping[int, int]) -> int:
        """Forget the blocks that lie before a minute altogether; how many."""
        old = [and_(blocks.c.step == step, blocks.c.start <= minute - step * PLACES) for step, minute in before.items()]
        return self._connection.execute(delete(blocks).where(or_(*old))).rowcount if old else 0

    def _known(self, environment: str, places: Sequence[Place]) -> dict[Place, bytes]:
        """The blocks of these places, and perhaps some between them: with as few conditions as places allow."""
        near = [
            and_(
                blocks.c.step == step,
                blocks.c.subject.in_({place[0] for place in places if place[1] == step}),
                blocks.c.name.in_({place[2] for place in places if place[1] == step}),
                blocks.c.start >= min(place[3] for place in places if place[1] == step),
                blocks.c.start <= max(place[3] for place in places if place[1] == step),
            )
            for step in {place[1] for place in places}
        ]
        query = select(blocks.c.subject, blocks.c.step, blocks.c.name, blocks.c.start, blocks.c.body)
        rows = self._connection.execute(query.where(blocks.c.environment == environment, or_(*near)))
        return {(subject, step, name, start): body for subject, step, name, start, body in rows}

    def _get(self, environment: str, step: int, which: str) -> int | None:
        place = (reads.c.environment == environment, reads.c.step == step)
        minute: int | None = self._connection.scalar(select(reads.c[which]).where(*place))
        return minute

    def _set(self, environment: str, step: int, **minute: int) -> None:
        first = insert(self._connection, reads).values(environment=environment, step=step, **minute)
        put = first.on_conflict_do_update(index_elements=[reads.c.environment, reads.c.step], set_=minute)
        self._connection.execute(put)


def _row(environment: str, place: Place, body: bytes) -> dict[str, Any]:
    subject, step, name, start = place
    row = {"environment": environment, "subject": subject, "step": step, "name": name, "start": start, "body": body}
    return fitting(blocks, row)
