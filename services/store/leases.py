"""Leases by the database's own clock: one row each, taken and renewed in one statement that is the same on both."""

from datetime import timedelta

from sqlalchemy import Engine, case, or_, update

from services.ports import Lease
from services.store.tables import leases
from services.store.types import DatabaseNow
from services.store.unit import transaction
from services.store.upsert import insert


class SqlLeases:
    """`services.ports.Leases` in SQL. A holder's name must be its own for ever: two processes with one name are one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def acquire(self, name: str, holder: str, ttl: timedelta) -> Lease | None:
        """Take it if it is free or run out, renew it if it is ours; None while another holds it."""
        expires = DatabaseNow() + ttl.total_seconds()
        mine = leases.c.holder == holder
        with transaction(self._engine) as connection:
            first = insert(connection, leases).values(name=name, holder=holder, token=1, expires=expires)
            take = first.on_conflict_do_update(
                index_elements=[leases.c.name],
                set_={
                    "holder": holder,
                    "expires": expires,
                    "token": leases.c.token + case((mine, 0), else_=1),
                },
                where=or_(mine, leases.c.expires < DatabaseNow()),
            )
            token = connection.scalar(take.returning(leases.c.token))
        return None if token is None else Lease(name, holder, token)

    def release(self, lease: Lease) -> None:
        """Let others have it at once. The row stays, for its token must never be given again."""
        held = update(leases).where(
            leases.c.name == lease.name, leases.c.holder == lease.holder, leases.c.token == lease.token
        )
        with transaction(self._engine) as connection:
            connection.execute(held.values(holder="", expires=0))
