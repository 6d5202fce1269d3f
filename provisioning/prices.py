"""prices.yaml: dated list prices with their sources, read and checked, compared and written again."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from importlib import resources
from typing import Annotated, Literal, Self

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

_KEY = re.compile(r"[a-z0-9-]+(:[A-Za-z0-9._-]+)+")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-[0-9]")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}(-[0-9]{2})?")


class PricesError(ValueError):
    """A price file that does not hold; the message says where and why."""


def _text(value: object) -> object:
    return value.isoformat() if isinstance(value, date) else value


class Quote(BaseModel):
    """One price in USD. `read` is the day or the month it was read, empty when the source bears no date."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    usd: float = Field(gt=0, lt=1_000_000, allow_inf_nan=False)
    per: Literal["hour", "GB-month"]
    read: Annotated[str, BeforeValidator(_text)] = ""
    confidence: Literal["high", "medium-high", "medium"]
    source: str = Field(alias="from", min_length=5, max_length=200)

    @model_validator(mode="after")
    def _dated(self) -> Self:
        if self.read and (not _DATE.fullmatch(self.read) or self.day is None):
            raise ValueError(f"{self.read!r} is neither a day nor a month")
        return self

    @property
    def day(self) -> date | None:
        """The day it was read, the first for a month; None when it bears no date."""
        try:
            return date.fromisoformat(self.read if len(self.read) > 7 else f"{self.read}-01")
        except ValueError:
            return None

    @property
    def said(self) -> str:
        """Source, date and confidence in words."""
        when = f"read {self.read}" if self.read else "undated"
        return f"{self.source}, {when}, confidence {self.confidence}"


Regions = Mapping[str, Mapping[str, Quote]]


def text() -> str:
    """The packaged file as it is."""
    return resources.files("provisioning").joinpath("prices.yaml").read_text(encoding="utf-8")


def parse(content: str) -> Regions:
    """A price file's prices, by region and key. Raises PricesError."""
    try:
        found = TypeAdapter(dict[str, dict[str, Quote]]).validate_python(yaml.load(content, Loader=yaml.CSafeLoader))
    except yaml.YAMLError as problem:
        raise PricesError(f"The price file is no YAML: {problem}") from problem
    except ValidationError as problem:
        first = problem.errors()[0]
        where = " ".join(str(part) for part in first["loc"])
        raise PricesError(f"The price file does not hold at {where or 'its top'}: {first['msg']}.") from problem
    for region, quotes in found.items():
        if not _REGION.fullmatch(region):
            raise PricesError(f"The price file names a region {region!r}, which is none.")
        for key in quotes:
            if not _KEY.fullmatch(key):
                raise PricesError(f"The price file has a key {key!r} that means nothing.")
    return found


def packaged() -> Regions:
    """The prices of the packaged file. Raises PricesError."""
    return parse(text())


def warnings(regions: Regions, today: date, days: int) -> Sequence[str]:
    """A line for each price that is older than so many days, dated ahead, or not dated."""
    said = []
    for region, quotes in regions.items():
        for key, quote in quotes.items():
            if quote.day is None:
                said.append(f"{region} {key} bears no date ({quote.source}).")
            elif quote.day > today:
                said.append(f"{region} {key} was read {quote.read}, which is yet to come.")
            elif (today - quote.day).days > days:
                said.append(f"{region} {key} was read {quote.read}, {(today - quote.day).days} days ago.")
    return said


def from_aws(key: str, usd: float, since: str, today: date) -> Quote:
    """A price as AWS's Price List API gave it today; `since` is the day from which it holds, if AWS says so."""
    source = f"AWS's Price List API{f', in force since {since}' if since else ''}"
    per = "GB-month" if key.startswith("rds:gp3:") else "hour"
    return Quote.model_validate({"usd": usd, "per": per, "read": today, "confidence": "high", "from": source})


def differences(regions: Regions, region: str, found: Mapping[str, Quote]) -> Sequence[tuple[str, float | None, float]]:
    """(key, the file's price if it has one, the other one) of each price that differs, in the order it was found."""
    known = regions.get(region, {})
    told = [(key, known[key].usd if key in known else None, quote.usd) for key, quote in found.items()]
    return [(key, old, new) for key, old, new in told if old != new]


def merged(regions: Regions, region: str, found: Mapping[str, Quote]) -> Regions:
    """The prices with these in place of a region's older ones."""
    return {**regions, region: {**regions.get(region, {}), **found}}


def written(regions: Regions, like: str) -> str:
    """A price file's text under the heading comments of the file `like`; `parse` gives the same prices again."""
    heading = [line for line in like.splitlines() if line.startswith("#")]
    lines = []
    for region, quotes in regions.items():
        lines.append(f"{region}:")
        lines += [f"  {key}: {{{_shown(quote)}}}" for key, quote in quotes.items()]
    return "\n".join((*heading, *lines)) + "\n"


def _shown(quote: Quote) -> str:
    read = f"read: {quote.read}, " if quote.read else ""
    source = json.dumps(quote.source, ensure_ascii=False)
    return f"usd: {_number(quote.usd)}, per: {quote.per}, {read}confidence: {quote.confidence}, from: {source}"


def _number(usd: float) -> str:
    """Plainly, never in powers of ten."""
    return f"{usd:.10f}".rstrip("0").rstrip(".")
