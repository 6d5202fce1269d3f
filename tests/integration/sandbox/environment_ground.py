"""An environment made of a blueprint's stacks, in an account of its own, for tests that deploy one as a whole."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from provisioning.blueprint import StackSpec, load, template_body
from sandbox.cloudformation import state
from sandbox.cloudformation.actions.changesets import NO_CHANGES
from tests.integration.sandbox.presence import present
from tests.integration.sandbox.stacks_ground import REGION, fresh, values

DATA_STORES = ("AWS::RDS::DBInstance", "AWS::ElastiCache::ReplicationGroup", "AWS::SQS::Queue", "AWS::KMS::Key")
Overrides = Mapping[str, Mapping[str, str]]


class Environment:
    """Each stack is fed with the outputs of those before it, and secured as Haven does: policy and protection."""

    def __init__(self, name: str) -> None:
        self.name, self.stacks = name, fresh()
        self.outputs: dict[str, dict[str, str]] = {}
        self.proposals: list[dict[str, Any]] = []

    def bring_to(self, blueprint: str, kind: str, overrides: Overrides | None = None) -> None:
        """Deploy every stack of the blueprint in order; one that has nothing to change is left. `proposals` are then
        this round's change sets."""
        self.proposals = []
        for spec in load(blueprint).stacks(self.name, overrides):
            proposed = self.proposed(spec, kind)
            if kind == "UPDATE" and proposed.get("StatusReason") == NO_CHANGES:
                continue
            assert proposed["Status"] == "CREATE_COMPLETE", (spec.name, proposed.get("StatusReason"))
            self.proposals.append(proposed)
            done = self.executed(spec, proposed)
            failed = [e for e in self.stacks.events(done["StackName"]) if e["ResourceStatus"].endswith("FAILED")]
            assert done["StackStatus"] == f"{kind}_COMPLETE", failed
            self._secure(spec)
            self.outputs[spec.name] = {o["OutputKey"]: o["OutputValue"] for o in done["Outputs"]}

    def proposed(self, spec: StackSpec, kind: str) -> dict[str, Any]:
        """A change set of one stack."""
        fed = {parameter: self.outputs[stack][output] for parameter, (stack, output) in spec.inputs}
        given = values(**dict(spec.parameters), **fed)
        return self.stacks.proposed(self.stack(spec.name), template_body(spec.template), kind, Parameters=given)

    def executed(self, spec: StackSpec, proposed: dict[str, Any]) -> dict[str, Any]:
        """The stack after its change set was executed."""
        self.stacks.cfn.execute_change_set(ChangeSetName=proposed["ChangeSetId"], DisableRollback=False)
        return self.stacks.settled(self.stack(spec.name))

    def _secure(self, spec: StackSpec) -> None:
        cfn, name = self.stacks.cfn, self.stack(spec.name)
        if spec.policy:
            cfn.set_stack_policy(StackName=name, StackPolicyBody=spec.policy)
        cfn.update_termination_protection(StackName=name, EnableTerminationProtection=spec.termination_protection)

    def stack(self, name: str) -> str:
        """A stack's name in CloudFormation."""
        return f"{self.name}-{name}"

    def resources(self) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
        """(logical id, type, physical id, resolved properties) of everything in the environment's stacks."""
        for stack in state.ledger(self.stacks.account, REGION).stacks.values():
            for r in stack.resources.values():
                yield r.logical, r.type, r.physical, r.properties

    def resolved(self) -> dict[str, dict[str, Any]]:
        """All resources with the very properties they were made with, as one template's: nothing left to resolve."""
        made = {}
        for stack in state.ledger(self.stacks.account, REGION).stacks.values():
            for r in stack.resources.values():
                name = f"{stack.name}-{r.logical}".title().replace("-", "")
                made[name] = {"Type": r.type, "Properties": copy.deepcopy(r.properties)}
        return made

    def data_stores(self) -> dict[str, str]:
        """By logical id, the physical id of what holds data."""
        return {logical: it for logical, kind, it, _ in self.resources() if kind in DATA_STORES}

    def missing(self) -> list[tuple[str, str]]:
        """What its own service does not know of."""
        return [(n, kind) for n, kind, it, p in self.resources() if not present(self.stacks.aws, kind, it, p)]

    def tear_down(self) -> None:
        """Delete every stack, the last deployed first, whatever protects it from termination."""
        for name in reversed(list(self.outputs)):
            stack = self.stacks.stack(self.stack(name))["StackId"]
            self.stacks.cfn.update_termination_protection(StackName=stack, EnableTerminationProtection=False)
            self.stacks.cfn.delete_stack(StackName=stack)
            assert self.stacks.settled(stack)["StackStatus"] == "DELETE_COMPLETE", name
