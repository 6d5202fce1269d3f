"""The wide picture: coordinates only, from a topology; the template gives each shape its element.

Lanes are zones, rows are tiers, bars across the lanes are regional. Top to bottom: the way in, the services, the
stores, then the way out and what watches.
"""

from portal.topology.grid import Grid, collapsed
from portal.topology.rows import cache, database, service, way_out
from portal.topology.shapes import Drawing, Pen, fit, frame, said, troubled
from services.domain.snapshot import Part
from services.domain.status import Status
from services.domain.topology import Flow, Lane, Node, Topology

WIDTH, LABELS, TOP = 1018, 136, 8
_WEIGHTS = {0: "edge edge-thin", 1: "edge", 2: "edge edge-2", 3: "edge edge-3"}


def draw(topology: Topology, selected: str = "") -> Drawing:
    """The picture with the selected node ringed."""
    grid = Grid(tuple(lane.zone for lane in topology.lanes), LABELS, WIDTH - LABELS - 10, 8, 33, 27)
    back, pen = Pen(selected), Pen(selected)
    y = _entrance(pen, grid, topology)
    y = _services(pen, grid, topology, y)
    y = _stores(pen, grid, topology, y)
    y = _queues(pen, grid, topology, y)
    y = _foot(pen, grid, topology, y)
    for lane in topology.lanes:
        back.rect("lane", grid.x(lane.zone), TOP, grid.lane, y - TOP, 10)
        _lane_head(back, grid, lane)
    first, last = back.done(WIDTH, y + TOP), pen.done(WIDTH, y + TOP)
    return Drawing(first.width, first.height, first.shapes + last.shapes)


def _lane_head(pen: Pen, grid: Grid, lane: Lane) -> None:
    x = grid.x(lane.zone)
    share = f"{lane.share:.0f} %" if lane.share is not None else ""
    with pen.link(lane.node) as chosen:
        pen.rect("hit", x, TOP, grid.lane, 32, 10)
        if chosen:
            pen.rect("box-sel", x + 2, TOP + 2, grid.lane - 4, 30, 8)
        pen.icon(lane.node.status, x + 14, 18, 13)
        zone_id = lane.node.note if grid.lane > 220 else ""
        pen.text(x + 34, 29, (lane.zone, "t14 b"), (f"\u2002{zone_id}" if zone_id else "", "t11 q"))
        pen.text(x + grid.lane - 14, 29, share, cls="end")


def _label(pen: Pen, y: float, title: str, subtitle: str = "") -> None:
    pen.text(14, y, (title, "t13 b"))
    pen.text(14, y + 16, fit(subtitle, LABELS - 18, 12))


def bar(
    pen: Pen, grid: Grid, node: Node, y: float, h: float, *, x: float | None = None, w: float | None = None
) -> None:
    """A regional thing: a bar across the lanes, its name, its note, and at the end whatever its corner says."""
    left, wide = grid.left if x is None else x, grid.width if w is None else w
    with pen.link(node) as chosen:
        pen.rect(frame(node.status, "span"), left, y, wide, h, 7)
        if chosen:
            pen.rect("box-sel", left - 3, y - 3, wide + 6, h + 6, 9)
        text_y = y + h / 2 + 4
        pen.icon(node.status, left + 14, y + h / 2 - 6, tint=troubled(node.status))
        corner = node.corner if wide > 500 else ""
        room = wide - 60 - (170 if corner else 0)
        name = fit(node.label, room * 0.6, 13, bold=True)
        word = "" if node.status is Status.HEALTHY else f"\u2003{said(node)}"
        note = fit(node.note, room * 0.62 - 4 * len(word), 12)
        pen.text(
            left + 33, text_y, (name, "t13 b"), (word, f"st is-{node.status}"), (f"\u2003{note}" if note else "", "")
        )
        pen.text(left + wide - 14, text_y, corner, cls="q end")


def _entrance(pen: Pen, grid: Grid, topology: Topology) -> float:
    """API Gateway, the VPC link, and a load balancer node in each zone; where the services begin."""
    if any(lane.share is not None for lane in topology.lanes):
        pen.text(14, 29, "Share of requests", cls="q")
    _label(pen, 60, "API Gateway", "HTTP API")
    weights = {edge.target: edge.weight for edge in topology.edges if edge.flow is Flow.REQUESTS}
    for lane in topology.lanes:
        if lane.has_balancer:
            x = grid.trunk(lane.zone)
            pen.line(_WEIGHTS[weights.get(lane.node.id, 0)], f"M{x:g} 80V101", "edge")
    bar(pen, grid, topology.gateway, 45, 35)
    if topology.lanes:
        pen.text(grid.cell(topology.lanes[0].zone), 95, ("VPC link v2", "t11"), cls="q")
    status = topology.balancer.status
    if status is Status.HEALTHY:
        _label(pen, 120, "Load balancer", topology.balancer.note)
    else:
        _label(pen, 120, "Load balancer")
        pen.icon(status, 14, 127, 11)
        pen.text(29, 136, fit(topology.balancer.state.word, LABELS - 32, 12, bold=True), cls=f"st is-{status}")
    _balancer(pen, grid, topology, 103)
    return 155


def _balancer(pen: Pen, grid: Grid, topology: Topology, y: float) -> None:
    node = topology.balancer
    with pen.link(node) as chosen:
        pen.rect(frame(node.status, "span"), grid.left, y, grid.width, 42, 7)
        if chosen:
            pen.rect("box-sel", grid.left - 3, y - 3, grid.width + 6, 48, 9)
        for lane in topology.lanes:
            x = grid.cell(lane.zone)
            if not lane.has_balancer:
                pen.text(
                    x,
                    y + 27,
                    fit("not read" if node.read_at is None else "no load balancer node", grid.box, 12),
                    cls="q",
                )
                continue
            pen.icon(node.status, x, y + 9, tint=troubled(node.status))
            pen.text(x + 19, y + 19, ("Node", "t13 b"))
            if lane.requests is not None and grid.lane > 180:
                pen.text(grid.x(lane.zone) + grid.lane - 14, y + 19, f"{lane.requests:.0f}/s", cls="end")
            word = f"{lane.healthy_targets} of {lane.targets} targets healthy" if lane.targets else "no targets"
            pen.text(x + 19, y + 35, fit(word, grid.lane - 60, 12))
        for lane in topology.lanes[1:]:
            edge = grid.x(lane.zone) - grid.gap / 2
            pen.line("lane-rule", f"M{edge:g} {y + 8:g}V{y + 36:g}")


def _services(pen: Pen, grid: Grid, topology: Topology, y: float) -> float:
    """A row for each service, and the trunks that bring it requests."""
    counts = collapsed(topology)
    places = []
    for row in topology.services:
        height = service(pen, grid, row, y, counts=counts)
        places.append((row, y, height))
        y += height + (3 if counts else 6)
    if not topology.services:
        _nothing(pen, grid, topology, Part.SERVICES, y)
        y += 42
    weights = {edge.target: edge.weight for edge in topology.edges if edge.flow is Flow.REQUESTS}
    for lane in topology.lanes:
        served = [
            top + height / 2 for row, top, height in places if any(c.zone == lane.zone and c.nodes for c in row.cells)
        ]
        if served and lane.has_balancer:
            x = grid.trunk(lane.zone)
            heavy = _WEIGHTS[weights.get(lane.node.id, 0)]
            pen.line(heavy, f"M{x:g} 145V{served[-1]:g}")
            for middle in served:
                pen.line(
                    "edge edge-thin" if counts else "edge", f"M{x:g} {middle:g}H{grid.cell(lane.zone) - 3:g}", "edge"
                )
    return y


def _nothing(pen: Pen, grid: Grid, topology: Topology, part: Part, y: float) -> None:
    """A tier that holds nothing, or was not read: its place stays and says which, and leads to its reading."""
    node = next(node for node in topology.parts if node.part is part)
    with pen.link(node, f"{node.label}: {node.status}, {node.state.word}"):
        _label(pen, y + 14, node.label)
        unread = node.read_at is None
        pen.rect(frame(node.status, "box-empty") if unread else "box-empty", grid.left, y, grid.width, 34, 7)
        if unread:
            pen.icon(node.status, grid.left + grid.width / 2 - 44, y + 11, tint=True)
        pen.text(grid.left + grid.width / 2, y + 21, "not read" if unread else "none found", cls="q mid")


def _stores(pen: Pen, grid: Grid, topology: Topology, y: float) -> float:
    """Database and cache, each primary fed from its lane's trunk by the line that gathers what the services ask."""
    bus = y + 7
    leads = [row.node.zone for row in topology.databases]
    leads += [n.zone for row in topology.caches for c in row.cells for n in c.nodes if n.label == "Primary"]
    wanted = [zone for zone in leads if zone in grid.zones]
    top = y + 16
    entries: list[tuple[str, float]] = []
    for row in topology.databases:
        entries += [(str(row.node.zone), top + 10)] if row.node.zone in grid.zones else []
        top += database(pen, grid, row, top, topology.edges)
    for row in topology.caches:
        zones = dict.fromkeys(c.zone for c in row.cells for n in c.nodes if n.label == "Primary")
        entries += [(zone, top + 10) for zone in zones]
        top += cache(pen, grid, row, top, topology.edges)
    for part, rows in ((Part.DATABASE, topology.databases), (Part.CACHE, topology.caches)):
        if not rows:
            _nothing(pen, grid, topology, part, top)
            top += 42
    if topology.services and grid.zones and (wanted or topology.queues):
        _gather(pen, grid, bus, entries, top if topology.queues else None)
    return top


def _gather(pen: Pen, grid: Grid, bus: float, entries: list[tuple[str, float]], queues: float | None) -> None:
    """The line under the services: down to each primary, and along the right edge to the queues."""
    ends = [grid.trunk(zone) for zone, _ in entries]
    right = grid.right - 9
    start = min(ends, default=right)
    stop = right if queues is not None else max(ends, default=right)
    for zone in grid.zones:
        pen.line("edge edge-thin", f"M{grid.x(zone) + grid.lane - 40:g} {bus - 12:g}V{bus:g}")
    pen.line("edge", f"M{min(start, grid.x(grid.zones[0]) + grid.lane - 40):g} {bus:g}H{stop:g}")
    deepest: dict[str, float] = {}
    for zone, middle in entries:
        deepest[zone] = max(deepest.get(zone, 0), middle)
        pen.line("edge", f"M{grid.trunk(zone):g} {middle:g}H{grid.cell(zone) - 3:g}", "edge")
    for zone, middle in deepest.items():
        pen.line("edge", f"M{grid.trunk(zone):g} {bus:g}V{middle:g}")
    pen.text(grid.cell(grid.zones[0]) + 0, bus + 4, ("reads and writes", "t11"), cls="q halo")
    if queues is not None:
        pen.line("edge edge-thin", f"M{right:g} {bus:g}V{queues - 1:g}", "edge")


def _queues(pen: Pen, grid: Grid, topology: Topology, y: float) -> float:
    """Queues with their dead-letter queues behind them, two to a line."""
    if not topology.queues:
        _nothing(pen, grid, topology, Part.QUEUES, y)
        return y + 42
    _label(pen, y + 14, "Events", "SQS")
    redrives = {edge.source: edge.target for edge in topology.edges if edge.flow is Flow.REDRIVE}
    half = (grid.width - 46) / 2
    placed: dict[str, tuple[int, float]] = {}
    column = 0
    for node in topology.queues:
        follows = any(target == node.id for target in redrives.values())
        if column == 1 and not follows:
            y, column = y + 38, 0
        bar(pen, grid, node, y, 32, x=grid.left + column * (half + 46), w=half)
        placed[node.id] = (column, y)
        y, column = (y, 1) if column == 0 else (y + 38, 0)
    for source, target in redrives.items():
        if source in placed and target in placed and placed[source][1] == placed[target][1]:
            middle = placed[source][1] + 16
            pen.line("edge-async", f"M{grid.left + half + 3:g} {middle:g}H{grid.left + half + 43:g}", "async")
            pen.text(grid.left + half + 23, middle - 5, ("fails", "t11"), cls="q mid")
    return y + (38 if column else 0)


def _foot(pen: Pen, grid: Grid, topology: Topology, y: float) -> float:
    """The way out by zone, then alarms and stacks."""
    y += way_out(pen, grid, topology.network, y)
    _label(pen, y + 14, "Watch", "alarms, stacks")
    half = (grid.width - 46) / 2
    bar(pen, grid, topology.alarms, y, 32, w=half)
    bar(pen, grid, topology.stacks, y, 32, x=grid.left + half + 46, w=half)
    return y + 38
