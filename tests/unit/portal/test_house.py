"""The house of the portal's tests is no kinder than Haven: each kind of operation has its own procedure's steps."""

from services.domain.access import Actor, Role
from services.domain.operation import Operation
from services.usecases.deployment_shapes import PlanRequest
from tests.unit.portal.house import House

ADMIN = Actor("admin", Role.ADMIN)


def steps(house: House, operation: Operation) -> list[str]:
    return [each.sentence for each in house.operations.view(ADMIN, operation.id).steps]


def test_a_plan_s_steps_are_its_levels(house: House) -> None:
    found = steps(house, house.deployments.plan(ADMIN, PlanRequest("legacy")))
    assert len(found) == 3, "network, then data and platform, then services"
    assert "network" in found[0]


def test_a_comparison_s_steps_are_its_stacks(house: House) -> None:
    found = steps(house, house.drifts.request(ADMIN, "production"))
    assert "network was compared with what AWS has" in found


def test_a_check_of_access_is_one_look(house: House) -> None:
    assert len(steps(house, house.environment_checks.request(ADMIN, "production"))) == 1
