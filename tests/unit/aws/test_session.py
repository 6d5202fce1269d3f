"""Clients: who they are, how they retry, and what they count."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest

from services.aws.recording import Recorder, recorded
from services.aws.session import Sessions, Wire
from services.domain.snapshot import Calls
from tests.builders.places import environment
from tests.unit.aws.stubs import WHEN
from tests.unit.aws.wiretap import NOTHING, Answer, Wiretap
from tests.unit.aws.world import Clock

ROLE = "arn:aws:iam::123456789012:role/haven-reader"
ASSUMED = environment("production", reader_role_arn=ROLE, external_id="shibboleth")


@pytest.fixture(autouse=True)
def _own_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHAVEN")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "own")


def bench(answer: Answer = lambda _: (200, NOTHING)) -> tuple[Sessions, Wiretap, Clock]:
    clock = Clock()
    tap = Wiretap(clock, answer)
    return Sessions(Wire(threads=3), clock, tap.instrument), tap, clock


def authorization(request: AWSPreparedRequest) -> str:
    header = request.headers["Authorization"]
    return header.decode() if isinstance(header, bytes) else str(header)


def test_without_a_role_haven_uses_its_own_credentials_in_the_environments_region() -> None:
    sessions, tap, _ = bench()
    sessions.reader(environment("production", region="eu-west-1")).ecs.list_clusters()
    (request,) = tap.sent
    assert "Credential=AKIAHAVEN/" in authorization(request)
    assert "/eu-west-1/ecs/" in authorization(request)
    assert request.url == "https://ecs.eu-west-1.amazonaws.com/"


def test_a_role_is_assumed_once_with_the_external_id_and_used() -> None:
    sessions, tap, _ = bench()
    clients = sessions.reader(ASSUMED)
    clients.ecs.list_clusters()
    clients.rds  # noqa: B018 - another client of the same role
    clients.ecs.list_clusters()
    assert tap.assumed() == 1
    body = tap.sent[0].body
    assert "ExternalId=shibboleth" in (body.decode() if isinstance(body, bytes) else str(body))
    assert "Credential=ASIA/" in authorization(tap.sent[1])
    assert tap.sent[1].headers["X-Amz-Security-Token"] in ("the-token", b"the-token")


def test_a_role_is_renewed_shortly_before_it_expires() -> None:
    sessions, tap, clock = bench()
    clients = sessions.reader(ASSUMED)
    clients.ecs.list_clusters()
    clock.at = WHEN + timedelta(minutes=40)
    clients.ecs.list_clusters()
    assert tap.assumed() == 1
    clock.at = WHEN + timedelta(minutes=51)
    clients.ecs.list_clusters()
    assert tap.assumed() == 2


def test_many_threads_assume_a_role_once_and_share_its_clients() -> None:
    sessions, tap, _ = bench()
    together = threading.Barrier(8)

    def work() -> Any:
        together.wait(10)
        client = sessions.reader(ASSUMED).ecs
        client.list_clusters()
        return client

    with ThreadPoolExecutor(8) as pool:
        clients = [future.result() for future in [pool.submit(work) for _ in range(8)]]
    assert tap.assumed() == 1
    assert {id(client) for client in clients} == {id(clients[0])}


def test_reading_acting_and_provisioning_are_separate() -> None:
    sessions, _, _ = bench()
    one = environment("production", reader_role_arn=ROLE, operator_role_arn=ROLE, provisioner_role_arn=ROLE)
    sets = [sessions.reader(one), sessions.operator(one), sessions.provisioner(one)]
    assert len({id(clients) for clients in sets}) == 3
    assert sessions.reader(one) is sets[0]
    assert sessions.reader(environment("production")) is not sets[0]


def test_readers_try_three_times_and_writers_once() -> None:
    sessions, tap, _ = bench(
        lambda _: (500, b"<ErrorResponse><Error><Code>InternalFailure</Code></Error></ErrorResponse>")
    )
    clients = sessions.provisioner(environment("production"))
    for client, attempts in ((clients.writer.cloudformation, 1), (clients.cloudformation, 3)):
        tap.sent.clear()
        with pytest.raises(client.exceptions.ClientError):
            client.describe_stacks()
        assert len(tap.sent) == attempts


def test_clients_have_short_timeouts_room_for_all_threads_and_a_name() -> None:
    sessions, _, _ = bench()
    config: Any = sessions.reader(environment("production")).ecs.meta.config
    assert (config.connect_timeout, config.read_timeout, config.max_pool_connections) == (2.0, 10.0, 6)
    assert config.retries["mode"] == "standard"
    assert config.user_agent_extra == "haven"


def test_every_request_is_counted_with_its_retries_throttles_and_failures() -> None:
    answers = iter([(400, b'{"__type": "ThrottlingException"}'), (500, b"{}"), (200, NOTHING), (200, NOTHING)])
    sessions, _, _ = bench(lambda _: next(answers))
    client = sessions.reader(environment("production")).ecs
    recorder = Recorder()
    with recorded(recorder):
        client.list_clusters()
    client.list_clusters()  # outside: not counted
    assert recorder.calls(0.5) == Calls(3, 0.5, throttled=1, failed=2, by_operation=(("ecs.ListClusters", 3),))


def test_assuming_a_role_is_counted_as_well() -> None:
    sessions, _, _ = bench()
    recorder = Recorder()
    with recorded(recorder):
        sessions.reader(ASSUMED).ecs.list_clusters()
    assert dict(recorder.calls(0).by_operation) == {"sts.AssumeRole": 1, "ecs.ListClusters": 1}
