"""Working a plan out as a procedure of the engine: one request per stack, harmless to repeat, nothing executed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.domain.check import Check
from services.domain.environment import Environment
from services.domain.operation import Operation, Step
from services.ports import Catalogue, Clock, Receipt, StackCaller, StackReader, UnitOfWork
from services.usecases.procedure import Look

KIND = "plan"


@dataclass(frozen=True)
class PlanFacts:
    """What a look finds."""


class PlanProcedure:
    """`services.usecases.procedure.Procedure` for working a plan out."""

    def __init__(
        self, unit: UnitOfWork, clock: Clock, catalogue: Catalogue, reader: StackReader, caller: StackCaller
    ) -> None:
        self._unit, self._clock, self._catalogue, self._reader, self._caller = unit, clock, catalogue, reader, caller

    def steps(self, operation: Operation) -> Sequence[Step[PlanFacts]]:
        raise NotImplementedError

    def look(self, environment: Environment, operation: Operation) -> Look[PlanFacts]:
        raise NotImplementedError

    def guard(self, environment: Environment, operation: Operation, facts: PlanFacts) -> Sequence[Check]:
        raise NotImplementedError

    def baseline(self, operation: Operation, facts: PlanFacts) -> Mapping[str, str]:
        raise NotImplementedError

    def ready(self, environment: Environment) -> None:
        raise NotImplementedError

    def act(self, environment: Environment, operation: Operation) -> Receipt:
        raise NotImplementedError
