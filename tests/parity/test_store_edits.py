"""Temporary edits: the same on the fake, SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.domain.errors import Conflict, NotFound
from services.domain.scaling.change import ScalingChange, Suspended, state_of
from services.domain.scaling.step import Adjustment, Step, StepPolicy
from services.domain.scaling.temporary import Edit, EditState
from services.ports import UnitOfWork
from tests import builders as b
from tests.builders import NOW

HOUR = timedelta(hours=1)
STEPS = StepPolicy("burst", Adjustment.PERCENT, (Step(50, 0.0, 10.0), Step(100, 10.0)), least=2)


def edit(id: str = "edit-1", **changes: Any) -> Edit:
    made = Edit(
        id=id,
        environment="production",
        service="rbac",
        by="ada",
        reason="Größerer Andrang",
        at=NOW,
        until=NOW + HOUR,
        before=state_of(b.scaling()),
        change=ScalingChange(max_capacity=20, suspended=Suspended(True, False, False), steps=(STEPS,), until=NOW),
    )
    return replace(made, **changes)


def add(unit: UnitOfWork, *edits: Edit) -> None:
    with unit() as store:
        for each in edits:
            store.edits.add(each)


def test_an_edit_comes_back_whole(any_unit: UnitOfWork) -> None:
    add(any_unit, edit())
    with any_unit(readonly=True) as store:
        assert store.edits.get("edit-1") == edit()
        assert store.edits.get("edit-2") is None


def test_an_id_is_taken_once(any_unit: UnitOfWork) -> None:
    add(any_unit, edit())
    with pytest.raises(Conflict, match="edit-1"):
        add(any_unit, edit(by="bob"))


def test_a_save_grows_the_version_and_keeps_whose_it_is(any_unit: UnitOfWork) -> None:
    add(any_unit, edit())
    longer = replace(edit(), until=NOW + 2 * HOUR, extended=1, state=EditState.HELD, because="max is used", revert="r")
    with any_unit() as store:
        saved = store.edits.save(longer)
        assert saved == replace(longer, version=1)
        assert store.edits.get("edit-1") == saved


def test_one_made_from_an_older_version_is_refused(any_unit: UnitOfWork) -> None:
    add(any_unit, edit())
    with any_unit() as store:
        store.edits.save(replace(edit(), state=EditState.REVERTING))
    with pytest.raises(Conflict, match=r"reverting.*version 1 and not 0"), any_unit() as store:
        store.edits.save(replace(edit(), state=EditState.KEPT))
    with any_unit(readonly=True) as store:
        assert store.edits.list()[0].state is EditState.REVERTING


def test_an_unknown_one_cannot_be_saved(any_unit: UnitOfWork) -> None:
    with pytest.raises(NotFound, match="edit-1"), any_unit() as store:
        store.edits.save(edit())


def test_of_many_who_save_at_once_one_does(any_unit: UnitOfWork) -> None:
    add(any_unit, edit())

    def save(number: int) -> bool:
        try:
            with any_unit() as store:
                store.edits.save(replace(edit(), because=str(number)))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(save, range(6))) == 1


def test_soonest_end_first_by_environment_service_and_state(any_unit: UnitOfWork) -> None:
    add(
        any_unit,
        edit("late", until=NOW + 3 * HOUR),
        edit("soon"),
        edit("same"),
        edit("over", until=NOW - HOUR, state=EditState.ENDED),
        edit("other", service="audit", until=NOW, state=EditState.HELD),
        edit("there", environment="legacy", until=NOW - 2 * HOUR),
    )

    def ids(**wanted: Any) -> list[str]:
        with any_unit(readonly=True) as store:
            return [each.id for each in store.edits.list(**wanted)]

    assert ids() == ["there", "over", "other", "same", "soon", "late"]
    assert ids(environment="production", service="rbac") == ["over", "same", "soon", "late"]
    assert ids(states=(EditState.WAITING, EditState.HELD), limit=3) == ["there", "other", "same"]
    assert ids(environment="legacy", states=(EditState.ENDED,)) == []
