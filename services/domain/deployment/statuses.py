"""What CloudFormation's stack statuses mean for a deployment."""

from collections.abc import Mapping
from datetime import datetime

OK = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})
"""A deployment ended as it was meant to."""
CHANGEABLE = OK | {"UPDATE_ROLLBACK_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"}
"""A change set can be made and executed on what is there."""
REVIEWED = "REVIEW_IN_PROGRESS"
"""The stack has change sets to look at, and nothing else: nothing is there, and nothing runs."""
RECOVERIES: Mapping[str, tuple[str, ...]] = {
    "UPDATE_IN_PROGRESS": ("cancel",),
    "UPDATE_ROLLBACK_FAILED": ("continue",),
    "UPDATE_FAILED": ("roll back",),
    "CREATE_FAILED": ("roll back", "delete"),
    "ROLLBACK_COMPLETE": ("delete",),
    "ROLLBACK_FAILED": ("delete",),
    "DELETE_FAILED": ("delete",),
}
"""What may be done about a stack in a status; in any other there is nothing to recover from."""


def busy(status: str) -> bool:
    """Whether CloudFormation is at work on the stack."""
    return status.endswith("_IN_PROGRESS") and status != REVIEWED


def there(status: str) -> bool:
    """Whether anything is deployed, in whatever state."""
    return status not in ("", REVIEWED, "DELETE_COMPLETE")


def base_of(status: str, created_at: datetime, updated_at: datetime | None) -> str:
    """AWS's time of the last operation on a stack; empty for one that is not there. While it stays the same nobody has
    deployed anything to it."""
    return (updated_at or created_at).isoformat() if there(status) else ""
