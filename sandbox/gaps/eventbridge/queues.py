"""A queue keeps its policy when other attributes are set; moto forgets it with every SetQueueAttributes."""

from collections.abc import Callable
from typing import Any


def keep_policy(original: Callable[..., None]) -> Callable[..., None]:
    """Queue._set_attributes that touches the policy only when asked to."""

    def set_attributes(self: Any, attributes: dict[str, Any], now: float | None = None) -> None:
        known = self.__dict__.get("_policy_json")
        original(self, attributes, now)
        if "Policy" not in attributes and known is not None:
            self._policy_json = known

    return set_attributes
