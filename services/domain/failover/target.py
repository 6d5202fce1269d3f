"""What can be failed over, and where it stands: read off a snapshot."""

from dataclasses import dataclass
from datetime import datetime

from services.domain.operation import Target


@dataclass(frozen=True)
class Candidate:
    """Where the role can go. `member` is empty where AWS does not name it (an RDS instance's standby)."""

    member: str
    zone: str | None


@dataclass(frozen=True)
class FailoverTarget:
    """A database or cache that may be failed over.

    `primary` is the member that leads now (an instance's own identifier), `zone` where it stands. `candidates` are
    where it can go, by name; `chooses` says whether AWS lets the person choose among them. `node_group` is
    ElastiCache's shard. `why_not` and `mend` say why this one cannot be failed over at all, and what would change that;
    empty when it can. `read_at` is when the facts were read.
    """

    kind: Target
    name: str
    status: str
    primary: str
    zone: str | None
    candidates: tuple[Candidate, ...] = ()
    chooses: bool = False
    node_group: str = ""
    why_not: str = ""
    mend: str = ""
    read_at: datetime | None = None

    @property
    def possible(self) -> bool:
        """Whether it has somewhere to fail over to."""
        return not self.why_not

    @property
    def label(self) -> str:
        """The kind in words."""
        return LABELS[self.kind]


LABELS = {
    Target.DATABASE_INSTANCE: "RDS Multi-AZ instance",
    Target.DATABASE_CLUSTER: "RDS Multi-AZ DB cluster",
    Target.CACHE: "ElastiCache replication group",
}
