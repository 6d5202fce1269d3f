"""The sockets behind the addresses: one thread for all, which sleeps until somebody knocks or a database changes."""

import asyncio
import logging
import socket
import ssl
import struct
import threading
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from sandbox.endpoints import postgres, redis
from sandbox.endpoints.certificate import context
from sandbox.endpoints.present import Endpoint

LIMIT = 100  # connections to one endpoint
PATIENCE = 10.0  # seconds a caller waits for the thread
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: what is sent at the end is a reset, as by a host that lost its process
BROKEN = (OSError, EOFError, TimeoutError, asyncio.IncompleteReadError)  # ssl's errors are OSErrors
log = logging.getLogger("sandbox.endpoints")


class Doors:
    """All listening endpoints."""

    def __init__(self) -> None:
        self._tls = context()
        self._open: dict[str, Door] = {}
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="sandbox-endpoints", daemon=True).start()

    def settle(self, wanted: list[Endpoint], sockets: dict[str, socket.socket]) -> None:
        """Listen for those of `wanted` that accept connections, and for nobody else; done on return."""
        accepting = {one.key: one for one in wanted if one.accepts and one.key in sockets}
        stale = [k for k, door in self._open.items() if not door.serves(accepting.get(k), sockets.get(k))]
        fresh = [one for key, one in accepting.items() if key not in self._open or key in stale]
        if stale or fresh:
            self._run(self._change(stale, [Door(one, sockets[one.key], self._tls) for one in fresh]))

    def close(self) -> None:
        """Drop everybody and end the thread."""
        self._run(self._change(list(self._open), []))
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _change(self, stale: list[str], fresh: list["Door"]) -> None:
        for key in stale:
            self._open.pop(key).shut()
        for door in fresh:
            await door.open()
            self._open[door.endpoint.key] = door

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)


class Door:
    """One endpoint that listens, and who is connected to it."""

    def __init__(self, endpoint: Endpoint, bound: socket.socket, tls: ssl.SSLContext) -> None:
        self.endpoint = endpoint
        self._bound, self._tls = bound, tls
        self._server: asyncio.Server | None = None
        self._inside: set[asyncio.StreamWriter] = set()

    def serves(self, endpoint: Endpoint | None, bound: socket.socket | None) -> bool:
        """Whether it is what is wanted."""
        return endpoint == self.endpoint and bound is self._bound

    async def open(self) -> None:
        """Listen."""
        tls = self._tls if self.endpoint.speaks == "redis" and self.endpoint.tls else None
        self._server = await asyncio.start_server(self._enter, sock=self._bound.dup(), ssl=tls)

    def shut(self) -> None:
        """Refuse new connections and break the others. The address stays bound."""
        if self._server is not None:
            self._server.close()
        with suppress(OSError):  # closed: the endpoint is gone or has another port
            self._bound.shutdown(socket.SHUT_RDWR)
        for writer in list(self._inside):
            _reset(writer)  # which ends its task

    async def _enter(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        full = len(self._inside) >= LIMIT
        self._inside.add(writer)
        try:
            if self.endpoint.speaks == "postgres":
                session = postgres.Session(reader, writer, self._tls, self.endpoint.version, self.endpoint.standby)
                await session.serve(full=full)
            else:
                await redis.serve(reader, writer, full=full)
        except BROKEN as problem:
            log.debug("%s: a client went: %r", self.endpoint.key, problem)
        except Exception:
            log.exception("%s: a connection failed", self.endpoint.key)
        finally:
            self._inside.discard(writer)
            writer.close()


def _reset(writer: asyncio.StreamWriter) -> None:
    found = writer.get_extra_info("socket")
    if found is not None:
        with suppress(OSError):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
