"""Live edits and deployments: carrying edits into a stack's parameters, and what a deployment keeps and overwrites.

A stack's own parameters are what an environment remembers of a carried value: a deployment keeps the scaling that is
deployed where the blueprint says otherwise, so that what was carried, by Haven or by hand, is not reset.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.domain.access import Actor, Permission
from services.domain.environment import NAME, Environment
from services.domain.errors import Conflict, HavenError, Invalid, NotFound, NotNow
from services.domain.scaling.carried import Carried, Left, carried
from services.domain.scaling.carrying_commands import change_set, deployment, look
from services.domain.scaling.overwritten import Overwritten, kept, overwritten
from services.domain.snapshot import FargateService, Snapshot
from services.ports import Clock, Entry, Provisioner, StackSpec, UnitOfWork
from services.usecases.words import checked_reason

SERVICE = "service"
"""The template of a service's stack."""
Values = Mapping[str, Mapping[str, str]]
"""By stack, the values of parameters."""


@dataclass(frozen=True)
class Prepared:
    """The deployment that carries a service's live edits into its stack. `before` and `after` are the parameters that
    change, none when nothing can be carried; `left` are edits that cannot be, `overwritten` live values that it
    replaces all the same. `commands` are the AWS CLI lines, `deploy` Haven's own, empty when the blueprint has no such
    stack. `read_at` is how old what is live is."""

    environment: Environment
    service: str
    stack: str
    stack_name: str
    read_at: datetime
    before: Mapping[str, str]
    after: Mapping[str, str]
    left: Sequence[Left]
    overwritten: Sequence[Overwritten]
    commands: Sequence[str]
    deploy: str


@dataclass(frozen=True)
class ChangeSet:
    """A change set that was made and not executed. `look` are the AWS CLI lines that show, execute and delete it."""

    change_set: str
    prepared: Prepared
    look: Sequence[str]


@dataclass(frozen=True)
class Deployment:
    """What a deployment would do. `kept` maps stack and parameter to (deployed, blueprint's) value; `read_at` is when
    the live scaling was read that `overwritten` is told from, None when it never was."""

    specs: Sequence[StackSpec]
    kept: Mapping[str, Mapping[str, tuple[str, str]]]
    overwritten: Sequence[Overwritten]
    read_at: datetime | None


class Carrying:
    """`specs` gives an environment's stacks with overrides; for values that their templates do not take it raises
    Invalid with `<stack>.<parameter>` as fields. `effective` gives a spec's values with defaults. Facts older than
    `stale_after` are not acted on."""

    def __init__(
        self,
        unit: UnitOfWork,
        clock: Clock,
        provisioner: Provisioner,
        specs: Callable[[Environment, Values], Sequence[StackSpec]],
        effective: Callable[[StackSpec], Mapping[str, str]],
        *,
        stale_after: timedelta,
    ) -> None:
        self._unit, self._clock, self._provisioner = unit, clock, provisioner
        self._specs, self._effective, self._stale_after = specs, effective, stale_after

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
        return ChangeSet(made, prepared, look(prepared.environment, made))

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

    def _make(self, prepared: Prepared) -> str:
        environment, stack = prepared.environment, prepared.stack
        if not prepared.after:
            raise Conflict(f"There is nothing of {prepared.service} to carry into {prepared.stack_name}.")
        if self._clock.now() - prepared.read_at > self._stale_after:
            raise NotNow(f"What is live was last read at {prepared.read_at:%H:%M:%S} UTC; wait for the next reading.")
        now = self._deployed(environment, stack)
        if any(now.get(name) != value for name, value in prepared.before.items()):
            raise Conflict(f"The parameters of {prepared.stack_name} have changed since it was read; look again.")
        values = tuple({**now, **prepared.after}.items())
        spec = StackSpec(stack, SERVICE, values, (), (), None, termination_protection=True)
        made = self._provisioner.change_set(environment, spec, {})
        if made is None:
            raise Conflict(f"CloudFormation sees nothing to change in {prepared.stack_name}.")
        return made

    def _deployed(self, environment: Environment, stack: str) -> dict[str, str]:
        found = self._provisioner.outcome(environment, stack)
        return dict(found.parameters) if found else {}

    def _record(
        self, actor: Actor, prepared: Prepared, outcome: str, reason: str, detail: dict[str, str], client: str
    ) -> None:
        target = prepared.environment.name
        with self._unit() as store:
            store.ledger.append(
                Entry(
                    self._clock.now(), actor.name, "prepare change set", outcome, target, reason, detail, client[:256]
                )
            )


def _as_deployed(snapshot: Snapshot, deployed: Values) -> Snapshot:
    stacks = (
        replace(each, parameters=tuple(deployed[each.name].items())) if each.name in deployed else each
        for each in snapshot.stacks
    )
    return replace(snapshot, stacks=tuple(stacks))


def _told(prepared: Prepared) -> str:
    return ", ".join(f"{name} {prepared.before[name]} → {value}" for name, value in prepared.after.items())[:500]
