"""What is done about a stack whose rollout failed, as a procedure of the engine: one call by its token, then a look."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.domain.check import Check
from services.domain.environment import Environment
from services.domain.operation import Operation, Step
from services.ports import Clock, Receipt, StackCaller, StackReader, UnitOfWork
from services.usecases.procedure import Look

KIND = "recover"


@dataclass(frozen=True)
class RecoverFacts:
    """What a look finds."""


class RecoverProcedure:
    """`services.usecases.procedure.Procedure` for a recovery."""

    def __init__(self, unit: UnitOfWork, clock: Clock, reader: StackReader, caller: StackCaller) -> None:
        self._unit, self._clock, self._reader, self._caller = unit, clock, reader, caller

    def steps(self, operation: Operation) -> Sequence[Step[RecoverFacts]]:
        raise NotImplementedError

    def look(self, environment: Environment, operation: Operation) -> Look[RecoverFacts]:
        raise NotImplementedError

    def guard(self, environment: Environment, operation: Operation, facts: RecoverFacts) -> Sequence[Check]:
        raise NotImplementedError

    def baseline(self, operation: Operation, facts: RecoverFacts) -> Mapping[str, str]:
        raise NotImplementedError

    def ready(self, environment: Environment) -> None:
        raise NotImplementedError

    def act(self, environment: Environment, operation: Operation) -> Receipt:
        raise NotImplementedError
