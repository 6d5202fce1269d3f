"""What a database and a cache are billed for, by the properties CloudFormation gives them."""

from collections.abc import Mapping
from typing import Any

from services.domain.deployment.pricing import Bill, Term
from services.domain.wording import counted

ENGINES = {"postgres": "PostgreSQL"}
"""Engines whose instance prices the list may hold; prices of RDS differ by engine."""
CACHE_ENGINES = ("valkey", "redis")


def database(properties: Mapping[str, Any]) -> Bill:
    """An RDS instance: instance hours and storage, of both copies when it is Multi-AZ. What its storage grows by itself
    is not counted."""
    engine, storage_type = properties.get("Engine"), properties.get("StorageType")
    size, storage, many = properties.get("DBInstanceClass"), _whole(properties, "AllocatedStorage"), _truth(properties)
    if engine not in ENGINES:
        return Bill(unknown=f"Only PostgreSQL's prices are known, and this is {engine or 'an engine nobody named'}.")
    if storage_type != "gp3":
        return Bill(unknown=f"Only gp3's prices are known, and its storage is {storage_type or 'of no named type'}.")
    if not size or storage is None or many is None:
        return Bill(unknown="Its class, its storage or whether it is Multi-AZ is not known.")
    alone = _database(str(size), storage, "single-az")
    return Bill(_database(str(size), storage, "multi-az") if many else alone, alone)


def cache(properties: Mapping[str, Any]) -> Bill:
    """An ElastiCache replication group: hours of all its nodes. Each node after the first is a copy."""
    engine, size = str(properties.get("Engine", "")).lower(), properties.get("CacheNodeType")
    nodes = _whole(properties, "NumCacheClusters")
    if engine not in CACHE_ENGINES:
        return Bill(unknown=f"Only Valkey's and Redis's prices are known, and this is {engine or 'an unnamed engine'}.")
    if not size or not nodes:
        return Bill(unknown="Its node type or its number of nodes is not known.")
    key, what = f"elasticache:{size}:{engine}", f"{size} with {engine.capitalize()}"
    return Bill((Term(key, what, nodes),), (Term(key, what),), counted(nodes, "node"))


def _database(size: str, storage: int, kind: str) -> tuple[Term, ...]:
    shown = "Multi-AZ" if kind == "multi-az" else "single-AZ"
    return (
        Term(f"rds:{size}:{kind}", f"{size} {shown}"),
        Term(f"rds:gp3:{kind}", f"gp3 storage {shown}", amount=storage, unit="GB", hourly=False),
    )


def _whole(properties: Mapping[str, Any], name: str) -> int | None:
    said = str(properties.get(name, ""))
    return int(said) if said.isdecimal() else None


def _truth(properties: Mapping[str, Any]) -> bool | None:
    said = str(properties.get("MultiAZ", "false")).lower()  # RDS makes it single where nothing is said
    return said == "true" if said in ("true", "false") else None
