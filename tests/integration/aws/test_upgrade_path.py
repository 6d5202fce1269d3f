"""The guided path on a sandbox of its own: `legacy` from nothing, then stage by stage to Multi-AZ, the findings fewer
after each, no data store replaced."""

from collections.abc import Callable, Iterator

import pytest

from services.domain.access import SYSTEM
from services.usecases.deployment_shapes import PlanRequest
from services.usecases.upgrades import DONE, NEXT
from tests.integration.aws.test_deployment_path import Ground, stores
from tests.sandbox_server import Sandbox

pytestmark = [pytest.mark.sandbox, pytest.mark.timeout(600)]
STAGES = ["network", "standby", "capacity", "platform", "services"]


@pytest.fixture
def ground(start_sandbox: Callable[..., Sandbox], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    sandbox = start_sandbox("--frozen", "--limits", "off")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        yield Ground(sandbox, tmp_path_factory.mktemp("home"))
    sandbox.stop()


def test_legacy_walks_to_multi_az_without_losing_anything(ground: Ground) -> None:
    ground.deployed(ground.planned(PlanRequest("legacy", blueprint="single-az", whole_shape=True)))
    ground.sandbox.advance(1800)
    ground.snap()
    held, upgrades = stores(ground), ground.haven.upgrades
    found = [upgrades.path(SYSTEM, "legacy").findings]
    for number, name in enumerate(STAGES):
        path = upgrades.path(SYSTEM, "legacy")
        assert [step.name for step in path.steps] == STAGES
        assert [step.state for step in path.steps][: number + 1] == [*[DONE] * number, NEXT], name
        step = path.steps[number]
        ground.deployed(ground.planned(step.request))
        ground.sandbox.advance(3600)
        ground.snap()
        found.append(upgrades.path(SYSTEM, "legacy").findings)
        assert found[-1] < found[-2], name
    path = upgrades.path(SYSTEM, "legacy")
    assert [step.state for step in path.steps] == [DONE] * 5
    assert [(each.rule, each.subject) for each in path.left] == []
    assert path.environment.blueprint == "multi-az"
    assert stores(ground) == held
    assert all(step.done_by is not None for step in path.steps)
