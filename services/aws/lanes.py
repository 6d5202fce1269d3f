"""The bounded threads on which AWS is asked, shared by every snapshot.

A call runs on one thread pool of a fixed size. Within a snapshot one API gets at most half of the threads, so an API
that hangs cannot keep the others from being read; and while a call given up on still hangs, its API is not asked
again, so later snapshots do not wait for it either.
"""

import asyncio
import contextvars
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from services.aws.errors import StillWaiting

T = TypeVar("T")
P = ParamSpec("P")


class Lanes:
    """The pool. `patience` is after how many seconds a call without an answer closes its lane to new calls."""

    def __init__(self, threads: int, patience: float = 10.0, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.threads = threads
        self.patience = patience
        self._monotonic = monotonic
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="haven-aws")
        self._lock = threading.Lock()
        self._given_up: dict[str, dict[Future[Any], float]] = defaultdict(dict)

    def close(self) -> None:
        """Drop what is waiting and let running calls end by themselves."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def start(self, function: Callable[..., T], *arguments: Any) -> Future[T]:
        """Run a function on the pool, in a copy of this thread's context."""
        return self._pool.submit(contextvars.copy_context().run, function, *arguments)

    def check(self, lane: str) -> None:
        """Raise StillWaiting while a call given up on in this lane has been without an answer for too long."""
        with self._lock:
            if any(self._monotonic() - since > self.patience for since in self._given_up[lane].values()):
                raise StillWaiting(lane.rpartition("/")[2])

    def give_up(self, lane: str, call: Future[Any], since: float) -> None:
        """Remember a running call whose answer nobody waits for any more, until it ends."""
        with self._lock:
            self._given_up[lane][call] = since
        call.add_done_callback(lambda ended: self._ended(lane, ended))

    def _ended(self, lane: str, call: Future[Any]) -> None:
        with self._lock:
            self._given_up[lane].pop(call, None)


class Caller:
    """Asks AWS on behalf of one snapshot, from within its event loop. `owner` tells accounts and regions apart."""

    def __init__(self, lanes: Lanes, owner: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._lanes = lanes
        self._owner = owner
        self._monotonic = monotonic
        share = max(1, lanes.threads // 2)
        self._room: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(share))
        self._asking = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    async def ask(self, api: str, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """The function's answer. `api` names the AWS service it calls, for its share of the threads."""
        lane = f"{self._owner}/{api}"
        self._lanes.check(lane)
        self._asking += 1
        self._quiet.clear()
        try:
            async with self._room[api]:
                return await self._answer(lane, lambda: function(*arguments, **named))
        finally:
            self._asking -= 1
            if not self._asking:
                self._quiet.set()

    async def quiet(self, seconds: float) -> None:
        """Wait until no call is under way any more, `seconds` at most: a part that failed leaves its other calls."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._quiet.wait()

    async def _answer(self, lane: str, function: Callable[[], T]) -> T:
        since = self._monotonic()
        call = self._lanes.start(function)
        try:
            return await asyncio.wrap_future(call)
        except asyncio.CancelledError:
            if not call.cancel():
                self._lanes.give_up(lane, call, since)
            raise


def run(work: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine to its end in an event loop of its own, on a thread of its own: the caller may have a loop."""
    with ThreadPoolExecutor(1, thread_name_prefix="haven-snapshot") as thread:
        return thread.submit(lambda: asyncio.run(work())).result()
