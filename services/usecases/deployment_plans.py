"""Composing a plan from what a person asked for: which stacks, with which texts and values, in which order. Reads no
AWS but by `Carrying`, for a shape as a whole."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from services.domain.access import Actor
from services.domain.deployment.plan import Deed, ParameterChange, StackPlan
from services.domain.deployment.statuses import there
from services.domain.environment import Environment
from services.domain.errors import Conflict, Invalid
from services.domain.snapshot import Snapshot, Stack
from services.ports import Catalogue, StackSpec, Store, TemplateParameter
from services.usecases.carrying import Carrying
from services.usecases.deployment_records import RELEASED
from services.usecases.deployment_shapes import PlanRequest

WHAT_MOST = 120


class Composing:
    """`carrying` says which live scaling a shape as a whole keeps."""

    def __init__(self, catalogue: Catalogue, carrying: Carrying) -> None:
        self._catalogue, self._carrying = catalogue, carrying

    def stacks(
        self, actor: Actor, environment: Environment, snapshot: Snapshot, texts: Mapping[str, str], request: PlanRequest
    ) -> tuple[StackPlan, ...]:
        """The stacks of a plan, in order, before anything was worked out. `texts` are the bodies of the older versions
        that were asked for. Raises Invalid with `<stack>.<parameter>`, `stacks`, `blueprint`, ... as fields."""
        deployed = {each.name: each for each in snapshot.stacks if there(each.status)}
        if request.delete:
            return self._deletions(environment, deployed, request)
        target = self.target(environment, request)
        plain = self._catalogue.specs(target)
        names = chosen(request, [spec.name for spec in plain])
        _possible(request, plain, names, deployed)
        wanted = self._wanted(plain, names, deployed, texts, request)
        today = {name: values for name, values in wanted.items() if name not in texts}
        if request.whole_shape:
            kept = self._carrying.deployment(actor, target, today, reset_scaling=request.reset_scaling)
            specs: Sequence[StackSpec] = kept.specs
        else:
            specs = self._catalogue.specs(target, {name: values for name, values in today.items() if values})
        return tuple(
            self._planned(environment, spec, deployed, texts.get(spec.name, ""), wanted.get(spec.name, {}), request)
            for spec in specs
            if spec.name in names
        )

    def target(self, environment: Environment, request: PlanRequest) -> Environment:
        """The environment as it is meant to be. Raises Invalid (`blueprint`)."""
        name = request.blueprint or environment.blueprint
        if name not in self._catalogue.blueprints():
            problem = f"There is no blueprint {name[:64]}; there are {', '.join(self._catalogue.blueprints())}."
            raise Invalid(problem, {"blueprint": problem})
        return replace(environment, blueprint=name)

    def _wanted(
        self,
        plain: Sequence[StackSpec],
        names: Collection[str],
        deployed: Mapping[str, Stack],
        texts: Mapping[str, str],
        request: PlanRequest,
    ) -> Mapping[str, Mapping[str, str]]:
        """By stack, what is said in place of the blueprint's values: those deployed, then the person's."""
        found = {}
        for spec in plain:
            if spec.name not in names:
                continue
            now = dict(deployed[spec.name].parameters) if spec.name in deployed else {}
            own = self._own(spec, texts.get(spec.name, ""))
            keep = RELEASED if request.whole_shape else own.keys()
            found[spec.name] = {
                **{name: now[name] for name in own if name in now and name in keep and not own[name].secret},
                **request.values.get(spec.name, {}),
            }
        return found

    def _own(self, spec: StackSpec, text: str) -> Mapping[str, TemplateParameter]:
        """The parameters that can be set: declared, and fed by no other stack."""
        fed = {name for name, _ in spec.inputs}
        declared = self._catalogue.parameters(text or self._catalogue.body(spec.template))
        return {each.name: each for each in declared if each.name not in fed}

    def _planned(
        self,
        environment: Environment,
        spec: StackSpec,
        deployed: Mapping[str, Stack],
        text: str,
        wanted: Mapping[str, str],
        request: PlanRequest,
    ) -> StackPlan:
        now = dict(deployed[spec.name].parameters) if spec.name in deployed else {}
        body = text or self._catalogue.body(spec.template)
        feeding = dict(spec.inputs)
        given = {**dict(spec.parameters), **wanted} if text else dict(spec.parameters)
        fields, parameters = {}, []
        for each in self._catalogue.parameters(body):
            if each.name in feeding:
                source, output = feeding[each.name]
                gives = dict(deployed[source].outputs).get(output) if source in deployed else None
                change = ParameterChange(each.name, now.get(each.name), gives, f"{source}.{output}")
            else:
                after = given.get(each.name, each.default)
                if after is None:
                    fields[f"{spec.name}.{each.name}"] = "It must be given."
                elif each.allowed and after not in each.allowed:
                    fields[f"{spec.name}.{each.name}"] = f"It must be one of {', '.join(each.allowed)}."
                before = now.get(each.name)
                change = ParameterChange(each.name, before, after, secret=each.secret)
            parameters.append(change)
        known = {each.name for each in parameters}
        if text:
            fields |= {f"{spec.name}.{name}": "That version has no such parameter." for name in wanted.keys() - known}
        if fields:
            raise Invalid("; ".join(f"{name}: {why}" for name, why in sorted(fields.items())), fields)
        return StackPlan(
            spec.name,
            environment.stack_name(spec.name),
            spec.template,
            self._catalogue.version(body),
            parameters=tuple(parameters),
            inputs=tuple((name, source) for name, source in spec.inputs if name in known),
            after=spec.after,
            policy=spec.policy,
            termination_protection=spec.termination_protection,
            lifts_policy=spec.name in request.lift_policy and spec.policy is not None and spec.name in deployed,
        )

    def _deletions(
        self, environment: Environment, deployed: Mapping[str, Stack], request: PlanRequest
    ) -> tuple[StackPlan, ...]:
        """Those that hang on others first."""
        order = {spec.name: spec for spec in self._catalogue.specs(environment)}
        names = chosen(request, [*order, *(name for name in deployed if name not in order)])
        if unknown := [name for name in names if name not in deployed and request.stacks]:
            problem = f"Not deployed: {', '.join(unknown)}."
            raise Invalid(problem, {"stacks": problem})
        gone = [name for name in (*reversed(order), *(n for n in deployed if n not in order)) if name in names]
        gone = [name for name in gone if name in deployed]
        if not gone:
            raise Conflict(f"{environment.name} has no stack to delete.")
        for name, spec in order.items():
            if name in deployed and name not in gone and (needs := [each for each in spec.after if each in gone]):
                problem = f"{name} still needs {', '.join(needs)}: delete it too, or first."
                raise Invalid(problem, {"stacks": problem})
        for name, ids in request.retain.items():
            if ids and name in gone and deployed[name].status != "DELETE_FAILED":
                problem = "CloudFormation leaves chosen resources only once a deletion has failed (DELETE_FAILED)."
                raise Invalid(f"{name}: {problem}", {f"{name}.retain": problem})
        return tuple(
            StackPlan(
                name,
                environment.stack_name(name),
                order[name].template if name in order else "",
                "",
                deed=Deed.DELETE,
                after=tuple(later for later in gone if later in order and name in order[later].after),
                termination_protection=deployed[name].termination_protection,
                retain=tuple(request.retain.get(name, ())),
            )
            for name in gone
        )


def chosen(request: PlanRequest, there_are: Sequence[str]) -> tuple[str, ...]:
    """The stacks of a request, in their order. Raises Invalid (`stacks`)."""
    wanted = request.stacks or there_are
    if unknown := sorted(set(wanted) - set(there_are)):
        problem = f"There is no stack {', '.join(each[:64] for each in unknown)}; there are {', '.join(there_are)}."
        raise Invalid(problem, {"stacks": problem})
    if stray := sorted(request.values.keys() - set(wanted)):
        raise Invalid(
            f"Values for stacks that are not part of it: {', '.join(stray)}.",
            {f"{stack}.{name}": "The stack is not part of it." for stack in stray for name in request.values[stack]},
        )
    return tuple(name for name in there_are if name in wanted)


def named(environment: Environment, request: PlanRequest, stacks: Sequence[StackPlan]) -> str:
    """What a plan is called within a sentence. Raises Invalid (`what`)."""
    what = request.what.strip()
    if len(what) > WHAT_MOST or not what.isprintable():
        problem = f"At most {WHAT_MOST} characters on one line."
        raise Invalid(problem, {"what": problem})
    if what:
        return what
    listed = ", ".join(each.name for each in stacks)
    if request.delete:
        return f"deletion of {environment.name}" if not request.stacks else f"deletion of {listed}"[:WHAT_MOST]
    if request.whole_shape and request.blueprint not in ("", environment.blueprint):
        return f"change to {request.blueprint}"
    return f"deployment of {environment.name}" if not request.stacks else f"deployment of {listed}"[:WHAT_MOST]


def older(store: Store, request: PlanRequest) -> Mapping[str, str]:
    """The texts of the template versions that were asked for. Raises Invalid (`<stack>.version`)."""
    found, missing = {}, {}
    for stack, version in request.versions.items():
        body = store.templates.get(version) if version else None
        if version and body is None:
            missing[f"{stack}.version"] = f"No text of the version {version[:64]} is kept."
        elif body is not None:
            found[stack] = body
    if missing:
        raise Invalid(" ".join(missing.values()), missing)
    return found


def _possible(
    request: PlanRequest, plain: Sequence[StackSpec], names: Collection[str], deployed: Mapping[str, Stack]
) -> None:
    """Raises Invalid (`stacks`, `lift_policy`) for what cannot come to anything."""
    for spec in plain:
        if spec.name not in names:
            continue
        needed = dict.fromkeys(source for _, (source, _) in spec.inputs)
        if absent := [source for source in needed if source not in names and source not in deployed]:
            problem = f"{spec.name} needs {', '.join(absent)}, not deployed and not part of it."
            raise Invalid(problem, {"stacks": problem})
    policies = {spec.name for spec in plain if spec.policy is not None}
    if idle := sorted(set(request.lift_policy) - (policies & set(names))):
        problem = f"There is no stack policy to lift on {', '.join(each[:64] for each in idle)}."
        raise Invalid(problem, {"lift_policy": problem})
