"""What security groups let in, in single openings, and which of them are new."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

ANYBODY = ("0.0.0.0/0", "::/0")
_SOURCES = ("CidrIp", "CidrIpv6", "SourceSecurityGroupId", "SourceSecurityGroupName", "SourcePrefixListId")
_ALL = "-1"


@dataclass(frozen=True)
class Opening:
    """Traffic that comes in: a protocol (-1 is all), ports from and to, and where from."""

    protocol: str
    low: int
    high: int
    source: str

    @property
    def public(self) -> bool:
        """Whether anybody may."""
        return self.source in ANYBODY

    @property
    def words(self) -> str:
        """It in words, without where from."""
        if self.protocol == _ALL:
            return "all traffic"
        ports = f"port {self.low}" if self.low == self.high else f"ports {self.low} to {self.high}"
        return f"{self.protocol} {ports}"

    def covers(self, other: "Opening") -> bool:
        """Whether what the other lets in comes in here too."""
        if self.protocol != _ALL and not (
            self.protocol == other.protocol and self.low <= other.low and other.high <= self.high
        ):
            return False
        return self.source == other.source or _within(other.source, self.source)


def openings(rules: Iterable[Any]) -> frozenset[Opening]:
    """What ingress rules let in."""
    return frozenset(
        Opening(protocol, _port(rule, "FromPort", 0), _port(rule, "ToPort", 65535), str(rule[source]))
        for rule in rules
        if isinstance(rule, Mapping)
        for protocol in (str(rule.get("IpProtocol", _ALL)),)
        for source in _SOURCES
        if rule.get(source)
    )


def opened(before: Iterable[Any], after: Iterable[Any]) -> tuple[Opening, ...]:
    """What is let in that was not."""
    known = openings(before)
    new = (each for each in openings(after) if not any(old.covers(each) for old in known))
    return tuple(sorted(new, key=lambda each: (not each.public, each.protocol, each.low, each.high, each.source)))


def _port(rule: Mapping[str, Any], name: str, default: int) -> int:
    try:
        found = int(rule.get(name, default))
    except (TypeError, ValueError):
        return default
    return found if found >= 0 else default


def _within(inner: str, outer: str) -> bool:
    try:
        one, other = ip_network(inner, strict=False), ip_network(outer, strict=False)
    except ValueError:
        return False
    return one.version == other.version and one.subnet_of(other)  # type: ignore[arg-type]
