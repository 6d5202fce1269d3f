"""What happens inside the small CloudFormation in memory: change sets made of parameters, statuses that come by being
looked at, events with the tokens of the requests behind them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

from services.domain.deployment.change_set import ChangeSet, PropertyChange, ResourceChange
from services.domain.deployment.event import StackEvent
from services.domain.environment import Environment
from services.domain.errors import Conflict, Refused
from services.domain.snapshot import Snapshot, Stack
from services.ports import Catalogue, Clock, Receipt, StackOutcome, StackSpec
from tests.fakes.stack_shapes import ACCOUNT, FakeSet, FakeStack


class StackBed:
    """`effects` says what a changed parameter of a stack does to a resource (an edit in place of `Main` by default).
    `failing` maps a stack to AWS's reason for its next rollout to fail. `slow` is how many looks a rollout takes."""

    def __init__(self, clock: Clock, catalogue: Catalogue) -> None:
        self._clock, self._catalogue = clock, catalogue
        self.stacks: dict[str, FakeStack] = {}
        self.sets: dict[str, FakeSet] = {}
        self.effects: dict[tuple[str, str], ResourceChange] = {}
        self.failing: dict[str, str] = {}
        self.slow = 2
        self.executed: list[str] = []

    def put(self, environment: Environment, spec: StackSpec, **parameters: str) -> FakeStack:
        """Have a stack deployed by nobody in particular, with its template's outputs and what they feed."""
        body = self._catalogue.body(spec.template)
        fed = {name: f"{source}-{output}" for name, (source, output) in spec.inputs}
        made = FakeStack(
            spec.name,
            environment.stack_name(spec.name),
            "CREATE_COMPLETE",
            self._clock.now(),
            body,
            {**dict(self._catalogue.effective(spec)), **fed, **parameters},
            self._outputs(spec.name, body),
            protected=spec.termination_protection,
            policy=spec.policy or "",
            resources=dict(self._catalogue.resources(spec)),
        )
        self.stacks[spec.name] = made
        return made

    def touch(self, name: str, **parameters: str) -> None:
        """Somebody deploys values with AWS's own tools, from beginning to end."""
        stack = self.stacks[name]
        stack.updated_at, stack.token = self._clock.now(), "console-1"
        self._come(stack, "UPDATE_IN_PROGRESS")
        stack.parameters |= parameters
        self._come(stack, "UPDATE_COMPLETE")
        for made in self.sets.values():
            if made.shown.stack == name and made.shown.execution_status == "AVAILABLE":
                made.shown = replace(made.shown, execution_status="OBSOLETE")

    # Provisioner and CloudReader, as far as they are asked
    def outcome(self, environment: Environment, stack: str) -> StackOutcome | None:
        found = self.stacks.get(stack)
        if found is None:
            return None
        values = tuple(found.parameters.items())
        return StackOutcome(found.status, True, True, "", tuple(found.outputs.items()), values)

    def snapshot(self, shape: Snapshot) -> Snapshot:
        """A snapshot with these stacks."""
        now = self._clock.now()
        stacks = tuple(
            Stack(
                each.name,
                each.stack_name,
                each.stack_id,
                each.status,
                None,
                each.created_at,
                each.updated_at,
                each.protected,
                tuple(each.parameters.items()),
                tuple(each.outputs.items()),
            )
            for each in sorted(self.stacks.values(), key=lambda one: one.name)
        )
        readings = tuple(replace(each, read_at=now) for each in shape.readings)
        return replace(shape, taken_at=now, stacks=stacks, readings=readings)

    def _prepared(
        self, environment: Environment, spec: StackSpec, outputs: Mapping[str, Mapping[str, str]]
    ) -> ChangeSet | None:
        body = spec.body or self._catalogue.body(spec.template)
        fed = {name: outputs[source][output] for name, (source, output) in spec.inputs}
        wanted = {**dict(self._catalogue.effective(spec)), **fed}
        found = self.stacks.get(spec.name)
        new = found is None or found.status == "REVIEW_IN_PROGRESS"
        if found is not None and not new and found.parameters == wanted and found.body == body:
            return None
        base = "" if new or found is None else str(found.updated_at or found.created_at)
        content = json.dumps([environment.name, spec.name, base, body, wanted], sort_keys=True)
        name = f"haven-{hashlib.sha256(content.encode()).hexdigest()[:32]}"
        arn = f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:changeSet/{name}/{spec.name}"
        known = self.sets.get(arn)
        if known is not None and known.shown.execution_status == "AVAILABLE":
            return known.shown
        if found is None:
            found = FakeStack(
                spec.name, environment.stack_name(spec.name), "REVIEW_IN_PROGRESS", self._clock.now(), body
            )
            self.stacks[spec.name] = found
        resources = (
            tuple(ResourceChange(each, "", kind, "Add") for each, kind in self._catalogue.resources(spec).items())
            if new
            else self._changes(spec.name, found.parameters, wanted)
        )
        shown = ChangeSet(
            arn, name, spec.name, found.stack_name, new, "CREATE_COMPLETE", "AVAILABLE", self._clock.now(), "",
            tuple(sorted(wanted.items())), resources,
        )  # fmt: skip
        self.sets[arn] = FakeSet(shown, wanted, body)
        return shown

    def _changes(self, stack: str, now: Mapping[str, str], then: Mapping[str, str]) -> tuple[ResourceChange, ...]:
        found = {}
        for name in (each for each in then if now.get(each) != then[each]):
            change = PropertyChange(
                f"/Properties/{name}", name, "Properties", now.get(name), then[name], "Never", True,
                "ParameterReference", name,
            )  # fmt: skip
            plain = ResourceChange("Main", f"{stack}-main", "AWS::EC2::VPC", "Modify", "False", properties=(change,))
            effect = self.effects.get((stack, name), plain)
            found[effect.logical_id] = effect
        return tuple(found.values())

    def _execute(self, stack: str, arn: str) -> Receipt:
        made, found = self.sets.get(arn), self.stacks.get(stack)
        if made is None or found is None:
            raise Conflict(f"ChangeSet [{arn}] does not exist")
        if made.shown.execution_status.startswith("EXECUTE_"):
            return Receipt("again")
        if made.shown.execution_status != "AVAILABLE":
            raise Conflict(f"The change set is {made.shown.execution_status}.")
        self.executed.append(arn)
        for each in self.sets.values():
            if each.shown.stack == stack and each is not made:
                each.shown = replace(each.shown, execution_status="OBSOLETE")
        made.shown = replace(made.shown, execution_status="EXECUTE_COMPLETE")
        kind = "CREATE" if made.shown.creates else "UPDATE"
        found.token, found.reason = f"haven-{made.shown.name[6:]}", self.failing.pop(stack, "")
        found.after = None if found.reason else (made.parameters, made.body)
        if kind == "UPDATE":
            found.updated_at = self._clock.now()
        self._come(found, f"{kind}_IN_PROGRESS")
        back = "ROLLBACK" if kind == "CREATE" else "UPDATE_ROLLBACK"
        end = [f"{back}_IN_PROGRESS", f"{back}_COMPLETE"] if found.reason else [f"{kind}_COMPLETE"]
        found.ahead = [*[f"{kind}_IN_PROGRESS"] * self.slow, *end]
        return Receipt(f"execute-{len(self.executed)}")

    def _come(self, stack: FakeStack, status: str) -> None:
        if status != stack.status:
            number = len(stack.events)
            stack.events.append(
                StackEvent(
                    f"{stack.name}-{number}",
                    self._clock.now(),
                    stack.name,
                    stack.stack_id,
                    stack.stack_name,
                    stack.stack_id,
                    "AWS::CloudFormation::Stack",
                    status,
                    stack.reason,
                    stack.token,
                )
            )
        stack.status = status
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE") and stack.after is not None:
            stack.parameters, stack.body = dict(stack.after[0]), stack.after[1]
            stack.outputs, stack.after = self._outputs(stack.name, stack.body), None

    def _set(self, stack: str, **changes: object) -> Receipt:
        for name, value in changes.items():
            setattr(self.stacks[stack], name, value)
        return Receipt("set")

    def _in(self, stack: str, *statuses: str) -> FakeStack:
        found = self.stacks[stack]
        if found.status not in statuses:
            raise Refused(f"{found.stack_name} is {found.status}.")
        return found

    def _outputs(self, stack: str, body: str) -> dict[str, str]:
        return {name: f"{stack}-{name}" for name in self._catalogue.document(body).get("Outputs") or {}}
