"""`ports.Catalogue` over the packaged templates and blueprints."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache, lru_cache
from typing import Any

import yaml

from provisioning import blueprint as blueprints
from provisioning import prices
from provisioning.template import TEMPLATES, Parameter, Template, parse, template, template_body, version_of
from services.domain.deployment.cost import PriceList
from services.domain.environment import Environment
from services.domain.errors import Invalid
from services.ports import StackSpec, TemplateParameter
from services.ports.pricing import Difference, Quoted


class PackagedCatalogue:
    """What this release of Haven carries."""

    def blueprints(self) -> Sequence[str]:
        """Names, in alphabetical order."""
        return blueprints.names()

    def specs(
        self, environment: Environment, overrides: Mapping[str, Mapping[str, str]] | None = None
    ) -> tuple[StackSpec, ...]:
        """As `ports.Catalogue.specs`."""
        return specs(environment, overrides)

    def effective(self, spec: StackSpec) -> Mapping[str, str]:
        """As `ports.Catalogue.effective`."""
        return effective(spec)

    def templates(self) -> Sequence[str]:
        """Names, in the order they are deployed."""
        return TEMPLATES

    def body(self, template: str) -> str:
        """A template's text."""
        try:
            return template_body(template)
        except ValueError as problem:
            raise Invalid(str(problem)) from problem

    def version(self, body: str) -> str:
        """The hash of a template's text."""
        return version_of(body)

    def parameters(self, body: str) -> Sequence[TemplateParameter]:
        """What the text declares."""
        declared = self.document(body).get("Parameters") or {}
        return [_declared(each, declared[each.name]) for each in _parsed(body).parameters]

    def document(self, body: str) -> Mapping[str, Any]:
        """The text as data."""
        return _parsed(body).document

    def resources(self, spec: StackSpec) -> Mapping[str, str]:
        """Logical id to type."""
        parsed = parse(spec.template, spec.body) if spec.body else template(spec.template)
        return parsed.resources(dict(spec.parameters))

    def prices(self, region: str) -> PriceList | None:
        """Those of prices.yaml."""
        quotes = _prices().get(region, {})
        days = [quote.day for quote in quotes.values() if quote.day]
        if not days:
            return None
        usd = {key: quote.usd for key, quote in quotes.items()}
        said = {key: quote.said for key, quote in quotes.items()}
        return PriceList(region, min(days), usd, said, {key: quote.confidence for key, quote in quotes.items()})


class PackagedPrices:
    """`ports.PriceFile` over the packaged prices.yaml, or another file's text."""

    def __init__(self, text: str | None = None) -> None:
        self._text = text

    def regions(self) -> Sequence[str]:
        """As `ports.PriceFile.regions`."""
        return list(self._read())

    def keys(self, region: str) -> Sequence[str]:
        """As `ports.PriceFile.keys`."""
        return list(self._read().get(region, {}))

    def warnings(self, today: date, days: int) -> Sequence[str]:
        """As `ports.PriceFile.warnings`."""
        return prices.warnings(self._read(), today, days)

    def renewed(self, region: str, found: Mapping[str, Quoted], today: date) -> tuple[Sequence[Difference], str]:
        """As `ports.PriceFile.renewed`."""
        known = self._read()
        quotes = {key: prices.from_aws(key, each.usd, each.since, today) for key, each in found.items()}
        differing = [Difference(region, key, old, new) for key, old, new in prices.differences(known, region, quotes)]
        return differing, prices.written(prices.merged(known, region, quotes), self._source())

    def _source(self) -> str:
        return prices.text() if self._text is None else self._text

    def _read(self) -> prices.Regions:
        try:
            return prices.parse(self._source())
        except prices.PricesError as problem:
            raise Invalid(str(problem)) from problem


def render(blueprint: str, environment: str) -> str:
    """What a blueprint would deploy, as YAML, in order."""
    return blueprints.render(_load(blueprint), environment)


def specs(environment: Environment, overrides: Mapping[str, Mapping[str, str]] | None = None) -> tuple[StackSpec, ...]:
    """The stacks of an environment's blueprint, in deployment order. Raises Invalid, with `<stack>.<parameter>` as
    fields, for overrides that do not fit."""
    try:
        planned = _load(environment.blueprint).stacks(environment.name, overrides or {})
    except blueprints.BlueprintError as problem:
        raise Invalid(str(problem), problem.fields) from problem
    return tuple(
        StackSpec(s.name, s.template, s.parameters, s.inputs, s.after, s.policy, s.termination_protection)
        for s in planned
    )


def effective(spec: StackSpec) -> Mapping[str, str]:
    """The values of a stack's parameters, its template's defaults filled in."""
    parsed = parse(spec.template, spec.body) if spec.body else template(spec.template)
    return parsed.effective(dict(spec.parameters))


@cache
def _prices() -> prices.Regions:
    """The file, parsed once: it changes only with the program."""
    return prices.packaged()


@cache
def _load(name: str) -> blueprints.Blueprint:
    """Read once: it changes only with the program."""
    try:
        return blueprints.load(name)
    except blueprints.BlueprintError as problem:
        raise Invalid(str(problem)) from problem


@lru_cache(maxsize=32)
def _parsed(body: str) -> Template:
    """A form asks for the same few texts many times."""
    try:
        return parse("", body)
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as problem:
        raise Invalid("This text is not a CloudFormation template.") from problem


def _declared(parameter: Parameter, declared: Mapping[str, Any]) -> TemplateParameter:
    return TemplateParameter(
        parameter.name,
        parameter.description,
        parameter.type,
        parameter.default,
        parameter.allowed,
        _constraint(parameter),
        str(declared.get("NoEcho", "")).lower() == "true",
    )


def _constraint(parameter: Parameter) -> str:
    if parameter.explanation:
        return parameter.explanation
    if parameter.allowed:
        return f"One of {', '.join(parameter.allowed)}."
    if parameter.min_value is not None or parameter.max_value is not None:
        return f"From {_number(parameter.min_value)} to {_number(parameter.max_value)}."
    return f"Like {parameter.pattern}." if parameter.pattern else ""


def _number(limit: float | None) -> str:
    return "any" if limit is None else f"{limit:g}"
