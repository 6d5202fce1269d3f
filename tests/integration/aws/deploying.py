"""Bringing a blueprint up with a provisioner, one stack after another."""

from collections.abc import Callable

from provisioning import blueprint
from services.domain.environment import Environment
from services.ports import Provisioner, StackOutcome, StackSpec


def specs(environment: Environment) -> list[StackSpec]:
    """The stacks of an environment's blueprint, in order."""
    planned = blueprint.load(environment.blueprint).stacks(environment.name)
    return [StackSpec(**vars(each)) for each in planned]


def ended(provisioner: Provisioner, environment: Environment, stack: str, pause: Callable[[], None]) -> StackOutcome:
    """How what runs on a stack ends."""
    for _ in range(200):
        outcome = provisioner.outcome(environment, stack)
        assert outcome is not None
        if outcome.done:
            return outcome
        pause()
    raise AssertionError(f"{stack} does not come to an end")


def deploy(provisioner: Provisioner, environment: Environment, pause: Callable[[], None]) -> dict[str, dict[str, str]]:
    """Deploy and secure every stack; returns their outputs by name."""
    outputs: dict[str, dict[str, str]] = {}
    for spec in specs(environment):
        change_set = provisioner.change_set(environment, spec, outputs)
        assert change_set is not None, f"{spec.name} is there already"
        provisioner.execute(environment, spec, change_set)
        outcome = ended(provisioner, environment, spec.name, pause)
        assert outcome.ok, f"{spec.name}: {outcome.status}: {outcome.reason}"
        provisioner.secure(environment, spec)
        outputs[spec.name] = dict(outcome.outputs)
    return outputs
