"""The list prices themselves: whether the file holds what the blueprints need, and what AWS says today."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from services.domain.deployment.cost import needs
from services.domain.deployment.plan import ParameterChange, Plan, StackPlan
from services.domain.environment import Environment
from services.domain.errors import Invalid
from services.ports import Catalogue, Clock
from services.ports.pricing import Difference, PriceFile, PriceSource

OLDEST = timedelta(days=180)
"""Older prices are warned about."""
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")


@dataclass(frozen=True)
class Checked:
    """`missing` are sentences, one for each price a blueprint needs and the file lacks; `warnings` are about prices'
    ages. `count` is how many prices there are."""

    count: int
    missing: Sequence[str]
    warnings: Sequence[str]


@dataclass(frozen=True)
class Renewed:
    """`asked` prices were asked about: `differences` are those AWS has otherwise, `unanswered` says by key why AWS gave
    none. `text` is the file with AWS's prices in it."""

    asked: int
    differences: Sequence[Difference]
    unanswered: Mapping[str, str]
    text: str


class Pricing:
    """Reads only; the file is written by whoever asked."""

    def __init__(self, clock: Clock, catalogue: Catalogue, file: PriceFile, source: PriceSource) -> None:
        self._clock, self._catalogue, self._file, self._source = clock, catalogue, file, source

    def check(self, oldest: timedelta = OLDEST) -> Checked:
        """Hold the file against the blueprints and the calendar. Raises Invalid for a file that does not hold."""
        regions = self._file.regions()
        if not regions:
            raise Invalid("The price file has no region.")
        known = {region: set(self._file.keys(region)) for region in regions}
        missing = [
            f"{region} has no price {key}, which the blueprint {blueprint} needs."
            for region in regions
            for blueprint in self._catalogue.blueprints()
            for key in sorted(self._needs(blueprint, region) - known[region])
        ]
        warned = self._file.warnings(self._clock.now().date(), oldest.days)
        return Checked(sum(map(len, known.values())), missing, warned)

    def refresh(self, region: str) -> Renewed:
        """Ask AWS for the prices of a region: all that the file has of it, or for a region it does not have, of any.
        Raises Invalid, Misconfigured, NotNow."""
        if not _REGION.fullmatch(region):
            raise Invalid(f"{region!r} is no region; us-east-1 is one.")
        regions = self._file.regions()
        known = [self._file.keys(each) for each in ([region] if region in regions else regions)]
        keys = list(dict.fromkeys(key for each in known for key in each))
        answered = self._source.ask(region, keys)
        differences, text = self._file.renewed(region, answered.found, self._clock.now().date())
        return Renewed(len(keys), differences, answered.unanswered, text)

    def _needs(self, blueprint: str, region: str) -> frozenset[str]:
        """The prices of an environment of that shape, deployed from nothing."""
        now = self._clock.now()
        example = Environment("example", "0" * 12, region, blueprint, "example", False, 99.9, now)
        stacks = [
            StackPlan(
                spec.name,
                example.stack_name(spec.name),
                spec.template,
                "",
                parameters=tuple(
                    ParameterChange(name, None, value) for name, value in self._catalogue.effective(spec).items()
                ),
            )
            for spec in self._catalogue.specs(example)
        ]
        return needs(Plan("", example.name, "", "", now, blueprint, stacks=tuple(stacks)))
