"""Checking an environment's access as a procedure of the engine: one look, no call that changes anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.domain.check import Check
from services.domain.environment import Environment
from services.domain.errors import Misconfigured, Refused
from services.domain.operation import Operation, Step
from services.ports import Catalogue, Receipt, StackReader, UnitOfWork
from services.usecases.environment_checks import MISSING, looked
from services.usecases.environments import CHECK
from services.usecases.procedure import Look

__all__ = ["KIND", "CheckProcedure"]

KIND = CHECK
LOOKED_WITHIN = timedelta(minutes=5)


@dataclass(frozen=True)
class CheckFacts:
    """Whether the look was had; `refused` are AWS's words when it never will be."""

    done: bool
    refused: str = ""


STEPS: tuple[Step[CheckFacts], ...] = (
    Step(
        "looked",
        "AWS has said what the roles may and which stacks there are",
        lambda facts: facts.done,
        LOOKED_WITHIN,
        refused_when=lambda facts: facts.refused,
        until="AWS's answers",
        otherwise="Nothing was changed; check again when AWS answers.",
    ),
)


class CheckProcedure:
    """`services.usecases.procedure.Procedure` for checking access."""

    def __init__(self, unit: UnitOfWork, reader: StackReader, catalogue: Catalogue) -> None:
        self._unit, self._reader, self._catalogue = unit, reader, catalogue

    def steps(self, operation: Operation) -> Sequence[Step[CheckFacts]]:
        """The one."""
        del operation
        return STEPS

    def look(self, environment: Environment, operation: Operation) -> Look[CheckFacts]:
        """What was found goes into the notes; once it is there nothing is asked again."""
        if operation.note(MISSING):
            return Look(CheckFacts(done=True))
        try:
            notes = looked(self._unit, self._reader, self._catalogue, environment)
        except (Misconfigured, Refused) as denied:
            return Look(CheckFacts(done=False, refused=denied.message))
        return Look(CheckFacts(done=True), notes)

    def guard(self, environment: Environment, operation: Operation, facts: CheckFacts) -> Sequence[Check]:
        """Nothing to guard: no step acts."""
        del environment, operation, facts
        return []

    def baseline(self, operation: Operation, facts: CheckFacts) -> Mapping[str, str]:
        """Nothing: what was found is in the notes."""
        del operation, facts
        return {}

    def ready(self, environment: Environment) -> None:
        """Nothing is sent."""

    def act(self, environment: Environment, operation: Operation) -> Receipt:
        """Never: no step acts."""
        del environment
        raise Refused(f"{operation.what} only looks.")
