"""What every process of Haven does at its start: log, and hear that it is to stop."""

import logging
import os
import signal
import sys
import threading

import structlog


def log_as_json(process: str) -> None:
    """Log one JSON object a line to standard error, with the process's name."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(process=process)


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM or SIGINT sets, however often and to whichever thread they come.

    Python's own handlers run only in the main thread, which does not wake while it waits for a lock if the system gave
    the signal to another thread (as it does right after SIGCONT). So a thread reads them from the wake-up pipe.
    """
    stopping, (heard, wake) = threading.Event(), os.pipe()
    os.set_blocking(wake, False)
    asked = (signal.SIGTERM, signal.SIGINT)
    for number in asked:
        signal.signal(number, lambda _got, _frame: None)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def watch() -> None:
        while os.read(heard, 1)[0] not in asked:
            continue
        stopping.set()

    threading.Thread(target=watch, name="stop-on-signals", daemon=True).start()
    return stopping
