"""A network that answers by itself and keeps every request, for clients built as Haven builds them."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from services.aws import recording
from tests.unit.aws.world import Clock

NOTHING = b'{"clusterArns": []}'
Answer = Callable[[AWSPreparedRequest], tuple[int, bytes]]


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, **_: Any) -> Any:
        yield self._content


class Wiretap:
    """Answers every request itself, in place of the network, and keeps what was sent. An answer may raise botocore's
    errors."""

    def __init__(self, clock: Clock, answer: Answer = lambda _: (200, NOTHING)) -> None:
        self.sent: list[AWSPreparedRequest] = []
        self.role: Answer = lambda _: (200, self._role())
        self._clock = clock
        self._answer = answer
        self._lock = threading.Lock()

    def instrument(self, client: Any) -> None:
        recording.attach(client)
        client.meta.events.register("before-send", self._take)

    def assumed(self) -> int:
        return sum("sts" in request.url for request in self.sent)

    def _take(self, request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        with self._lock:
            self.sent.append(request)
        status, body = self.role(request) if "sts" in request.url else self._answer(request)
        return AWSResponse(request.url, status, HTTPHeaders(), _Body(body))

    def _role(self) -> bytes:
        until = (self._clock.at + timedelta(hours=1)).isoformat()
        return (
            "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId>"
            "<SecretAccessKey>s</SecretAccessKey><SessionToken>the-token</SessionToken>"
            f"<Expiration>{until}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
        ).encode()
