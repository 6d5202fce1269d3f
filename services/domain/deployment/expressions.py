"""What the expressions of a template come to, as far as the deployed values of its parameters tell. What hangs on
anything else (a resource, an attribute, an import) stays the expression that it is."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_NOTHING = object()
_NAMED = re.compile(r"\$\{([^!}][^}]*)\}")
_ELSEWHERE = "AWS::SSM::Parameter::Value"
"""Of parameters of these types a stack tells the name in Parameter Store, not the value."""

Known = Mapping[str, Any]
"""What a `Ref` gives, by the name it is given: text, or a list of texts."""


def known_values(document: Mapping[str, Any], deployed: Mapping[str, str]) -> Known:
    """What a Ref to each parameter of a template gives. `deployed` are the stack's values as AWS shows them, perhaps
    with pseudo parameters (AWS::Region); those that it does not show (NoEcho, Parameter Store's) are left out."""
    found: dict[str, Any] = {name: value for name, value in deployed.items() if name.startswith("AWS::")}
    declared = document.get("Parameters")
    for name, each in declared.items() if isinstance(declared, Mapping) else ():
        value = deployed.get(name, each.get("Default"))
        kind = str(each.get("Type", ""))
        if value is None or kind.startswith(_ELSEWHERE) or text(each.get("NoEcho", "")).lower() == "true":
            continue
        many = kind == "CommaDelimitedList" or kind.startswith("List<")
        found[name] = [part.strip() for part in text(value).split(",")] if many else text(value)
    return found


def resolved(value: Any, document: Mapping[str, Any], known: Known) -> Any:
    """A value with its references to parameters, conditions and mappings resolved where they can be; None for one that
    is not there at all (AWS::NoValue)."""
    found = _resolved(value, document, known)
    return None if found is _NOTHING else found


def holds(condition: str, document: Mapping[str, Any], known: Known) -> bool | None:
    """Whether a condition of the template is true; None when the known values do not tell."""
    return _named(condition, document, known, frozenset())


def brought(document: Mapping[str, Any], known: Known) -> Sequence[str]:
    """The logical ids of the template's resources, without those whose condition is known to be false."""
    resources = document.get("Resources") or {}
    return [
        name
        for name, each in resources.items()
        if "Condition" not in each or holds(str(each["Condition"]), document, known) is not False
    ]


def plain(value: Any) -> bool:
    """Whether no expression is left in a value."""
    if isinstance(value, Mapping):
        return not _function(value) and all(map(plain, value.values()))
    return all(map(plain, value)) if isinstance(value, list) else True


def references(value: Any, document: Mapping[str, Any]) -> Sequence[str]:
    """The parameters that a value is made of, through conditions too, each once."""
    declared = document.get("Parameters") or {}
    return [name for name in dict.fromkeys(_references(value, document, frozenset())) if name in declared]


def text(value: Any) -> str:
    """A value as CloudFormation writes it."""
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _function(value: Mapping[str, Any]) -> str:
    """The name of the expression that a value is, empty when it is none."""
    name = next(iter(value)) if len(value) == 1 else ""
    return name if name == "Ref" or str(name).startswith("Fn::") else ""


def _resolved(value: Any, document: Mapping[str, Any], known: Known) -> Any:
    if isinstance(value, list):
        items = [_resolved(each, document, known) for each in value]
        return [each for each in items if each is not _NOTHING]
    if not isinstance(value, Mapping):
        return value
    if resolve := _FUNCTIONS.get(_function(value)):
        (argument,) = value.values()
        return resolve(argument, value, document, known)
    made = {name: _resolved(each, document, known) for name, each in value.items()}
    return {name: each for name, each in made.items() if each is not _NOTHING}


def _ref(argument: Any, value: Any, _document: Mapping[str, Any], known: Known) -> Any:
    return _NOTHING if argument == "AWS::NoValue" else known.get(str(argument), value)


def _if(argument: Any, value: Any, document: Mapping[str, Any], known: Known) -> Any:
    if not isinstance(argument, list) or len(argument) != 3:
        return value
    yes, no = (_resolved(each, document, known) for each in argument[1:])
    chosen = holds(str(argument[0]), document, known)
    if chosen is None:
        return yes if yes == no else value
    return yes if chosen else no


def _sub(argument: Any, value: Any, document: Mapping[str, Any], known: Known) -> Any:
    pattern, own = argument if isinstance(argument, list) and len(argument) == 2 else (argument, {})
    own = _resolved(own, document, known)
    if not isinstance(pattern, str) or not isinstance(own, Mapping):
        return value
    values = {name: own.get(name, known.get(name)) for name in _NAMED.findall(pattern)}
    if not all(isinstance(each, str | int) for each in values.values()):
        return value
    return _NAMED.sub(lambda found: text(values[found[1]]), pattern).replace("${!", "${")


def _find_in_map(argument: Any, value: Any, document: Mapping[str, Any], known: Known) -> Any:
    here: Any = document.get("Mappings")
    for each in argument if isinstance(argument, list) and len(argument) == 3 else [None]:
        key = _resolved(each, document, known)
        here = here.get(key) if isinstance(here, Mapping) and isinstance(key, str) else None
    return value if here is None else here


_FUNCTIONS: Mapping[str, Callable[[Any, Any, Mapping[str, Any], Known], Any]] = {
    "Ref": _ref,
    "Fn::If": _if,
    "Fn::Sub": _sub,
    "Fn::FindInMap": _find_in_map,
}


def _named(name: str, document: Mapping[str, Any], known: Known, seen: frozenset[str]) -> bool | None:
    condition = (document.get("Conditions") or {}).get(name)
    return None if name in seen else _holds(condition, document, known, seen | {name})


def _holds(condition: Any, document: Mapping[str, Any], known: Known, seen: frozenset[str]) -> bool | None:
    if not isinstance(condition, Mapping) or len(condition) != 1:
        return None
    ((function, argument),) = condition.items()
    if function == "Condition":
        return _named(str(argument), document, known, seen)
    if not isinstance(argument, list):
        return None
    if function == "Fn::Equals":
        return _equal(argument, document, known)
    results = [_holds(each, document, known, seen) for each in argument]
    if function == "Fn::Not" and len(results) == 1:
        return None if results[0] is None else not results[0]
    decides = {"Fn::And": False, "Fn::Or": True}.get(function)
    if decides is None:
        return None
    return decides if decides in results else None if None in results else not decides


def _equal(sides: Sequence[Any], document: Mapping[str, Any], known: Known) -> bool | None:
    made = [resolved(each, document, known) for each in sides]
    if len(made) != 2 or not all(map(plain, made)):
        return None
    return text(made[0]) == text(made[1])


def _references(value: Any, document: Mapping[str, Any], seen: frozenset[str]) -> Sequence[str]:
    if isinstance(value, list):
        return [name for each in value for name in _references(each, document, seen)]
    if not isinstance(value, Mapping):
        return []
    found: list[str] = []
    for key, inner in value.items():
        if key == "Fn::Sub":
            found += _NAMED.findall(inner if isinstance(inner, str) else str(inner[:1]))
        named = inner if key == "Condition" else inner[0] if key == "Fn::If" and isinstance(inner, list) else None
        if key == "Ref":
            found.append(str(inner))
        elif isinstance(named, str) and named not in seen:
            condition = (document.get("Conditions") or {}).get(named)
            found += _references(condition, document, seen | {named})
        found += _references(inner, document, seen)
    return found
