"""What the small CloudFormation in memory keeps."""

from dataclasses import dataclass, field
from datetime import datetime

from services.domain.deployment.change_set import ChangeSet
from services.domain.deployment.event import StackEvent

ACCOUNT = "123456789012"


@dataclass
class FakeStack:
    """One stack. `ahead` are the statuses it comes to, one a look."""

    name: str
    stack_name: str
    status: str
    created_at: datetime
    body: str
    parameters: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    updated_at: datetime | None = None
    protected: bool = False
    policy: str = ""
    reason: str = ""
    token: str = ""
    resources: dict[str, str] = field(default_factory=dict)
    ahead: list[str] = field(default_factory=list)
    events: list[StackEvent] = field(default_factory=list)
    after: tuple[dict[str, str], str] | None = None

    @property
    def stack_id(self) -> str:
        return f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/{self.stack_name}/1"


@dataclass
class FakeSet:
    """A change set with what it deploys."""

    shown: ChangeSet
    parameters: dict[str, str]
    body: str
