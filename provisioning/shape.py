"""The files a blueprint is made of, read and checked: blueprints/<name>.yaml, wiring.yaml, policies/<name>.yaml."""

import json
from importlib import resources
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, TypeAdapter


def _text(value: object) -> object:
    """A YAML scalar as CloudFormation wants it; anything but text, a whole number or a truth is left to be refused."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


Values = dict[str, Annotated[str, BeforeValidator(_text)]]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Stack(_Strict):
    """What a blueprint says of one stack, or of all services together. `policy` names a file in policies/."""

    parameters: Values = {}
    policy: str | None = None
    termination_protection: bool


class Service(_Strict):
    """A service's row."""

    name: str
    parameters: Values = {}


class Services(Stack):
    """All services: what they share, and their rows."""

    rows: tuple[Service, ...]


class Shape(_Strict):
    """A blueprint's file."""

    title: str
    description: str
    stacks: dict[str, Stack]
    services: Services


class Wire(_Strict):
    """What a template waits for, and where its fed parameters come from, as `<stack>.<output>`."""

    after: tuple[str, ...]
    inputs: dict[str, str]


def shapes() -> tuple[str, ...]:
    """The blueprints there are, in alphabetical order."""
    files = (file.name for file in resources.files("provisioning").joinpath("blueprints").iterdir())
    return tuple(sorted(file.removesuffix(".yaml") for file in files if file.endswith(".yaml")))


def shape(name: str) -> Shape:
    """A blueprint's file. Raises pydantic.ValidationError when it does not hold."""
    return Shape.model_validate(_read("blueprints", f"{name}.yaml"))


def wiring() -> dict[str, Wire]:
    """How templates hang together, by template. Raises pydantic.ValidationError when the file does not hold."""
    return TypeAdapter(dict[str, Wire]).validate_python(_read("wiring.yaml"))


def policy(name: str) -> str:
    """A stack policy as the JSON CloudFormation takes."""
    return json.dumps(_read("policies", f"{name}.yaml"), sort_keys=True)


def _read(*path: str) -> Any:
    text = resources.files("provisioning").joinpath(*path).read_text(encoding="utf-8")
    return yaml.load(text, Loader=yaml.CSafeLoader)
