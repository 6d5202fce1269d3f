"""Registering and finding environments; reading the ledger."""

from dataclasses import replace

import pytest

from services.domain.access import Role
from services.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from services.ports import Entry
from services.usecases.environments import Environments, problems
from services.usecases.ledger import Ledger
from tests import builders as b
from tests.builders import NOW
from tests.fakes.clock import MovableClock
from tests.fakes.store import MemoryUnit

ADMIN, VIEWER, AUDITOR = (b.actor(role) for role in (Role.ADMIN, Role.VIEWER, Role.AUDITOR))


def test_registering_and_finding() -> None:
    unit = MemoryUnit()
    environments = Environments(unit, MovableClock())
    environments.register(ADMIN, b.environment())
    environments.register(ADMIN, b.environment("legacy"))
    assert environments.get(VIEWER, "production") == b.environment()
    assert [each.name for each in environments.all(VIEWER)] == ["legacy", "production"]
    with unit(readonly=True) as store:
        entry = store.ledger.read()[-1]
    assert (entry.actor, entry.action, entry.target) == ("ada", "register environment", "production")
    assert entry.detail["account"] == b.ACCOUNT


def test_registering_twice_is_a_conflict() -> None:
    environments = Environments(MemoryUnit(), MovableClock())
    environments.register(ADMIN, b.environment())
    with pytest.raises(Conflict):
        environments.register(ADMIN, b.environment())


@pytest.mark.parametrize("name", ["nowhere", "", "No\0where", "../../etc"])
def test_an_unknown_environment_is_not_found(name: str) -> None:
    with pytest.raises(NotFound):
        Environments(MemoryUnit(), MovableClock()).get(VIEWER, name)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.OPERATOR])
def test_only_admins_register(role: Role) -> None:
    with pytest.raises(NotAllowed):
        Environments(MemoryUnit(), MovableClock()).register(b.actor(role), b.environment())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("account", "1234"),
        ("region", "us east"),
        ("blueprint", "Multi AZ"),
        ("stack_prefix", "1-production"),
        ("slo_target", 100.0),
        ("slo_target", 12.0),
        ("reader_role_arn", "arn:aws:iam::123456789012:user/me"),
        ("operator_role_arn", ""),
        ("provisioner_role_arn", "role"),
        ("external_id", "x"),
    ],
)
def test_what_is_wrong_with_an_environment_is_said_by_field(field: str, value: object) -> None:
    wrong = replace(b.environment(), **{field: value})  # type: ignore[arg-type]
    assert list(problems(wrong)) == [field]
    with pytest.raises(Invalid) as refused:
        Environments(MemoryUnit(), MovableClock()).register(ADMIN, wrong)
    assert list(refused.value.fields) == [field]


def test_roles_of_every_partition_are_right() -> None:
    arn = "arn:aws-us-gov:iam::123456789012:role/path/haven-reader"
    assert problems(b.environment(reader_role_arn=arn, external_id="haven:1", region="us-gov-west-1")) == {}


def filled() -> MemoryUnit:
    """A ledger of five entries, ada's and bob's in turn."""
    unit = MemoryUnit()
    with unit() as store:
        for number in range(5):
            actor = "ada" if number % 2 == 0 else "bob"
            store.ledger.append(Entry(NOW, actor, "log in", "done", actor))
    return unit


def test_the_ledger_is_read_in_pages() -> None:
    ledger = Ledger(filled())
    first = ledger.page(AUDITOR, limit=2)
    assert ([entry.seq for entry in first.entries], first.before) == ([5, 4], 4)
    second = ledger.page(AUDITOR, limit=2, before=first.before)
    assert ([entry.seq for entry in second.entries], second.before) == ([3, 2], 2)
    last = ledger.page(AUDITOR, limit=2, before=second.before)
    assert ([entry.seq for entry in last.entries], last.before) == ([1], None)


def test_a_page_that_just_fits_is_the_last() -> None:
    assert Ledger(filled()).page(AUDITOR, limit=5).before is None


def test_the_ledger_is_filtered() -> None:
    page = Ledger(filled()).page(AUDITOR, by="bob", action="log in", target="bob")
    assert [entry.seq for entry in page.entries] == [4, 2]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_only_auditors_and_admins_read_the_ledger(role: Role) -> None:
    with pytest.raises(NotAllowed, match="auditor, admin"):
        Ledger(filled()).page(b.actor(role))


@pytest.mark.parametrize("wrong", [{"limit": 0}, {"limit": 501}, {"before": 0}, {"before": 2**63}])
def test_a_page_has_limits(wrong: dict[str, int]) -> None:
    with pytest.raises(Invalid):
        Ledger(filled()).page(AUDITOR, **wrong)  # type: ignore[arg-type]
