"""CloudFormation's API: one function per action, from a request to an answer in boto3's shape."""

from collections.abc import Callable
from typing import Any

from sandbox.cloudformation.requests import Request

Action = Callable[[Request], dict[str, Any]]
ACTIONS: dict[str, Action] = {}


def action(name: str) -> Callable[[Action], Action]:
    """Register the function that answers an action."""

    def register(function: Action) -> Action:
        ACTIONS[name] = function
        return function

    return register
