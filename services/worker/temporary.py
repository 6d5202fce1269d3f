"""The worker's tick for temporary edits: whichever worker is first takes back what is due."""

from typing import Protocol

import structlog

from services.domain.errors import HavenError

log = structlog.get_logger("haven.worker")


class Ending(Protocol):
    """The part of the temporary edits that the worker needs."""

    def tick(self) -> int: ...


def end_edits(edits: Ending) -> None:
    """Look once. What cannot be done just now is tried at the next tick: everything is in the database."""
    try:
        if taken := edits.tick():
            log.info("temporary edits being taken back", count=taken)
    except HavenError as problem:
        log.warning("temporary edits not looked at", why=problem.message)
    except Exception:
        log.exception("looking at temporary edits failed")
