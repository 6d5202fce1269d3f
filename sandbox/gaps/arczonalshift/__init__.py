"""Adds the service arc-zonal-shift, which moto does not have: zonal shifts of load balancers by hand.

Facts: aws-facts 5.2 and 13.1. Autoshift and practice runs are not here: their calls answer as not implemented. A shift
moves no real traffic, as there is none; it shows in the resource's weights. Remove when moto has the service.
"""

import re
import sys

from moto import backend_index

from sandbox.gaps.arczonalshift.models import arczonalshift_backends

PATTERN = ("arc-zonal-shift", re.compile(r"https?://arc-zonal-shift\.(.+)\.amazonaws\.com"))


def mend() -> None:
    """Make moto know the service."""
    if PATTERN not in backend_index.backend_url_patterns:
        sys.modules["moto.arczonalshift"] = sys.modules[__name__]  # where moto looks for a service
        sys.modules["moto.arczonalshift.models"] = sys.modules[f"{__name__}.models"]
        backend_index.backend_url_patterns.append(PATTERN)


__all__ = ["arczonalshift_backends", "mend"]
