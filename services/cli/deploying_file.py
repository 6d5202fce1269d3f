"""The plan file of `haven deploy`: what a pipeline keeps in git. Every scalar is read as it is written, so that `0.10`
stays `0.10` and `no` stays `no`; what is misspelt, twice there or of another kind is refused by its name."""

from collections.abc import Hashable
from pathlib import Path
from typing import Annotated, Any, Literal

import click
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

MOST = 256 * 1024
"""Characters of a file: values are short, and there are a few dozen of them."""
_Name = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[A-Za-z0-9][A-Za-z0-9-]*$")]
_Parameter = Annotated[str, Field(pattern=r"^[A-Za-z0-9]{1,255}$")]
_Value = Annotated[str, Field(max_length=4096)]
_Truth = Literal["true", "false"]


class PlanFile(BaseModel):
    """What may stand in the file; all but `environment` may be left out. `values` are parameters by stack; with
    `whole_shape` the blueprint's values replace the deployed ones; `confirm` are the names that a high risk asks for:
    they, `reason` and `ticket` are for `haven deploy run`."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    environment: _Name
    blueprint: Annotated[str, Field(max_length=64)] = ""
    stacks: list[_Name] = Field(default=[], max_length=100)
    values: dict[_Name, dict[_Parameter, _Value]] = {}
    lift_policy: list[_Name] = Field(default=[], max_length=100)
    whole_shape: _Truth = "false"
    delete: _Truth = "false"
    what: Annotated[str, Field(max_length=120)] = ""
    reason: Annotated[str, Field(max_length=500)] = ""
    ticket: Annotated[str, Field(max_length=128)] = ""
    confirm: list[Annotated[str, Field(min_length=1, max_length=256)]] = Field(default=[], max_length=200)


class _Loader(yaml.BaseLoader):
    """YAML's text as text: no type is guessed, no name stands twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[object] = set()
        for key, _ in node.value:
            if isinstance(key.value, str):
                if key.value in seen:
                    raise click.UsageError(f"line {key.start_mark.line + 1}: {key.value[:64]} stands there twice.")
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def read(file: Path) -> PlanFile:
    """The plan file. Raises UsageError that names the file and each field that is wrong."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise click.UsageError(f"{file} cannot be read as text.") from problem
    if len(text) > MOST:
        raise click.UsageError(f"{file} has more than {MOST // 1024} KiB.")
    try:
        written = yaml.load(text, Loader=_Loader)  # noqa: S506 - makes text, lists and mappings of it, nothing else
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise click.UsageError(f"{file}{where}: this is not YAML. {getattr(problem, 'problem', '') or ''}") from problem
    except click.UsageError as problem:
        raise click.UsageError(f"{file}, {problem.message}") from problem
    except RecursionError as problem:
        raise click.UsageError(f"{file} is nested too deeply.") from problem
    if not isinstance(written, dict):
        raise click.UsageError(f"{file}: it must be fields with values, such as environment: production.")
    try:
        return PlanFile.model_validate(written)
    except ValidationError as problem:
        lines = "\n".join(f"  {_field(each['loc'])}: {_said(each)}" for each in problem.errors())
        raise click.UsageError(f"{file} is not a plan file:\n{lines}") from problem


def _field(place: tuple[int | str, ...]) -> str:
    return ".".join(str(each) for each in place if each != "[key]")


def _said(error: Any) -> str:
    kind = error["type"]
    if kind == "extra_forbidden":
        return f"there is no such field; there are {', '.join(PlanFile.model_fields)}."
    if kind == "missing":
        return "it must be given."
    plain = {"string_type": "text is wanted.", "list_type": "a list is wanted.", "dict_type": "fields are wanted."}
    return plain.get(kind) or f"{error['msg']}."
