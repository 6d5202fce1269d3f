"""What a sandbox needs for itself: a port and a directory. Claimed first, before moto takes seconds to import."""

import fcntl
import socket
from pathlib import Path
from typing import IO

HOST = "127.0.0.1"


def port(number: int) -> socket.socket:
    """A socket listening on the loopback address; 0 picks a free port. Raises OSError if it is taken."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, number))
        listening.listen(128)
    except OSError:
        listening.close()
        raise
    return listening


def directory(path: Path) -> IO[str]:
    """Make a private directory and hold it until the file returned is closed (or this process ends, however).

    Raises OSError if it cannot be written or another sandbox holds it.
    """
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    held = (path / "lock").open("w")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        held.close()
        raise OSError("another sandbox is using it") from problem
    return held
