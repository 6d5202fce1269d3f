"""Starts, follows and ends what answers behind the endpoints."""

import logging

from sandbox import state
from sandbox.clock import LOCK, clock
from sandbox.endpoints import addresses
from sandbox.endpoints.doors import Doors
from sandbox.endpoints.present import present

log = logging.getLogger("sandbox.endpoints")
_doors: Doors | None = None
_seen = -1


def start(port: int, *, restored: bool = False) -> None:
    """Open what can be reached, and follow from now on; `port` is the sandbox's own. What a restored state knew by a
    name keeps it: stacks have passed the name on."""
    global _doors
    with LOCK:
        if restored:
            addresses.keep_names([one.key for one in present()])
        if not addresses.claim(port):
            log.warning("no addresses in 127/8 to give: nobody is behind the endpoints of databases and caches")
            return
        _doors = Doors()
        clock.ran_one.append(follow)
        follow()


def keep_up() -> None:
    """Follow if something may have changed since this was last called; called after each request."""
    global _seen
    with LOCK:  # who finds that another one follows already waits for its end
        if (now := state.changes()) != _seen and follow():
            _seen = now


def follow() -> bool:
    """Have every endpoint as it should be now; called after each transition. Whether it is so."""
    if _doors is None:
        return True
    with LOCK:
        try:
            wanted = present()
            ports = {one.key: one.port for one in wanted}
            addresses.release(set(ports))
            _doors.settle(wanted, addresses.held(ports))
        except Exception:  # a request is answered all the same
            log.exception("the endpoints could not be settled")
            return False
    return True


def stop() -> None:
    """Close everything; nothing is opened any more."""
    global _doors
    doors, _doors = _doors, None
    if doors is not None:
        doors.close()
