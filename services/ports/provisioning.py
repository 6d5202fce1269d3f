"""Deploying stacks."""

from dataclasses import dataclass
from typing import Protocol

from services.domain.environment import Environment


@dataclass(frozen=True)
class StackSpec:
    """One stack to provision: `name` as in `network` or `service-rbac`; `parameters` are fixed values; `inputs` maps a
    parameter to (stack name, output) of a stack deployed before; `after` are the stacks it waits for."""

    name: str
    template: str
    parameters: tuple[tuple[str, str], ...]
    inputs: tuple[tuple[str, tuple[str, str]], ...]
    after: tuple[str, ...]
    policy: str | None
    termination_protection: bool
    body: str = ""
    """The template's text where it is not that of `template` today; empty for today's."""


@dataclass(frozen=True)
class StackOutcome:
    """How a stack stands now. `status` is CloudFormation's; `done` and `ok` sort it; `reason` is the first failure;
    `parameters` are all its values, defaults and inputs included."""

    status: str
    done: bool
    ok: bool
    reason: str
    outputs: tuple[tuple[str, str], ...]
    parameters: tuple[tuple[str, str], ...] = ()


class Provisioner(Protocol):
    """Deploys stacks through change sets only."""

    def change_set(self, environment: Environment, spec: StackSpec, outputs: dict[str, dict[str, str]]) -> str | None:
        """Create a change set with a client token and wait until it is reviewed; its ARN, or None when there is nothing
        to change. Raises Refused with AWS's words when it cannot be created."""
        ...

    def execute(self, environment: Environment, spec: StackSpec, change_set: str) -> None: ...
    def outcome(self, environment: Environment, stack: str) -> StackOutcome | None: ...
    def secure(self, environment: Environment, spec: StackSpec) -> None:
        """Set the stack policy and termination protection of a deployed stack."""
        ...
