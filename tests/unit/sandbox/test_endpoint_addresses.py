"""Which endpoint has which address: given once, kept, taken back; and a name where there is none to have."""

import socket
from collections.abc import Iterator

import pytest

from sandbox.endpoints import addresses

NAME = "app.c1.us-east-1.rds.amazonaws.com"


@pytest.fixture
def port() -> Iterator[int]:
    """A port that is this test's own, and so are the addresses that come from it."""
    with socket.create_server(("127.0.0.1", 0)) as mine:
        yield mine.getsockname()[1]


def fresh(patch: pytest.MonkeyPatch) -> addresses._Given:
    given = addresses._Given()
    patch.setattr(addresses, "_given", given)
    return given


def let_go(given: addresses._Given) -> None:
    for _, found in given.bound.values():
        found.close()
    if given.claimed is not None:
        given.claimed.close()


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Iterator[addresses._Given]:
    made = fresh(monkeypatch)
    yield made
    let_go(made)


def test_without_a_server_an_endpoint_has_its_name(given: addresses._Given) -> None:
    assert addresses.address("app", NAME, 5432) == NAME
    assert addresses.held({"app": 5432}) == {}
    assert given.numbers == {}


def test_every_endpoint_has_an_address_of_its_own_from_the_server_s_port(given: addresses._Given, port: int) -> None:
    assert addresses.claim(port)
    assert given.prefix == f"127.{port >> 8}.{port & 255}"
    assert addresses.address("app", NAME, 5432) == f"{given.prefix}.2"
    assert addresses.address("cache", NAME, 6379) == f"{given.prefix}.3"
    assert addresses.address("app", NAME, 5432) == f"{given.prefix}.2"
    assert addresses.address("mysql", NAME, None) == NAME
    assert {
        key: found.getsockname() for key, found in addresses.held({"app": 5432, "cache": 6379, "unknown": 1}).items()
    } == {
        "app": (f"{given.prefix}.2", 5432),
        "cache": (f"{given.prefix}.3", 6379),
    }


def test_what_is_gone_gives_its_address_back_and_a_new_port_is_the_same_address(
    given: addresses._Given, port: int
) -> None:
    addresses.claim(port)
    addresses.address("app", NAME, 5432)
    addresses.address("other", NAME, 5432)
    addresses.release({"other"})
    assert set(addresses.held({"app": 5432, "other": 5432})) == {"other"}
    assert addresses.address("third", NAME, 5432) == f"{given.prefix}.2"
    assert addresses.address("other", NAME, 5433) == f"{given.prefix}.3"
    assert addresses.held({"other": 5433})["other"].getsockname() == (f"{given.prefix}.3", 5433)


def test_an_address_that_is_taken_is_not_given_and_the_name_stays(
    given: addresses._Given, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    addresses.claim(port)
    with socket.create_server((f"{given.prefix}.2", 5432)):
        assert addresses.address("app", NAME, 5432) == NAME
    assert addresses.address("app", NAME, 5432) == NAME
    assert [record.getMessage() for record in caplog.records] == [
        f"{given.prefix}.2 port 5432 cannot be bound (Address already in use): nobody is behind {NAME}"
    ]


def test_two_sandboxes_never_share_addresses(
    given: addresses._Given, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses.claim(port)
    second = fresh(monkeypatch)
    try:
        assert addresses.claim(port)
        assert second.prefix != given.prefix
    finally:
        let_go(second)


def test_after_a_restart_addresses_are_as_before_or_there_are_none(
    given: addresses._Given, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses.claim(port)
    addresses.address("app", NAME, 5432)
    kept = addresses._dump()
    second = fresh(monkeypatch)
    addresses._load(kept)
    assert not addresses.claim(port + 1)  # the first still has them
    assert addresses.address("app", NAME, 5432) == NAME
    let_go(given)
    try:
        addresses.keep_names(["app", "older"])
        assert addresses.claim(port + 1)
        assert addresses.address("app", NAME, 5432) == f"{given.prefix}.2"
        assert addresses.address("older", NAME, 5432) == NAME
    finally:
        let_go(second)
