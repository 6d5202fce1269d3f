"""How many failed logins one client address may make, whatever names it tries.

An attempt is charged before its password is looked at, and taken back if it was right: the right logins of an office
behind one address do not add up, and an own account does not buy anybody further guesses at others.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

from services.ports import Attempt, Users

IPV6_PREFIX = 64
"""One IPv6 customer has at least this many bits of addresses to try from."""


@dataclass(frozen=True)
class Charge:
    """One attempt charged to an address. `reached` says that it is the one which used up the limit."""

    key: str
    attempt: Attempt
    until: datetime

    @property
    def allowed(self) -> bool:
        """Whether the attempt may go on."""
        return self.attempt.allowed

    @property
    def reached(self) -> bool:
        """Whether the address is locked from this attempt on, should it fail."""
        return self.attempt.allowed and self.attempt.locked_until is not None


@dataclass(frozen=True)
class ClientLimit:
    """At most `most` failures of an address within each `window` of the clock. A window that is over is forgotten with
    the counts of names: counts are kept in the same place, under keys that nobody can type as a name."""

    most: int
    window: timedelta

    def charge(self, users: Users, client: str, now: datetime) -> Charge | None:
        """Charge an attempt; None for a client without an address (a Unix socket), which cannot be told from others."""
        if not client:
            return None
        number = int(now.timestamp() // self.window.total_seconds())
        until = datetime.fromtimestamp(0, UTC) + (number + 1) * self.window
        # Names are compared in lower case, so none is ever spelt like this.
        key = f"CLIENT {_network(client)} {number}"
        return Charge(key, users.attempt(key, now, lock_after=self.most, lock_for=self.window), until)

    def take_back(self, users: Users, charge: Charge | None) -> None:
        """The attempt was right: it does not count."""
        if charge:
            users.take_back(charge.key)


def _network(client: str) -> str:
    try:
        address = ip_address(client.partition("%")[0])
    except ValueError:
        return client[:256]
    if isinstance(address, IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped or IPv6Network((address, IPV6_PREFIX), strict=False))
    return str(address)
