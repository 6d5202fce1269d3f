"""What a stage of the way costs: by its parameters before anything was worked out, by its change sets afterwards."""

from collections.abc import Collection
from dataclasses import replace

from services.domain.deployment.cost import Estimate, PriceList, estimate
from services.domain.deployment.plan import Plan


def supposedly(plan: Plan, prices: PriceList | None) -> Estimate:
    """The estimate of a plan that nobody has worked out, without what has no price and stays as it is."""
    unmoved = tuple(
        replace(stack, parameters=tuple(replace(each, after=each.before) for each in stack.parameters))
        for stack in plan.stacks
    )
    made, before = estimate(plan, prices), estimate(replace(plan, stacks=unmoved), prices)
    known = {(line.stack, line.logical_id): line.unknown for line in before.lines}
    lines = [
        line for line in made.lines if not line.unknown or known.get((line.stack, line.logical_id)) != line.unknown
    ]
    return replace(made, lines=lines)


def of_stacks(made: Estimate, plan: Plan, stacks: Collection[str]) -> Estimate:
    """A plan's estimate of these stacks alone, without what has no price and no change set names."""
    moved = {
        (stack.name, each.logical_id)
        for stack in plan.stacks
        for each in (stack.change_set.resources if stack.change_set else ())
    }
    lines = [
        line
        for line in made.lines
        if line.stack in stacks and (not line.unknown or (line.stack, line.logical_id) in moved)
    ]
    return replace(made, lines=lines)
