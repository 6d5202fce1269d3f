"""The compact picture for narrow screens: its own drawing, not a shrunk one. Names get bars of their own, tasks are
their shapes, and words stand beneath them."""

from portal.topology.grid import Grid, collapsed
from portal.topology.shapes import Drawing, Pen, fit, frame, told, troubled, width_of
from services.domain.snapshot import Part
from services.domain.status import Status
from services.domain.topology import Cell, Flow, Kind, Node, Row, Topology

WIDTH = 350
_CHIP, _STEP = 21, 23


def draw(topology: Topology, selected: str = "") -> Drawing:
    """The compact picture with the selected node ringed."""
    grid = Grid(tuple(lane.zone for lane in topology.lanes), 0, WIDTH, 7, 6, 4)
    back, pen = Pen(selected), Pen(selected)
    _bar(pen, topology.gateway, 40, 34, "API Gateway", topology.gateway.note.partition("\u2003")[0])
    nodes = sum(lane.has_balancer for lane in topology.lanes)
    _bar(pen, topology.balancer, 92, 34, "Load balancer", f"{nodes} nodes")
    for lane in topology.lanes:
        if lane.has_balancer:
            x = grid.x(lane.zone) + 10
            pen.line("edge", f"M{x:g} 74V91", "edge")
    y = 134.0
    counts = collapsed(topology)
    for row in topology.services:
        y += _service(pen, grid, row, y, counts=counts)
    for part, rows in ((Part.SERVICES, topology.services), (Part.DATABASE, topology.databases)):
        y += 0 if rows else _nothing(pen, topology, part, y)
    for row in topology.databases:
        y += _store(pen, grid, row, y, "synchronous, RPO 0" if _has(topology, Flow.SYNC) else "", topology)
    for row in topology.caches:
        y += _store(pen, grid, row, y, "asynchronous" if _has(topology, Flow.ASYNC) else "", topology)
    for part, held in ((Part.CACHE, topology.caches), (Part.QUEUES, topology.queues)):
        y += 0 if held else _nothing(pen, topology, part, y)
    for node in topology.queues:
        _bar(pen, node, y, 30, node.label, node.note)
        y += 36
    y += _store(pen, grid, topology.network, y, "NAT gateways", topology, height=32)
    _bar(pen, topology.alarms, y, 30, "Alarms", topology.alarms.note)
    _bar(pen, topology.stacks, y + 36, 30, "Stacks", topology.stacks.note)
    y += 74
    for lane in topology.lanes:
        x = grid.x(lane.zone)
        back.rect("lane", x, 4, grid.lane, y - 4, 8)
        with back.link(lane.node):
            back.rect("hit", x, 4, grid.lane, 34, 8)
            back.icon(lane.node.status, x + 8, 15)
            back.text(x + 25, 26, (lane.zone[-2:] if len(lane.zone) > 8 else lane.zone, "t13 b"))
            back.text(x + grid.lane - 8, 26, f"{lane.share:.0f} %" if lane.share is not None else "", cls="end")
    first, last = back.done(WIDTH, y + 4), pen.done(WIDTH, y + 4)
    return Drawing(first.width, first.height, first.shapes + last.shapes)


def _nothing(pen: Pen, topology: Topology, part: Part, y: float) -> float:
    node = next(node for node in topology.parts if node.part is part)
    _bar(pen, node, y, 30, node.label, "none found")
    return 36


def _has(topology: Topology, flow: Flow) -> bool:
    return any(edge.flow is flow for edge in topology.edges)


def _bar(pen: Pen, node: Node, y: float, h: float, name: str, end: str) -> None:
    with pen.link(node) as chosen:
        pen.rect(frame(node.status, "span"), 0, y, WIDTH, h, 6)
        if chosen:
            pen.rect("box-sel", 2, y + 2, WIDTH - 4, h - 4, 5)
        pen.icon(node.status, 10, y + h / 2 - 6, tint=troubled(node.status))
        healthy = node.status is Status.HEALTHY
        word = end if healthy else node.state.word
        shown = fit(word, 170, 12, bold=not healthy)
        pen.text(28, y + h / 2 + 5, (fit(name, 330 - 28 - 8 * len(shown), 13, bold=True), "t13 b"))
        pen.text(WIDTH - 10, y + h / 2 + 4, shown, cls="end" if healthy else f"end st is-{node.status}")


def _service(pen: Pen, grid: Grid, row: Row, y: float, *, counts: bool) -> float:
    _bar(pen, row.node, y, 28, row.title, row.node.corner)
    per_line = max(1, int((grid.lane - 10) // _STEP))
    lines = max((-(-len(cell.nodes) // per_line) for cell in row.cells), default=0)
    if counts or lines > 3:
        with pen.link(row.node, f"{row.title}: {told(row.node)}", named=False):
            pen.rect("hit", 0, y + 29, WIDTH, 24, 4)
            for cell in row.cells:
                _numbers(pen, grid, cell, y + 34)
        return 56
    words = False
    for cell in row.cells:
        for number, node in enumerate(cell.nodes):
            x = grid.cell(cell.zone) + (number % per_line) * _STEP
            top = y + 34 + (number // per_line) * 32
            with pen.link(node, f"{row.title} {told(node)}") as chosen:
                pen.rect(frame(node.status), x, top, _CHIP, 28, 4)
                if chosen:
                    pen.rect("box-sel", x - 2, top - 2, _CHIP + 4, 32, 6)
                pen.icon(node.status, x + 4.5, top + 8, tint=troubled(node.status))
        bad = [(state, number) for state, number in cell.counts if state.status is not Status.HEALTHY]
        if bad:
            words = True
            state, number = bad[0]
            text = fit(f"{number} {state.word}", grid.lane - 8, 11, bold=True)
            pen.text(grid.cell(cell.zone), y + 34 + lines * 32 + 9, text, cls=f"t11 st is-{state.status}")
        elif not cell.nodes:
            pen.text(grid.cell(cell.zone), y + 52, fit(cell.empty, grid.lane - 8, 11), cls="t11 q")
    return 34 + max(lines, 1) * 32 + (18 if words else 4)


def _numbers(pen: Pen, grid: Grid, cell: Cell, y: float) -> None:
    x = grid.cell(cell.zone)
    if not cell.nodes:
        pen.text(x, y + 11, "no task", cls="t11 q")
    for state, number in cell.counts[:3]:
        pen.icon(state.status, x, y + 1)
        pen.text(x + 15, y + 11, str(number), cls="" if state.status is Status.HEALTHY else f"st is-{state.status}")
        x += 36


def _store(pen: Pen, grid: Grid, row: Row, y: float, how: str, topology: Topology, height: float = 44) -> float:
    with pen.link(row.node, f"{row.title}: {told(row.node)}", named=row.node.kind is not Kind.DATABASE):
        pen.rect("hit", 0, y, WIDTH, 20, 4)
        healthy = row.node.status is Status.HEALTHY
        pen.text(6, y + 16, (row.title, "t13 b"))
        if not healthy:
            pen.icon(row.node.status, 12 + width_of(row.title, 13, bold=True), y + 6, 11)
        word = how if healthy else row.node.state.word
        pen.text(WIDTH - 6, y + 15, word, cls="q end" if healthy else f"end st is-{row.node.status}")
    top = y + 24
    zones = {}
    for cell in row.cells:
        x = grid.x(cell.zone) + 4
        wide = grid.lane - 8
        if not cell.nodes:
            pen.rect("box-empty", x, top, wide, height, 6)
            pen.text(x + wide / 2, top + height / 2 + 4, "none", cls="t11 q mid")
            continue
        each = (wide - 3 * (len(cell.nodes) - 1)) / len(cell.nodes)
        for number, node in enumerate(cell.nodes):
            zones[node.id] = (cell.zone, x)
            _store_box(pen, node, x + number * (each + 3), top, each, height)
    for edge in topology.edges:
        if edge.source in zones and edge.target in zones and edge.flow in (Flow.SYNC, Flow.SEMISYNC, Flow.ASYNC):
            (from_zone, from_x), (to_zone, to_x) = zones[edge.source], zones[edge.target]
            if from_zone != to_zone and grid.near(from_zone, to_zone):
                cls, head = ("edge-async", "async") if edge.flow is Flow.ASYNC else ("edge-repl", "repl")
                right = from_x < to_x
                start, stop = (from_x + grid.lane - 8, to_x - 1) if right else (from_x, to_x + grid.lane - 7)
                pen.line(cls, f"M{start:g} {top + height / 2:g}H{stop:g}", head)
    return 24 + height + 8


def _store_box(pen: Pen, node: Node, x: float, y: float, wide: float, height: float) -> None:
    with pen.link(node) as chosen:
        pen.rect(frame(node.status), x, y, wide, height, 6)
        if chosen:
            pen.rect("box-sel", x - 2, y - 2, wide + 4, height + 4, 8)
        pen.icon(node.status, x + 8, y + 9, tint=troubled(node.status))
        pen.text(x + 25, y + 20, (fit(node.label, wide - 28, 13, bold=True), "t13 b"))
        if height > 40:
            healthy = node.status is Status.HEALTHY
            word = node.note if healthy else node.state.word
            if width_of(word, 11, bold=not healthy) > wide - 12:
                word = word.partition(";")[0]
            text = fit(word, wide - 12, 11, bold=not healthy)
            pen.text(x + 8, y + 36, text, cls="t11" if healthy else f"t11 st is-{node.status}")
