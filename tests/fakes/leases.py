"""Leases in memory, by a clock the test moves."""

import threading
from datetime import UTC, datetime, timedelta

from services.ports import Clock, Lease


class MemoryLeases:
    """`services.ports.Leases`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._held: dict[str, tuple[str, int, datetime]] = {}
        self._lock = threading.Lock()

    def acquire(self, name: str, holder: str, ttl: timedelta) -> Lease | None:
        """Take or renew."""
        with self._lock:
            now = self._clock.now()
            owner, token, expires = self._held.get(name, ("", 0, now - timedelta(seconds=1)))
            if owner != holder and expires >= now:
                return None
            token += 0 if owner == holder else 1
            self._held[name] = (holder, token, now + ttl)
            return Lease(name, holder, token)

    def release(self, lease: Lease) -> None:
        """Free it, keeping the token."""
        with self._lock:
            owner, token, _ = self._held.get(lease.name, ("", 0, None))
            if (owner, token) == (lease.holder, lease.token):
                self._held[lease.name] = ("", token, datetime(1970, 1, 1, tzinfo=UTC))
