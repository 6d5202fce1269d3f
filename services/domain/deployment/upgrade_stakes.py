"""What each stage of the way to Multi-AZ puts at stake, in words. Pure."""

from collections.abc import Collection, Sequence

from services.domain.deployment.upgrade import NETWORK, PLATFORM, Need

NOTHING = "Nothing of it changes any more."


def stake(kind: str, changing: Collection[str], *, standby: bool) -> str:
    """What is at stake when these parameters change. `standby` tells whether the database has one by then."""
    if not changing:
        return NOTHING
    said = {
        NETWORK: _network,
        "standby": _standby,
        "capacity": lambda names: _capacity(names, standby=standby),
        PLATFORM: _platform,
    }.get(kind, _services)(changing)
    return " ".join(said)


def connections(needs: Sequence[Need | None], ceiling: int | None, *, at_once: bool) -> str:
    """Whether the services go together, and why."""
    usual = sum(each.usual for each in needs if each)
    most = sum(each.most for each in needs if each)
    if ceiling is None:
        return "One by one, as nobody knows how many connections the database holds."
    if None in needs:
        return "One by one, as the pool of a service is not known."
    if at_once:
        return f"All together: even with every task twice they hold {most} connections, and the database {ceiling}."
    said = f"One by one: with every task twice they would hold {most} connections, and the database holds {ceiling}."
    if usual > ceiling:
        return f"{said} At their most tasks alone they hold {usual}: lower MaxTasks or PoolSize first."
    return said


def _network(names: Collection[str]) -> list[str]:
    said = []
    if "NatPerZone" in names:
        said.append(
            "Each zone's route moves to a NAT gateway of its own: connections that are open to the outside through the "
            "shared one break once and are made anew."
        )
    if "EndpointPerZone" in names:
        said.append("Interface endpoints get an address in every zone; what uses them goes on.")
    return [*said, "No data store is touched."]


def _standby(names: Collection[str]) -> list[str]:
    said = []
    if "DatabaseMultiAz" in names:
        said.append(
            "Nothing stops: RDS makes the standby in place from a snapshot. Writing is slower until it has caught up "
            "(7 to 21 minutes were seen), so choose a quiet hour."
        )
    if "CacheNodes" in names:
        said.append("The cache's replicas are added in place, without interruption.")
    if "DeletionProtection" in names:
        said.append("From here on RDS refuses to delete the database.")
    return [*said, "Neither data store is replaced."]


def _capacity(names: Collection[str], *, standby: bool) -> list[str]:
    said = []
    if "DatabaseClass" in names:
        said.append(
            "The database fails over once: about a minute in which nobody can write, instead of an outage as long as "
            "the change."
            if standby
            else "Without a standby, changing the class takes the database away for minutes: wait for the standby."
        )
    if "BackupRetentionDays" in names:
        said.append("Turning backups on pauses reading and writing for seconds to a few minutes.")
    if "CacheClass" in names:
        said.append("The cache's nodes are exchanged in place, one after the other.")
    return [*said, "Neither data store is replaced."]


def _platform(names: Collection[str]) -> list[str]:
    said = []
    if "LoadBalancerZones" in names:
        said.append("The load balancer gets a node in another zone; those that serve go on serving.")
    if {"DeletionProtection", "ZonalShift"}.intersection(names):
        said.append("Its switches are set in place.")
    return said or ["It is changed in place."]


def _services(names: Collection[str]) -> list[str]:
    said = ["ECS starts new tasks in every zone before it stops the old ones."]
    if "CircuitBreaker" in names:
        said.append("From here on a deployment whose tasks do not come up rolls itself back.")
    if "Scaling" in names:
        said.append("The number of tasks then follows the load, never below the zones.")
    return said
