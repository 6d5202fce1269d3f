"""What a handler is, and the few moves that most of them share."""

from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

from botocore.exceptions import ClientError

from sandbox.cloudformation.comparison import same
from sandbox.cloudformation.errors import Unsupported
from sandbox.cloudformation.world import Target, missing

Properties = dict[str, Any]


class Handler:
    """Makes, changes and removes the resources of one type through the API of its service.

    Properties come resolved and with the stack's tags. Whatever the handler cannot pass on it refuses with
    Unsupported; it never ignores a property. Refusals of the API (ClientError) are the engine's to report.
    """

    name_property: ClassVar[str] = ""
    """The property that names the physical resource, when a template may."""
    takes_snapshots: ClassVar[bool] = False
    offers: ClassVar[frozenset[str]] = frozenset()
    """Attributes for GetAtt beyond those AWS's schema lists as read-only."""

    def create(self, target: Target, properties: Properties) -> str:
        """Make it; returns its physical id, what Ref gives."""
        raise NotImplementedError

    def update(self, target: Target, physical: str, before: Properties, after: Properties) -> None:
        """Bring it from `before` to `after` in place."""
        changed = [k for k in {*before, *after} if not same(before.get(k, ""), after.get(k, ""))]
        raise Unsupported(f"{sorted(changed)[0] if changed else ''} in an update")

    def delete(self, target: Target, physical: str, properties: Properties, *, snapshot: bool = False) -> None:
        """Remove it, keeping a last snapshot when asked for and possible."""
        raise NotImplementedError

    def replaces(self, before: Properties, after: Properties) -> bool:
        """Whether a change that AWS's schema calls conditional needs a new resource after all."""
        return False

    def ready(self, target: Target, physical: str, properties: Properties) -> bool:
        """Whether it has settled after being made or changed; raises Failed when it never will."""
        return True

    def gone(self, target: Target, physical: str, properties: Properties) -> bool:
        """Whether it has disappeared after being removed."""
        return True

    def attributes(self, target: Target, physical: str, properties: Properties) -> dict[str, Any]:
        """What GetAtt gives, by name; nested names as nested dictionaries or with dots."""
        return {}


HANDLERS: dict[str, Handler] = {}
_H = TypeVar("_H", bound=type[Handler])


def handles(type: str) -> Callable[[_H], _H]:
    """Register a handler for a resource type."""

    def register(made: _H) -> _H:
        HANDLERS[type] = made()
        return made

    return register


def without(properties: Properties, *names: str) -> Properties:
    """The properties except some."""
    return {k: v for k, v in properties.items() if k not in names}


def only(properties: Properties, *names: str) -> Properties:
    """Some of the properties, those that are there."""
    return {k: properties[k] for k in names if k in properties}


def renamed(properties: Properties, names: dict[str, str]) -> Properties:
    """The properties under the API's names."""
    return {names.get(k, k): v for k, v in properties.items()}


def changed(before: Properties, after: Properties, *ignored: str) -> Properties:
    """The properties of `after` that differ from `before`."""
    return {k: v for k, v in after.items() if k not in ignored and not same(before.get(k, ""), v)}


def tag_map(tags: Any) -> dict[str, str]:
    """Tags in either form as name to value."""
    if isinstance(tags, dict):
        return {str(k): str(v) for k, v in tags.items()}
    return {str(t["Key"]): str(t["Value"]) for t in tags or []}


def tag_list(tags: Any) -> list[dict[str, str]]:
    """Tags in either form as a list of Key and Value."""
    return [{"Key": k, "Value": v} for k, v in tag_map(tags).items()]


def retag(
    before: Properties,
    after: Properties,
    put: Callable[[dict[str, str]], Any],
    remove: Callable[[list[str]], Any],
) -> None:
    """Bring tags from before to after with the service's own two calls."""
    old, new = tag_map(before.get("Tags")), tag_map(after.get("Tags"))
    added = {k: v for k, v in new.items() if old.get(k) != v}
    dropped = [k for k in old if k not in new]
    if dropped:
        remove(dropped)
    if added:
        put(added)


def absent(ask: Callable[[], Any]) -> bool:
    """Whether the API says that it is not there."""
    try:
        ask()
    except ClientError as error:
        if missing(error):
            return True
        raise
    return False
