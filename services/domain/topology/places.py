"""Zones, the way in, and the network: lanes and the regional bars above the services."""

from services.domain.finding import Subject
from services.domain.snapshot import LoadBalancer, NatGateway, Part, Snapshot, Zone
from services.domain.states import balancer_state, link_state, nat_state, present, zone_state
from services.domain.status import State, Status, worst
from services.domain.topology.eye import Eye, present_only, switch
from services.domain.topology.model import Cell, Detail, Kind, Lane, Node, Row
from services.domain.wording import counted, listed


def zone_names(snapshot: Snapshot) -> tuple[str, ...]:
    """The zones anything of the environment is in, by name; all the region's zones when nothing is known to be."""
    used = {subnet.zone for subnet in snapshot.network.subnets} if snapshot.network else set()
    used.update(task.zone for service in snapshot.services for task in present(service) if task.zone)
    used.update(zone for database in snapshot.databases for zone in (database.zone, database.secondary_zone) if zone)
    used.update(member.zone for cluster in snapshot.clusters for member in cluster.members if member.zone)
    used.update(node.zone for cache in snapshot.caches for node in cache.nodes if node.zone)
    if snapshot.load_balancer:
        used.update(snapshot.load_balancer.zones)
    return tuple(sorted(used or {zone.name for zone in snapshot.zones}))


def lanes(eye: Eye, zones: tuple[str, ...]) -> tuple[Lane, ...]:
    """A column for each zone with its share of the load balancer's requests."""
    snapshot = eye.snapshot
    requests = {zone: eye.metric(zone, "RequestCount") for zone in zones}
    total = sum(metric.value for metric in requests.values() if metric)
    alb = snapshot.load_balancer
    made = []
    for zone in zones:
        targets = [
            target
            for service in snapshot.services
            if service.target_group
            for target in service.target_group.targets
            if target.zone == zone
        ]
        healthy = sum(target.state == "healthy" for target in targets)
        metric = requests[zone]
        share = 100 * metric.value / total if metric and total else None
        rate = metric.value / 60 if metric else None
        node = _zone(eye, zone, share, f"{healthy} of {len(targets)} targets healthy" if targets else "no targets")
        made.append(Lane(node, share, rate, healthy, len(targets), bool(alb and zone in alb.zones)))
    return tuple(made)


def _zone(eye: Eye, name: str, share: float | None, targets: str) -> Node:
    known: Zone | None = next((zone for zone in eye.snapshot.zones if zone.name == name), None)
    state = zone_state(known) if known else State(Status.UNKNOWN, "not listed by EC2")
    tasks = sum(task.zone == name for service in eye.snapshot.services for task in present(service))
    details = present_only(
        (
            eye.detail(Part.ZONES, "State", known.state if known else None),
            eye.detail(Part.ZONES, "Zone id", known.zone_id if known else None, code=True),
            eye.detail(Part.TASKS, "Tasks", tasks),
            eye.detail(Part.TARGETS, "Targets", targets),
            _share(eye, name, share),
        )
    )  # fmt: skip
    note = known.zone_id if known else ""
    return eye.node(
        Subject.zone(name), Kind.ZONE, name, state, Part.ZONES, zone=name, note=note, details=details,
        aws=(("Zone", name),), keys=(("zone", name),),
    )  # fmt: skip


def _share(eye: Eye, zone: str, share: float | None) -> Detail | None:
    return eye.measured("Share of requests", f"{share or 0:.0f} %", eye.metric(zone, "RequestCount"))


def gateway(eye: Eye) -> Node:
    """The HTTP API, as good as its best VPC link; a place for it when there is none."""
    api = eye.snapshot.gateway
    if api is None:
        return _nothing(eye, Subject.GATEWAY, Kind.GATEWAY, "API Gateway", Part.GATEWAY)
    links = [link_state(link) for link in api.links]
    state = State(worst(link.status for link in links), listed([link.word for link in links]) or "no link")
    count, errors, latency = (eye.metric("environment", name) for name in ("Count", "5xx", "Latency"))
    rate = f"{count.value / 60:,.0f} requests/s".replace(",", " ") if count else ""
    failing = f"5xx {100 * errors.value / count.value:.2f} %" if count and errors and count.value else ""
    slow = f"{latency.value:.0f} ms on average" if latency else ""
    details: tuple[Detail | None, ...] = (
        eye.detail(Part.GATEWAY, "Endpoint", api.endpoint, code=True),
        *(eye.detail(Part.GATEWAY, f"VPC link {link.name}", link.status, code=True) for link in api.links),
        eye.measured("Requests", rate, count),
        eye.measured("Errors", failing, count, errors) if failing else None,
        eye.measured("Latency", slow, latency),
    )
    return eye.node(
        Subject.GATEWAY, Kind.GATEWAY, api.name, state, Part.GATEWAY,
        note="\u2003".join(filter(None, (rate, failing, slow))), corner="regional, run by AWS",
        details=present_only(details), related=(Subject.BALANCER,),
        aws=(("API id", api.api_id), *(("VPC link", link.vpc_link_id) for link in api.links)),
        keys=(("api", api.api_id),),
    )  # fmt: skip


def balancer(eye: Eye) -> Node:
    """The load balancer."""
    alb: LoadBalancer | None = eye.snapshot.load_balancer
    if alb is None:
        return _nothing(eye, Subject.BALANCER, Kind.BALANCER, "Load balancer", Part.LOAD_BALANCER)
    details = eye.details(
        Part.LOAD_BALANCER,
        ("Zones", listed(alb.zones)),
        ("Scheme", alb.scheme),
        ("Listeners", listed(alb.listeners)),
        ("Deletion protection", switch(alb.deletion_protection)),
        ("Zonal shift", switch(alb.zonal_shift_enabled)),
        ("Access logs", switch(alb.access_logs)),
    )
    services = tuple(Subject.service(service.name) for service in eye.snapshot.services)
    return eye.node(
        Subject.BALANCER, Kind.BALANCER, alb.name, balancer_state(alb), Part.LOAD_BALANCER,
        note=f"{alb.scheme} ALB", details=details, related=(Subject.GATEWAY, *services[:6]),
        aws=(("ARN", alb.arn), ("DNS name", alb.dns_name)), keys=(("arn", alb.arn),),
    )  # fmt: skip


def network(eye: Eye, zones: tuple[str, ...]) -> Row:
    """The ways out: a NAT gateway or an empty place in each zone."""
    net = eye.snapshot.network
    if net is None:
        node = _nothing(eye, Subject.NETWORK, Kind.NETWORK, "Network", Part.NETWORK)
        return Row(node, tuple(Cell(zone) for zone in zones), (), "Way out", "not known")
    nats = [nat for nat in net.nat_gateways if nat.state != "deleted"]
    cells = []
    for zone in zones:
        here = tuple(_nat(eye, nat) for nat in nats if nat.zone == zone)
        others = listed([nat.zone[-2:] for nat in nats])
        cells.append(Cell(zone, here, "" if here else f"no NAT; leaves through {others}" if nats else "no NAT"))
    full = min((subnet.free_addresses for subnet in net.subnets), default=None)
    tiers = sorted({subnet.tier for subnet in net.subnets if subnet.tier})
    details = (
        eye.detail(Part.NETWORK, "Addresses", net.cidr, code=True),
        eye.detail(Part.NETWORK, "NAT gateways", f"{len(nats)} for {counted(len(zones), 'zone')}"),
        *(
            eye.detail(
                Part.NETWORK,
                f"{tier.capitalize()} tier",
                listed(sorted({subnet.zone for subnet in net.subnets if subnet.tier == tier})),
            )
            for tier in tiers
        ),
        eye.detail(Part.NETWORK, "Fullest subnet", f"{full} addresses free" if full is not None else None),
    )
    node = eye.node(
        Subject.NETWORK, Kind.NETWORK, "Network", State(Status.HEALTHY, "read"), Part.NETWORK, note=net.cidr,
        details=details, aws=(("VPC", net.vpc_id),), keys=(("vpc", net.vpc_id),),
        related=tuple(Subject.nat(nat.nat_gateway_id) for nat in nats),
    )  # fmt: skip
    return Row(node, tuple(cells), (), "Way out", "NAT gateways")


def _nat(eye: Eye, nat: NatGateway) -> Node:
    return eye.node(
        Subject.nat(nat.nat_gateway_id), Kind.NAT, "NAT", nat_state(nat), Part.NETWORK, zone=nat.zone,
        note=nat.public_ip or "", related=(Subject.NETWORK, Subject.zone(nat.zone)),
        details=eye.details(
            Part.NETWORK, ("State", nat.state), ("Zone", nat.zone), ("Public address", nat.public_ip)
        ),
        aws=(("NAT gateway", nat.nat_gateway_id),), keys=(("nat", nat.nat_gateway_id),),
    )  # fmt: skip


def _nothing(eye: Eye, node_id: str, kind: Kind, label: str, part: Part) -> Node:
    """A part that was read and holds nothing, or was not read: the place stays and says so."""
    return eye.node(node_id, kind, label, State(Status.UNKNOWN, "none found"), part, note="none found")
