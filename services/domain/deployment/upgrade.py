"""The way from single-AZ to Multi-AZ: its stages, which values change at which one, which are kept and why, and which
findings each change mends. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.domain.failover.connections import memory_of
from services.domain.finding import Finding

NETWORK, DATA, PLATFORM, SERVICE = "network", "data", "platform", "service"
CALM = frozenset({"DatabaseMultiAz", "DeletionProtection", "CacheNodes"})
"""What of the data stack makes a second copy or guards the first, and interrupts nothing. All else of it waits until
there is a standby: a changed class is an outage without one, and a failover with one."""


@dataclass(frozen=True)
class Kind:
    """One stage as it is for every environment. `only` narrows it to some parameters of its template, `but` leaves some
    to another stage."""

    name: str
    title: str
    template: str
    only: frozenset[str] = frozenset()
    but: frozenset[str] = frozenset()

    def owns(self, parameter: str) -> bool:
        """Whether a parameter of its template changes at this stage."""
        return parameter not in self.but and (not self.only or parameter in self.only)


KINDS = (
    Kind(NETWORK, "A way out for every zone", NETWORK),
    Kind("standby", "A second copy of the data", DATA, only=CALM),
    Kind("capacity", "Room and backups for the data", DATA, but=CALM),
    Kind(PLATFORM, "An entrance in every zone", PLATFORM),
    Kind("services", "Every service in every zone", SERVICE),
)
"""In order: what carries comes before what is carried."""


@dataclass(frozen=True)
class Kept:
    """A value that stays although the blueprint has another one."""

    stack: str
    parameter: str
    now: str
    blueprint: str
    why: str


_OWN = {
    "DatabaseStorage": "Storage can never shrink and makes nothing more available; RDS grows it by itself.",
    "ImageTag": "Which version of the code runs is no part of the way.",
    "ImageRepository": "Which code runs is no part of the way.",
    "ImageRegistry": "Which code runs is no part of the way.",
    "PathPatterns": "Where requests come in stays as it is.",
    "RulePriority": "Where requests come in stays as it is.",
    "Cpu": "The size of a task makes it no more available.",
    "Memory": "The size of a task makes it no more available.",
    "PoolSize": "Another pool would change how many connections the database has to hold.",
    "HavenEvents": "What Haven hears by is no part of the way.",
    "DatabaseVersion": "An upgrade of the engine is an outage, even with a standby.",
    "Architecture": "It would need another image.",
}
_NEVER_LESS = frozenset(
    {
        "DatabaseStorageLimit",
        "BackupRetentionDays",
        "CacheNodes",
        "CacheSnapshotDays",
        "LoadBalancerZones",
        "ServiceZones",
        "MinTasks",
        "MaxTasks",
        "LogDays",
    }
)
_CLASSES = {"DatabaseClass": "db.", "CacheClass": "cache."}
_TUNED = frozenset({"CpuTarget", "MemoryTarget"})


def kept_because(parameter: str, now: str, then: str, deployed: Mapping[str, str]) -> str:
    """Why a deployed value stays although the blueprint has another one; empty when it changes."""
    if now == then:
        return ""
    if parameter in _OWN:
        return _OWN[parameter]
    if parameter in _NEVER_LESS and (more := _number(now)) is not None and (less := _number(then)) is not None:
        return "It is more already." if more > less else ""
    if prefix := _CLASSES.get(parameter, ""):
        return _class(prefix, now, then)
    if parameter in _TUNED and deployed.get("Scaling") == "true":
        return "It was tuned for this service."
    if now == "true" and then == "false":
        return "Nothing is turned off on this way."
    return ""


def _class(prefix: str, now: str, then: str) -> str:
    have, want = (memory_of(f"db.{each.removeprefix(prefix)}") for each in (now, then))
    if have is None or want is None:
        return "Which of the two is larger is not known."
    return "It is as large already." if have >= want else ""


def _number(said: str) -> int | None:
    return int(said) if said.isdecimal() else None


MENDED_BY: Mapping[str, tuple[str, frozenset[str]]] = {
    "nat-shared": (NETWORK, frozenset({"NatPerZone"})),
    "database-single-zone": (DATA, frozenset({"DatabaseMultiAz"})),
    "database-deletable": (DATA, frozenset({"DeletionProtection"})),
    "database-no-backups": (DATA, frozenset({"BackupRetentionDays"})),
    "cache-single-node": (DATA, frozenset({"CacheNodes"})),
    "cache-no-failover": (DATA, frozenset({"CacheNodes"})),
    "cache-single-zone": (DATA, frozenset({"CacheNodes"})),
    "balancer-zones": (PLATFORM, frozenset({"LoadBalancerZones"})),
    "balancer-deletable": (PLATFORM, frozenset({"DeletionProtection"})),
    "balancer-no-shift": (PLATFORM, frozenset({"ZonalShift"})),
    "one-task": (SERVICE, frozenset({"MinTasks", "Scaling"})),
    "few-zones": (SERVICE, frozenset({"ServiceZones"})),
    "service-subnets": (SERVICE, frozenset({"ServiceZones"})),
    "targets-one-zone": (SERVICE, frozenset({"ServiceZones"})),
    "unbalanced": (SERVICE, frozenset({"ZoneRebalancing"})),
    "no-rebalancing": (SERVICE, frozenset({"ZoneRebalancing"})),
    "no-circuit-breaker": (SERVICE, frozenset({"CircuitBreaker"})),
    "no-rollback": (SERVICE, frozenset({"CircuitBreaker"})),
    "no-scaling": (SERVICE, frozenset({"Scaling"})),
    "no-cpu-policy": (SERVICE, frozenset({"Scaling"})),
    "no-memory-policy": (SERVICE, frozenset({"Scaling"})),
    "min-below-zones": (SERVICE, frozenset({"MinTasks"})),
    "no-room": (SERVICE, frozenset({"MaxTasks"})),
}
"""By a finding's rule, the template and the parameters any one of which mends it by changing."""
UNPROTECTED = "stack-unprotected"
"""The finding that any deployment of its stack in the new shape mends."""


@dataclass(frozen=True)
class Moves:
    """One stack at one stage: `changes` maps a parameter to (now, then), `names` are physical ids of its resources."""

    stack: str
    template: str
    changes: Mapping[str, tuple[str, str]]
    names: frozenset[str] = frozenset()


def mended(found: Iterable[Finding], moves: Sequence[Moves]) -> tuple[Finding, ...]:
    """The findings that changing these values mends."""
    return tuple(each for each in found if any(_mends(each, move) for move in moves if move.changes))


def _mends(finding: Finding, move: Moves) -> bool:
    if finding.rule == UNPROTECTED:
        return finding.detail == move.stack
    template, parameters = MENDED_BY.get(finding.rule, ("", frozenset[str]()))
    if template != move.template or not parameters & move.changes.keys():
        return False
    if template == SERVICE:
        # A service's node on the picture is named as its stack is.
        return finding.subject == move.stack
    if template == DATA and move.names:
        return finding.subject.partition("-")[2] in move.names
    return True


@dataclass(frozen=True)
class Need:
    """What one service may ask of the database: the most tasks that scaling may start, connections a task may hold, and
    how many times its tasks there may be during a deployment."""

    tasks: int
    pool: int
    during: float

    @property
    def usual(self) -> int:
        """Connections at its most tasks."""
        return self.tasks * self.pool

    @property
    def most(self) -> int:
        """Connections while all of its tasks are being replaced."""
        return int(self.tasks * self.during) * self.pool


def need_of(values: Mapping[str, str]) -> Need | None:
    """By the values of a service's stack; None when they do not say."""
    read = [_number(values.get(name, "")) for name in ("MinTasks", "MaxTasks", "PoolSize")]
    if None in read:
        return None
    fewest, most, pool = (each or 0 for each in read)
    during = (_number(values.get("MaximumPercent", "")) or 200) / 100
    return Need(max(fewest, most), pool, during)


def together(needs: Sequence[Need | None], ceiling: int | None) -> bool:
    """Whether all services may be deployed at once: their connections fit the database even while every task there
    may be is being replaced. What is not known does not fit."""
    if ceiling is None or any(each is None for each in needs):
        return False
    return sum(each.most for each in needs if each) <= ceiling
