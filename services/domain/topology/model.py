"""The picture as data, before any pixel: zones are columns, tiers are rows, regional things span the columns."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.domain.finding import Finding
from services.domain.snapshot import Part
from services.domain.status import State, Status


class Kind(StrEnum):
    """What a node is."""

    ZONE = "zone"
    GATEWAY = "gateway"
    BALANCER = "load balancer"
    SERVICE = "service"
    TASK = "task"
    DATABASE = "database"
    STANDBY = "standby"
    DATABASE_CLUSTER = "database cluster"
    DATABASE_MEMBER = "database cluster member"
    CACHE = "cache"
    CACHE_NODE = "cache node"
    QUEUE = "queue"
    NETWORK = "network"
    NAT = "NAT gateway"
    STACKS = "stacks"
    ALARMS = "alarms"
    PART = "part"


@dataclass(frozen=True)
class Detail:
    """One fact of a node with its age: `at` is when it was read, None when it never was. `code` marks AWS's words."""

    name: str
    value: str
    at: datetime | None
    code: bool = False
    measured: bool = False
    """From metrics: CloudWatch has one point a minute, so it may be older than what is read as a state."""


@dataclass(frozen=True)
class Node:
    """One thing on the picture.

    `state` is how it stands once its findings and the age of its facts are taken in; `note` a short line beneath the
    label; `aws` the names it has in AWS, as (what, value); `related` the ids of its neighbours.
    """

    id: str
    kind: Kind
    label: str
    state: State
    part: Part
    read_at: datetime | None
    zone: str | None = None
    note: str = ""
    corner: str = ""
    details: tuple[Detail, ...] = ()
    aws: tuple[tuple[str, str], ...] = ()
    findings: tuple[Finding, ...] = ()
    related: tuple[str, ...] = ()
    keys: tuple[tuple[str, str], ...] = ()
    """What AWS's command line needs to name it."""

    @property
    def status(self) -> Status:
        """The status of the state."""
        return self.state.status

    @property
    def key(self) -> dict[str, str]:
        """`keys` as a dictionary."""
        return dict(self.keys)


@dataclass(frozen=True)
class Cell:
    """What a row has in one zone. `empty` says what an empty place could hold, and is blank when nothing belongs."""

    zone: str
    nodes: tuple[Node, ...] = ()
    empty: str = ""

    @property
    def counts(self) -> tuple[tuple[State, int], ...]:
        """How many nodes are in each state, worst first."""
        found: dict[State, int] = {}
        for node in self.nodes:
            found[node.state] = found.get(node.state, 0) + 1
        return tuple(sorted(found.items(), key=lambda pair: pair[0].status.rank))


@dataclass(frozen=True)
class Row:
    """A tier's thing with what it has in each zone (in the order of the lanes); `elsewhere` has no zone yet."""

    node: Node
    cells: tuple[Cell, ...]
    elsewhere: tuple[Node, ...] = ()
    title: str = ""
    subtitle: str = ""

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The row's own node and everything in it."""
        return (self.node, *(node for cell in self.cells for node in cell.nodes), *self.elsewhere)


class Flow(StrEnum):
    """What an edge carries."""

    REQUESTS = "requests"
    DATA = "data"
    SYNC = "synchronous replication"
    SEMISYNC = "semisynchronous replication"
    ASYNC = "asynchronous replication"
    REDRIVE = "dead letters"


@dataclass(frozen=True)
class Edge:
    """From one node to another. `weight` is 1 to 3 by traffic, 0 when the traffic is not known."""

    source: str
    target: str
    flow: Flow
    weight: int = 0
    label: str = ""


@dataclass(frozen=True)
class Lane:
    """One zone's column; `requests` is its share of the requests in percent, None when it is not known."""

    node: Node
    share: float | None
    requests: float | None
    healthy_targets: int
    targets: int
    has_balancer: bool

    @property
    def zone(self) -> str:
        """The zone's name."""
        return self.node.label


@dataclass(frozen=True)
class Topology:
    """The whole picture of one environment at one time."""

    environment: str
    taken_at: datetime
    lanes: tuple[Lane, ...]
    gateway: Node
    balancer: Node
    services: tuple[Row, ...]
    databases: tuple[Row, ...]
    caches: tuple[Row, ...]
    queues: tuple[Node, ...]
    network: Row
    stacks: Node
    alarms: Node
    parts: tuple[Node, ...]
    edges: tuple[Edge, ...]
    findings: tuple[Finding, ...]
    _index: dict[str, Node] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        for node in self.nodes:
            self._index.setdefault(node.id, node)

    @property
    def nodes(self) -> tuple[Node, ...]:
        """Every node once, in reading order: down the tiers."""
        rows = (*self.services, *self.databases, *self.caches)
        every = (
            *(lane.node for lane in self.lanes),
            self.gateway,
            self.balancer,
            *(node for row in rows for node in row.nodes),
            *self.queues,
            *self.network.nodes,
            self.stacks,
            self.alarms,
            *self.parts,
        )
        return tuple({node.id: node for node in reversed(every)}.values())[::-1]

    def node(self, node_id: str) -> Node | None:
        """A node by its id."""
        return self._index.get(node_id)

    @property
    def oldest(self) -> tuple[Part, datetime] | None:
        """The part with the oldest facts shown; None when nothing was read."""
        read = [(node.read_at, node.part) for node in self.parts if node.read_at is not None]
        return (min(read)[1], min(read)[0]) if read else None
