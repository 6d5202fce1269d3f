"""What can be deployed: templates, their parameters, and the blueprints' shapes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.domain.deployment.cost import PriceList
from services.domain.environment import Environment
from services.ports.provisioning import StackSpec


@dataclass(frozen=True)
class TemplateParameter:
    """One declared parameter. `default` None means it must be given; `constraint` says in words what is allowed,
    `allowed` lists it where it is a list. A `secret` one (NoEcho) is never shown."""

    name: str
    description: str
    type: str
    default: str | None
    allowed: tuple[str, ...]
    constraint: str
    secret: bool


class Catalogue(Protocol):
    """Templates and blueprints. Unknown names raise Invalid."""

    def blueprints(self) -> Sequence[str]: ...
    def specs(
        self, environment: Environment, overrides: Mapping[str, Mapping[str, str]] | None = None
    ) -> tuple[StackSpec, ...]:
        """The stacks of an environment's blueprint, in deployment order. Raises Invalid, with `<stack>.<parameter>` as
        fields, for overrides that do not fit."""
        ...

    def effective(self, spec: StackSpec) -> Mapping[str, str]:
        """The values of a stack's parameters, its template's defaults filled in."""
        ...

    def templates(self) -> Sequence[str]: ...
    def body(self, template: str) -> str: ...
    def version(self, body: str) -> str:
        """The version of a template's text: a hash of it."""
        ...

    def parameters(self, body: str) -> Sequence[TemplateParameter]:
        """Those that a template's text declares, ours or not. Raises Invalid for text that is no template."""
        ...

    def document(self, body: str) -> Mapping[str, Any]:
        """A template's text as data, intrinsic functions in their long form."""
        ...

    def resources(self, spec: StackSpec) -> Mapping[str, str]:
        """The resources a stack's values bring: logical id to type."""
        ...

    def prices(self, region: str) -> PriceList | None:
        """The dated list prices of a region; None where none are known."""
        ...
