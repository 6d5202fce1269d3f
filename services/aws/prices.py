"""AWS's Price List Query API: on-demand list prices by the keys of Haven's own price file."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.aws.errors import translated
from services.aws.session import Sessions
from services.ports.pricing import Answered, Quoted

REGION = "us-east-1"
"""Where the API lives, whatever region is asked about."""
_DEPLOYMENT = {"single-az": "Single-AZ", "multi-az": "Multi-AZ"}
_ENGINES = {"valkey": "Valkey", "redis": "Redis"}
_FARGATE = {
    ("X86_64", "vcpu"): "Fargate-vCPU-Hours:perCPU",
    ("X86_64", "gb"): "Fargate-GB-Hours",
    ("ARM64", "vcpu"): "Fargate-ARM-vCPU-Hours:perCPU",
    ("ARM64", "gb"): "Fargate-ARM-GB-Hours",
}
_HOURS = re.compile(r"(?:^|[-\s])(?:hrs|hours|hour)$", re.IGNORECASE)
_MONTHS = re.compile(r"^gb-mo(?:nth)?$", re.IGNORECASE)
_REGIONAL = r"(?:[A-Z0-9]+-)?"
"""Usage types begin with a short name of their region, some of us-east-1's with none."""


@dataclass(frozen=True)
class _Product:
    """What to ask for. `usage` is the usage type without its region, empty when the attributes say enough."""

    service: str
    attributes: Mapping[str, str]
    usage: str = ""
    unit: re.Pattern[str] = _HOURS


_FIXED = {
    "alb:hour": _Product("AWSELB", {"productFamily": "Load Balancer-Application"}, "LoadBalancerUsage"),
    "endpoint:zone-hour": _Product("AmazonVPC", {"productFamily": "VpcEndpoint"}, "VpcEndpoint-Hours"),
    "nat-gateway:hour": _Product("AmazonEC2", {"productFamily": "NAT Gateway"}, "NatGateway-Hours"),
    "public-ipv4:hour": _Product("AmazonVPC", {"group": "VPCPublicIPv4Address"}, "PublicIPv4:InUseAddress"),
}


class PriceReader:
    """`ports.PriceSource`, with Haven's own credentials: prices belong to no environment."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    def ask(self, region: str, keys: Sequence[str]) -> Answered:
        """As `ports.PriceSource.ask`. One question a key; the first that AWS refuses ends it."""
        client = self._sessions.own(REGION).client("pricing")
        found: dict[str, Quoted] = {}
        unanswered: dict[str, str] = {}
        for key in keys:
            product = _product(key)
            answer = _quoted(client, product, region) if product else "Haven does not know what to ask AWS for."
            if isinstance(answer, Quoted):
                found[key] = answer
            else:
                unanswered[key] = answer
        return Answered(found, unanswered)


def _product(key: str) -> _Product | None:
    kind, *rest = key.split(":")
    if kind == "rds" and len(rest) == 2 and rest[1] in _DEPLOYMENT:
        return _database(rest[0], _DEPLOYMENT[rest[1]])
    if kind == "elasticache" and len(rest) == 2 and rest[1] in _ENGINES:
        wanted = {"productFamily": "Cache Instance", "instanceType": rest[0], "cacheEngine": _ENGINES[rest[1]]}
        return _Product("AmazonElastiCache", wanted, f"NodeUsage:{rest[0]}")
    if kind == "fargate" and tuple(rest) in _FARGATE:
        return _Product("AmazonECS", {}, _FARGATE[(rest[0], rest[1])])
    return _FIXED.get(key)


def _database(size: str, deployment: str) -> _Product:
    wanted = {"databaseEngine": "PostgreSQL", "deploymentOption": deployment}
    if size == "gp3":
        storage = {"productFamily": "Database Storage", "volumeType": "General Purpose-GP3"}
        return _Product("AmazonRDS", {**storage, **wanted}, unit=_MONTHS)
    return _Product("AmazonRDS", {"productFamily": "Database Instance", "instanceType": size, **wanted})


def _quoted(client: Any, product: _Product, region: str) -> Quoted | str:
    """The price, or why there is none."""
    wanted = {"regionCode": region, **product.attributes}
    filters = [{"Type": "TERM_MATCH", "Field": field, "Value": value} for field, value in wanted.items()]
    offers: set[Quoted] = set()
    with translated():
        for page in client.get_paginator("get_products").paginate(
            ServiceCode=product.service, Filters=filters, FormatVersion="aws_v1"
        ):
            for item in page["PriceList"]:
                try:
                    offers.update(_offers(json.loads(item), product))
                except (AttributeError, KeyError, TypeError, ValueError):
                    return "AWS's answer has a form that Haven does not understand."
    if not offers:
        return f"AWS lists no such price for {region}."
    if len({offer.usd for offer in offers}) > 1:
        amounts = ", ".join(f"{usd:g}" for usd in sorted({offer.usd for offer in offers}))
        return f"AWS lists several prices ({amounts} USD), and which one it is does not show."
    return max(offers, key=lambda offer: offer.since)


def _offers(document: Mapping[str, Any], product: _Product) -> Iterator[Quoted]:
    """The on-demand prices of one product's document, of its first tier; nothing for one that is another product."""
    attributes = document["product"]["attributes"]
    if product.usage and not re.fullmatch(_REGIONAL + re.escape(product.usage), attributes.get("usagetype", "")):
        return
    if attributes.get("locationType", "AWS Region") != "AWS Region":
        return  # Outposts, Local Zones and Wavelength carry the region's code as well
    for term in document.get("terms", {}).get("OnDemand", {}).values():
        for tier in term["priceDimensions"].values():
            usd = float(tier["pricePerUnit"].get("USD", 0))
            if usd > 0 and product.unit.search(tier["unit"]) and tier.get("beginRange", "0") == "0":
                yield Quoted(usd, str(term.get("effectiveDate", ""))[:10])
