"""Endpoints of databases and caches as clients feel them: they answer, break off, refuse, and answer again."""

import json
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from services.aws.probe import Prober
from services.aws.probe_secret import ProbeSecret
from services.aws.session import Sessions, Wire
from tests.builders.places import environment
from tests.sandbox_server import Sandbox
from tests.unit.aws.world import Clock

pytestmark = pytest.mark.sandbox
QUESTION = "SELECT pg_is_in_recovery()"
DATABASE = {"Engine": "postgres", "AllocatedStorage": 100, "MasterUsername": "haven"}


def database(sandbox: Sandbox, name: str, **more: Any) -> tuple[str, int]:
    """A database that is there; its address and port."""
    sandbox.client("rds").create_db_instance(
        DBInstanceIdentifier=name,
        DBInstanceClass="db.m7g.large",
        MasterUserPassword="not-a-secret-1",
        **{"MultiAZ": True, **DATABASE, **more},
    )
    sandbox.advance(1200)
    return where(sandbox, name)


def where(sandbox: Sandbox, name: str) -> tuple[str, int]:
    found = sandbox.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]["Endpoint"]
    return found["Address"], found["Port"]


def cache(sandbox: Sandbox, name: str, **more: Any) -> tuple[str, int]:
    """A cache that is there; address and port of its primary."""
    client = sandbox.client("elasticache")
    client.create_replication_group(
        ReplicationGroupId=name,
        ReplicationGroupDescription=name,
        Engine="valkey",
        CacheNodeType="cache.t4g.small",
        NumCacheClusters=2,
        AutomaticFailoverEnabled=True,
        MultiAZEnabled=True,
        **more,
    )
    sandbox.advance(600)
    group = client.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"][0]
    found = group["NodeGroups"][0]["PrimaryEndpoint"]
    return found["Address"], found["Port"]


def answers(place: tuple[str, int]) -> bool:
    try:
        socket.create_connection(place, timeout=10).close()
    except ConnectionRefusedError:
        return False
    return True


def connect(place: tuple[str, int], **more: Any) -> "psycopg.Connection[Any]":
    given = {"user": "anyone", "password": "anything", "dbname": "app", "sslmode": "require", "autocommit": True}
    return psycopg.connect(host=place[0], port=place[1], **{**given, **more})


def standby(place: tuple[str, int]) -> bool:
    with connect(place) as connection:
        row = connection.execute(QUESTION).fetchone()
    assert row is not None
    return bool(row[0])


def seconds_until(sandbox: Sandbox, step: str, identifier: str) -> float:
    [due] = [
        p["in"]
        for p in sandbox.control("pending")["pending"]
        if p["name"] == step and identifier in p["arguments"].values()
    ]
    return float(due)


def test_a_forced_failover_is_an_outage_from_the_cut_to_the_promotion(sandbox: Sandbox) -> None:
    place = database(sandbox, "cut")
    assert place[0].startswith("127.")
    assert answers(place)
    sandbox.client("rds").reboot_db_instance(DBInstanceIdentifier="cut", ForceFailover=True)
    cut, promoted = (seconds_until(sandbox, step, "cut") for step in ("rds.started", "rds.promoted"))
    with connect(place) as held:
        sandbox.advance(cut - 0.1)
        assert held.execute(QUESTION).fetchone() == (False,)
        sandbox.advance(0.2)
        assert not answers(place)
        with pytest.raises(psycopg.OperationalError):
            held.execute(QUESTION)
    sandbox.advance(promoted - cut - 0.2)
    assert not answers(place)
    sandbox.advance(0.2)
    assert answers(place)
    assert not standby(place)
    assert where(sandbox, "cut") == place


def test_a_connection_breaks_though_the_database_is_back_before_anyone_looks(sandbox: Sandbox) -> None:
    place = database(sandbox, "short")
    with connect(place) as held:
        sandbox.client("rds").reboot_db_instance(DBInstanceIdentifier="short")
        sandbox.advance(120)
        assert answers(place)
        with pytest.raises(psycopg.OperationalError):
            held.execute(QUESTION)


def test_an_endpoint_follows_zones_stops_and_deletion(sandbox: Sandbox) -> None:
    place = database(sandbox, "alone", MultiAZ=False)
    rds = sandbox.client("rds")
    zone = rds.describe_db_instances(DBInstanceIdentifier="alone")["DBInstances"][0]["AvailabilityZone"]
    sandbox.control("zone", zone=zone, state="fail")
    assert not answers(place)
    sandbox.control("zone", zone=zone, state="recover")
    assert answers(place)
    rds.delete_db_instance(DBInstanceIdentifier="alone", SkipFinalSnapshot=True)
    assert not answers(place)
    sandbox.advance(600)
    assert not answers(place)


def test_the_one_question_is_answered_in_every_form_and_any_other_refused(sandbox: Sandbox) -> None:
    place = database(sandbox, "asked")
    with connect(place) as connection:
        assert connection.pgconn.ssl_in_use
        assert connection.info.parameter_status("in_hot_standby") == "off"
        assert connection.pgconn.exec_(f"{QUESTION.lower()} ;".encode()).get_value(0, 0) == b"f"  # simple
        for prepare, binary in ((False, False), (True, False), (False, True), (True, True)):
            assert connection.execute(QUESTION, prepare=prepare, binary=binary).fetchall() == [(False,)]
        for other in ("SELECT 1", "CREATE TABLE t ()", f"{QUESTION}; {QUESTION}"):
            with pytest.raises(psycopg.errors.FeatureNotSupported, match="answers SELECT pg_is_in_recovery"):
                connection.execute(other)
            assert connection.execute(QUESTION).fetchone() == (False,)
        with pytest.raises(psycopg.errors.FeatureNotSupported):
            connection.execute("SELECT %s", [1])
        assert connection.execute("").rowcount == -1


def test_a_login_without_encryption_is_refused_as_rds_refuses_it(sandbox: Sandbox) -> None:
    place = database(sandbox, "plain")
    with pytest.raises(psycopg.OperationalError, match=r"no pg_hba.conf entry .* no encryption"):
        connect(place, sslmode="disable")


@pytest.fixture(scope="module")
def odd(sandbox: Sandbox) -> tuple[str, int]:
    return database(sandbox, "odd")


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"\x00\x00\x00\x04\x00\x00\x00\x00", b"08P01"),  # shorter than itself
        (b"\x7f\xff\xff\xff\x00\x03\x00\x00", b"08P01"),  # two gigabytes
        (b"\x00\x00\x00\x08\x00\x02\x00\x00", b"0A000"),  # protocol 2.0
        (b"\x00\x00\x00\x09\x00\x03\x00\x00\x00", b"28000"),  # nobody
    ],
)
def test_what_is_not_the_protocol_is_told_so_and_hung_up_on(odd: tuple[str, int], sent: bytes, code: bytes) -> None:
    with socket.create_connection(odd, timeout=10) as raw:
        raw.sendall(sent)
        said = b"".join(iter(lambda: raw.recv(1000), b""))
    assert said.startswith(b"E")
    assert code in said


def test_a_cluster_has_a_writer_and_a_reader_endpoint_and_they_keep_their_words(sandbox: Sandbox) -> None:
    rds = sandbox.client("rds")
    rds.create_db_cluster(
        DBClusterIdentifier="ledger",
        DBClusterInstanceClass="db.m6gd.large",
        StorageType="gp3",
        ManageMasterUserPassword=True,
        **DATABASE,
    )
    sandbox.advance(1200)
    cluster = rds.describe_db_clusters(DBClusterIdentifier="ledger")["DBClusters"][0]
    writer, readers = (cluster["Endpoint"], 5432), (cluster["ReaderEndpoint"], 5432)
    members = {m["DBInstanceIdentifier"]: m["IsClusterWriter"] for m in cluster["DBClusterMembers"]}
    assert len({writer, readers, *(where(sandbox, name) for name in members)}) == 5
    assert (standby(writer), standby(readers)) == (False, True)
    assert {name: not standby(where(sandbox, name)) for name in members} == members
    rds.failover_db_cluster(DBClusterIdentifier="ledger")
    sandbox.advance(8)
    assert not answers(writer)
    assert standby(readers)
    sandbox.advance(60)
    assert not standby(writer)
    after = rds.describe_db_clusters(DBClusterIdentifier="ledger")["DBClusters"][0]["DBClusterMembers"]
    now = {m["DBInstanceIdentifier"]: m["IsClusterWriter"] for m in after}
    assert now != members
    assert {name: not standby(where(sandbox, name)) for name in now} == now


def test_a_cache_s_primary_endpoint_answers_until_it_fails_over_and_after(sandbox: Sandbox) -> None:
    place = cache(sandbox, "cache")
    with socket.create_connection(place, timeout=10) as raw:
        raw.sendall(
            b"PING\r\n*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nping\r\n$2\r\nhi\r\n*2\r\n$3\r\nGET\r\n$1\r\nx\r\nQUIT\r\n"
        )
        said = b"".join(iter(lambda: raw.recv(1000), b""))
    unknown = b"-ERR the sandbox's cache answers PING alone\r\n"
    assert said == b"+PONG\r\n+PONG\r\n$2\r\nhi\r\n" + unknown + b"+OK\r\n"
    sandbox.client("elasticache").test_failover(ReplicationGroupId="cache", NodeGroupId="0001")
    assert not answers(place)
    sandbox.advance(19)
    assert not answers(place)
    sandbox.advance(2)
    assert answers(place)


def test_a_cache_with_encryption_in_transit_speaks_tls(sandbox: Sandbox) -> None:
    place = cache(sandbox, "safe", TransitEncryptionEnabled=True)
    assert answers(place)
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(place, timeout=10) as raw, tls.wrap_socket(raw) as safe:
        safe.sendall(b"PING\r\n")
        assert safe.recv(100) == b"+PONG\r\n"


def test_haven_s_probe_sees_the_outage_and_who_takes_writes(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    text = json.dumps({"username": "probe", "password": "s3cret-words"})
    arn = sandbox.client("secretsmanager").create_secret(Name="probe", SecretString=text)["ARN"]
    prober = Prober(Clock(), ProbeSecret(Sessions(Wire(endpoint_url=sandbox.url), Clock()), arn))
    place, production = database(sandbox, "probed"), environment("production")

    def seen(engine: str = "postgres") -> tuple[bool | None, bool | None]:
        probe = prober.probe(production, *place, engine)
        return probe.accepts, probe.writable

    assert seen() == (True, True)
    assert seen("redis") == (True, None)
    sandbox.client("rds").reboot_db_instance(DBInstanceIdentifier="probed", ForceFailover=True)
    sandbox.advance(18)
    assert seen() == (False, None)
    sandbox.advance(8)
    assert seen() == (True, True)


def test_addresses_survive_a_crash_and_the_end_comes_in_time(
    start_sandbox: Callable[..., Sandbox], tmp_path: Path
) -> None:
    first = start_sandbox("--frozen", "--limits", "off", "--state", str(tmp_path))
    place, other = database(first, "kept"), cache(first, "kept")
    assert first.stop() == 0
    assert not answers(place)
    second = start_sandbox("--frozen", "--limits", "off", "--state", str(tmp_path))
    assert where(second, "kept") == place
    assert (answers(place), answers(other)) == (True, True)
    second.client("rds").reboot_db_instance(DBInstanceIdentifier="kept", ForceFailover=True)
    second.advance(18)
    assert not answers(place)
    with socket.create_connection(other, timeout=10):
        began = time.monotonic()
        assert second.stop() == 0
        assert time.monotonic() - began < 2
    third = start_sandbox("--frozen", "--limits", "off", "--state", str(tmp_path))
    assert not answers(place)
    third.advance(10)
    assert answers(place)
    third.kill()
    assert not answers(place)
