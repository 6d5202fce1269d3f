"""A world for each module of tests that uses the sandbox inside its own process: what one leaves behind would go on
living with the clock, and make every minute of those after it longer."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from moto.core.base_backend import BackendDict

from sandbox import inproc, state
from sandbox.clock import LOCK, clock
from sandbox.wsgi import inner_application

_unused: dict[str, Any] = {}
"""What the sandbox's parts hold before anything is provisioned."""


@pytest.fixture(scope="module")
def own_world() -> Iterator[None]:
    """Nothing is provisioned at first, in any account, and nothing is left at the end."""
    if not _unused:
        inner_application()
        _unused.update({name: deepcopy(dump()) for name, (dump, _) in state._extras.items()})
    yield
    with LOCK:
        for _, name, _ in clock.pending():
            clock.cancel(name)
        for known in list(BackendDict._instances):
            known.clear()
        for name, value in deepcopy(_unused).items():
            state._extras[name][1](value)
        inproc.client.cache_clear()
