"""People: guards, sessions that end, and the ledger."""

from dataclasses import dataclass, field

import pytest

from services.domain.access import SYSTEM, Role
from services.domain.errors import Conflict, Invalid, NotAllowed, NotFound, Unsafe
from services.ports import Entry, LoginSession
from services.usecases.users import Users, problems
from tests import builders as b
from tests.builders import NOW
from tests.fakes.clock import MovableClock
from tests.fakes.secrets import CountingTokens, PlainPasswords
from tests.fakes.store import MemoryUnit

ADMIN = b.actor(Role.ADMIN, "root.admin")
PASSWORD = "correct horse battery"


@dataclass
class Scene:
    """Users with one admin, root.admin, and one viewer, ada, who has a session."""

    unit: MemoryUnit = field(default_factory=MemoryUnit)

    def __post_init__(self) -> None:
        self.users = Users(self.unit, MovableClock(), CountingTokens(), PlainPasswords())
        with self.unit() as store:
            store.users.add(b.user("root.admin", Role.ADMIN), "v1:secret")
            store.users.add(b.user("ada", Role.VIEWER), "v1:secret")
            store.sessions.add(LoginSession("s1", "ada", NOW, NOW, ""))

    def entries(self) -> list[Entry]:
        with self.unit(readonly=True) as store:
            return list(reversed(store.ledger.read()))

    def role(self, name: str) -> Role:
        with self.unit(readonly=True) as store:
            credential = store.users.get(name)
        assert credential is not None
        return credential.user.role

    def has_session(self) -> bool:
        with self.unit(readonly=True) as store:
            return store.sessions.get("s1") is not None


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_adding_a_person(scene: Scene) -> None:
    added = scene.users.add(ADMIN, "eve", Role.AUDITOR, PASSWORD, client="192.0.2.1")
    assert added == b.user("eve", Role.AUDITOR, created_at=NOW)
    assert [user.name for user in scene.users.all(ADMIN)] == ["ada", "eve", "root.admin"]
    assert scene.entries() == [
        Entry(NOW, "root.admin", "add user", "done", "eve", detail={"role": "auditor"}, client="192.0.2.1", seq=1)
    ]
    assert PASSWORD not in str(scene.entries())


def test_a_taken_name_adds_nothing_to_the_ledger(scene: Scene) -> None:
    with pytest.raises(Conflict):
        scene.users.add(ADMIN, "ada", Role.VIEWER, PASSWORD)
    assert scene.entries() == []


@pytest.mark.parametrize(
    "name", ["al", "x" * 65, "Ada", "1ada", "a b", "ada-", "ada\n", "", "system", "anonymous", "ädä"]
)
def test_names_haven_does_not_take(name: str) -> None:
    assert list(problems(name, PASSWORD)) == ["name"]


@pytest.mark.parametrize("name", ["ada", "ada.lovelace", "ada@example.org", "a_b-c+d"])
def test_names_haven_takes(name: str) -> None:
    assert problems(name, PASSWORD) == {}


@pytest.mark.parametrize("password", ["", "x" * 11, "x" * 257, "ADA.LOVELACE"])
def test_passwords_haven_does_not_take(password: str) -> None:
    assert list(problems("ada.lovelace", password)) == ["password"]


def test_a_refusal_names_the_fields(scene: Scene) -> None:
    with pytest.raises(Invalid) as refused:
        scene.users.add(ADMIN, "X", Role.VIEWER, "short")
    assert set(refused.value.fields) == {"name", "password"}


def test_a_new_role_ends_the_sessions_and_is_written(scene: Scene) -> None:
    scene.users.set_role(ADMIN, "ada", Role.OPERATOR)
    assert scene.role("ada") is Role.OPERATOR
    assert not scene.has_session()
    assert scene.entries()[0].detail == {"before": "viewer", "after": "operator", "sessions_ended": "1"}


def test_the_same_role_changes_nothing(scene: Scene) -> None:
    scene.users.set_role(ADMIN, "ada", Role.VIEWER)
    assert scene.has_session()
    assert scene.entries() == []


def test_disabling_and_enabling(scene: Scene) -> None:
    scene.users.disable(ADMIN, "ada")
    scene.users.disable(ADMIN, "ada")
    assert not scene.has_session()
    assert [user.disabled for user in scene.users.all(ADMIN)] == [True, False]
    scene.users.enable(ADMIN, "ada")
    scene.users.enable(ADMIN, "ada")
    assert [user.disabled for user in scene.users.all(ADMIN)] == [False, False]
    assert [entry.action for entry in scene.entries()] == ["disable user", "enable user"]


def test_a_reset_ends_sessions_and_lifts_a_lock(scene: Scene) -> None:
    with scene.unit() as store:
        store.users.attempt("ada", NOW, lock_after=1, lock_for=NOW - b.user().created_at)
    scene.users.reset_password(ADMIN, "ada", PASSWORD)
    with scene.unit(readonly=True) as store:
        credential = store.users.get("ada")
    assert credential is not None
    assert (credential.password_hash, credential.user.locked_until) == (f"v1:{PASSWORD}", None)
    assert not scene.has_session()
    assert scene.entries()[0].action == "reset password"


def test_the_last_enabled_admin_stays(scene: Scene) -> None:
    scene.users.add(ADMIN, "other", Role.ADMIN, PASSWORD)
    scene.users.disable(ADMIN, "other")
    with pytest.raises(Unsafe, match="last enabled admin"):
        scene.users.set_role(ADMIN, "root.admin", Role.VIEWER)
    with pytest.raises(Unsafe, match="last enabled admin"):
        scene.users.disable(SYSTEM, "root.admin")
    scene.users.enable(ADMIN, "other")
    scene.users.disable(ADMIN, "root.admin")
    assert [user.disabled for user in scene.users.all(SYSTEM)] == [False, False, True]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.OPERATOR])
def test_only_admins_manage_users(scene: Scene, role: Role) -> None:
    someone = b.actor(role)
    for act in (
        lambda: scene.users.all(someone),
        lambda: scene.users.add(someone, "eve", Role.VIEWER, PASSWORD),
        lambda: scene.users.set_role(someone, "ada", Role.ADMIN),
        lambda: scene.users.disable(someone, "root.admin"),
        lambda: scene.users.enable(someone, "ada"),
        lambda: scene.users.reset_password(someone, "root.admin", PASSWORD),
    ):
        with pytest.raises(NotAllowed, match="admin"):
            act()
    assert scene.entries() == []


def test_nobody_of_that_name(scene: Scene) -> None:
    for name in ("nobody", "No\0body", ""):
        with pytest.raises(NotFound):
            scene.users.set_role(ADMIN, name, Role.ADMIN)
        with pytest.raises(NotFound):
            scene.users.reset_password(ADMIN, name, PASSWORD)


def test_the_first_admin_is_made_once(scene: Scene) -> None:
    assert scene.users.ensure_first_admin() is None
    unit = MemoryUnit()
    users = Users(unit, MovableClock(), CountingTokens(), PlainPasswords())
    assert users.ensure_first_admin() == "token-000000000001"
    assert users.ensure_first_admin() is None
    assert [(user.name, user.role) for user in users.all(SYSTEM)] == [("admin", Role.ADMIN)]


def test_the_first_admins_password_can_be_given() -> None:
    users = Users(MemoryUnit(), MovableClock(), CountingTokens(), PlainPasswords())
    with pytest.raises(Invalid):
        users.ensure_first_admin("too short")
    assert users.ensure_first_admin(PASSWORD) == PASSWORD
    assert users.ensure_first_admin(PASSWORD) is None
