"""Editing, archiving and bringing back environments: what stays, what conflicts, what the ledger keeps."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.domain.access import Role
from services.domain.environment import Environment
from services.domain.errors import Conflict, Invalid, NotAllowed, NotFound
from services.domain.operation import Operation, State, Target
from services.domain.scaling.change import ScalingChange, state_of
from services.domain.scaling.temporary import Edit
from services.ports import Entry
from services.usecases.environments import CHECK, Changed, Environments, version
from tests import builders as b
from tests.builders import NOW
from tests.fakes.clock import MovableClock
from tests.fakes.store import MemoryUnit

ADMIN, OTHER = b.actor(Role.ADMIN), b.actor(Role.ADMIN, "bob")
OPERATOR = b.actor(Role.OPERATOR)
REASON = "the company moved house"


class Scene:
    """Production, registered; `read` says that its stacks are known."""

    def __init__(self, *, read: bool = False, **changes: Any) -> None:
        self.unit = MemoryUnit()
        self.desk = Environments(self.unit, MovableClock(), ("multi-az", "single-az"))
        self.desk.register(ADMIN, b.environment(**changes))
        if read:
            with self.unit() as store:
                store.snapshots.put(b.snapshot(), changed=True, verdict="healthy", summary="", token=1)

    @property
    def now(self) -> Environment:
        return self.desk.get(ADMIN, "production")

    @property
    def seen(self) -> str:
        return self.desk.editable(ADMIN, "production").version

    def edit(self, reason: str = "", **changes: Any) -> Any:
        return self.desk.edit(ADMIN, self.seen, replace(self.now, **changes), reason=reason, client="10.0.0.7")

    def operate(self, kind: str = "failover", state: State = State.RUNNING) -> None:
        operation = Operation(
            id="op-1",
            kind=kind,
            environment="production",
            target_kind=Target.ENVIRONMENT,
            target="production-app",
            requested_by="ada",
            requested_at=NOW,
            reason=REASON,
            begin_before=NOW + timedelta(minutes=5),
            state=state,
        )
        with self.unit() as store:
            store.operations.add(operation)

    @property
    def ledger(self) -> list[Entry]:
        with self.unit(readonly=True) as store:
            return list(store.ledger.read())


def test_an_edit_is_kept_and_told() -> None:
    scene = Scene()
    changed = scene.edit(slo_target=99.9, blueprint="single-az", external_id="half-a-key")
    assert changed == {
        "blueprint": ("multi-az", "single-az"),
        "slo_target": ("99.95", "99.9"),
        "external_id": ("none", "half-a-key"),
    }
    assert (scene.now.slo_target, scene.now.blueprint, scene.now.external_id) == (99.9, "single-az", "half-a-key")
    entry = scene.ledger[0]
    assert (entry.actor, entry.action, entry.outcome, entry.client) == ("ada", "edit environment", "done", "10.0.0.7")
    assert entry.detail == {
        "blueprint": "multi-az -> single-az",
        "slo_target": "99.95 -> 99.9",
        "external_id": "changed",
    }


def test_an_edit_that_changes_nothing_writes_nothing() -> None:
    scene = Scene()
    writes = scene.unit.writes
    assert scene.edit() == {}
    assert scene.unit.writes == writes


def test_an_edit_keeps_when_it_was_registered_and_whether_it_is_archived() -> None:
    scene = Scene()
    scene.edit(created_at=NOW, archived=True, slo_target=99.0)
    assert (scene.now.created_at, scene.now.archived) == (b.environment().created_at, False)


def test_who_was_slower_sees_both_versions() -> None:
    scene = Scene()
    seen, mine = scene.seen, replace(scene.now, slo_target=99.0)
    scene.desk.edit(OTHER, seen, replace(scene.now, slo_target=99.5, blueprint="single-az"))
    with pytest.raises(Changed) as refused:
        scene.desk.edit(ADMIN, seen, mine)
    assert (refused.value.now.slo_target, refused.value.wanted.slo_target) == (99.5, 99.0)
    assert refused.value.by == f"bob at {NOW:%Y-%m-%d %H:%M} UTC"
    assert refused.value.message == (
        f"production was changed by bob at {NOW:%Y-%m-%d %H:%M} UTC since you opened it. "
        "blueprint: now single-az, yours multi-az; SLO target: now 99.5, yours 99."
    )
    assert scene.now.slo_target == 99.5
    entry = scene.ledger[0]
    assert (entry.actor, entry.action, entry.outcome) == ("ada", "edit environment", "denied")
    assert entry.detail["why"] == refused.value.message


def test_a_version_differs_with_every_value() -> None:
    plain = b.environment()
    edited = [
        replace(plain, **{name: value})
        for name, value in {
            "account": "210987654321",
            "region": "eu-west-1",
            "blueprint": "x",
            "stack_prefix": "x",
            "protected": False,
            "slo_target": 99.0,
            "reader_role_arn": "r",
            "operator_role_arn": "r",
            "provisioner_role_arn": "r",
            "external_id": "r",
            "archived": True,
        }.items()
    ]
    assert len({version(each) for each in [plain, *edited]}) == 12


@pytest.mark.parametrize(
    ("field", "value"), [("account", "210987654321"), ("region", "eu-west-1"), ("stack_prefix", "shop")]
)
def test_where_it_is_stays_once_stacks_are_known(field: str, value: str) -> None:
    fresh = Scene()
    fresh.edit(**{field: value})
    assert getattr(fresh.now, field) == value
    known = Scene(read=True)
    with pytest.raises(Invalid, match="Stacks of it are known") as refused:
        known.edit(**{field: value})
    assert list(refused.value.fields) == [field]
    assert "production-data, production-network and production-platform and 3 more" in refused.value.fields[field]
    assert set(known.desk.editable(ADMIN, "production").fixed) == {"name", "account", "region", "stack_prefix"}


def test_where_it_is_stays_while_an_operation_is_live() -> None:
    scene = Scene()
    scene.operate()
    with pytest.raises(Invalid, match="in use by the failover of production-app"):
        scene.edit(region="eu-west-1")
    scene.edit(slo_target=99.0)
    assert scene.now.slo_target == 99.0


def test_protection_is_given_up_only_with_a_reason() -> None:
    scene = Scene()
    with pytest.raises(Invalid, match="one person alone") as refused:
        scene.edit(protected=False)
    assert list(refused.value.fields) == ["reason"]
    with pytest.raises(Invalid, match="at least 8"):
        scene.edit("short", protected=False)
    scene.edit(REASON, protected=False)
    assert not scene.now.protected
    assert (scene.ledger[0].reason, scene.ledger[0].detail) == (REASON, {"protected": "yes -> no"})
    scene.edit(protected=True)
    assert scene.now.protected


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("blueprint", "three-az", "there are multi-az and single-az"),
        ("reader_role_arn", "arn:aws:iam::210987654321:role/haven", "belongs to account 210987654321"),
        ("slo_target", float("nan"), "A percentage"),
    ],
)
def test_what_is_wrong_is_said_by_field(field: str, value: object, why: str) -> None:
    scene = Scene()
    with pytest.raises(Invalid, match=why) as refused:
        scene.edit(**{field: value})
    assert list(refused.value.fields) == [field]


def test_a_name_that_is_a_page_is_refused() -> None:
    with pytest.raises(Invalid, match="uses this name itself"):
        Scene().desk.register(ADMIN, b.environment("new"))


def test_no_two_environments_have_the_same_stacks() -> None:
    scene = Scene()
    with pytest.raises(Conflict, match="production looks after the stacks production-… in 123456789012, us-east-1"):
        scene.desk.register(ADMIN, b.environment("legacy", stack_prefix="production"))
    assert (scene.ledger[0].action, scene.ledger[0].outcome) == ("register environment", "denied")
    scene.desk.register(ADMIN, b.environment("legacy", stack_prefix="production", region="eu-west-1"))
    legacy = scene.desk.editable(ADMIN, "legacy")
    with pytest.raises(Conflict, match="already"):
        scene.desk.edit(ADMIN, legacy.version, replace(legacy.environment, region="us-east-1"))


def test_archiving_leaves_the_history_and_says_why() -> None:
    scene = Scene(read=True)
    scene.desk.archive(ADMIN, "production", REASON, client="10.0.0.7")
    assert scene.now.archived
    assert list(scene.desk.all(ADMIN)) == []
    assert [each.name for each in scene.desk.all(ADMIN, archived=True)] == ["production"]
    entry = scene.ledger[0]
    assert (entry.action, entry.outcome, entry.target, entry.reason) == (
        "archive environment",
        "done",
        "production",
        REASON,
    )
    with pytest.raises(Conflict, match="archived already"):
        scene.desk.archive(ADMIN, "production", REASON)
    with pytest.raises(Conflict, match="Bring it back, then edit it"):
        scene.edit(slo_target=99.0)
    with pytest.raises(Conflict, match="It is archived; bring it back instead"):
        scene.desk.register(ADMIN, b.environment())


def test_archiving_takes_a_reason() -> None:
    with pytest.raises(Invalid, match="at least 8"):
        Scene().desk.archive(ADMIN, "production", "")


@pytest.mark.parametrize("state", [State.RUNNING, State.STUCK, State.AWAITING_APPROVAL])
def test_nothing_is_archived_while_an_operation_is_live(state: State) -> None:
    scene = Scene()
    scene.operate(state=state)
    with pytest.raises(Conflict, match=rf"the failover of production-app \({state}\) must be over first"):
        scene.desk.archive(ADMIN, "production", REASON)
    assert not scene.now.archived
    assert (scene.ledger[0].action, scene.ledger[0].outcome) == ("archive environment", "denied")


def test_a_look_at_the_rights_holds_nothing() -> None:
    scene = Scene()
    scene.operate(CHECK)
    scene.desk.archive(ADMIN, "production", REASON)
    assert scene.now.archived


def test_nothing_is_archived_while_a_temporary_edit_is_in_force() -> None:
    scene = Scene()
    before = state_of(b.scaling())
    before = state_of(b.scaling())
    edit = Edit("e-1", "production", "rbac", "ada", REASON, NOW, NOW + timedelta(hours=1), before, ScalingChange())
    with scene.unit() as store:
        store.edits.add(edit)
    with pytest.raises(Conflict, match=r"1 temporary scaling edit is still to be taken back \(rbac\)"):
        scene.desk.archive(ADMIN, "production", REASON)


def test_bringing_back() -> None:
    scene = Scene()
    scene.desk.archive(ADMIN, "production", REASON)
    scene.desk.bring_back(OTHER, "production")
    assert not scene.now.archived
    assert (scene.ledger[0].actor, scene.ledger[0].action) == ("bob", "bring environment back")
    with pytest.raises(Conflict, match="not archived"):
        scene.desk.bring_back(ADMIN, "production")


def test_nothing_is_brought_back_whose_stacks_another_one_has() -> None:
    scene = Scene()
    scene.desk.archive(ADMIN, "production", REASON)
    scene.desk.register(ADMIN, b.environment("heir", stack_prefix="production"))
    with pytest.raises(Conflict, match="heir looks after"):
        scene.desk.bring_back(ADMIN, "production")
    assert scene.now.archived


def test_only_admins_change_environments() -> None:
    scene = Scene()
    before, seen = scene.now, scene.seen
    acts = (
        lambda: scene.desk.edit(OPERATOR, seen, replace(before, slo_target=99.0)),
        lambda: scene.desk.archive(OPERATOR, "production", REASON),
        lambda: scene.desk.bring_back(OPERATOR, "production"),
        lambda: scene.desk.editable(OPERATOR, "production"),
        lambda: scene.desk.blueprints(OPERATOR),
    )
    for act in acts:
        with pytest.raises(NotAllowed, match="manage environments"):
            act()
    assert scene.now == before


def test_what_is_not_there_is_not_found() -> None:
    scene = Scene()
    for act in (
        lambda: scene.desk.editable(ADMIN, "nowhere"),
        lambda: scene.desk.archive(ADMIN, "nowhere", REASON),
        lambda: scene.desk.bring_back(ADMIN, "../etc"),
        lambda: scene.desk.edit(ADMIN, "", b.environment("nowhere")),
    ):
        with pytest.raises(NotFound):
            act()
