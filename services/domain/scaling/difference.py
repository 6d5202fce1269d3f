"""Two states of a service's scaling side by side: one row for every value that differs."""

from dataclasses import dataclass

from services.domain.scaling.step import Adjustment, StepPolicy
from services.domain.snapshot import Scaling, ScalingPolicy, ScheduledAction

NONE = "none"


@dataclass(frozen=True)
class Row:
    """One value. `key` is stable (`policy/cpu/target`), `label` is for people; a side without the thing says none."""

    key: str
    label: str
    before: str
    after: str


def rows(
    one: Scaling, other: Scaling, one_steps: tuple[StepPolicy, ...] = (), other_steps: tuple[StepPolicy, ...] = ()
) -> tuple[Row, ...]:
    """What differs, bounds first, then what is suspended, policies and scheduled actions by name."""
    before, after = _values(one, one_steps), _values(other, other_steps)
    keys = [*before, *(key for key in after if key not in before)]
    sides = [(key, before.get(key), after.get(key)) for key in keys]
    return tuple(
        Row("/".join(key), _label(key), NONE if was is None else was, NONE if to is None else to)
        for key, was, to in sides
        if was != to
    )


def _values(scaling: Scaling, steps: tuple[StepPolicy, ...]) -> dict[tuple[str, ...], str]:
    made: dict[tuple[str, ...], str] = {
        ("minimum",): str(scaling.min_capacity),
        ("maximum",): str(scaling.max_capacity),
        ("scaling in",): _held(scaling.scale_in_suspended),
        ("scaling out",): _held(scaling.scale_out_suspended),
        ("scheduled actions",): _held(scaling.scheduled_suspended),
    }
    for policy in sorted(scaling.policies, key=lambda each: each.name):
        made |= {("policy", policy.name, name): value for name, value in _policy(policy).items()}
    for step in sorted(steps, key=lambda each: each.name):
        made["policy", step.name, "steps"] = steps_told(step)
        made["policy", step.name, "cooldown"] = f"{step.cooldown} s"
    for action in sorted(scaling.scheduled, key=lambda each: each.name):
        made |= {("scheduled", action.name, name): value for name, value in _action(action).items()}
    return made


def _policy(policy: ScalingPolicy) -> dict[str, str]:
    if policy.type != "TargetTrackingScaling":
        return {"type": policy.type}
    return {
        "type": policy.type,
        "metric": policy.metric or "its own",
        "target": NONE if policy.target is None else f"{policy.target:g}",
        "scale-out cooldown": _seconds(policy.scale_out_cooldown),
        "scale-in cooldown": _seconds(policy.scale_in_cooldown),
        "scale-in": "off" if policy.scale_in_disabled else "on",
    }


def _action(action: ScheduledAction) -> dict[str, str]:
    return {
        "schedule": action.schedule,
        "time zone": action.timezone or "UTC",
        "minimum": "unchanged" if action.min_capacity is None else str(action.min_capacity),
        "maximum": "unchanged" if action.max_capacity is None else str(action.max_capacity),
    }


def steps_told(policy: StepPolicy) -> str:
    """The steps in one line, such as `+0 to +15: +2 tasks; from +15: +4 tasks`."""
    unit = {Adjustment.CHANGE: "{:+d} tasks", Adjustment.PERCENT: "{:+d} %", Adjustment.EXACT: "to {} tasks"}
    told = []
    for step in policy.steps:
        if step.lower is None:
            span = "any breach" if step.upper is None else f"up to {step.upper:+g}"
        else:
            span = f"from {step.lower:+g}" if step.upper is None else f"{step.lower:+g} to {step.upper:+g}"
        told.append(f"{span}: {unit[policy.adjustment].format(step.by)}")
    least = f" (at least {policy.least})" if policy.least else ""
    return "; ".join(told) + least


def _label(key: tuple[str, ...]) -> str:
    if len(key) == 1:
        return key[0].capitalize()
    kind = {"policy": "Policy", "scheduled": "Scheduled action"}[key[0]]
    return f"{kind} {key[1]}: {key[2]}"


def _held(suspended: bool) -> str:
    return "suspended" if suspended else "active"


def _seconds(value: int | None) -> str:
    return "AWS's default" if value is None else f"{value} s"
