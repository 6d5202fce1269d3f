"""How often each AWS operation was asked for since this process started: what "exactly once" is held against.

Counted as a request arrives, whatever becomes of it; what the sandbox asks of itself is not.
"""

import threading
from collections import Counter

from sandbox.wire import Call

_lock = threading.Lock()
_counts: Counter[str] = Counter()


def arrived(call: Call | None) -> None:
    """A request has come in."""
    if call is not None and call.operation is not None:
        with _lock:
            _counts[f"{call.service}:{call.operation}"] += 1


def counts() -> dict[str, int]:
    """By service and operation, such as `rds:RebootDBInstance`."""
    with _lock:
        return dict(sorted(_counts.items()))
