"""A CloudFormation that answers from a script. botocore holds every request and answer against AWS's models."""

from types import SimpleNamespace
from typing import Any

from botocore.stub import Stubber

from tests.unit.aws.stubs import WHEN, client_of

STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/production-network/1"
SET = "arn:aws:cloudformation:us-east-1:123456789012:changeSet/haven-1/1"
NAME = "production-network"


class Desk:
    """The provisioner's clients of every environment: reads, and writes that are sent once, go by one script."""

    def __init__(self) -> None:
        client: Any = client_of("cloudformation")
        self.stub = Stubber(client)
        self.paused: list[float] = []
        self.resolved = 0
        writer = SimpleNamespace(cloudformation=client)
        clients = SimpleNamespace(resolve=self._resolve, cloudformation=client, writer=writer)
        self.sessions: Any = SimpleNamespace(provisioner=lambda _: clients)

    def _resolve(self) -> None:
        self.resolved += 1

    def says(self, operation: str, answer: dict[str, Any], asked: dict[str, Any] | None = None) -> None:
        self.stub.add_response(operation, answer, asked)

    def refuses(self, operation: str, code: str, message: str = "no", status: int = 400) -> None:
        self.stub.add_client_error(operation, code, message, status)

    def has(self, status: str, **more: Any) -> None:
        self.says("describe_stacks", {"Stacks": [stack(status, **more)]})

    def has_none(self) -> None:
        self.refuses("describe_stacks", "ValidationError", f"Stack with id {NAME} does not exist")

    def tells(self, *events: dict[str, Any], more: str = "") -> None:
        """A page of events, newest first."""
        self.says("describe_stack_events", {"StackEvents": list(events), **({"NextToken": more} if more else {})})


def stack(status: str, **more: Any) -> dict[str, Any]:
    return {"StackName": NAME, "StackId": STACK, "CreationTime": WHEN, "StackStatus": status, **more}


def event(id: str, status: str = "UPDATE_COMPLETE", logical: str = "Vpc", **more: Any) -> dict[str, Any]:
    told = {"StackId": STACK, "EventId": id, "StackName": NAME, "Timestamp": WHEN, "ResourceStatus": status}
    return {
        **told,
        "LogicalResourceId": logical,
        "PhysicalResourceId": logical,
        "ResourceType": "AWS::EC2::VPC",
        **more,
    }


def change_set(**more: Any) -> dict[str, Any]:
    made = {"ChangeSetId": SET, "ChangeSetName": "haven-1", "StackId": STACK, "StackName": NAME, "CreationTime": WHEN}
    return {**made, "Status": "CREATE_COMPLETE", "ExecutionStatus": "AVAILABLE", **more}


def change(logical: str, action: str = "Modify", **more: Any) -> dict[str, Any]:
    told = {"Action": action, "LogicalResourceId": logical, "ResourceType": "AWS::RDS::DBInstance", **more}
    return {"Type": "Resource", "ResourceChange": told}


def detail(name: str, evaluation: str = "Static", source: str = "DirectModification", **more: Any) -> dict[str, Any]:
    """A line of a resource's change; `CausingEntity` and `Attribute` are told apart from the target's other fields."""
    cause = {"CausingEntity": more.pop("CausingEntity")} if "CausingEntity" in more else {}
    target = {"Attribute": "Properties", "Name": name, "RequiresRecreation": "Never", **more}
    return {"Target": target, "Evaluation": evaluation, "ChangeSource": source, **cause}
