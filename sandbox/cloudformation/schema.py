"""AWS's provider schemas: which properties a type has, which of them force a replacement.

cfn-lint ships them offline as plain JSON. They are read from its data folder without importing cfn-lint, whose import
takes seconds (it loads sympy), and the sandbox has to start fast.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

Pointer = tuple[str, ...]
"""A place in the properties: names, and `*` for any item of a list."""


@dataclass(frozen=True)
class Schema:
    """What AWS says of one resource type."""

    type: str
    body: dict[str, Any]
    create_only: tuple[Pointer, ...]
    conditional: tuple[Pointer, ...]
    read_only: tuple[Pointer, ...]
    tags: str | None

    @property
    def properties(self) -> dict[str, Any]:
        found: dict[str, Any] = self.body.get("properties", {})
        return found

    def recreation(self, path: Sequence[str]) -> str:
        """Whether changing what lies at `path` makes a new physical resource: Always, Conditionally or Never."""
        if any(_touches(pointer, path) for pointer in self.create_only):
            return "Always"
        return "Conditionally" if any(_touches(pointer, path) for pointer in self.conditional) else "Never"

    def attributes(self) -> set[str]:
        """Names that Fn::GetAtt may ask for."""
        return {".".join(p) for p in self.read_only} | {p[0] for p in self.read_only}

    def tags_are_map(self) -> bool:
        """Whether tags are a map of name to value and not a list of Key and Value."""
        return self.tags is not None and self.deref(self.properties.get(self.tags, {})).get("type") == "object"

    def deref(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """The node a `$ref` leads to."""
        for _ in range(10):
            if "$ref" not in node:
                break
            found: Any = self.body
            for part in str(node["$ref"]).removeprefix("#/").split("/"):
                found = found.get(part, {})
            node = found
        return node

    def problems(self, properties: Mapping[str, Any]) -> Iterator[str]:
        """What AWS would refuse in these resolved properties: unsupported, missing, or not one of the values."""
        yield from self._problems(self.body, properties, "")

    def _problems(self, node: Mapping[str, Any], value: Any, place: str) -> Iterator[str]:
        node = self.deref(node)
        if isinstance(value, dict):
            known = node.get("properties", {})
            if known and node.get("additionalProperties") is False and not node.get("patternProperties"):
                yield from (f"Encountered unsupported property {place}{k}" for k in value if k not in known)
            if known:
                yield from (f"Property {place}{k} is required" for k in node.get("required", ()) if k not in value)
            for name, item in value.items():
                if name in known:
                    yield from self._problems(known[name], item, f"{place}{name}/")
        elif isinstance(value, list) and isinstance(node.get("items"), dict):
            for item in value:
                yield from self._problems(node["items"], item, place)
        elif isinstance(value, str) and "enum" in node and "{{" not in value and value not in map(str, node["enum"]):
            yield f"{place.rstrip('/')}: {value} is not a valid enum value"


def _touches(pointer: Pointer, path: Sequence[str]) -> bool:
    return all(p == q or "*" in (p, q) for p, q in zip(pointer, path, strict=False))


def _pointers(body: Mapping[str, Any], key: str) -> tuple[Pointer, ...]:
    return tuple(tuple(p.removeprefix("/properties/").split("/")) for p in body.get(key) or ())


@cache
def _folder() -> Path:
    found = find_spec("cfnlint")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("cfn-lint, whose data holds AWS's provider schemas, is not installed")
    return Path(found.submodule_search_locations[0]) / "data" / "schemas"


@cache
def _index(region: str) -> dict[str, str]:
    place = _folder() / "providers" / f"{region}.json"
    index: dict[str, str] = json.loads(place.read_text("utf-8"))
    return index


@lru_cache(maxsize=512)
def schema(type: str, region: str = "us-east-1") -> Schema | None:
    """The schema of a type in a region, or None when AWS has no such type there."""
    name = _index(region).get(type)
    if name is None:
        return None
    body = json.loads((_folder() / "resources" / f"{name}.json").read_text("utf-8"))
    tagging = body.get("tagging") or {}
    tags = str(tagging.get("tagProperty", "/properties/Tags")).rsplit("/", 1)[-1] if tagging.get("taggable") else None
    if tags is not None and tags not in body.get("properties", {}):
        tags = None
    if tags is None and "Tags" in body.get("properties", {}) and not tagging:
        tags = "Tags"
    return Schema(
        type,
        body,
        _pointers(body, "createOnlyProperties"),
        _pointers(body, "conditionalCreateOnlyProperties"),
        _pointers(body, "readOnlyProperties"),
        tags,
    )
