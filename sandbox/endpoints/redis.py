"""A cache that answers PING, alone or in a pipeline, and says of all else that it does not have it."""

import asyncio

WORDS, WORD = 1024, 524_288  # in a command, and bytes in a word


class Malformed(Exception):
    """What came is no command."""


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, full: bool) -> None:
    """Answer one connection until it ends."""
    if full:
        writer.write(b"-ERR max number of clients reached\r\n")
        await writer.drain()
        return
    while True:
        try:
            words = await _command(reader)
        except (Malformed, ValueError):  # ValueError: a line without end, or a size that is no number
            writer.write(b"-ERR Protocol error\r\n")
            await writer.drain()
            return
        if words:
            writer.write(_answer(words))
            await writer.drain()
            if words[0].upper() == b"QUIT":
                return


def _answer(words: list[bytes]) -> bytes:
    name = words[0].upper()
    if name == b"QUIT":
        return b"+OK\r\n"
    if name == b"PING" and len(words) == 1:
        return b"+PONG\r\n"
    if name == b"PING" and len(words) == 2:
        return b"$%d\r\n%b\r\n" % (len(words[1]), words[1])
    if name == b"PING":
        return b"-ERR wrong number of arguments for 'ping' command\r\n"
    return b"-ERR the sandbox's cache answers PING alone\r\n"


async def _command(reader: asyncio.StreamReader) -> list[bytes]:
    """An array of words, or a line of them; none for an empty line."""
    line = (await reader.readuntil(b"\n")).strip()
    if not line.startswith(b"*"):
        return line.split()
    count = int(line[1:])
    if count > WORDS:
        raise Malformed
    words = []
    for _ in range(count):
        size = (await reader.readuntil(b"\n")).strip()
        if not size.startswith(b"$") or not 0 <= int(size[1:]) <= WORD:
            raise Malformed
        words.append((await reader.readexactly(int(size[1:]) + 2))[:-2])
    return words
