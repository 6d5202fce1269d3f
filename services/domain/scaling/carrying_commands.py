"""The lines that carry live edits into a stack: AWS CLI's own, and Haven's."""

import hashlib
import json
import shlex
from collections.abc import Mapping

from services.domain.environment import Environment


def change_set(
    environment: Environment, stack: str, values: Mapping[str, str], wanted: Mapping[str, str]
) -> tuple[str, ...]:
    """The lines that make the change set, with everything else as it is deployed, that show it and execute it."""
    name = f"carry-{hashlib.sha256(json.dumps([values, wanted], sort_keys=True).encode()).hexdigest()[:12]}"
    parameters: list[dict[str, object]] = [
        {"ParameterKey": each, "ParameterValue": wanted[each]}
        if each in wanted
        else {"ParameterKey": each, "UsePreviousValue": True}
        for each in values
    ]
    which = ("--stack-name", environment.stack_name(stack), "--change-set-name", name)
    more = ("--change-set-type", "UPDATE", "--use-previous-template", "--capabilities", "CAPABILITY_NAMED_IAM")
    made = ("create-change-set", *which, *more, "--parameters", json.dumps(parameters))
    return _lines(environment.region, made, ("wait", "change-set-create-complete", *which), *_ends(which))


def look(region: str, change_set: str) -> tuple[str, ...]:
    """The lines that show, execute or delete a change set, by its ARN."""
    return _lines(
        region, *_ends(("--change-set-name", change_set)), ("delete-change-set", "--change-set-name", change_set)
    )


def _ends(which: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return ("describe-change-set", *which, "--include-property-values"), ("execute-change-set", *which)


def _lines(region: str, *lines: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(shlex.join(("aws", "cloudformation", *line, "--region", region)) for line in lines)


def deployment(environment: str, stack: str, wanted: Mapping[str, str]) -> str:
    """The line by which Haven deploys the environment with these values."""
    values = (word for name, value in wanted.items() for word in ("--set", f"{stack}.{name}={value}"))
    return shlex.join(("haven", "stack", "deploy", environment, *values))
