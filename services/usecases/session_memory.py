"""The sessions a process remembers, for while the database is away."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.ports import LoginSession

RECENT = timedelta(minutes=1)


@dataclass
class SessionMemory:
    """The sessions lately found valid in the database, at most `most`. Another process may have ended one of them
    within the last minute: hence the short limits, and reading only. Safe to share between threads."""

    grace: timedelta
    most: int = 5000

    def __post_init__(self) -> None:
        self._seen: OrderedDict[str, tuple[LoginSession, datetime]] = OrderedDict()
        self._since_reading: set[str] | None = None
        self._away_since: datetime | None = None
        self._lock = threading.Lock()

    def keep(self, session: LoginSession, now: datetime) -> None:
        """Remember a session just found valid in the database, which therefore is not away."""
        with self._lock:
            self._away_since = None
            self._told(session.id)
            self._put(session, now)

    def forget(self, id: str) -> None:
        """Drop one."""
        with self._lock:
            self._told(id)
            self._seen.pop(id, None)

    def reading(self) -> None:
        """The database is about to be asked for every valid session. What `keep` and `forget` hear from now on is
        newer than its answer."""
        with self._lock:
            self._since_reading = set()

    def replace(self, found: Iterable[LoginSession], now: datetime) -> None:
        """Every valid session, seen last first, as asked for after `reading`; `now` is the time of asking. All others
        are dropped, except for what was heard meanwhile."""
        with self._lock:
            newer = self._since_reading or set()
            kept = [seen for key, seen in self._seen.items() if key in newer]
            self._since_reading, self._away_since = None, None
            self._seen.clear()
            for session in reversed([each for each in found if each.id not in newer]):
                self._put(session, now)
            for session, valid_at in kept:
                self._put(session, valid_at)

    def away(self, now: datetime) -> None:
        """The database was just found away. Its outage counts from the first time this is heard."""
        with self._lock:
            self._since_reading = None
            self._away_since = self._away_since or now

    def recall(self, id: str, now: datetime) -> LoginSession | None:
        """The session if it was valid within a minute before the database went away, and that is not too long ago."""
        with self._lock:
            self._away_since = self._away_since or now
            session, valid_at = self._seen.get(id, (None, now))
            in_time = self._away_since - valid_at <= RECENT and now - self._away_since <= self.grace
            return session if in_time else None

    def _told(self, id: str) -> None:
        if self._since_reading is not None:
            self._since_reading.add(id)

    def _put(self, session: LoginSession, now: datetime) -> None:
        self._seen[session.id] = (session, now)
        self._seen.move_to_end(session.id)
        while len(self._seen) > self.most:
            self._seen.popitem(last=False)
