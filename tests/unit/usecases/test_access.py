"""Logging in, staying in, and what nobody can learn by trying."""

from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

import pytest

from services.domain.access import Actor, Role
from services.domain.errors import HavenError, Invalid, NotAllowed, NotNow
from services.ports import Entry
from services.usecases.access import WRONG, Access
from tests import builders as b
from tests.builders import NOW
from tests.fakes.clock import MovableClock
from tests.fakes.secrets import CountingTokens, PlainPasswords
from tests.fakes.store import MemoryUnit

PASSWORD = "correct horse battery"
CLIENT = "192.0.2.1"


@dataclass
class Scene:
    """Access with everything around it in memory, and one operator, ada."""

    unit: MemoryUnit = field(default_factory=MemoryUnit)
    clock: MovableClock = field(default_factory=MovableClock)
    passwords: PlainPasswords = field(default_factory=PlainPasswords)
    add: bool = True

    def __post_init__(self) -> None:
        self.access = Access(
            self.unit,
            self.clock,
            CountingTokens(),
            self.passwords,
            idle=timedelta(minutes=30),
            absolute=timedelta(hours=12),
            lockout_after=3,
            lockout_for=timedelta(minutes=15),
            client_most=10,
        )
        if not self.add:  # another process on the same database
            return
        with self.unit() as store:
            store.users.add(b.user(), self.passwords.hash(PASSWORD))
            store.users.add(b.user("gone", disabled=True), self.passwords.hash(PASSWORD))

    def ledger(self) -> list[tuple[str, str, str, str]]:
        return [(entry.actor, entry.action, entry.outcome, entry.target) for entry in self.entries()]

    def entries(self) -> list[Entry]:
        with self.unit(readonly=True) as store:
            return list(reversed(store.ledger.read()))

    def fail(self, name: str = "ada", password: str = WRONG, client: str = CLIENT) -> HavenError:
        with pytest.raises(HavenError) as refused:
            self.access.log_in(name, password, client)
        return refused.value

    def fail_as_strangers(self, count: int, client: str = CLIENT) -> list[HavenError]:
        """Fail with another name each time."""
        return [self.fail(f"name{number:03d}", client=client) for number in range(count)]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_right_pair_opens_a_session(scene: Scene) -> None:
    token = scene.access.log_in(" Ada ", PASSWORD, CLIENT)
    assert scene.access.authenticate(token) == Actor("ada", Role.OPERATOR)
    assert scene.ledger() == [("ada", "log in", "done", "ada")]
    assert scene.entries()[0].client == CLIENT


def test_only_the_hash_of_the_token_is_kept(scene: Scene) -> None:
    token = scene.access.log_in("ada", PASSWORD, CLIENT)
    with scene.unit(readonly=True) as store:
        assert store.sessions.get(token) is None
        assert store.sessions.get(sha256(token.encode()).hexdigest()) is not None


@pytest.mark.parametrize("token", ["", "made up", "\ud800", "x" * 10_000])
def test_a_token_nobody_was_given_is_nobodys(scene: Scene, token: str) -> None:
    assert scene.access.authenticate(token) is None


def test_wrong_unknown_and_disabled_look_the_same_and_cost_the_same(scene: Scene) -> None:
    seen = []
    for name, password in (
        ("ada", "wrong"),
        ("nobody", PASSWORD),
        ("gone", PASSWORD),
        ("No Name!", "x"),
        ("ada\0", ""),
    ):
        before = scene.passwords.verified
        refusal = scene.fail(name, password)
        seen.append((type(refusal), refusal.message, scene.passwords.verified - before))
    assert set(seen) == {(Invalid, WRONG, 1)}


def test_the_ledger_knows_why_but_never_a_name_nobody_has(scene: Scene) -> None:
    scene.fail("ada")
    scene.fail("gone", PASSWORD)
    scene.fail("hunter2hunter2")
    failed = [(entry.actor, entry.target, entry.detail["why"]) for entry in scene.entries()]
    assert failed == [
        ("anonymous", "ada", "wrong password"),
        ("anonymous", "gone", "disabled"),
        ("anonymous", "unknown", "no such user"),
    ]
    assert "hunter2" not in str(scene.entries())


@pytest.mark.parametrize("name", ["ada", "nobody", "gone"])
def test_any_name_is_locked_after_three_and_says_until_when(scene: Scene, name: str) -> None:
    answers = [type(scene.fail(name)) for _ in range(3)]
    assert answers == [Invalid, Invalid, NotAllowed]
    refused = scene.fail(name, PASSWORD)
    assert isinstance(refused, NotAllowed)
    assert "02:28:00 UTC" in refused.message


def test_a_lock_refuses_without_work_and_every_attempt_is_written(scene: Scene) -> None:
    for _ in range(3):
        scene.fail()
    assert scene.ledger()[-1] == ("system", "lock login", "done", "ada")
    work, written = scene.passwords.verified, len(scene.entries())
    scene.fail()
    assert (scene.passwords.verified, len(scene.entries())) == (work, written + 1)
    assert scene.entries()[-1].detail["why"] == "locked"
    assert [action for _, action, _, _ in scene.ledger()].count("lock login") == 1


def test_a_lock_runs_out(scene: Scene) -> None:
    for _ in range(3):
        scene.fail()
    scene.clock.move(minutes=15)
    assert scene.access.log_in("ada", PASSWORD, CLIENT)


def test_success_forgets_earlier_failures(scene: Scene) -> None:
    for _ in range(4):
        scene.fail()
        scene.fail()
        scene.access.log_in("ada", PASSWORD, CLIENT)
    with scene.unit(readonly=True) as store:
        credential = store.users.get("ada")
    assert credential is not None
    assert credential.failures == 0


def test_an_address_that_tries_many_names_is_locked_and_told_until_when(scene: Scene) -> None:
    answers = scene.fail_as_strangers(10)
    assert [type(answer) for answer in answers] == [Invalid] * 9 + [NotAllowed]
    refused = scene.fail("ada", PASSWORD)
    assert isinstance(refused, NotAllowed)
    assert "your address" in refused.message
    assert "02:15:00 UTC" in refused.message
    assert answers[-1].message == refused.message


def test_a_locked_address_costs_neither_work_nor_rows_nor_names(scene: Scene) -> None:
    scene.fail_as_strangers(10)
    assert scene.entries()[-1].action == "lock client"
    assert (scene.entries()[-1].actor, scene.entries()[-1].target) == ("system", CLIENT)
    work, writes = scene.passwords.verified, scene.unit.writes
    for _ in range(5):
        scene.fail("ada", PASSWORD)
    assert (scene.passwords.verified, scene.unit.writes) == (work, writes)
    assert scene.access.log_in("ada", PASSWORD, "192.0.2.2")  # the name was not charged, other addresses go on


def test_an_address_is_free_again_in_the_next_window(scene: Scene) -> None:
    scene.fail_as_strangers(10)
    scene.clock.move(seconds=119)
    assert isinstance(scene.fail("ada", PASSWORD), NotAllowed)
    scene.clock.move(seconds=1)
    assert scene.access.log_in("ada", PASSWORD, CLIENT)


def test_right_logins_neither_count_against_an_address_nor_buy_guesses(scene: Scene) -> None:
    for _ in range(30):
        scene.access.log_in("ada", PASSWORD, CLIENT)
    answers = []
    for number in range(10):
        answers.append(type(scene.fail(f"name{number}")))
        if number < 9:
            scene.access.log_in("ada", PASSWORD, CLIENT)
    assert answers == [Invalid] * 9 + [NotAllowed]


def test_the_last_attempt_of_an_address_may_be_the_right_one(scene: Scene) -> None:
    scene.fail_as_strangers(9)
    assert scene.access.log_in("ada", PASSWORD, CLIENT)
    assert "lock client" not in [action for _, action, _, _ in scene.ledger()]
    assert isinstance(scene.fail("other"), NotAllowed)


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("fe80::1%eth0", "fe80::2%eth0", True),
        ("no address", "no other", False),
    ],
)
def test_which_addresses_are_one_client(scene: Scene, one: str, other: str, shared: bool) -> None:
    scene.fail_as_strangers(10, one)
    assert isinstance(scene.fail("someone", client=other), NotAllowed) is shared


def test_a_client_without_an_address_is_limited_by_name_only(scene: Scene) -> None:
    assert {type(answer) for answer in scene.fail_as_strangers(30, "")} == {Invalid}
    for _ in range(3):
        scene.fail("ada", client="")
    assert isinstance(scene.fail("ada", PASSWORD, ""), NotAllowed)


def test_nobody_can_charge_an_address_by_typing_it_as_a_name(scene: Scene) -> None:
    window = int(NOW.timestamp()) // 900
    for client in range(10):
        scene.fail(f"CLIENT {CLIENT} {window}", client=f"198.51.100.{client}")
    assert scene.access.log_in("ada", PASSWORD, CLIENT)


def test_an_outdated_hash_is_made_anew_at_login(scene: Scene) -> None:
    scene.passwords.version = 2
    scene.access.log_in("ada", PASSWORD, CLIENT)
    with scene.unit(readonly=True) as store:
        credential = store.users.get("ada")
    assert credential is not None
    assert credential.password_hash == f"v2:{PASSWORD}"


def test_a_password_changed_while_it_was_checked_opens_nothing(scene: Scene) -> None:
    class Slow(PlainPasswords):
        def verify(self, hashed: str | None, password: str) -> bool:
            assert not scene.unit.inside  # hashing never holds a transaction open
            with scene.unit() as store:
                store.users.set_password("ada", "v1:another password")
            return super().verify(hashed, password)

    scene = Scene(passwords=Slow())
    assert scene.fail("ada", PASSWORD).message == WRONG


def test_an_idle_session_ends(scene: Scene) -> None:
    token = scene.access.log_in("ada", PASSWORD, CLIENT)
    scene.clock.move(minutes=29, seconds=59)
    assert scene.access.authenticate(token, touch=False)
    scene.clock.move(seconds=1)
    assert scene.access.authenticate(token) is None


def test_use_puts_off_the_idle_limit_but_polling_does_not(scene: Scene) -> None:
    used, polled = (scene.access.log_in("ada", PASSWORD, CLIENT) for _ in range(2))
    for _ in range(4):
        scene.clock.move(minutes=10)
        assert scene.access.authenticate(used)
        scene.access.authenticate(polled, touch=False)
    assert scene.access.authenticate(polled) is None


def test_a_session_ends_for_good_after_the_absolute_limit(scene: Scene) -> None:
    token = scene.access.log_in("ada", PASSWORD, CLIENT)
    for _ in range(36):
        assert scene.access.authenticate(token)
        scene.clock.move(minutes=20)
    assert scene.access.authenticate(token) is None


def test_a_session_is_touched_at_most_once_a_minute(scene: Scene) -> None:
    token = scene.access.log_in("ada", PASSWORD, CLIENT)
    before = scene.unit.writes
    for _ in range(100):
        scene.clock.move(seconds=6)
        scene.access.authenticate(token)
    assert scene.unit.writes - before == 10


def test_disabling_ends_a_session_at_once(scene: Scene) -> None:
    token = scene.access.log_in("ada", PASSWORD, CLIENT)
    with scene.unit() as store:
        store.users.set_disabled("ada", disabled=True)
    assert scene.access.authenticate(token) is None


def test_a_new_role_counts_at_once(scene: Scene) -> None:
    token = scene.access.log_in("ada", PASSWORD, CLIENT)
    with scene.unit() as store:
        store.users.set_role("ada", Role.VIEWER)
    assert scene.access.authenticate(token) == Actor("ada", Role.VIEWER)


def test_logging_out_ends_only_this_session_and_is_written(scene: Scene) -> None:
    one, two = (scene.access.log_in("ada", PASSWORD, CLIENT) for _ in range(2))
    scene.access.log_out(one)
    scene.access.log_out(one)
    scene.access.log_out("made up")
    assert scene.access.authenticate(one) is None
    assert scene.access.authenticate(two)
    assert [action for _, action, _, _ in scene.ledger()] == ["log in", "log in", "log out"]


def test_a_denied_act_is_written(scene: Scene) -> None:
    scene.access.denied(b.actor(Role.VIEWER), "manage users", CLIENT)
    assert scene.ledger() == [("ada", "denied", "denied", "manage users")]
    assert scene.entries()[0].detail == {"role": "viewer"}


def test_long_client_and_target_are_cut_not_refused(scene: Scene) -> None:
    scene.access.denied(b.actor(), "/" + "x" * 5000, "y" * 5000)
    entry = scene.entries()[0]
    assert (len(entry.target), len(entry.client)) == (256, 256)


def test_pruning_forgets_what_is_over(scene: Scene) -> None:
    scene.access.log_in("ada", PASSWORD, CLIENT)
    scene.fail("nobody")
    assert scene.access.prune() == 0
    scene.clock.move(minutes=31)
    assert scene.access.prune() == 3  # the session, the name's count and the address's


def test_while_the_database_is_away_a_fresh_session_goes_on_for_reading(scene: Scene) -> None:
    token = scene.access.log_in("ada", PASSWORD, CLIENT)
    scene.access.authenticate(token)
    scene.clock.move(seconds=30)
    scene.unit.away = True
    assert scene.access.authenticate(token) == Actor("ada", Role.VIEWER)
    scene.clock.move(seconds=120)
    assert scene.access.authenticate(token) == Actor("ada", Role.VIEWER)
    scene.clock.move(seconds=1)
    with pytest.raises(NotNow):
        scene.access.authenticate(token)


def test_memory_trusts_only_what_was_valid_in_the_minute_before(scene: Scene) -> None:
    token = scene.access.log_in("ada", PASSWORD, CLIENT)
    scene.access.authenticate(token)
    scene.clock.move(seconds=61)
    scene.unit.away = True
    with pytest.raises(NotNow):
        scene.access.authenticate(token)


def test_memory_knows_neither_strangers_nor_who_logged_out_here(scene: Scene) -> None:
    token = scene.access.log_in("ada", PASSWORD, CLIENT)
    scene.access.authenticate(token)
    scene.access.log_out(token)
    scene.unit.away = True
    for presented in (token, "made up"):
        with pytest.raises(NotNow):
            scene.access.authenticate(presented)


def test_memory_keeps_to_the_sessions_own_limits(scene: Scene) -> None:
    token = scene.access.log_in("ada", PASSWORD, CLIENT)
    scene.clock.move(minutes=29, seconds=30)
    scene.access.authenticate(token, touch=False)
    scene.unit.away = True
    assert scene.access.authenticate(token)
    scene.clock.move(seconds=30)
    with pytest.raises(NotNow):
        scene.access.authenticate(token)


def test_a_process_that_remembers_goes_on_with_sessions_it_never_served(scene: Scene) -> None:
    other = Scene(unit=scene.unit, clock=scene.clock, add=False)
    token = other.access.log_in("ada", PASSWORD, CLIENT)
    scene.access.remember()
    scene.unit.away = True
    assert scene.access.authenticate(token) == Actor("ada", Role.VIEWER)
    with pytest.raises(NotNow):
        other.access.authenticate("made up")


def test_what_ended_elsewhere_leaves_the_memory(scene: Scene) -> None:
    tokens = [scene.access.log_in("ada", PASSWORD, CLIENT) for _ in range(3)]
    for token in tokens:
        scene.access.authenticate(token)
    other = Scene(unit=scene.unit, clock=scene.clock, add=False)
    other.access.log_out(tokens[0])
    scene.access.remember()
    assert [is_remembered(scene, token) for token in tokens] == [False, True, True]
    with scene.unit() as store:
        store.users.set_disabled("ada", disabled=True)
    scene.access.remember()
    assert [is_remembered(scene, token) for token in tokens] == [False, False, False]


def is_remembered(scene: Scene, token: str) -> bool:
    """Whether a page asked for with this token would be served while the database is away for a moment."""
    scene.unit.away = True
    try:
        return scene.access.authenticate(token) is not None
    except NotNow:
        return False
    finally:
        scene.unit.away = False


def test_idle_and_aged_sessions_are_not_remembered(scene: Scene) -> None:
    token = scene.access.log_in("ada", PASSWORD, CLIENT)
    scene.clock.move(minutes=30)
    scene.access.remember()
    assert not is_remembered(scene, token)


def test_an_outage_counts_from_when_remembering_first_failed(scene: Scene) -> None:
    token = scene.access.log_in("ada", PASSWORD, CLIENT)
    scene.access.remember()
    scene.unit.away = True
    for _ in range(2):
        with pytest.raises(NotNow):
            scene.access.remember()
        scene.clock.move(seconds=60)
    assert scene.access.authenticate(token) == Actor("ada", Role.VIEWER)
    scene.clock.move(seconds=1)
    with pytest.raises(NotNow):
        scene.access.authenticate(token)


def test_the_database_back_again_is_believed_again(scene: Scene) -> None:
    token = scene.access.log_in("ada", PASSWORD, CLIENT)
    scene.access.authenticate(token)
    scene.unit.away = True
    scene.access.authenticate(token)
    scene.unit.away = False
    scene.clock.move(minutes=10)
    assert scene.access.authenticate(token) == Actor("ada", Role.OPERATOR)
    scene.unit.away = True
    assert scene.access.authenticate(token) == Actor("ada", Role.VIEWER)
