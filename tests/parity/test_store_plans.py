"""Plans: the same on the fake, SQLite and PostgreSQL."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.domain.deployment.change_set import ChangeSet, PropertyChange, ResourceChange
from services.domain.deployment.plan import Deed, ParameterChange, Plan, PlanState, StackPlan
from services.domain.errors import Conflict, NotFound
from services.ports import UnitOfWork
from tests.builders import NOW

HOUR = timedelta(hours=1)
CHANGE_SET = ChangeSet(
    arn="arn:aws:cloudformation:us-east-1:123456789012:changeSet/haven-1/2b5f8e10",
    name="haven-1",
    stack="data",
    stack_name="legacy-data",
    creates=False,
    status="CREATE_COMPLETE",
    execution_status="AVAILABLE",
    created_at=datetime(2026, 3, 1, 12, 0, 0, 123456, UTC),
    parameters=(("DatabaseMultiAz", "true"), ("Passwort", "Größe")),
    resources=(
        ResourceChange(
            "Database",
            "legacy-app",
            "AWS::RDS::DBInstance",
            "Modify",
            "Conditional",
            "Snapshot",
            (
                PropertyChange(
                    "/Properties/MultiAZ", "MultiAZ", "Properties", "false", "true", "Never", True, "Direct"
                ),
                PropertyChange("/Tags/0", "", "Tags", None, "", "Never", False, "ParameterReference", "DatabaseTag"),
            ),
            before='{"Properties": {"MultiAZ": "false"}}',
            after='{"Properties": {"MultiAZ": "true"}}',
        ),
    ),
)
STACKS = (
    StackPlan(
        "data",
        "legacy-data",
        "data",
        "a" * 64,
        "b" * 64,
        parameters=(ParameterChange("DatabaseMultiAz", "false", "true"), ParameterChange("Key", None, "", secret=True)),
        inputs=(("VpcId", ("network", "VpcId")),),
        after=("network",),
        policy='{"Statement": []}',
        lifts_policy=True,
        change_set=CHANGE_SET,
    ),
    StackPlan("platform", "legacy-platform", "platform", "c" * 64, unchanged=True),
    StackPlan(
        "service-rbac", "legacy-service-rbac", "service", "d" * 64, after=("data",), unknown="It waits for data."
    ),
    StackPlan("old", "legacy-old", "", "", deed=Deed.DELETE, kept=("Database",), removed=("Topic", "Queue")),
)


def plan(id: str = "plan-1", **changes: Any) -> Plan:
    made = Plan(id, "legacy", "upgrade to multi-az", "ada", NOW, "multi-az", stacks=STACKS, operation="op-1")
    return replace(made, **changes)


def add(unit: UnitOfWork, *plans: Plan) -> None:
    with unit() as store:
        for each in plans:
            store.plans.add(each)


def test_a_plan_comes_back_whole(any_unit: UnitOfWork) -> None:
    whole = plan(state=PlanState.READY, because="Größer", prepared_at=NOW + HOUR, version=3)
    add(any_unit, whole, plan("plan-2", stacks=()))
    with any_unit(readonly=True) as store:
        assert store.plans.get("plan-1") == whole
        assert store.plans.get("plan-2") == plan("plan-2", stacks=())
        assert store.plans.get("plan-3") is None


def test_what_an_approval_is_for_survives_being_kept(any_unit: UnitOfWork) -> None:
    add(any_unit, plan())
    with any_unit(readonly=True) as store:
        stored = store.plans.get("plan-1")
    assert stored is not None
    assert stored.fingerprint == plan().fingerprint


def test_an_id_is_taken_once(any_unit: UnitOfWork) -> None:
    add(any_unit, plan())
    with pytest.raises(Conflict, match="plan-1"):
        add(any_unit, plan(requested_by="bob"))


def test_a_save_grows_the_version_and_keeps_whose_it_is(any_unit: UnitOfWork) -> None:
    add(any_unit, plan(stacks=()))
    ready = replace(plan(), state=PlanState.READY, prepared_at=NOW + HOUR, operation="op-2", because="all known")
    with any_unit() as store:
        saved = store.plans.save(ready)
        assert saved == replace(ready, version=1)
    with any_unit(readonly=True) as store:
        assert store.plans.get("plan-1") == saved


def test_one_made_from_an_older_version_is_refused(any_unit: UnitOfWork) -> None:
    add(any_unit, plan())
    with any_unit() as store:
        store.plans.save(plan(state=PlanState.READY))
    with pytest.raises(Conflict, match=r"ready, at version 1 and not 0"), any_unit() as store:
        store.plans.save(plan(state=PlanState.FAILED))
    with any_unit(readonly=True) as store:
        assert [each.state for each in store.plans.list()] == [PlanState.READY]


def test_an_unknown_one_cannot_be_saved(any_unit: UnitOfWork) -> None:
    with pytest.raises(NotFound, match="plan-1"), any_unit() as store:
        store.plans.save(plan())


def test_of_many_who_save_at_once_one_does(any_unit: UnitOfWork) -> None:
    add(any_unit, plan())

    def save(number: int) -> bool:
        try:
            with any_unit() as store:
                store.plans.save(plan(because=str(number)))
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(save, range(6))) == 1


def test_newest_first_by_environment_and_state(any_unit: UnitOfWork) -> None:
    add(
        any_unit,
        plan("old", requested_at=NOW - HOUR, state=PlanState.OVER),
        plan("same"),
        plan("new", requested_at=NOW + HOUR, state=PlanState.READY),
        plan("there", environment="production", requested_at=NOW + 2 * HOUR, state=PlanState.READY),
        plan("also"),
    )

    def ids(**wanted: Any) -> list[str]:
        with any_unit(readonly=True) as store:
            return [each.id for each in store.plans.list(**wanted)]

    assert ids() == ["there", "new", "same", "also", "old"]
    assert ids(environment="legacy", limit=2) == ["new", "same"]
    assert ids(states=(PlanState.READY, PlanState.OVER)) == ["there", "new", "old"]
    assert ids(environment="production", states=(PlanState.FAILED,)) == []


def test_those_that_were_tidied_up_after_are_told_apart(any_unit: UnitOfWork) -> None:
    done = plan("plan-2", state=PlanState.DISCARDED, stacks=())
    add(any_unit, plan(state=PlanState.DISCARDED, stacks=()), done, plan("plan-3", stacks=()))
    with any_unit() as store:
        saved = store.plans.save(replace(done, tidied_at=NOW + HOUR))
    with any_unit(readonly=True) as store:
        assert store.plans.get("plan-2") == saved
        assert saved.tidied_at == NOW + HOUR
        untidied = store.plans.list(states=(PlanState.DISCARDED,), untidied=True)
        assert [each.id for each in untidied] == ["plan-1"]
        assert len(store.plans.list(states=(PlanState.DISCARDED,))) == 2
