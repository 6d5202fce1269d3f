"""Temporary edits: taking them back at their end, extending them, ending them now, keeping them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.domain.access import SYSTEM, Actor, Permission
from services.domain.check import Check, blocking
from services.domain.errors import Conflict, HavenError, NotFound, Unsafe
from services.domain.operation import Operation, State
from services.domain.scaling.taking_back import TakingBack, taking_back
from services.domain.scaling.temporary import LIVE, Edit, EditState, let_pass
from services.ports import Clock, Entry, Store, UnitOfWork
from services.usecases.scaling_facts import registered, seen, service_of
from services.usecases.scaling_wishes import check_until
from services.usecases.scalings import ScalingRequest, Scalings
from services.usecases.words import REASON_MOST, checked_reason

WARN_BEFORE = timedelta(minutes=15)
AGAIN_AFTER = timedelta(minutes=5)
"""After an operation that failed to take an edit back, until the next one is asked for."""
AT_ONCE = 500
_BEING = "It is being taken back."
_MENDED = "Somebody has changed {} since, so it is left as it is."
_LOST = "Haven cannot put {} back: what it was made of was not read."
_AS_BEFORE = "Everything was as before already."
_OVERRIDES = "It returns to what was there before, as was agreed when its end was set."


@dataclass(frozen=True)
class _Next:
    """Where an edit goes. `ask` is the request that takes it back, to be made in the same transaction."""

    state: EditState
    because: str
    ask: ScalingRequest | None = None


class TemporaryEdits:
    """Everything is in the database, so it outlives every process."""

    def __init__(self, unit: UnitOfWork, clock: Clock, scalings: Scalings) -> None:
        self._unit, self._clock, self._scalings = unit, clock, scalings

    def tick(self) -> int:
        """Have those that are due taken back, each by an operation of its own that Haven asks for; how many. One that
        cannot be taken back safely is held, saying why, and tried again at the next tick. Two workers may do this at
        once."""
        with self._unit(readonly=True) as store:
            live = store.edits.list(states=LIVE, limit=AT_ONCE)
        return sum(self._look(edit) for edit in live)

    def live(self, actor: Actor, environment: str | None = None) -> Sequence[Edit]:
        """Those still to end, soonest first."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        with self._unit(readonly=True) as store:
            return store.edits.list(environment=environment, states=LIVE, limit=AT_ONCE)

    def extend(self, actor: Actor, id: str, version: int, until: datetime, reason: str, *, client: str = "") -> Edit:
        """Move its end. Raises NotAllowed, NotFound, Invalid with fields (`until`, `reason`), Conflict."""
        actor.require(Permission.CHANGE_SCALING)
        reason, now = checked_reason(reason), self._clock.now()
        check_until(until, now)
        with self._unit() as store:
            edit = _steerable(store, id, version)
            said = f"{actor.name} moved its end from {edit.until:%Y-%m-%d %H:%M} UTC: {reason}"
            moved = replace(
                edit, until=until, state=EditState.WAITING, because=said, revert="", extended=edit.extended + 1
            )
            return self._save(store, moved, "extend temporary edit", actor, reason, client)

    def end(
        self, actor: Actor, id: str, version: int, reason: str, *, overrides: Sequence[str] = (), client: str = ""
    ) -> Edit:
        """Have it taken back now, also one that is held, by an operation of that person, who may let checks pass as in
        any other change. Raises as `extend`, Unsafe."""
        actor.require(Permission.CHANGE_SCALING)
        if overrides:
            actor.require(Permission.OVERRIDE_CHECKS)
        reason = checked_reason(reason)
        with self._unit() as store:
            edit = _steerable(store, id, version)
            made = store.operations.get(edit.id)
            if made is not None and made.live:
                raise Conflict(f"It is still being made: {made.id} is {made.state}.")
            following = self._back(store, edit, made, reason, overrides)
            if following.state is EditState.HELD:
                raise Unsafe(f"Nothing was asked for. {following.because}")
            return self._apply(store, edit, following, actor, reason, client)

    def keep(self, actor: Actor, id: str, version: int, reason: str, *, client: str = "") -> Edit:
        """Make it permanent. Raises as `extend`."""
        actor.require(Permission.CHANGE_SCALING)
        reason = checked_reason(reason)
        with self._unit() as store:
            edit = _steerable(store, id, version)
            kept = replace(edit, state=EditState.KEPT, because=f"{actor.name} made it permanent: {reason}")
            return self._save(store, kept, "keep temporary edit", actor, reason, client)

    def _look(self, edit: Edit) -> bool:
        """One edit, at most one step further; whether it is being taken back from now on."""
        with self._unit(readonly=True) as store:
            following = self._next(store, edit)
        if following is None or (following.state, following.because) == (edit.state, edit.because):
            return False
        try:
            with self._unit() as store:
                now = store.edits.get(edit.id)
                # Whoever was first has it; and what was true a moment ago is looked at once more.
                if now is None or now.version != edit.version or (again := self._next(store, now)) is None:
                    return False
                self._apply(store, now, again, SYSTEM, again.ask.reason if again.ask else "", "")
                return again.ask is not None
        except Conflict:
            return False

    def _next(self, store: Store, edit: Edit) -> _Next | None:
        made = store.operations.get(edit.id)
        if edit.state is EditState.REVERTING:
            return _reverting(edit, store.operations.get(edit.revert))
        if made is not None and not made.live and made.state is not State.SUCCEEDED and not made.irreversible:
            return _Next(EditState.ENDED, f"It never came into force: {made.because}")
        if self._clock.now() < edit.until:
            return None
        if made is not None and made.live:
            return _Next(EditState.HELD, f"Its end has come, and it is still being made: {made.id} is {made.state}.")
        tried = store.operations.get(edit.revert) if edit.revert else None
        if tried is not None and self._clock.now() - (tried.finished_at or edit.at) < AGAIN_AFTER:
            return None
        return self._back(store, edit, made, f"Its end has come: {edit.reason}"[:REASON_MOST], ())

    def _back(self, store: Store, edit: Edit, made: Operation | None, reason: str, overrides: Sequence[str]) -> _Next:
        """How it is taken back on the newest snapshot, or why not."""
        try:
            _, snapshot = seen(store, edit.environment)
            now = registered(service_of(snapshot, edit.service))
            back = taking_back(edit.change, edit.before, now)
            if not back.anything:
                return _nothing(back)
            preview = self._scalings.preview_in(store, edit.environment, edit.service, back.change, now)
        except HavenError as problem:
            return _Next(EditState.HELD, problem.message)
        if preview.live is not None:
            return _Next(
                EditState.HELD, f"{preview.live.id} of {preview.live.requested_by} runs on it: it comes first."
            )
        passed = {*let_pass(preview.checks, made.checks if made else ()), *overrides}
        if bad := blocking(preview.checks, passed):
            return _Next(EditState.HELD, " ".join(_told(check) for check in bad))
        said = " ".join([_BEING, *([_MENDED.format(_list(back.moved))] if back.moved else [])])
        ask = ScalingRequest(
            edit.environment,
            edit.service,
            back.change,
            now,
            reason,
            overrides=tuple(sorted(passed)),
            override_reason=f"{_OVERRIDES} {reason}"[:REASON_MOST],
            reverts=edit.id,
        )
        return _Next(EditState.REVERTING, said, ask)

    def _apply(self, store: Store, edit: Edit, following: _Next, actor: Actor, reason: str, client: str) -> Edit:
        """Save where it goes, and ask for the operation that takes it back."""
        moved = replace(edit, state=following.state, because=following.because)
        if following.ask is not None:
            moved = replace(moved, revert=self._scalings.ask_in(store, actor, following.ask, client=client).id)
        told = following.state is not edit.state
        return self._save(store, moved, _ACTS[following.state] if told else "", actor, reason, client)

    def _save(self, store: Store, edit: Edit, action: str, actor: Actor, reason: str, client: str) -> Edit:
        saved = store.edits.save(edit)
        if action:
            detail = {"edit": edit.id, "target": edit.service, "why": edit.because[:2000]}
            detail |= {"until": edit.until.isoformat(timespec="seconds"), "operation": edit.revert}
            plain = {name: value for name, value in detail.items() if value}
            at, who = self._clock.now(), actor.name
            entry = Entry(at, who, action, edit.state.value, edit.environment, reason, plain, client[:256])
            store.ledger.append(entry)
        return saved


_ACTS = {
    EditState.WAITING: "extend temporary edit",
    EditState.HELD: "hold temporary edit",
    EditState.REVERTING: "take back temporary edit",
    EditState.ENDED: "end temporary edit",
    EditState.KEPT: "keep temporary edit",
}


def _steerable(store: Store, id: str, version: int) -> Edit:
    edit = store.edits.get(id)
    if edit is None:
        raise NotFound(f"There is no temporary edit {id[:40]}.")
    if edit.state is EditState.REVERTING:
        raise Conflict(f"It is being taken back already, by {edit.revert}.")
    if not edit.live:
        raise Conflict(f"It is over already: {edit.state}. {edit.because}".strip())
    if edit.version != version:
        raise Conflict("It has changed since you looked. Look again, and decide on what you then see.")
    return edit


def _reverting(edit: Edit, operation: Operation | None) -> _Next | None:
    if operation is None:
        return _Next(EditState.HELD, "Nothing is known of the change that was to take it back.")
    if operation.state is State.SUCCEEDED:
        more = edit.because.removeprefix(_BEING).strip() if edit.because.startswith(_BEING) else ""
        return _Next(EditState.ENDED, f"It was taken back, and AWS shows it. {more}".strip())
    if operation.state is State.STUCK:
        return _Next(EditState.REVERTING, f"Taking it back is stuck: a person must look at {operation.id}.")
    if operation.live:
        return None
    return _Next(EditState.HELD, f"Taking it back {operation.state}: {operation.because}")


def _nothing(back: TakingBack) -> _Next:
    if back.moved:
        return _Next(EditState.KEPT, _MENDED.format(_list(back.moved)))
    if back.lost:
        return _Next(EditState.KEPT, _LOST.format(_list(back.lost)))
    return _Next(EditState.ENDED, _AS_BEFORE)


def _told(check: Check) -> str:
    # How old a reading is changes with every second; that alone is nothing new.
    return f"{check.title}: not so. {check.mend}" if check.key == "fresh" else f"{check.title}: {check.fact}"


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)
