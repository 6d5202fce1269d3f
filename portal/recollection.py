"""Keeps what a portal process remembers fresh, so that it can go on showing pages while the database is away, also to
sessions and of environments that only other processes have served so far."""

import os
import threading
from collections.abc import Callable, Sequence

import structlog

from services.domain.errors import NotNow

log = structlog.get_logger("haven.portal")

EVERY = 3.0
"""Seconds between two rounds: a session older than this goes on in every process."""


class Recollection:
    """Calls every one of `remember` once a round, in a thread of its own that ends with the process.

    Start it in the process that serves (after gunicorn's fork), for a thread does not survive a fork. A database that
    is away is nothing to tell of here: whoever is asked for a page says so. Any other error is logged once until
    a round succeeds, and the rounds go on.
    """

    def __init__(self, remember: Sequence[Callable[[], None]], every: float = EVERY) -> None:
        self._remember, self._every = remember, every
        self._ended = threading.Event()
        self._warm = False
        self._told: set[type[Exception]] = set()

    def start(self) -> None:
        """Begin the rounds. The thread holds nothing up: it is a daemon, and ends at once when the process does."""
        threading.Thread(target=self._run, name="recollection", daemon=True).start()

    def end(self) -> None:
        """No further round."""
        self._ended.set()

    def round(self) -> bool:
        """Ask once for everything; whether all of it answered."""
        answers = [self._ask(remember) for remember in self._remember]
        if not all(answers):
            return False
        self._told.clear()
        if not self._warm:
            self._warm = True
            log.info("recollection is warm", pid=os.getpid())
        return True

    def _run(self) -> None:
        self.round()
        while not self._ended.wait(self._every):
            self.round()

    def _ask(self, remember: Callable[[], None]) -> bool:
        try:
            remember()
        except NotNow:
            return False
        except Exception as error:
            if type(error) not in self._told:
                self._told.add(type(error))
                log.exception("recollection failed", pid=os.getpid())
            return False
        return True
