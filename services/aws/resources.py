"""Which AWS things belong to an environment, looked up in its stacks' resources. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.domain.snapshot import Stack

_GONE = ("DELETE_COMPLETE",)
_HAVENS = ("HavenQueue", "HavenDeadLetterQueue")


@dataclass(frozen=True)
class OwnService:
    """An ECS service that a stack made: Haven's name for it, its ARN, and the target group made beside it, if any."""

    name: str
    arn: str
    target_group: str | None

    @property
    def cluster(self) -> str:
        """The cluster's name, from the ARN `arn:...:service/<cluster>/<service>`."""
        return self.arn.split("/")[1]

    @property
    def service_name(self) -> str:
        """AWS's name of the service."""
        return self.arn.rpartition("/")[2]

    @property
    def resource_id(self) -> str:
        """What Application Auto Scaling calls it: `service/<cluster>/<service>`."""
        return self.arn.split(":", 5)[5]


class Resources:
    """An index over the resources of an environment's stacks."""

    def __init__(self, stacks: Sequence[Stack]) -> None:
        self._stacks = stacks

    def ids(self, type: str) -> tuple[str, ...]:
        """Physical ids of every living resource of a CloudFormation type, such as `AWS::SQS::Queue`."""
        return tuple(found for stack in self._stacks for found in _ids(stack, type))

    def queues(self) -> tuple[str, ...]:
        """URLs of the environment's queues. Those on which Haven hears what changes are its own, not the system's."""
        of_haven = {r.physical_id for stack in self._stacks for r in stack.resources if r.logical_id in _HAVENS}
        return tuple(url for url in self.ids("AWS::SQS::Queue") if url not in of_haven)

    def services(self) -> tuple[OwnService, ...]:
        """The ECS services, in the stacks' order."""
        found = []
        for stack in self._stacks:
            arns, groups = _ids(stack, "AWS::ECS::Service"), _ids(stack, "AWS::ElasticLoadBalancingV2::TargetGroup")
            alone = len(arns) == 1 and len(groups) == 1
            for arn in arns:
                name = (
                    stack.name.removeprefix("service-") if len(arns) == 1 and stack.name.startswith("service-") else ""
                )
                found.append(OwnService(name or arn.rpartition("/")[2], arn, groups[0] if alone else None))
        return tuple(found)


def _ids(stack: Stack, type: str) -> list[str]:
    return [r.physical_id for r in stack.resources if r.type == type and r.physical_id and r.status not in _GONE]
