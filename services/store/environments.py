"""Environments."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.exc import IntegrityError

from services.domain.environment import Environment
from services.domain.errors import Conflict
from services.store.tables import environments


class SqlEnvironments:
    """`services.ports.Environments` in SQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, environment: Environment) -> None:
        """Insert; raises Conflict if the name is taken."""
        try:
            self._connection.execute(environments.insert().values(asdict(environment)))
        except IntegrityError as problem:
            raise Conflict(f"There already is an environment {environment.name}.") from problem

    def get(self, name: str) -> Environment | None:
        """The environment of that name, archived or not."""
        row = self._connection.execute(select(environments).where(environments.c.name == name)).one_or_none()
        return _environment(row) if row else None

    def all(self, *, archived: bool = False) -> Sequence[Environment]:
        """Those in use, by name; with `archived` the archived ones too."""
        query = select(environments)
        if not archived:
            query = query.where(~environments.c.archived)
        found = [_environment(row) for row in self._connection.execute(query)]
        return sorted(found, key=lambda environment: environment.name)

    def save(self, before: Environment, after: Environment) -> None:
        """One guarded UPDATE: every column must still be as `before` has it. Raises Conflict."""
        if before.name != after.name:
            raise ValueError(f"{before.name} cannot become {after.name}: a name is for ever")
        same = (environments.c[name].is_not_distinct_from(value) for name, value in asdict(before).items())
        if not self._connection.execute(update(environments).where(*same).values(asdict(after))).rowcount:
            raise refusal(before, self.get(before.name))


def refusal(before: Environment, stored: Environment | None) -> Conflict:
    """Why a save wrote nothing, in words."""
    if stored is None:
        return Conflict(f"There is no environment {before.name}.")
    expected, found = asdict(before), asdict(stored)
    differing = ", ".join(name.replace("_", " ") for name in found if found[name] != expected[name])
    return Conflict(f"The environment {before.name} has changed since it was read: {differing or 'and back again'}.")


def _environment(row: Row[Any]) -> Environment:
    return Environment(**row._mapping)
