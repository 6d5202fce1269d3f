"""What is kept over a restart, and what happens to broken files."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from moto.sqs.models import sqs_backends

from sandbox import claims, graph, state
from sandbox.clock import clock, transition
from sandbox.state import Keeper

KEPT: dict[str, Any] = {}
ACCOUNT, REGION = "111122223333", "eu-west-1"


@transition("test.state")
def _nothing(text: str) -> None:
    pass


state.register("test", lambda: dict(KEPT), KEPT.update)


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    yield
    KEPT.clear()
    clock.cancel("test.state")
    sqs_backends[ACCOUNT][REGION].reset()


def queue(name: str) -> Any:
    return sqs_backends[ACCOUNT][REGION].create_queue(name, {})


def forget() -> None:
    """What a restart does to memory."""
    KEPT.clear()
    clock.cancel("test.state")
    sqs_backends[ACCOUNT][REGION].reset()


def test_everything_comes_back(tmp_path: Path) -> None:
    queue("events")
    KEPT["zone"] = "down"
    clock.after(3600, "test.state", text="to come")
    keeper = Keeper(tmp_path)
    keeper.save()
    forget()
    assert keeper.restore()
    assert list(sqs_backends[ACCOUNT][REGION].queues) == ["events"]
    assert KEPT == {"zone": "down"}
    assert [given for _, name, given in clock.pending() if name == "test.state"] == [{"text": "to come"}]


def test_a_wait_keeps_its_length_in_aws_s_time_whatever_the_speed_after_it(tmp_path: Path) -> None:
    clock.set_speed(100)
    clock.after(3600, "test.state", text="in an hour")
    Keeper(tmp_path).save()
    forget()
    clock.set_speed(1)
    assert Keeper(tmp_path).restore()
    clock.set_speed(1)
    waits = [wait for wait, name, _ in clock.pending() if name == "test.state"]
    assert waits == [pytest.approx(3600, abs=60)]


def test_nothing_to_restore(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    assert not keeper.restore()


@pytest.mark.parametrize("damage", [b"", b"garbage", b'{"moto": "5", "size": 3, "sha256": "x"}\nabc'])
def test_a_broken_file_is_set_aside_and_the_older_one_used(
    tmp_path: Path, damage: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = Keeper(tmp_path)
    KEPT["generation"] = 1
    keeper.save()
    KEPT["generation"] = 2
    keeper.save()
    (tmp_path / "state.bin").write_bytes(damage)
    forget()
    assert keeper.restore()
    assert KEPT == {"generation": 1}
    assert len(list(tmp_path.glob("state.bin.broken-*"))) == 1
    assert "cannot be restored" in caplog.text


def test_a_file_cut_short_is_noticed(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    keeper.save()
    whole = (tmp_path / "state.bin").read_bytes()
    (tmp_path / "state.bin").write_bytes(whole[:-10])
    assert not keeper.restore()


def test_nothing_is_written_while_nothing_changes(tmp_path: Path) -> None:
    keeper = Keeper(tmp_path)
    keeper.save_if_changed()
    first = (tmp_path / "state.bin").stat().st_mtime_ns
    keeper.save_if_changed()
    assert (tmp_path / "state.bin").stat().st_mtime_ns == first
    state.touch()
    keeper.save_if_changed()
    assert (tmp_path / "state.bin").stat().st_mtime_ns != first


def test_one_sandbox_per_directory(tmp_path: Path) -> None:
    held = claims.directory(tmp_path)
    with pytest.raises(OSError, match="another sandbox is using it"):
        claims.directory(tmp_path)
    held.close()
    claims.directory(tmp_path).close()


def test_the_files_are_private(tmp_path: Path) -> None:
    claims.directory(tmp_path / "new").close()
    Keeper(tmp_path / "new").save()
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0
    assert (tmp_path / "new" / "state.bin").stat().st_mode & 0o077 == 0


def test_objects_point_at_the_living_backend_again() -> None:
    backend = sqs_backends[ACCOUNT][REGION]
    found = graph.load(graph.dump({"backend": backend, "all": sqs_backends}))
    assert found["backend"] is backend
    assert found["all"] is sqs_backends


def test_what_is_shared_stays_shared() -> None:
    shared = {"x": 1}
    found = graph.load(graph.dump([shared, shared]))
    assert found[0] is found[1]


def test_keys_locks_and_lambdas_survive() -> None:
    key, curve = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
    found = graph.load(graph.dump([key, curve, threading.RLock(), lambda n: n + 1, len]))
    assert found[0].private_numbers() == key.private_numbers()
    assert found[1].private_numbers() == curve.private_numbers()
    assert found[2].acquire()
    assert found[3](1) == 2
    assert found[4] is len


def test_two_parts_cannot_share_a_name() -> None:
    with pytest.raises(ValueError, match="two parts keep their state as test"):
        state.register("test", dict, KEPT.update)
