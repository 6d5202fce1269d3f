"""A PostgreSQL server that knows one question, by the frontend/backend protocol 3.0: is this the primary?

Encrypted connections only, as with `rds.force_ssl`. Any user and password is let in, as the sandbox lets in any
credentials. `SELECT pg_is_in_recovery()`, simple or prepared, is answered; anything else is an error that says so.
"""

import asyncio
import secrets
import ssl
import struct

from sandbox.endpoints.pgwire import (
    COMPLETE,
    EMPTY,
    Bad,
    Buffer,
    Prepared,
    failure,
    message,
    ready,
    recovery_row,
    recovery_shape,
)

SSL_REQUEST, GSS_REQUEST, CANCEL_REQUEST = 80877103, 80877104, 80877102
STARTUP_LIMIT, MESSAGE_LIMIT, KEPT = 10_000, 1_048_576, 1000
AUTHENTICATION = 60.0  # seconds, as authentication_timeout
QUESTIONS = ("select pg_is_in_recovery()", "select pg_catalog.pg_is_in_recovery()")
ONLY = "the sandbox's database answers SELECT pg_is_in_recovery() alone"


class Session:
    """One connection. `standby` is the answer."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        tls: ssl.SSLContext,
        version: str,
        standby: bool,
    ) -> None:
        self._reader, self._writer, self._tls = reader, writer, tls
        self._version, self._standby = version, standby
        self._statements: dict[bytes, Prepared] = {}
        self._portals: dict[bytes, Prepared] = {}

    async def serve(self, *, full: bool) -> None:
        """Let it in and answer until it ends; `full` is whether there are too many already."""
        try:
            async with asyncio.timeout(AUTHENTICATION):
                if not await self._let_in(full=full):
                    return
            await self._talk()
        except Bad as bad:
            self._writer.write(failure(bad, "FATAL"))
            await self._writer.drain()

    async def _let_in(self, *, full: bool) -> bool:
        encrypted = False
        while True:
            size, code = struct.unpack("!II", await self._reader.readexactly(8))
            if not 8 <= size <= STARTUP_LIMIT:
                raise Bad("08P01", "invalid length of startup packet")
            rest = await self._reader.readexactly(size - 8)
            if code == CANCEL_REQUEST:
                return False
            if code == SSL_REQUEST and not encrypted:
                self._writer.write(b"S")
                await self._writer.drain()
                await self._writer.start_tls(self._tls)
                encrypted = True
            elif code == GSS_REQUEST:
                self._writer.write(b"N")
                await self._writer.drain()
            else:
                break
        await self._authenticate(code, rest, encrypted=encrypted, full=full)
        return True

    async def _authenticate(self, version: int, rest: bytes, *, encrypted: bool, full: bool) -> None:
        if version >> 16 != 3:
            text = f"unsupported frontend protocol {version >> 16}.{version & 0xFFFF}: server supports 3.0 to 3.0"
            raise Bad("0A000", text)
        words = rest.split(b"\0")
        asked = dict(zip(words[::2], words[1::2], strict=False))
        if not asked.get(b"user"):
            raise Bad("28000", "no PostgreSQL user name specified in startup packet")
        user = asked[b"user"].decode("utf-8", "replace")
        database = asked.get(b"database", asked[b"user"]).decode("utf-8", "replace")
        if not encrypted:
            host = self._writer.get_extra_info("peername")[0]
            where = f'host "{host}", user "{user}", database "{database}"'
            raise Bad("28000", f"no pg_hba.conf entry for {where}, no encryption")
        if full:
            raise Bad("53300", "sorry, too many clients already")
        if version & 0xFFFF:
            self._writer.write(message(b"v", struct.pack("!II", 3 << 16, 0)))
        self._writer.write(message(b"R", struct.pack("!I", 3)))  # AuthenticationCleartextPassword
        await self._writer.drain()
        kind, _ = await self._message()
        if kind != b"p":
            raise Bad("08P01", f"expected password response, got message type {kind[0]}")
        self._writer.write(message(b"R", struct.pack("!I", 0)) + self._greeting() + ready())
        await self._writer.drain()

    def _greeting(self) -> bytes:
        said = {
            "server_version": self._version,
            "server_encoding": "UTF8",
            "client_encoding": "UTF8",
            "DateStyle": "ISO, MDY",
            "TimeZone": "UTC",
            "integer_datetimes": "on",
            "standard_conforming_strings": "on",
            "default_transaction_read_only": "off",
            "in_hot_standby": "on" if self._standby else "off",
        }
        parameters = b"".join(message(b"S", f"{name}\0{value}\0".encode()) for name, value in said.items())
        return parameters + message(b"K", secrets.token_bytes(8))

    async def _message(self) -> tuple[bytes, Buffer]:
        kind, size = struct.unpack("!cI", await self._reader.readexactly(5))
        if not 4 <= size <= MESSAGE_LIMIT:
            raise Bad("08P01", f"invalid message length {size}")
        return kind, Buffer(await self._reader.readexactly(size - 4))

    async def _talk(self) -> None:
        skipping = False  # after an error in an extended query all is skipped until Sync
        while True:
            kind, body = await self._message()
            if kind == b"X":
                return
            if kind == b"S":
                skipping = False
                self._portals.clear()  # they end with their transaction
                self._writer.write(ready())
            elif kind == b"Q":
                self._writer.write(self._simple(body) + ready())
            elif not skipping:
                try:
                    self._writer.write(self._extended(kind, body))
                except Bad as bad:
                    if bad.code == "08P01" and kind not in b"PBDEC":
                        raise
                    skipping = kind != b"F"
                    self._writer.write(failure(bad) + (b"" if skipping else ready()))
            await self._writer.drain()

    def _simple(self, body: Buffer) -> bytes:
        try:
            if not _is_question(body.text()):
                return EMPTY
        except Bad as bad:
            return failure(bad)
        return recovery_shape(0) + recovery_row(self._standby, 0) + COMPLETE

    def _extended(self, kind: bytes, body: Buffer) -> bytes:
        steps = {b"P": self._parse, b"B": self._bind, b"D": self._describe, b"E": self._execute, b"C": self._close}
        if kind in steps:
            return steps[kind](body)
        if kind in b"Hdcf":  # flush, which every answer does, and what is left of a copy
            return b""
        if kind == b"F":
            raise Bad("0A000", ONLY)
        raise Bad("08P01", f"invalid frontend message type {kind[0]}")

    def _parse(self, body: Buffer) -> bytes:
        name, asks = body.name(), _is_question(body.text())
        if name and name in self._statements:
            raise Bad("42P05", f'prepared statement "{name.decode("utf-8", "replace")}" already exists')
        if len(self._statements) >= KEPT:
            raise Bad("53400", "too many prepared statements")
        self._statements[name] = Prepared(asks)
        return message(b"1")

    def _bind(self, body: Buffer) -> bytes:
        portal, statement = body.name(), self._statement(body.name())
        if len(self._portals) >= KEPT:
            raise Bad("53400", "too many portals")
        self._portals[portal] = Prepared(statement.asks, body.result_format(int(statement.asks)))
        return message(b"2")

    def _describe(self, body: Buffer) -> bytes:
        which = body.take(1)
        found = self._statement(body.name()) if which == b"S" else self._portal(body.name())
        parameters = message(b"t", b"\0\0") if which == b"S" else b""
        return parameters + (recovery_shape(found.form) if found.asks else message(b"n"))

    def _execute(self, body: Buffer) -> bytes:
        found = self._portal(body.name())
        return recovery_row(self._standby, found.form) + COMPLETE if found.asks else EMPTY

    def _close(self, body: Buffer) -> bytes:
        (self._statements if body.take(1) == b"S" else self._portals).pop(body.name(), None)
        return message(b"3")

    def _statement(self, name: bytes) -> Prepared:
        if name not in self._statements:
            raise Bad("26000", f'prepared statement "{name.decode("utf-8", "replace")}" does not exist')
        return self._statements[name]

    def _portal(self, name: bytes) -> Prepared:
        if name not in self._portals:
            raise Bad("34000", f'portal "{name.decode("utf-8", "replace")}" does not exist')
        return self._portals[name]


def _is_question(text: str) -> bool:
    """True for the question, False for nothing at all; Bad for anything else."""
    said = " ".join(text.split()).lower().rstrip("; ")
    if said and said not in QUESTIONS:
        raise Bad("0A000", ONLY)
    return bool(said)
