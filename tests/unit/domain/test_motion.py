"""What counts as being on its way."""

from dataclasses import replace

import pytest

from services.domain.findings import findings
from services.domain.motion import moving
from tests import builders
from tests.unit.domain.test_topology_clusters import cluster


def test_a_settled_environment_is_at_rest():
    assert not moving(builders.snapshot())
    assert not moving(builders.legacy_snapshot())


def with_service(**changed):
    snapshot = builders.snapshot()
    first, *rest = snapshot.services
    return replace(snapshot, services=(replace(first, **changed), *rest))


def test_a_cluster_alone_is_a_database_at_rest():
    snapshot = replace(builders.snapshot(), databases=(), clusters=(cluster(),))
    assert not moving(snapshot)
    assert "missing" not in {finding.rule for finding in findings(snapshot)}


def in_motion():
    snapshot = builders.snapshot()
    service = snapshot.services[0]
    yield replace(snapshot, stacks=(replace(snapshot.stacks[0], status="UPDATE_IN_PROGRESS"),))
    yield with_service(deployments=(replace(service.deployments[0], rollout="IN_PROGRESS"),))
    yield with_service(tasks=(replace(service.tasks[0], last_status="PROVISIONING"),))
    targets = (replace(service.target_group.targets[0], state="initial"),)
    yield with_service(target_group=replace(service.target_group, targets=targets))
    yield replace(snapshot, databases=(replace(snapshot.databases[0], status="rebooting"),))
    yield replace(snapshot, clusters=(cluster(status="failing-over"),))
    yield replace(snapshot, caches=(replace(snapshot.caches[0], status="modifying"),))


def test_what_is_broken_for_long_is_not_on_its_way():
    snapshot = builders.snapshot()
    broken = replace(snapshot.databases[0], status="storage-full")
    assert not moving(replace(snapshot, databases=(broken,)))


@pytest.mark.parametrize("snapshot", list(in_motion()))
def test_each_kind_of_motion_counts(snapshot):
    assert moving(snapshot)
