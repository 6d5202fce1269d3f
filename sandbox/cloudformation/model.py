"""Stacks as plain data: all of it survives a restart by pickling."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class Resource:
    """One resource of a stack. `properties` are the resolved ones it was last made with; `depends` the logical ids
    it needed then, which is what a deletion goes by; `definition` its part of the template, unresolved."""

    logical: str
    type: str
    physical: str = ""
    status: str = ""
    reason: str = ""
    updated: datetime | None = None
    properties: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    definition: dict[str, Any] = field(default_factory=dict)
    depends: list[str] = field(default_factory=list)
    drift: dict[str, Any] | None = None
    """What the last drift detection found, as DescribeStackResourceDrifts shows it."""

    @property
    def deletion_policy(self) -> str:
        """What happens to it when the stack lets go of it. A DB cluster, and a DB instance outside one, default to
        Snapshot."""
        alone = self.type == "AWS::RDS::DBInstance" and "DBClusterIdentifier" not in self.properties
        default = "Snapshot" if alone or self.type == "AWS::RDS::DBCluster" else "Delete"
        return str(self.definition.get("DeletionPolicy") or default)

    @property
    def replace_policy(self) -> str:
        return str(self.definition.get("UpdateReplacePolicy") or "Delete")

    @property
    def exists(self) -> bool:
        """Whether something physical stands behind it."""
        return bool(self.physical) and self.status != "DELETE_COMPLETE"


@dataclass
class Event:
    """One line of a stack's history. `number` counts up within the stack."""

    number: int
    id: str
    at: datetime
    logical: str
    physical: str
    type: str
    status: str
    reason: str
    properties: str
    token: str
    operation: str


@dataclass
class Deployment:
    """What a stack is, or is to become: template text, parameter values as text, stack tags, capabilities."""

    template: str
    parameters: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    capabilities: list[str] = field(default_factory=list)
    description: str = ""


@dataclass
class ChangeSet:
    """A proposed deployment and the changes it would make (in DescribeChangeSet's shape, values included)."""

    name: str
    id: str
    type: str
    target: Deployment
    created: datetime
    description: str = ""
    status: str = "CREATE_PENDING"
    reason: str = ""
    execution: str = "UNAVAILABLE"
    changes: list[dict[str, Any]] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass
class Step:
    """One resource's part in a phase: `act` is apply, revert or delete. `needs` are keys of steps that come before."""

    key: str
    logical: str
    act: str
    needs: list[str] = field(default_factory=list)
    state: str = "waiting"
    verb: str = ""
    tries: int = 0
    started: float = 0.0
    victim: Resource | None = None
    replacing: Resource | None = None


@dataclass
class Operation:
    """What a stack is doing. `touched` keeps how each resource was before, None for one that was not there."""

    id: str
    kind: str
    phase: str
    token: str = ""
    target: Deployment | None = None
    prior: Deployment | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    touched: dict[str, Resource | None] = field(default_factory=dict)
    cleanup: list[Resource] = field(default_factory=list)
    failures: dict[str, list[str]] = field(default_factory=dict)
    cancelled: bool = False


@dataclass
class Stack:
    """A stack. `current` is what it was last brought to; `operation` what it is doing or what it failed at."""

    name: str
    id: str
    account: str
    region: str
    created: datetime
    status: str = ""
    reason: str = ""
    updated: datetime | None = None
    deleted: datetime | None = None
    current: Deployment = field(default_factory=lambda: Deployment(""))
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: list[dict[str, str]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    change_sets: dict[str, ChangeSet] = field(default_factory=dict)
    operation: Operation | None = None
    protected: bool = False
    policy: str = ""
    settings: dict[str, Any] = field(default_factory=dict)
    drift: str = "NOT_CHECKED"
    drift_at: datetime | None = None

    @property
    def busy(self) -> bool:
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"


@dataclass
class Detection:
    """A drift detection of a stack (its id), of all its resources or of those named. `drift` is the stack's drift
    status once known, `at` when it began, then when it ended."""

    id: str
    stack: str
    at: datetime
    logical: list[str]
    status: str = "DETECTION_IN_PROGRESS"
    reason: str = ""
    drift: str = ""
    drifted: int = 0


@dataclass
class Ledger:
    """All stacks of one account and region, by stack id, and the client tokens used."""

    stacks: dict[str, Stack] = field(default_factory=dict)
    tokens: dict[str, tuple[str, str]] = field(default_factory=dict)

    def live(self, name: str) -> Stack | None:
        """The stack of that name that is not deleted."""
        return next((s for s in self.stacks.values() if s.name == name and s.status != "DELETE_COMPLETE"), None)

    def find(self, name: str) -> Stack | None:
        """By id (deleted ones too) or by name (living ones)."""
        return self.stacks.get(name) or self.live(name)

    def exports(self) -> dict[str, tuple[str, str]]:
        """Exported name to (stack id, value)."""
        return {
            o["ExportName"]: (s.id, o["OutputValue"])
            for s in self.stacks.values()
            for o in s.outputs
            if "ExportName" in o
        }
