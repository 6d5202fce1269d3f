"""Live edits and deployments: carrying edits into a stack's parameters, and what a deployment keeps and overwrites.

A stack's own parameters are what an environment remembers of a carried value: a deployment keeps the scaling that is
deployed where the blueprint says otherwise, so that what was carried, by Haven or by hand, is not reset.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from services.domain.access import Actor, Permission
from services.domain.environment import NAME, Environment
from services.domain.errors import Conflict, HavenError, Invalid, NotFound, NotNow
from services.domain.operation import Operation, Target
from services.domain.scaling.carried import Carried, carried
from services.domain.scaling.carrying_commands import change_set, deployment, look
from services.domain.scaling.overwritten import kept, overwritten
from services.domain.snapshot import FargateService, Snapshot
from services.ports import Clock, Entry, Provisioner, StackSpec, TrailEntry, UnitOfWork
from services.usecases.carrying_out import KIND, SERVICE, change_set_of
from services.usecases.carrying_shapes import ChangeSet, Deployment, Prepared
from services.usecases.words import checked_reason, ticket_problem

__all__ = ["Carrying", "ChangeSet", "Deployment", "Prepared"]
Values = Mapping[str, Mapping[str, str]]
"""By stack, the values of parameters."""


class Carrying:
    """`specs` gives an environment's stacks with overrides; for values that their templates do not take it raises
    Invalid with `<stack>.<parameter>` as fields. `effective` gives a spec's values with defaults. Facts older than
    `stale_after` are not acted on. A request waits at most `begin_within` for a worker."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        provisioner: Provisioner,
        specs: Callable[[Environment, Values], Sequence[StackSpec]],
        effective: Callable[[StackSpec], Mapping[str, str]],
        new_id: Callable[[], str],
        *,
        stale_after: timedelta,
        begin_within: timedelta,
    ) -> None:
        self._unit, self._clock, self._provisioner = unit, clock, provisioner
        self._specs, self._effective, self._new_id = specs, effective, new_id
        self._stale_after, self._begin_within = stale_after, begin_within

    def prepare(self, actor: Actor, environment: str, service: str) -> Prepared:
        """What carrying would deploy. Raises NotFound; NotNow before the environment was first read; Conflict when no
        stack of the service template stands behind the service."""
        actor.require(Permission.SEE_ENVIRONMENTS)
        known, snapshot = self._read(environment)
        found = next((each for each in snapshot.services if each.name == service), None)
        if found is None:
            raise NotFound(f"{environment} has no service {service[:64]}.")
        stack = f"service-{service}"
        values = next((dict(each.parameters) for each in snapshot.stacks if each.name == stack), None)
        if values is None:
            raise Conflict(
                f"No stack {known.stack_name(stack)} stands behind {service}: there is no template to carry to."
            )
        in_blueprint, made = self._carried(known, snapshot, found, stack, values)
        return Prepared(
            environment=known,
            service=service,
            stack=stack,
            stack_name=known.stack_name(stack),
            read_at=snapshot.taken_at,
            before=made.before,
            after=made.parameters,
            left=made.left,
            overwritten=made.overwritten,
            commands=change_set(known, stack, values, made.parameters) if made.parameters else (),
            deploy=deployment(environment, stack, made.parameters) if made.parameters and in_blueprint else "",
        )

    def request(
        self, actor: Actor, environment: str, service: str, reason: str, ticket: str = "", client: str = ""
    ) -> Operation:
        """Ask for the change set; a worker has CloudFormation work it out, and nothing is executed. Saved in one
        transaction with its trail and the ledger's entry. Raises NotAllowed, Invalid (`reason`, `ticket`), NotFound;
        NotNow when what is live was read too long ago; Conflict when there is nothing to carry, or something is already
        running on the service. Whether the stack has changed since is asked by the worker."""
        actor.require(Permission.DEPLOY)
        reason = checked_reason(reason)
        if problem := ticket_problem(ticket):
            raise Invalid(problem, {"ticket": problem})
        prepared = self.prepare(actor, environment, service)
        detail = {"target": service, "stack": prepared.stack_name, "parameters": _told(prepared)}
        detail |= {"ticket": ticket.strip()} if ticket.strip() else {}
        try:
            self._carriable(prepared)
            operation = self._operation(actor, prepared, reason, ticket.strip())
            with self._unit() as store:
                if held := store.operations.on(environment, service):
                    raise Conflict(f"{service} already has an operation that is not over: {held.id}.")
                store.operations.add(operation)
                said = f"{actor.name} asked for it: {reason}{f' ({operation.ticket})' if operation.ticket else ''}."
                entry = TrailEntry(operation.id, operation.requested_at, actor.name, "asked", said.replace("..", "."))
                store.operations.record(entry)
                more = {**detail, "operation": operation.id}
                store.ledger.append(self._entry(actor, prepared, "request carry", "done", reason, more, client))
        except (Conflict, NotNow) as refusal:
            told = {**detail, "why": refusal.message[:500]}
            with self._unit() as store:
                store.ledger.append(self._entry(actor, prepared, "request carry", "denied", reason, told, client))
            raise
        return operation

    def create_change_set(
        self, actor: Actor, environment: str, service: str, reason: str, *, client: str = ""
    ) -> ChangeSet:
        """Have CloudFormation work out the change set; nothing is executed. Raises NotAllowed, Invalid (`reason`),
        NotFound; NotNow when what is live was read too long ago; Conflict when there is nothing to carry, or the stack
        has changed since; Refused with CloudFormation's words."""
        actor.require(Permission.DEPLOY)
        reason = checked_reason(reason)
        prepared = self.prepare(actor, environment, service)
        detail = {"stack": prepared.stack_name, "parameters": _told(prepared)}
        try:
            made = self._make(prepared)
        except HavenError as problem:
            self._record(actor, prepared, "failed", reason, {**detail, "why": problem.message[:500]}, client)
            raise
        self._record(actor, prepared, "done", reason, {**detail, "change set": made}, client)
        return ChangeSet(made, prepared, look(prepared.environment.region, made))

    def deployment(
        self, actor: Actor, environment: Environment, overrides: Values, *, reset_scaling: bool = False
    ) -> Deployment:
        """The stacks to deploy: the blueprint's, `overrides` in place of its values, and between the two the scaling
        that is deployed, unless it is reset. Reads AWS. Raises Invalid naming each value that does not fit."""
        actor.require(Permission.DEPLOY)
        plain = self._specs(environment, {})
        deployed = {spec.name: self._deployed(environment, spec.name) for spec in plain}
        left = {
            spec.name: {name: (value, own[name]) for name, value in kept(own, deployed[spec.name]).items()}
            for spec in plain
            if spec.template == SERVICE and not reset_scaling
            for own in [self._effective(spec)]
        }
        for stack, values in overrides.items():
            left[stack] = {name: pair for name, pair in left.get(stack, {}).items() if name not in values}
        given = {stack: {name: value for name, (value, _) in pairs.items()} for stack, pairs in left.items()}
        merged = {stack: {**given.get(stack, {}), **overrides.get(stack, {})} for stack in (*given, *overrides)}
        specs = self._specs(environment, {stack: values for stack, values in merged.items() if values})
        with self._unit(readonly=True) as store:
            snapshot = store.snapshots.newest(environment.name)
        asked = {spec.name: self._effective(spec) for spec in specs}
        lost = overwritten(_as_deployed(snapshot, deployed), asked) if snapshot else ()
        return Deployment(
            specs,
            {stack: pairs for stack, pairs in left.items() if pairs},
            lost,
            snapshot.taken_at if snapshot else None,
        )

    def _read(self, environment: str) -> tuple[Environment, Snapshot]:
        with self._unit(readonly=True) as store:
            known = store.environments.get(environment) if NAME.fullmatch(environment) else None
            snapshot = store.snapshots.newest(environment) if known else None
        if known is None:
            raise NotFound(f"There is no environment {environment[:32]}.")
        if snapshot is None:
            raise NotNow(f"{environment} was not read yet.")
        return known, snapshot

    def _carried(
        self,
        environment: Environment,
        snapshot: Snapshot,
        service: FargateService,
        stack: str,
        values: Mapping[str, str],
    ) -> tuple[bool, Carried]:
        """Whether the blueprint has the stack, and what its template takes of the edits."""
        in_blueprint, refused = any(s.name == stack for s in self._specs(environment, {})), dict[str, str]()
        while True:
            made = carried(snapshot, service, refused)
            if not made.parameters or not in_blueprint:
                return in_blueprint, made
            wrong = self._wrong(environment, stack, values, made.parameters)
            if not wrong:
                return True, made
            mine = {name: why for name, why in wrong.items() if name in made.parameters}
            refused |= mine or dict.fromkeys(made.parameters, next(iter(wrong.values())))

    def _wrong(
        self, environment: Environment, stack: str, values: Mapping[str, str], wanted: Mapping[str, str]
    ) -> dict[str, str]:
        """What the template says of the new values beside those of the other scaling parameters, by parameter."""
        own = next(self._effective(spec) for spec in self._specs(environment, {}) if spec.name == stack)
        try:
            self._specs(environment, {stack: {**kept(own, values), **wanted}})
        except Invalid as problem:
            fields = {name.removeprefix(f"{stack}."): why for name, why in problem.fields.items()}
            return fields or {"": problem.message}
        return {}

    def _carriable(self, prepared: Prepared) -> None:
        """Raises Conflict when there is nothing to carry, NotNow when what is live was read too long ago."""
        if not prepared.after:
            raise Conflict(f"There is nothing of {prepared.service} to carry into {prepared.stack_name}.")
        if self._clock.now() - prepared.read_at > self._stale_after:
            raise NotNow(f"What is live was last read at {prepared.read_at:%H:%M:%S} UTC; wait for the next reading.")

    def _make(self, prepared: Prepared) -> str:
        self._carriable(prepared)
        before, after = prepared.before, prepared.after
        return change_set_of(self._provisioner, prepared.environment, prepared.stack, before, after)

    def _operation(self, actor: Actor, prepared: Prepared, reason: str, ticket: str) -> Operation:
        now = self._clock.now()
        wanted = {
            "what": f"change set for {prepared.stack_name}",
            "region": prepared.environment.region,
            "stack": prepared.stack,
            "stack_name": prepared.stack_name,
            "before": json.dumps(dict(prepared.before)),
            "after": json.dumps(dict(prepared.after)),
            "read_at": prepared.read_at.isoformat(),
            "commands": "\n".join(prepared.commands),
        }
        return Operation(
            id=self._new_id(),
            kind=KIND,
            environment=prepared.environment.name,
            target_kind=Target.SERVICE,
            target=prepared.service,
            requested_by=actor.name,
            requested_at=now,
            reason=reason,
            ticket=ticket,
            begin_before=now + self._begin_within,
            wanted=tuple(wanted.items()),
        )

    def _deployed(self, environment: Environment, stack: str) -> dict[str, str]:
        found = self._provisioner.outcome(environment, stack)
        return dict(found.parameters) if found else {}

    def _record(
        self, actor: Actor, prepared: Prepared, outcome: str, reason: str, detail: dict[str, str], client: str
    ) -> None:
        with self._unit() as store:
            store.ledger.append(self._entry(actor, prepared, "prepare change set", outcome, reason, detail, client))

    def _entry(
        self,
        actor: Actor,
        prepared: Prepared,
        action: str,
        outcome: str,
        reason: str,
        detail: dict[str, str],
        client: str,
    ) -> Entry:
        now, target = self._clock.now(), prepared.environment.name
        return Entry(now, actor.name, action, outcome, target, reason, detail, client[:256])


def _as_deployed(snapshot: Snapshot, deployed: Values) -> Snapshot:
    stacks = (
        replace(each, parameters=tuple(deployed[each.name].items())) if each.name in deployed else each
        for each in snapshot.stacks
    )
    return replace(snapshot, stacks=tuple(stacks))


def _told(prepared: Prepared) -> str:
    return ", ".join(f"{name} {prepared.before[name]} → {value}" for name, value in prepared.after.items())[:500]
