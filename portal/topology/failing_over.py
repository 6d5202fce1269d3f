"""From a node of the picture to the preview of its failover. Pure."""

from dataclasses import dataclass

from services.domain.operation import Target
from services.domain.topology import Node

_KEYS = (
    ("database", Target.DATABASE_INSTANCE),
    ("database_cluster", Target.DATABASE_CLUSTER),
    ("cache", Target.CACHE),
)


@dataclass(frozen=True)
class Leads:
    """What the preview is asked for."""

    kind: Target
    name: str


def leads(node: Node) -> Leads | None:
    """The target a node belongs to; None for what cannot be failed over."""
    for key, kind in _KEYS:
        if name := node.key.get(key):
            return Leads(kind, name)
    return None
