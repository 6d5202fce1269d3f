"""An AWS that answers from a script."""

from collections.abc import Callable

from services.domain.environment import Environment
from services.domain.snapshot import Snapshot


class ScriptedReader:
    """`services.ports.CloudReader`: answers with `snapshot`, and remembers how it was asked."""

    def __init__(self, snapshot: Snapshot, before_answer: Callable[[], None] = lambda: None) -> None:
        self.snapshot = snapshot
        self.before_answer = before_answer
        self.asked: list[tuple[str, Snapshot | None, bool]] = []

    def read(self, environment: Environment, previous: Snapshot | None, *, metrics: bool) -> Snapshot:
        """The scripted snapshot."""
        self.asked.append((environment.name, previous, metrics))
        self.before_answer()
        return self.snapshot
