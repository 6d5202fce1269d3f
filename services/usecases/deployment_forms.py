"""The form of a deployment, filled in with what is deployed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from services.domain.deployment.plan import Plan, PlanState
from services.domain.deployment.statuses import there
from services.domain.environment import Environment
from services.domain.errors import Invalid
from services.domain.snapshot import Snapshot, Stack
from services.ports import Catalogue, StackSpec
from services.usecases.deployment_checks import read_at
from services.usecases.deployment_records import DEPLOYED
from services.usecases.deployment_shapes import DeploymentForm, ParameterField, StackForm


def form_of(
    catalogue: Catalogue, environment: Environment, snapshot: Snapshot | None, plans: Sequence[Plan], blueprint: str
) -> DeploymentForm:
    """The form with a blueprint's values beside the deployed ones. `plans` are earlier ones, newest first: they know
    which text runs. Raises Invalid for an unknown blueprint."""
    chosen = blueprint or environment.blueprint
    if chosen not in catalogue.blueprints():
        problem = f"There is no blueprint {chosen[:64]}; there are {', '.join(catalogue.blueprints())}."
        raise Invalid(problem, {"blueprint": problem})
    deployed = {each.name: each for each in (snapshot.stacks if snapshot else ()) if there(each.status)}
    texts = versions(plans)
    return DeploymentForm(
        environment,
        chosen,
        tuple(catalogue.blueprints()),
        tuple(
            _stack(catalogue, environment, spec, deployed.get(spec.name), texts.get(spec.name, ""))
            for spec in catalogue.specs(replace(environment, blueprint=chosen))
        ),
        read_at(snapshot),
    )


def versions(plans: Sequence[Plan]) -> Mapping[str, str]:
    """By stack the version that runs, as the newest plan of it says. `plans` are newest first."""
    found: dict[str, str] = {}
    for plan in plans:
        done = plan.state is PlanState.OVER and plan.because == DEPLOYED
        for stack in plan.stacks:
            if version := stack.version if done else stack.deployed:
                found.setdefault(stack.name, version)
    return found


def _stack(
    catalogue: Catalogue, environment: Environment, spec: StackSpec, now: Stack | None, version: str
) -> StackForm:
    body = catalogue.body(spec.template)
    shape, values, feeding = catalogue.effective(spec), dict(now.parameters) if now else {}, dict(spec.inputs)
    fields = []
    for each in catalogue.parameters(body):
        fed = feeding.get(each.name)
        deployed = values.get(each.name) if now else None
        own = None if fed else shape.get(each.name)
        fields.append(
            ParameterField(
                each.name,
                each.description,
                each.type,
                None if each.secret else deployed,
                "" if each.secret else deployed if deployed is not None else own or "",
                own,
                each.allowed,
                each.constraint,
                f"{fed[0]}.{fed[1]}" if fed else "",
                each.secret,
            )
        )
    return StackForm(
        spec.name,
        environment.stack_name(spec.name),
        spec.template,
        catalogue.version(body),
        version if now else "",
        now.status if now else "",
        tuple(fields),
    )
