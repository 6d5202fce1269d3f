"""Drift: where a resource is not as its stack says, and what of it is meant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.domain.deployment.drift_explained import why_explained

DRIFT, ACCEPTED, EXPLAINED = "drift", "accepted", "explained"
"""The verdicts."""
_ORDER = (DRIFT, ACCEPTED, EXPLAINED)


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
    """Each difference of a report, true drift first, then what was accepted, then what explains itself; of equals in
    the report's order. `template` is the deployed document, None when not known: then little explains itself. A
    resource that is gone, or that differs somewhere AWS does not name, has one verdict without a difference."""
    meant = {(a.stack, a.logical_id, a.path): a for a in accepted if a.environment == report.environment}
    found = [each for resource in report.resources for each in _resource(resource, meant, template)]
    return tuple(sorted(found, key=lambda each: _ORDER.index(each.verdict)))


def _resource(
    resource: DriftedResource, meant: Mapping[tuple[str, str, str], Accepted], template: Mapping[str, object] | None
) -> Sequence[Judged]:
    if resource.status == "DELETED":
        return [Judged(resource, None, DRIFT, "It was deleted past CloudFormation; the stack still counts on it.")]
    if resource.status != "MODIFIED":
        return []
    if not resource.differences:
        return [Judged(resource, None, DRIFT, "CloudFormation says that it differs, but not where.")]
    return [
        _difference(resource, each, meant.get((resource.stack, resource.logical_id, each.path)), template)
        for each in resource.differences
    ]


def _difference(
    resource: DriftedResource, found: Difference, known: Accepted | None, template: Mapping[str, object] | None
) -> Judged:
    if known is not None and known.actual == found.actual:
        return Judged(resource, found, ACCEPTED, f"{known.by} accepted it: {known.reason}", known)
    why = ""
    if template is not None:
        why = why_explained(resource.type, resource.logical_id, found.path, found.actual, found.kind, template)
    if why:
        return Judged(resource, found, EXPLAINED, why)
    if known is not None:
        why = f"{known.by} accepted {known.actual or 'nothing'} here, but it has changed since."
        return Judged(resource, found, DRIFT, why)
    return Judged(resource, found, DRIFT, _plain(resource, found))


def _plain(resource: DriftedResource, found: Difference) -> str:
    if resource.type == "AWS::ECS::Service" and found.path == "/TaskDefinition":
        return (
            "Somebody deployed another task definition past the stack; the stack's next deployment puts its own back."
        )
    if found.kind == "ADD":
        return "It was added past CloudFormation; the template does not have it."
    if found.kind == "REMOVE":
        return "It was taken away past CloudFormation; the template has it."
    return "It was changed past CloudFormation; an update that touches this resource puts it back."
