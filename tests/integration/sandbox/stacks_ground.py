"""What the tests of stacks stand on: an account of its own, a frozen clock, and the few moves every test makes."""

from dataclasses import dataclass
from itertools import count
from typing import Any

from botocore.exceptions import ClientError

from sandbox.clock import clock
from sandbox.cloudformation import failures
from sandbox.inproc import client

REGION = "us-east-1"
_accounts = count(300_000_000_000)
_names = count(1)


@dataclass
class Stacks:
    """CloudFormation in one account."""

    account: str

    def aws(self, service: str) -> Any:
        """A client of a service in this account."""
        return client(service, REGION, self.account)

    @property
    def cfn(self) -> Any:
        return self.aws("cloudformation")

    def proposed(self, stack: str, template: str, kind: str = "CREATE", **more: Any) -> dict[str, Any]:
        """A change set, made and described with its values."""
        asked = {"ChangeSetName": f"set-{next(_names)}", "ChangeSetType": kind, "TemplateBody": template, **more}
        made = self.cfn.create_change_set(StackName=stack, Capabilities=["CAPABILITY_NAMED_IAM"], **asked)
        clock.advance(10)
        described: dict[str, Any] = self.cfn.describe_change_set(ChangeSetName=made["Id"], IncludePropertyValues=True)
        return described

    def deployed(self, stack: str, template: str, kind: str = "CREATE", **more: Any) -> dict[str, Any]:
        """The stack after a change set was made, executed and waited for."""
        proposed = self.proposed(stack, template, kind, **more)
        assert proposed["Status"] == "CREATE_COMPLETE", proposed.get("StatusReason")
        self.cfn.execute_change_set(ChangeSetName=proposed["ChangeSetId"], DisableRollback=False)
        return self.settled(stack)

    def stack(self, name: str) -> dict[str, Any]:
        """The stack as described."""
        found: dict[str, Any] = self.cfn.describe_stacks(StackName=name)["Stacks"][0]
        return found

    def settled(self, name: str, most: float = 20_000) -> dict[str, Any]:
        """The stack once it does nothing any more."""
        waited = 0.0
        while (found := self.stack(name))["StackStatus"].endswith("_IN_PROGRESS"):
            assert waited < most, f"{name} is still {found['StackStatus']}"
            clock.advance(5)
            waited += 5
        return found

    def events(self, name: str) -> list[dict[str, Any]]:
        """All events, oldest first."""
        pages = self.cfn.get_paginator("describe_stack_events").paginate(StackName=name)
        return list(reversed([e for page in pages for e in page["StackEvents"]]))

    def told(self, name: str) -> list[tuple[str, str]]:
        """(logical id, status) of all events, oldest first."""
        return [(e["LogicalResourceId"], e["ResourceStatus"]) for e in self.events(name)]

    def physical(self, stack: str, logical: str) -> str:
        """The physical id of a resource."""
        found = self.cfn.describe_stack_resource(StackName=stack, LogicalResourceId=logical)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])


def fresh() -> Stacks:
    """A new account, the clock frozen, no failures ordered."""
    clock.freeze()
    failures.clear()
    return Stacks(str(next(_accounts)))


def values(**given: Any) -> list[dict[str, str]]:
    """Parameters in the API's shape."""
    return [{"ParameterKey": k, "ParameterValue": str(v)} for k, v in given.items()]


def refusal(error: ClientError) -> tuple[str, str, int]:
    """Code, message and HTTP status of a refusal."""
    found = error.response
    return found["Error"]["Code"], found["Error"]["Message"], found["ResponseMetadata"]["HTTPStatusCode"]
