"""Which address each endpoint has: 127.x.y.n, where x.y comes from the sandbox's port and n is the endpoint's own.

A socket is bound to it as long as it is given away, listening or not, so that nobody else answers there meanwhile.
Given addresses are kept with the state: stacks pass them on. What could not be bound keeps its name for good, and what
cannot be bound after a restart has its name until the next.
"""

import errno
import logging
import socket
from collections.abc import Iterator

from sandbox import state

CLAIM = 15432  # the port on which 127.x.y.1 is bound, and nobody listens
FIRST, LAST = 2, 254
log = logging.getLogger("sandbox.endpoints")


class _Given:
    """What is given away: `numbers` (None for a name) and `prefix` are kept, the sockets are this process's."""

    def __init__(self) -> None:
        self.prefix = ""
        self.numbers: dict[str, int | None] = {}
        self.claimed: socket.socket | None = None
        self.bound: dict[str, tuple[int, socket.socket]] = {}
        self.refused: set[tuple[str, int]] = set()


_given = _Given()


def address(key: str, name: str, port: int | None) -> str:
    """The address of an endpoint, given to it when first asked for; `name` when there is none."""
    if _given.claimed is None or not port:
        return name
    if key not in _given.numbers:
        _given.numbers[key] = _free()
        if not _hold(key, port, name):
            _given.numbers[key] = None
        state.touch()  # a read has given it, and it is to be opened all the same
    return _host(key) if _hold(key, port, name) else name


def held(ports: dict[str, int]) -> dict[str, socket.socket]:
    """Those of the endpoints (key -> port) that have an address, each with the socket bound to it, to listen on or
    not."""
    if _given.claimed is None:
        return {}
    known = {key: port for key, port in ports.items() if key in _given.numbers}
    return {key: _given.bound[key][1] for key, port in known.items() if _hold(key, port, key)}


def claim(port: int) -> bool:
    """Claim the addresses 127.x.y/24: those of before a restart, or else by the sandbox's own port; False if there are
    none to have."""
    for prefix in [_given.prefix] if _given.prefix else _prefixes(port):
        taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            taken.bind((f"{prefix}.1", CLAIM))  # without SO_REUSEADDR: one sandbox at a time
        except OSError as problem:
            taken.close()
            if problem.errno != errno.EADDRINUSE:
                return False
            continue
        _given.prefix, _given.claimed = prefix, taken
        return True
    return False


def keep_names(keys: list[str]) -> None:
    """Endpoints that have no address yet are not to get one."""
    for key in keys:
        _given.numbers.setdefault(key, None)


def release(present: set[str]) -> None:
    """Take back the addresses of what is gone."""
    for key in _given.numbers.keys() - present:
        del _given.numbers[key]
        if key in _given.bound:
            _given.bound.pop(key)[1].close()


def _prefixes(port: int) -> Iterator[str]:
    for twist in (0, 0x80, 0x40, 0xC0):  # the first may be in use by a sandbox that was restarted on another port
        if (port >> 8) ^ twist:
            yield f"127.{(port >> 8) ^ twist}.{port & 0xFF}"


def _free() -> int | None:
    taken = set(_given.numbers.values())
    return next((n for n in range(FIRST, LAST + 1) if n not in taken), None)


def _host(key: str) -> str:
    return f"{_given.prefix}.{_given.numbers[key]}"


def _hold(key: str, port: int, name: str) -> bool:
    """Whether a socket is bound to the endpoint's address; binds it if need be."""
    if _given.numbers[key] is None or (key, port) in _given.refused:
        return False
    if key in _given.bound and _given.bound[key][0] == port:
        return True
    try:
        fresh = _bind(_host(key), port)
    except OSError as problem:
        text = "%s port %d cannot be bound (%s): nobody is behind %s"
        log.warning(text, _host(key), port, problem.strerror, name)
        _given.refused.add((key, port))
        return False
    if key in _given.bound:
        _given.bound[key][1].close()
    _given.bound[key] = (port, fresh)
    return True


def _bind(host: str, port: int) -> socket.socket:
    fresh = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        fresh.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a restart need not wait for old connections
        fresh.bind((host, port))
    except OSError:
        fresh.close()
        raise
    return fresh


def _dump() -> dict[str, object]:
    return {"prefix": _given.prefix, "numbers": dict(_given.numbers)}


def _load(kept: dict[str, object]) -> None:
    _given.prefix, _given.numbers = kept["prefix"], kept["numbers"]  # type: ignore[assignment]


state.register("endpoints", _dump, _load)
