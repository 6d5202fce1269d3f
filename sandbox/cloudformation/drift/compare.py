"""Expected properties against actual ones, as drift detection compares them. Pure.

Only what the template set explicitly is compared; the order of lists does not matter; an item that is there beside the
expected ones is an ADD, a value or item that is gone a REMOVE.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.cloudformation.comparison import same, written

IDENTITY = ("Key", "Name", "Id", "ContainerName", "Field", "Type")
"""Fields by which an item of a list is taken for the same item, changed."""
ABSENT = object()
"""The value of a property that a resource can have and has not; one that is merely not known is left out."""


@dataclass(frozen=True)
class Difference:
    """One place that differs; `kind` is ADD, REMOVE or NOT_EQUAL. Values as AWS shows them, "null" where nothing is."""

    path: str
    expected: str
    actual: str
    kind: str


def shaped(expected: Any, found: Any) -> Any:
    """What a service answered, in the template's names (they are matched regardless of case) and with no more than the
    template sets; items of lists stay all there."""
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        names = {str(name).lower(): name for name in found}
        return {
            name: shaped(value, found[names[str(name).lower()]])
            for name, value in expected.items()
            if str(name).lower() in names and found[names[str(name).lower()]] is not None
        }
    if isinstance(expected, list) and isinstance(found, list):
        return [_item(expected, one) for one in found]
    return found


def _item(expected: list[Any], found: Any) -> Any:
    """An item, in the names of the expected item it most resembles; one that resembles none keeps all it has."""
    alike = [e for e in expected if isinstance(e, Mapping) and isinstance(found, Mapping)]
    if not alike:
        return found
    best = max(alike, key=lambda e: _likeness(e, shaped(e, found)))
    found_here = shaped(best, found)
    return found_here if _likeness(best, found_here) else {_capital(k): v for k, v in found.items() if v is not None}


def _likeness(expected: Mapping[str, Any], found: Mapping[str, Any]) -> float:
    if not expected:
        return 0
    known = sum(2.0 for k in expected if k in found and _alike(expected[k], found[k]))
    return known + sum(4.0 for k in IDENTITY if k in expected and k in found and _alike(expected[k], found[k]))


def _capital(name: str) -> str:
    return name[:1].upper() + name[1:]


def differences(expected: Any, actual: Any, path: str = "") -> Iterator[Difference]:
    """Where the two differ, in the template's order."""
    if actual is ABSENT:
        yield Difference(path, written(expected), "null", "REMOVE")
    elif isinstance(expected, Mapping) and isinstance(actual, Mapping):
        for name, value in expected.items():
            yield from differences(value, actual.get(name, ABSENT), f"{path}/{name}")
    elif isinstance(expected, list) and isinstance(actual, list):
        yield from _lists(expected, actual, path)
    elif not _alike(expected, actual):
        yield Difference(path, written(expected), written(actual), "NOT_EQUAL")


def _lists(expected: list[Any], actual: list[Any], path: str) -> Iterator[Difference]:
    left = list(enumerate(actual))
    gone: list[tuple[int, Any]] = []
    for index, value in enumerate(expected):
        match = next((one for one in left if _alike(value, one[1])), None)
        if match is not None:
            left.remove(match)
        else:
            gone.append((index, value))
    for index, value in gone:
        match = next((one for one in left if _identical(value, one[1])), None)
        if match is not None:
            left.remove(match)
            yield from differences(value, match[1], f"{path}/{index}")
        else:
            yield Difference(f"{path}/{index}", written(value), "null", "REMOVE")
    for index, value in left:
        yield Difference(f"{path}/{index}", "null", written(value), "ADD")


def _identical(expected: Any, actual: Any) -> bool:
    if not (isinstance(expected, Mapping) and isinstance(actual, Mapping)):
        return False
    key = next((name for name in IDENTITY if name in expected), None)
    return key is not None and key in actual and _alike(expected[key], actual[key])


def _alike(expected: Any, actual: Any) -> bool:
    """Whether the actual value says what the expected one does, and perhaps more."""
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        return all(name in actual and _alike(value, actual[name]) for name, value in expected.items())
    if isinstance(expected, list) and isinstance(actual, list):
        return len(expected) == len(actual) and not list(_lists(expected, actual, ""))
    if same(expected, actual):
        return True
    try:
        return Decimal(written(expected)) == Decimal(written(actual))
    except InvalidOperation:
        return False
