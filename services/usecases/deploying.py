"""A deployment as a procedure of the engine: change sets executed stack by stack, each at most once by its token."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.domain.check import Check
from services.domain.environment import Environment
from services.domain.operation import Operation, Step
from services.ports import Catalogue, Clock, CloudReader, Receipt, StackCaller, StackReader, UnitOfWork
from services.usecases.procedure import Look

KIND = "deploy"


@dataclass(frozen=True)
class DeployFacts:
    """What a look finds."""


class DeployProcedure:
    """`services.usecases.procedure.Procedure` for a deployment."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        catalogue: Catalogue,
        reader: StackReader,
        caller: StackCaller,
        cloud: CloudReader,
    ) -> None:
        self._unit, self._clock, self._catalogue, self._reader, self._caller, self._cloud = (
            unit,
            clock,
            catalogue,
            reader,
            caller,
            cloud,
        )

    def steps(self, operation: Operation) -> Sequence[Step[DeployFacts]]:
        raise NotImplementedError

    def look(self, environment: Environment, operation: Operation) -> Look[DeployFacts]:
        raise NotImplementedError

    def guard(self, environment: Environment, operation: Operation, facts: DeployFacts) -> Sequence[Check]:
        raise NotImplementedError

    def baseline(self, operation: Operation, facts: DeployFacts) -> Mapping[str, str]:
        raise NotImplementedError

    def ready(self, environment: Environment) -> None:
        raise NotImplementedError

    def act(self, environment: Environment, operation: Operation) -> Receipt:
        raise NotImplementedError
