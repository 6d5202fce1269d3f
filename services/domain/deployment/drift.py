"""Drift: where a resource is not as its stack says, and what of it is meant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Difference:
    """One property that differs. `kind` is ADD, REMOVE or NOT_EQUAL; a value that is not there is empty."""

    path: str
    expected: str
    actual: str
    kind: str


@dataclass(frozen=True)
class DriftedResource:
    """One resource. `status` is IN_SYNC, MODIFIED, DELETED, NOT_CHECKED, UNKNOWN or UNSUPPORTED."""

    stack: str
    logical_id: str
    physical_id: str
    type: str
    status: str
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True)
class DriftReport:
    """One stack's drift. `status` is DRIFTED, IN_SYNC, UNKNOWN or NOT_CHECKED; `reason` is AWS's when it could not
    tell."""

    environment: str
    stack: str
    stack_id: str
    at: datetime
    status: str
    resources: tuple[DriftedResource, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class Accepted:
    """A difference that a person said is meant: exactly this value at this place, until it changes again."""

    environment: str
    stack: str
    logical_id: str
    path: str
    actual: str
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class Judged:
    """One difference with its verdict: `drift`, `accepted`, or `explained` (AWS or scaling moves it by itself)."""

    resource: DriftedResource
    difference: Difference | None
    verdict: str
    why: str
    accepted: Accepted | None = None


def judged(
    report: DriftReport, accepted: Sequence[Accepted], template: Mapping[str, object] | None
) -> Sequence[Judged]:
    """Each difference of a report, true drift first. `template` is the deployed document, None when not known."""
    raise NotImplementedError
