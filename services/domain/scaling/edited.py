"""Live values that differ from the stack's parameters: CloudFormation sees no drift of scaling policies."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Edited:
    """One value. `key` is `difference.Row`'s (`policy/rbac-cpu/target`, `maximum`), so that it can be told beside it;
    `parameter` is the stack's, empty for what the template has no parameter for. `template` and `live` are as text,
    `none` for a thing that one side lacks."""

    key: str
    label: str
    parameter: str
    template: str
    live: str
