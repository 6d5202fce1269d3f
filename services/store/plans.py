"""Plans of deployments. What their stacks are is packed apart: it is large, and most saves do not change it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, select, update

from services.domain.deployment.plan import Plan, PlanState, StackPlan
from services.domain.errors import Conflict, NotFound
from services.store.deployment_tables import plans
from services.store.document import Document, fitting
from services.store.packed import Packed
from services.store.upsert import insert

_FIXED = ("id", "environment", "requested_at")
_DOCUMENT = Document(Plan, (*_FIXED, "state", "version", "tidied_at", "stacks"))
_STACKS: Packed[tuple[StackPlan, ...]] = Packed(tuple[StackPlan, ...])


class SqlPlans:
    """`services.ports.Plans` in SQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, plan: Plan) -> None:
        """Insert; raises Conflict if the id is taken."""
        row = {name: getattr(plan, name) for name in _FIXED} | _changing(plan) | {"version": plan.version}
        put = insert(self._connection, plans).values(fitting(plans, row)).on_conflict_do_nothing()
        if self._connection.scalar(put.returning(plans.c.id)) is None:
            raise Conflict(f"There already is a plan {plan.id}.")

    def get(self, id: str) -> Plan | None:
        """The one of that id."""
        row = self._connection.execute(select(plans).where(plans.c.id == id)).one_or_none()
        return _plan(row) if row else None

    def save(self, plan: Plan) -> Plan:
        """One guarded UPDATE; whose plan it is stays as it was added. Raises Conflict, NotFound."""
        mine = update(plans).where(plans.c.id == plan.id, plans.c.version == plan.version)
        values = _changing(plan) | {"version": plan.version + 1}
        if not self._connection.execute(mine.values(fitting(plans, values))).rowcount:
            raise refusal(plan, self.get(plan.id))
        return replace(plan, version=plan.version + 1)

    def list(
        self,
        *,
        environment: str | None = None,
        states: Sequence[PlanState] = (),
        untidied: bool = False,
        limit: int = 50,
    ) -> Sequence[Plan]:
        """Newest first; None and empty match everything."""
        query = select(plans).order_by(plans.c.requested_at.desc(), plans.c.id.desc()).limit(limit)
        if environment is not None:
            query = query.where(plans.c.environment == environment)
        if states:
            query = query.where(plans.c.state.in_([state.value for state in states]))
        if untidied:
            query = query.where(plans.c.tidied_at.is_(None))
        return [_plan(row) for row in self._connection.execute(query)]


def refusal(plan: Plan, stored: Plan | None) -> Conflict | NotFound:
    """Why a save wrote nothing, in words."""
    if stored is None:
        return NotFound(f"There is no plan {plan.id}.")
    return Conflict(
        f"The plan {plan.id} has changed since it was read: "
        f"it is {stored.state}, at version {stored.version} and not {plan.version}."
    )


def _changing(plan: Plan) -> dict[str, Any]:
    return {
        "state": plan.state.value,
        "tidied_at": plan.tidied_at,
        "body": _DOCUMENT.write(plan),
        "stacks": _STACKS.write(plan.stacks),
    }


def _plan(row: Row[Any]) -> Plan:
    return _DOCUMENT.read(row.body, row._asdict() | {"stacks": _STACKS.read(row.stacks)})
