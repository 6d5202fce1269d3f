"""Snapshots as bytes, and secrets."""

import json
import zlib
from concurrent.futures import ThreadPoolExecutor

from services.domain.snapshot import Part
from services.store.body import decode, encode
from services.store.secrets import Argon2Passwords, RandomTokens
from tests import builders as b


def test_a_snapshot_survives_its_bytes() -> None:
    for snapshot in (b.snapshot(failovers=(b.failover(),)), b.legacy_snapshot(), b.snapshot(network=None, metrics=())):
        assert decode(encode(snapshot)) == snapshot


def test_an_older_body_reads_with_todays_defaults() -> None:
    old = json.loads(zlib.decompress(encode(b.snapshot())))
    del old["queues"]
    del old["failovers"]
    old["readings"] = [reading for reading in old["readings"] if reading["part"] != "events"]
    del old["services"][0]["scaling"]
    old["dropped_since"] = 1
    read = decode(zlib.compress(json.dumps(old).encode()))
    assert read.queues == ()
    assert read.failovers == ()
    assert read.reading(Part.EVENTS).read_at is None
    assert not read.asked(Part.EVENTS)
    assert read.services[0].scaling is None
    assert read.databases == b.snapshot().databases


def test_sixty_services_fit_into_a_small_body() -> None:
    big = b.snapshot(services=tuple(b.service(f"service-{number}") for number in range(60)))
    body = encode(big)
    assert decode(body) == big
    assert len(body) < 40_000


def test_argon2_verifies_and_knows_outdated_hashes() -> None:
    passwords = Argon2Passwords()
    hashed = passwords.hash("correct horse battery")
    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.verify(hashed, "correct horse battery")
    assert not passwords.verify(hashed, "correct horse batterz")
    assert not passwords.verify(None, "correct horse battery")
    assert not passwords.verify("not a hash", "correct horse battery")
    assert not passwords.outdated(hashed)
    assert passwords.outdated(hashed.replace("t=2", "t=1"))


def test_argon2_takes_any_text_and_many_at_once() -> None:
    passwords = Argon2Passwords(at_once=2)
    hashed = passwords.hash("paß\ud800wört \0")
    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(lambda _: passwords.verify(hashed, "paß\ud800wört \0"), range(6))) == [True] * 6


def test_tokens_are_long_and_never_alike() -> None:
    made = {RandomTokens().new() for _ in range(1000)}
    assert len(made) == 1000
    assert {len(token) for token in made} == {43}
