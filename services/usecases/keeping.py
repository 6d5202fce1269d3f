"""Writing down what became of an operation: its row, its trail and the ledger, in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta

from services.domain.errors import HavenError
from services.domain.operation import Operation, State
from services.domain.pause import Pause, holding
from services.ports import Clock, Entry, Store, TrailEntry, UnitOfWork

HAVEN = "haven"
"""Who the trail names for what Haven does by itself."""
RETRY_MOST = timedelta(seconds=60)


@dataclass(frozen=True)
class Held:
    """A lease as its holder may rely on it: `until` is by the holder's own watch, counted from before it was asked."""

    token: int
    until: float


class Keeping:
    """Every save carries the fencing token of the lease it is made under and the version that was read."""

    def __init__(self, unit: UnitOfWork, clock: Clock) -> None:
        self._unit, self._clock = unit, clock

    def save(
        self, operation: Operation, held: Held, word: str, sentence: str, outcome: str = "", *, action: str = ""
    ) -> Operation:
        """Save, with a line in the trail (unless `word` is empty) and an entry in the ledger (unless `outcome` is)."""
        with self._unit() as store:
            saved = store.operations.save(operation, token=held.token)
            if word:
                self.tell(store, saved, word, sentence)
            if outcome:
                self.enter(store, saved, action or f"send {saved.kind}", outcome)
            return saved

    def move(self, operation: Operation, state: State, held: Held, because: str = "") -> Operation:
        """Into another state."""
        moved = operation.move(state, self._clock.now(), because)
        action = f"{'start' if state is State.RUNNING else 'finish'} {operation.kind}"
        return self.save(moved, held, "state", moved.because, state.value, action=action)

    def explain(self, operation: Operation, because: str, held: Held, word: str = "") -> None:
        """Say why nothing happens just now, once; nothing is written while the reason stays the same."""
        if operation.because != because:
            self.save(replace(operation, because=because), held, word, because)

    def later(self, operation: Operation, why: HavenError, held: Held) -> None:
        """Certainly nothing was done; it is tried again after a pause that doubles."""
        pause = pause_after(operation.tries)
        because = f"Nothing was sent yet: {why.message} It is tried again."
        not_before = self._clock.now() + pause
        waiting = replace(operation, because=because, tries=operation.tries + 1, not_before=not_before)
        self.save(waiting, held, "delayed", because, "not sent" if operation.sent_at else "")

    def intend(self, intent: Operation, held: Held, sentence: str, *, harmless: bool = False) -> Operation | None:
        """Save the intent of a call, unless automation has been paused; then say so and return None. One that is
        `harmless` changes nothing that runs, and no pause holds it."""
        with self._unit() as store:
            now = self._clock.now()
            paused = None if harmless else holding(store.pauses.current(now), intent.environment, now)
            if paused:
                current = store.operations.get(intent.id)
                if current and current.because != held_by(paused):
                    saved = store.operations.save(replace(current, because=held_by(paused)), token=held.token)
                    self.tell(store, saved, "paused", saved.because)
                return None
            saved = store.operations.save(intent, token=held.token)
            self.tell(store, saved, "intent", sentence)
            self.enter(store, saved, f"send {saved.kind}", "intended")
            return saved

    def observed(self, before: Operation, after: Operation, held: Held, sentences: Mapping[str, str]) -> Operation:
        """Save what a look has shown: steps newly seen or given up, and measurements."""
        with self._unit() as store:
            saved = store.operations.save(after, token=held.token)
            for name, _ in after.seen[len(before.seen) :]:
                self.tell(store, saved, "seen", sentences.get(name, name), step=name)
            for name in after.missed[len(before.missed) :]:
                self.tell(store, saved, "missed", f"Not seen in time: {sentences.get(name, name)}", step=name)
            for name, value in after.notes[len(before.notes) :]:
                self.tell(store, saved, "measured", f"{name.replace('_', ' ')}: {value}", name=name, value=value)
            return saved

    def tell(self, store: Store, operation: Operation, word: str, sentence: str, **detail: str) -> None:
        """A line in the trail."""
        store.operations.record(TrailEntry(operation.id, self._clock.now(), HAVEN, word, sentence, detail))

    def enter(self, store: Store, operation: Operation, action: str, outcome: str) -> None:
        """An entry in the ledger; append it last in a transaction."""
        detail = {"operation": operation.id, "target": operation.target}
        detail |= {"why": operation.because} if operation.because else {}
        detail |= {"request": operation.receipt} if operation.receipt else {}
        at = self._clock.now()
        store.ledger.append(Entry(at, "system", action, outcome, operation.environment, operation.reason, detail))


def held_by(pause: Pause) -> str:
    """Why nothing is begun while automation is paused."""
    return f"Automation is paused until {pause.until:%Y-%m-%d %H:%M} UTC, by {pause.by}: {pause.reason}"


def pause_after(tries: int) -> timedelta:
    """How long to wait after so many tries and one more."""
    return min(RETRY_MOST, timedelta(seconds=2.0 ** min(tries + 1, 6)))
