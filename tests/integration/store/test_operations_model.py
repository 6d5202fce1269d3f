"""Whatever order people and workers act in: the fake and SQLite answer alike, and what an operation promises holds."""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule, run_state_machine_as_test

from services.domain.errors import Conflict, NotFound
from services.domain.operation import LIVE, TERMINAL, Operation, State
from services.ports import Store
from services.store.engine import make_engine
from services.store.unit import SqlUnit
from tests import builders as b
from tests.builders import NOW
from tests.fakes.store import MemoryUnit

PLACES = st.tuples(st.sampled_from(["production", "legacy"]), st.sampled_from(["app", "cache"]))
STATES = st.sampled_from(sorted(LIVE)) | st.sampled_from(sorted(TERMINAL))


class Saving(RuleBasedStateMachine):
    """Operations read at some time and saved at a later one, by workers with some token and by people with none."""

    read = Bundle("read")

    def __init__(self, template: Path) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(dir=template.parent))
        self.engine = make_engine(f"sqlite:///{shutil.copy(template, self.folder)}")
        self.units = (MemoryUnit(), SqlUnit(self.engine))
        self.versions: dict[str, int] = {}
        self.tokens: dict[str, int] = {}
        self.over: set[str] = set()

    def teardown(self) -> None:
        self.engine.dispose()
        shutil.rmtree(self.folder)

    def both(self, act: Callable[[Store], Operation | None]) -> Operation | str | None:
        """Do it in both; the answer, or the words of the refusal, which are the same."""
        answers: list[Operation | str | None] = []
        for unit in self.units:
            try:
                with unit() as store:
                    answers.append(act(store))
            except (Conflict, NotFound) as refused:
                answers.append(refused.message)
        assert answers[0] == answers[1]
        return answers[0]

    @rule(target=read, number=st.integers(0, 5), place=PLACES, state=STATES, minutes=st.integers(0, 2))
    def ask(self, number: int, place: tuple[str, str], state: State, minutes: int) -> object:
        """Somebody asks; the target is free, held, or the id is taken."""
        env, target = place
        asked = b.operation(
            f"op-{number}", env, state, target=target, requested_at=NOW + timedelta(minutes=minutes, seconds=number)
        )
        refused = self.both(lambda store: store.operations.add(asked))
        if refused is None:
            assert asked.id not in self.versions
            self.versions[asked.id], self.tokens[asked.id] = 0, 0
            self.over |= set() if asked.live else {asked.id}
        return asked if refused is None else multiple()

    @rule(target=read, number=st.integers(0, 5))
    def look(self, number: int) -> object:
        """Read what is stored, to be saved now or much later."""
        found = self.both(lambda store: store.operations.get(f"op-{number}"))
        return found if isinstance(found, Operation) else multiple()

    @rule(target=read, was=read, state=STATES, token=st.none() | st.integers(1, 4), note=st.text(max_size=3))
    def save(self, was: Operation, state: State, token: int | None, note: str) -> object:
        """Save what was read: it works only on the newest version, with a token not overtaken."""
        wanted = replace(was, state=state).noted(note=note)
        allowed = (
            was.version == self.versions[was.id]
            and (token is None or token >= self.tokens[was.id])
            and not (wanted.live and was.id in self.over)
        )
        saved = self.both(lambda store: store.operations.save(wanted, token=token))
        assert isinstance(saved, Operation) == allowed
        if not isinstance(saved, Operation):
            return multiple()
        assert saved == replace(wanted, version=was.version + 1)
        self.versions[was.id] = saved.version
        self.tokens[was.id] = max(self.tokens[was.id], token or 0)
        self.over |= set() if saved.live else {was.id}
        return saved

    @rule(was=read, token=st.none() | st.integers(1, 4))
    def fail_on_the_way(self, was: Operation, token: int | None) -> None:
        """A transaction that does not reach its end leaves nothing."""
        for unit in self.units:
            try:
                with unit() as store:
                    store.operations.record(b.trail_entry(was.id))
                    store.operations.save(was, token=token)
                    raise InterruptedError
            except (Conflict, InterruptedError):
                pass

    @invariant()
    def the_same_in_both_and_one_live_per_target(self) -> None:
        views = []
        for unit in self.units:
            with unit(readonly=True) as store:
                live = list(store.operations.live())
                held = [store.operations.on(one.environment, one.target) for one in live]
                views.append((live, held, list(store.operations.list())))
                assert not any(store.operations.trail(one) for one in self.versions)
        assert views[0] == views[1]
        live, held, everything = views[0]
        assert held == live
        assert len({(one.environment, one.target) for one in live}) == len(live)
        assert {one.id: one.version for one in everything} == self.versions
        assert {one.id for one in everything if not one.live} == self.over


def test_saving_in_any_order(sqlite_template: Path) -> None:
    run_state_machine_as_test(
        lambda: Saving(sqlite_template),  # type: ignore[arg-type] # any factory does
        settings=settings(max_examples=25, stateful_step_count=20, deadline=None),
    )
