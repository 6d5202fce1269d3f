"""Looking for drift as a procedure of the engine: a detection begun per stack, its result kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.domain.check import Check
from services.domain.environment import Environment
from services.domain.operation import Operation, Step
from services.ports import Clock, Receipt, StackCaller, StackReader, UnitOfWork
from services.usecases.procedure import Look

KIND = "drift"


@dataclass(frozen=True)
class DriftFacts:
    """What a look finds."""


class DriftProcedure:
    """`services.usecases.procedure.Procedure` for looking for drift."""

    def __init__(self, unit: UnitOfWork, clock: Clock, reader: StackReader, caller: StackCaller) -> None:
        self._unit, self._clock, self._reader, self._caller = unit, clock, reader, caller

    def steps(self, operation: Operation) -> Sequence[Step[DriftFacts]]:
        raise NotImplementedError

    def look(self, environment: Environment, operation: Operation) -> Look[DriftFacts]:
        raise NotImplementedError

    def guard(self, environment: Environment, operation: Operation, facts: DriftFacts) -> Sequence[Check]:
        raise NotImplementedError

    def baseline(self, operation: Operation, facts: DriftFacts) -> Mapping[str, str]:
        raise NotImplementedError

    def ready(self, environment: Environment) -> None:
        raise NotImplementedError

    def act(self, environment: Environment, operation: Operation) -> Receipt:
        raise NotImplementedError
