"""Counts what a snapshot costs: every HTTP request, throttle and failure, by operation.

botocore's own hooks do the counting, so retries are counted too. Which recorder a request belongs to travels in a
context variable, which whoever hands work to another thread copies along (`lanes.py` does).
"""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from services.aws.errors import THROTTLES
from services.domain.snapshot import Calls

_CURRENT: ContextVar["Recorder | None"] = ContextVar("haven_aws_recorder", default=None)


class Recorder:
    """The count of one snapshot. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sent: Counter[str] = Counter()
        self._throttled = 0
        self._failed = 0

    def sent(self, operation: str) -> None:
        """One request goes out."""
        with self._lock:
            self._sent[operation] += 1

    def answered(self, *, throttled: bool, failed: bool) -> None:
        """One request ended."""
        with self._lock:
            self._throttled += throttled
            self._failed += failed

    def calls(self, seconds: float) -> Calls:
        """The count so far. `seconds` is the wall time the snapshot took."""
        with self._lock:
            by_operation = tuple(sorted(self._sent.items()))
            return Calls(sum(self._sent.values()), seconds, self._throttled, self._failed, by_operation)


@contextmanager
def recorded(recorder: Recorder) -> Iterator[None]:
    """Requests made inside, in this context and its copies, are counted by `recorder`."""
    token = _CURRENT.set(recorder)
    try:
        yield
    finally:
        _CURRENT.reset(token)


def attach(client: Any) -> None:
    """Have a boto3 client's requests counted."""
    client.meta.events.register("before-send", _before_send)
    client.meta.events.register("response-received", _response_received)


def _before_send(event_name: str, **_: Any) -> None:
    recorder = _CURRENT.get()
    if recorder is not None:
        recorder.sent(event_name.removeprefix("before-send."))


def _response_received(parsed_response: dict[str, Any] | None, exception: Exception | None, **_: Any) -> None:
    recorder = _CURRENT.get()
    if recorder is None:
        return
    answer = parsed_response or {}
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    throttled = status == 429 or answer.get("Error", {}).get("Code") in THROTTLES
    recorder.answered(throttled=throttled, failed=exception is not None or status >= 400)
