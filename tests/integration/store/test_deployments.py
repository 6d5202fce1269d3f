"""What is kept of deployments: few statements, small rows, lists without unpacking twice, and bodies from before."""

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from services.domain.deployment.change_set import ChangeSet, PropertyChange, ResourceChange
from services.domain.deployment.event import StackEvent
from services.domain.deployment.plan import Plan, PlanState, StackPlan
from services.store.packed import Packed
from services.store.unit import SqlUnit
from tests.builders import NOW

STACKS = Packed[tuple[StackPlan, ...]](tuple[StackPlan, ...])
ARN = "arn:aws:cloudformation:us-east-1:123456789012:stack/production-data/1"


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The statements that are executed meanwhile, without those that only begin or end something."""
    found: list[str] = []

    def heard(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            found.append(statement)

    event.listen(engine, "before_cursor_execute", heard)
    yield found
    event.remove(engine, "before_cursor_execute", heard)


def resource(number: int) -> ResourceChange:
    body = {"Properties": {f"Property{n}": f"value {number * n} of this one" for n in range(40)}}
    change = PropertyChange("/Properties/Property1", "Property1", "Properties", "a", "b", "Never", True, "Direct")
    before, after = json.dumps(body), json.dumps(body | {"Tags": []})
    return ResourceChange(
        f"R{number}", f"r-{number}", "AWS::X", "Modify", properties=(change,) * 5, before=before, after=after
    )


def large(id: str = "plan-1") -> Plan:
    """About as large as a plan gets: six change sets, half a megabyte."""
    resources = tuple(resource(number) for number in range(20))
    change_set = ChangeSet(ARN, "haven-1", "data", "production-data", False, "CREATE_COMPLETE", "AVAILABLE", NOW)
    stack = StackPlan("data", "production-data", "data", "a", change_set=replace(change_set, resources=resources))
    stacks = tuple(replace(stack, name=f"stack-{number}") for number in range(6))
    return Plan(id, "production", "upgrade", "ada", NOW, "multi-az", stacks=stacks)


def test_a_large_plan_is_a_small_row(engine: Engine, unit: SqlUnit) -> None:
    assert len(json.dumps(asdict(large()), default=str)) > 400_000
    with unit() as store:
        store.plans.add(large())
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT length(stacks) + length(body) FROM plans")) < 40_000


def test_a_list_is_one_statement_and_shares_what_it_has_unpacked(engine: Engine, unit: SqlUnit) -> None:
    with unit() as store:
        for number in range(5):
            store.plans.add(large(f"plan-{number}"))
    with statements(engine) as found, unit(readonly=True) as store:
        first = {plan.id: plan for plan in store.plans.list()}
    assert len(found) == 1
    with unit() as store:
        store.plans.save(replace(first["plan-0"], state=PlanState.ASKED))
        again = {plan.id: plan for plan in store.plans.list()}
    assert all(again[each].stacks[0] is plan.stacks[0] for each, plan in first.items())


def test_what_two_databases_keep_under_one_id_is_never_mixed_up(unit: SqlUnit) -> None:
    with unit() as store:
        store.plans.add(large())
        assert store.plans.get("plan-1") == large()
        store.plans.save(replace(large(), stacks=()))
        found = store.plans.get("plan-1")
    assert found is not None
    assert found.stacks == ()


def test_stacks_from_before_a_field_was_added() -> None:
    whole = large().stacks
    old = json.loads(zlib.decompress(STACKS.write(whole)))
    for stack in old:
        del stack["kept"], stack["change_set"]["reason"]
        stack["gone"] = "a field of another version"
    assert STACKS.read(zlib.compress(json.dumps(old).encode())) == whole


@pytest.mark.parametrize("count", [1, 500])
def test_a_rollouts_events_are_put_in_a_statement(engine: Engine, unit: SqlUnit, count: int) -> None:
    events = [
        StackEvent(
            f"e-{n}", NOW + n * timedelta(seconds=1), "data", ARN, "Key", "k", "AWS::KMS::Key", "CREATE_COMPLETE"
        )
        for n in range(count)
    ]
    with statements(engine) as found, unit() as store:
        assert store.stack_events.put("production", events) == count
    assert len(found) == 1
    with statements(engine) as found, unit() as store:
        assert store.stack_events.put("production", events) == 0
    assert len(found) == 1


def test_templates_are_listed_without_their_texts(engine: Engine, unit: SqlUnit) -> None:
    with unit() as store:
        store.templates.put("a", "data", "Resources: {}\n" * 1000, NOW)
    with statements(engine) as found, unit(readonly=True) as store:
        assert store.templates.all() == [("a", "data", NOW)]
    assert "body" not in found[0]
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT length(body) FROM templates")) < 200
