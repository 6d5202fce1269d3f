"""Findings about the network: zones, tiers, ways out, room for addresses."""

from collections.abc import Iterator

from services.domain.finding import Finding, Requirement, Rule, Subject
from services.domain.findings.entrance import ZONES_REQUIRED
from services.domain.snapshot import Network, Part, Snapshot
from services.domain.states import nat_state, zone_state
from services.domain.status import Status
from services.domain.wording import counted, listed, spelled

FREE_ADDRESSES = 16
"""An ALB wants eight free addresses in a subnet to scale, a deployment doubles the tasks: fewer than this is close."""

TIERS = ("public", "compute", "data")


def zones(snapshot: Snapshot) -> Iterator[Finding]:
    """A zone that EC2 itself calls impaired or unavailable."""
    for zone in snapshot.zones:
        state = zone_state(zone)
        if state.status is not Status.HEALTHY:
            yield Finding(
                "zone-state",
                state.status,
                Subject.zone(zone.name),
                f"Zone {zone.name} is {state.word}",
                f"EC2 calls {zone.name} ({zone.zone_id}) “{zone.state}”.",
                Requirement.NETWORK,
                "Shift traffic away from the zone and fail its databases over, until AWS says it is available.",
                Part.ZONES,
                weighs=Status.DEGRADED if state.status is Status.DOWN else None,
            )


def tiers(snapshot: Snapshot) -> Iterator[Finding]:
    """A tier that spans too few zones."""
    for network in _networks(snapshot):
        for tier in TIERS:
            spanned = sorted({subnet.zone for subnet in network.subnets if subnet.tier == tier})
            # No subnet carries this tier's tag: then nothing is known about the tier.
            if spanned and len(spanned) < ZONES_REQUIRED:
                yield _found(
                    "tier-zones",
                    f"The {tier} tier spans {spelled(len(spanned))} of three zones",
                    f"Its subnets are in {listed(spanned)}"
                    f"{'' if len(spanned) > 1 else ', and nothing in it survives the loss of that zone'}.",
                    f"Add {tier} subnets in the missing zones.",
                    detail=tier,
                )


def ways_out(snapshot: Snapshot) -> Iterator[Finding]:
    """NAT gateways: one per zone of the compute tier, each available."""
    for network in _networks(snapshot):
        nats = [nat for nat in network.nat_gateways if nat.state != "deleted"]
        for nat in nats:
            state = nat_state(nat)
            if state.status is not Status.HEALTHY:
                yield Finding(
                    "nat-state",
                    state.status,
                    Subject.nat(nat.nat_gateway_id),
                    f"NAT gateway in {nat.zone} is {state.word}",
                    f"EC2 says “{nat.state}” for {nat.nat_gateway_id}; what routes through it has no way out.",
                    Requirement.NETWORK,
                    "Replace it, or point the zone's route table at one that is available.",
                    Part.NETWORK,
                    weighs=Status.DEGRADED if state.status is Status.DOWN else None,
                )
        compute = {subnet.zone for subnet in network.subnets if subnet.tier == "compute"}
        missing = sorted(compute - {nat.zone for nat in nats})
        if missing:
            served = (
                f"{spelled(len(nats))} NAT gateway{'s' if len(nats) != 1 else ''} for {spelled(len(compute))} zones"
            )
            have = f"{listed(missing)} {'has' if len(missing) == 1 else 'have'} none"
            through = listed(sorted({nat.zone for nat in nats}))
            yield _found(
                "nat-shared",
                served[:1].upper() + served[1:],
                f"{have}; what runs there leaves through {through}, and loses every way out with it."
                if nats
                else f"{have}; what runs there reaches only what has a VPC endpoint.",
                "Give each zone its own NAT gateway and route table.",
            )


def addresses(snapshot: Snapshot) -> Iterator[Finding]:
    """Subnets that are nearly full."""
    for network in _networks(snapshot):
        for subnet in network.subnets:
            if subnet.free_addresses < FREE_ADDRESSES:
                yield _found(
                    "subnet-full",
                    f"Subnet {subnet.subnet_id} is nearly full",
                    f"{counted(subnet.free_addresses, 'address', 'addresses')} of {subnet.cidr} free in {subnet.zone}; "
                    f"fewer than {FREE_ADDRESSES} can stop a deployment or the load balancer's growth.",
                    "Add a larger subnet in the zone.",
                    detail=subnet.subnet_id,
                )


def _networks(snapshot: Snapshot) -> tuple[Network, ...]:
    return (snapshot.network,) if snapshot.network else ()


def _found(rule: str, title: str, why: str, mend: str, detail: str = "") -> Finding:
    return Finding(
        rule, Status.DEGRADED, Subject.NETWORK, title, why, Requirement.NETWORK, mend, Part.NETWORK, detail
    )  # fmt: skip


RULES = (
    Rule(zones, (Part.ZONES,)),
    Rule(ways_out, (Part.NETWORK,)),
    Rule(tiers, (Part.NETWORK,)),
    Rule(addresses, (Part.NETWORK,)),
)
