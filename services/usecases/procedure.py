"""What one kind of operation brings to the engine: its steps, how to look at the world, and its calls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar, runtime_checkable

from services.domain.check import Check
from services.domain.environment import Environment
from services.domain.operation import Operation, Step
from services.ports import Receipt

F = TypeVar("F")


@dataclass(frozen=True)
class Look(Generic[F]):
    """One look at the world. `notes` are measurements worth keeping; a name keeps the first value it got."""

    facts: F
    notes: Mapping[str, str] = field(default_factory=dict)


class Procedure(Protocol[F]):
    """A kind of operation. The engine calls it outside every transaction."""

    def steps(self, operation: Operation) -> Sequence[Step[F]]:
        """What must come true, in order. Pure."""
        ...

    def look(self, environment: Environment, operation: Operation) -> Look[F]:
        """Fresh facts. Raises HavenError when they cannot be had."""
        ...

    def guard(self, environment: Environment, operation: Operation, facts: F) -> Sequence[Check]:
        """The checks once more, on fresh facts, right before an act."""
        ...

    def baseline(self, operation: Operation, facts: F) -> Mapping[str, str]:
        """What is kept of the world before the act, as notes, to tell afterwards what changed."""
        ...

    def ready(self, environment: Environment) -> None:
        """Whether the calls could be made at all (credentials, role). Raises Misconfigured or NotNow; sends nothing
        that changes anything."""
        ...

    def act(self, environment: Environment, operation: Operation) -> Receipt:
        """The one call of the current step. Raises Refused, NotNow or Misconfigured when it certainly did nothing, and
        OutcomeUnknown when nobody can tell."""
        ...


@runtime_checkable
class Closing(Protocol):
    """A procedure whose last step is that Haven writes down what came of it. That is still to be done when a person
    ended the operation as done, for then no step came true any more."""

    def left(self, operation: Operation) -> str:
        """The name of that step, of an operation that has succeeded without it; empty when nothing is left. Pure."""
        ...

    def close(self, operation: Operation) -> bool:
        """Write it down; harmless to repeat. False while it cannot be told yet: it is asked again. Raises HavenError
        when it cannot be done just now."""
        ...
