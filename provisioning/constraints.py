"""Whether values fit a template: its own constraints as CloudFormation applies them, and what it cannot say itself."""

import math
import re
from collections.abc import Mapping

from provisioning.template import Parameter, Template

_LIMIT = 4096  # bytes in a parameter's value, CloudFormation's quota
_PATTERNS = 5
_FARGATE = {256: (512, 2048), 512: (1024, 4096), 1024: (2048, 8192), 2048: (4096, 16384), 4096: (8192, 30720)}
"""CPU units to the least and the most MiB Fargate pairs with them."""


def problems(template: Template, given: Mapping[str, str], fed: frozenset[str] = frozenset()) -> dict[str, str]:
    """What is wrong, by parameter; empty when all is well. `fed` are the parameters another stack's output feeds."""
    declared = {parameter.name: parameter for parameter in template.parameters}
    found = {name: f"The template {template.name} has no such parameter." for name in given if name not in declared}
    for name in given.keys() & fed:
        found[name] = "It is fed by another stack's output and cannot be set."
    for parameter in template.parameters:
        value = given.get(parameter.name, parameter.default)
        if parameter.name in fed or parameter.name in found:
            continue
        problem = "It must be given." if value is None else fault(parameter, value)
        if problem:
            found[parameter.name] = problem
    return found or _together(template.effective(given))


def fault(parameter: Parameter, value: str) -> str | None:
    """What is wrong with one value, or None. A list is checked item by item, as CloudFormation does."""
    if len(value.encode()) > _LIMIT:
        return f"It must be at most {_LIMIT} bytes."
    items = [item.strip() for item in value.split(",")] if parameter.type == "CommaDelimitedList" else [value]
    for item in items:
        problem = _number(parameter, item) if parameter.type == "Number" else _text(parameter, item)
        if problem:
            return problem
    return None


def _number(parameter: Parameter, value: str) -> str | None:
    try:
        number = float(value)
    except ValueError:
        return "It must be a number."
    if not math.isfinite(number):
        return "It must be a number."
    if parameter.allowed and value not in parameter.allowed:
        return f"It must be one of {', '.join(parameter.allowed)}."
    low, high = parameter.min_value, parameter.max_value
    if (low is not None and number < low) or (high is not None and number > high):
        return f"It must be from {'any' if low is None else f'{low:g}'} to {'any' if high is None else f'{high:g}'}."
    return None


def _text(parameter: Parameter, value: str) -> str | None:
    if parameter.allowed and value not in parameter.allowed:
        return f"It must be one of {', '.join(parameter.allowed)}."
    low, high = parameter.min_length, parameter.max_length
    if (low is not None and len(value) < low) or (high is not None and len(value) > high):
        return f"It must have {low or 0} to {high or _LIMIT} characters."
    if parameter.pattern is not None and not re.fullmatch(parameter.pattern, value):
        return f"It must be {parameter.explanation or f'like {parameter.pattern}'}"
    return None


def _together(values: Mapping[str, str]) -> dict[str, str]:
    """What is wrong between values that are each fine. Looks only at what this template has."""
    found: dict[str, str] = {}

    def number(name: str) -> float | None:
        return float(values[name]) if name in values else None

    low, high = number("MinTasks"), number("MaxTasks")
    if low is not None and high is not None and low > high:
        found["MaxTasks"] = f"It must be at least MinTasks, {low:g}."
    busy = number("BusyMinTasks")
    if values.get("BusySchedule") and busy is not None and high is not None and busy > high:
        found["BusyMinTasks"] = f"It must be at most MaxTasks, {high:g}."
    if len(values.get("PathPatterns", "").split(",")) > _PATTERNS:
        found["PathPatterns"] = f"A listener rule takes at most {_PATTERNS} of them."
    cpu, memory = number("Cpu"), number("Memory")
    if cpu is not None and memory is not None:
        least, most = _FARGATE[int(cpu)]
        if not least <= memory <= most:
            found["Memory"] = f"Fargate pairs {cpu:g} CPU units with {least} to {most} MiB."
    storage, limit = number("DatabaseStorage"), number("DatabaseStorageLimit")
    if storage is not None and limit is not None and limit < storage * 1.1:
        found["DatabaseStorageLimit"] = f"It must be a tenth above DatabaseStorage, {math.ceil(storage * 1.1)} or more."
    if values.get("CertificateArn") and not values.get("CertificateDomain"):
        found["CertificateDomain"] = "API Gateway needs the name on the certificate."
    return found
