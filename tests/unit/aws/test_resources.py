"""What belongs to an environment, from its stacks."""

from dataclasses import replace

from services.aws.resources import OwnService, Resources
from services.domain.snapshot import Stack, StackResource
from tests.unit.aws.stubs import arn
from tests.unit.aws.world import RESOURCES, stack


def of(name: str, *resources: tuple[str, str, str], status: str = "CREATE_COMPLETE") -> Stack:
    made = tuple(StackResource(logical, physical, kind, status) for logical, physical, kind in resources)
    return replace(stack(name), resources=made)


def test_ids_leave_out_what_does_not_exist_yet_or_any_more() -> None:
    queue = "AWS::SQS::Queue"
    stacks = [
        of("data", ("A", "url-a", queue), ("B", "", queue)),
        of("old", ("C", "url-c", queue), status="DELETE_COMPLETE"),
    ]
    assert Resources(stacks).ids(queue) == ("url-a",)


def test_the_queue_on_which_haven_hears_is_none_of_the_systems() -> None:
    kind = "AWS::SQS::Queue"
    havens = (("HavenQueue", "url-h", kind), ("HavenDeadLetterQueue", "url-hd", kind))
    found = Resources([of("data", ("Queue", "url-a", kind), *havens, ("DeadLetterQueue", "url-b", kind))])
    assert found.queues() == ("url-a", "url-b")


def test_a_service_stack_names_its_service_and_target_group() -> None:
    (service,) = Resources([of("service-rbac", *RESOURCES["service-rbac"])]).services()
    assert service.name == "rbac"
    assert service.target_group == RESOURCES["service-rbac"][1][1]
    assert (service.cluster, service.service_name) == ("production", "rbac")
    assert service.resource_id == "service/production/rbac"


def test_several_services_in_one_stack_go_by_aws_names() -> None:
    arns = [arn("ecs", f"service/main/{name}") for name in ("one", "two")]
    stacks = [of("service-all", *((f"S{n}", each, "AWS::ECS::Service") for n, each in enumerate(arns)))]
    assert Resources(stacks).services() == (OwnService("one", arns[0], None), OwnService("two", arns[1], None))
