"""What a failover would do, said before it is asked for: moves, expected outage, who depends on it, the CLI lines."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Move:
    """A role that goes from one place to another. `likely` says that AWS chooses, and this is where it usually goes."""

    what: str
    from_zone: str | None
    to_zone: str | None
    from_member: str = ""
    to_member: str = ""
    likely: bool = False


@dataclass(frozen=True)
class Expectation:
    """How long writes will be out. `usual` is in seconds, with the range `low` to `high`; `failovers` is how many of
    our own it comes from, 0 when the figures are AWS's; `source` says which in a sentence."""

    usual: float
    low: float
    high: float
    failovers: int
    source: str


@dataclass(frozen=True)
class Dependent:
    """Something that feels it: a service with its tasks, another store, an alarm. `effect` is a sentence."""

    subject: str
    name: str
    effect: str


@dataclass(frozen=True)
class Plan:
    """All of it. `commands` are exact AWS CLI lines: what is sent, once, and what is waited for."""

    moves: tuple[Move, ...]
    expectation: Expectation
    dependents: tuple[Dependent, ...]
    commands: tuple[str, ...]
