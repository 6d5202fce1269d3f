"""Rows of the wide picture that hold something in each zone: services, database, cache, way out."""

from collections.abc import Iterable

from portal.topology.grid import Grid, most
from portal.topology.shapes import Pen, fit, frame, told, troubled, width_of
from services.domain.status import Status
from services.domain.topology import Cell, Edge, Flow, Kind, Node, Row

LABELS = 136
_SAID = {Flow.SYNC: "sync", Flow.SEMISYNC: "semi", Flow.ASYNC: "async"}
_BOX_MOST, _BOXES = 84, 4
_CHIP, _CHIP_STEP, _CHIP_LINES = 21, 23, 2


def service(pen: Pen, grid: Grid, row: Row, y: float, *, counts: bool) -> float:
    """A service with its tasks; returns the row's height. Beyond four tasks to a zone, tasks shrink to their shapes;
    as counts they are part of the row's own link."""
    many = most(row.cells) > _BOXES
    height = 30 if counts else 54
    with pen.link(row.node) as chosen:
        pen.rect("span-open", grid.left, y, grid.width, height, 7)
        pen.rect("hit", 0, y, grid.right if counts else grid.left, height, 7)
        if chosen:
            pen.rect("box-sel", 2, y - 2, grid.right, height + 4, 9)
        if counts:
            pen.icon(row.node.status, 14, y + 9)
            pen.text(31, y + 19, (fit(row.title, LABELS - 35, 13, bold=True), "t13 b"))
            for cell in row.cells:
                _counted(pen, grid, cell, y)
        else:
            pen.text(14, y + 15, (fit(row.title, LABELS - 18, 13, bold=True), "t13 b"))
            pen.icon(row.node.status, 14, y + 21, 11)
            word = row.node.corner if row.node.status is Status.HEALTHY else row.node.state.word
            plain = row.node.status is Status.HEALTHY
            pen.text(
                29, y + 31, fit(word, LABELS - 30, 12, bold=not plain), cls="" if plain else f"st is-{row.node.status}"
            )
            note = f"{len(row.elsewhere)} without a zone yet" if row.elsewhere else row.node.note
            pen.text(14, y + 47, (fit(note, LABELS - 16, 11), "t11"), cls="q")
    for cell in () if counts else row.cells:
        if not cell.nodes:
            pen.text(grid.cell(cell.zone), y + 31, fit(cell.empty, grid.box, 12), cls="q")
        elif many:
            _chips(pen, grid, cell, y + 3)
        else:
            _tasks(pen, grid, cell, y + 6, most(row.cells))
    return height


def _tasks(pen: Pen, grid: Grid, cell: Cell, y: float, count: int) -> None:
    """A box for each task: its id, and beneath it how long it is up, or what is wrong."""
    room = grid.lane - grid.inset - 8
    step = min(_BOX_MOST, room / count)
    for number, node in enumerate(cell.nodes):
        x, wide = grid.cell(cell.zone) + number * step, step - 3
        with pen.link(node) as chosen:
            pen.rect(frame(node.status), x, y, wide, 42, 5)
            if chosen:
                pen.rect("box-sel", x - 3, y - 3, wide + 6, 48, 7)
            pen.icon(node.status, x + 6, y + 7, 11, tint=troubled(node.status))
            pen.text(x + 21, y + 17, fit(node.label, wide - 24, 11, mono=True), cls="m")
            if node.status is Status.HEALTHY:
                pen.text(x + 6, y + 34, fit(node.note, wide - 9, 11), cls="t11")
            else:
                fits = width_of(node.state.word, 11, bold=True) <= wide - 9
                word = node.state.word if fits else str(node.status)
                pen.text(x + 6, y + 34, fit(word, wide - 6, 11, bold=True), cls=f"t11 st is-{node.status}")


def _chips(pen: Pen, grid: Grid, cell: Cell, y: float) -> None:
    """Many tasks: their shapes alone, worst first, and how many more there are."""
    per_line = max(1, int((grid.lane - grid.inset - 8) // _CHIP_STEP))
    room = per_line * _CHIP_LINES
    nodes = sorted(cell.nodes, key=lambda node: node.status.rank)
    shown = nodes if len(nodes) <= room else nodes[: room - 2]
    if len(shown) <= per_line:
        y += 13
    for number, node in enumerate(shown):
        x = grid.cell(cell.zone) + (number % per_line) * _CHIP_STEP
        top = y + (number // per_line) * 25
        with pen.link(node) as chosen:
            pen.rect(frame(node.status), x, top, _CHIP, 22, 4)
            if chosen:
                pen.rect("box-sel", x - 2, top - 2, _CHIP + 4, 26, 6)
            pen.icon(node.status, x + 4.5, top + 5, tint=troubled(node.status))
    if len(shown) < len(nodes):
        x = grid.cell(cell.zone) + (per_line - 2) * _CHIP_STEP + 4
        pen.text(x, y + 41, f"+{len(nodes) - len(shown)}")


def _counted(pen: Pen, grid: Grid, cell: Cell, y: float) -> None:
    """How many tasks of a service a zone has, by state; worst first, in words as far as there is room."""
    x = grid.cell(cell.zone)
    if not cell.nodes:
        pen.text(x, y + 19, fit(cell.empty, grid.box, 12), cls="q")
        return
    end = grid.x(cell.zone) + grid.lane - 8
    for state, number in cell.counts:
        words = f"{number} {state.word}"
        if x + 16 + width_of(words, 12, bold=True) > end:
            words = str(number)
        pen.icon(state.status, x, y + 9)
        healthy = state.status is Status.HEALTHY
        pen.text(x + 16, y + 19, words, cls="" if healthy else f"st is-{state.status}")
        x += 16 + width_of(words, 12, bold=True) + 12
        if x > end - 24:
            break


def database(pen: Pen, grid: Grid, row: Row, y: float, edges: Iterable[Edge]) -> float:
    """Primary, standby, the replication between, and the places it could move to."""
    _store_label(pen, row, y)
    for cell in row.cells:
        _store_cell(pen, grid, cell, y, 46)
    _replication(pen, grid, row, y, 46, [edge for edge in edges if edge.flow in (Flow.SYNC, Flow.SEMISYNC)])
    return 60


def cache(pen: Pen, grid: Grid, row: Row, y: float, edges: Iterable[Edge]) -> float:
    """The members of a replication group and the replication between."""
    _store_label(pen, row, y)
    for cell in row.cells:
        _store_cell(pen, grid, cell, y, 44)
    _replication(pen, grid, row, y, 44, [edge for edge in edges if edge.flow is Flow.ASYNC])
    return 58


def _store_label(pen: Pen, row: Row, y: float) -> None:
    with pen.link(row.node, f"{row.title}: {told(row.node)}", named=row.node.kind is not Kind.DATABASE):
        pen.rect("hit", 0, y, LABELS - 6, 50, 7)
        pen.text(14, y + 17, (fit(row.title, LABELS - 18, 13, bold=True), "t13 b"))
        if row.node.status is Status.HEALTHY:
            pen.text(14, y + 34, fit(row.subtitle, LABELS - 18, 12))
        else:
            pen.icon(row.node.status, 14, y + 25, 11)
            pen.text(29, y + 34, fit(row.node.state.word, LABELS - 32, 12, bold=True), cls=f"st is-{row.node.status}")


def _store_cell(pen: Pen, grid: Grid, cell: Cell, y: float, height: float) -> None:
    x = grid.cell(cell.zone)
    if not cell.nodes:
        pen.rect("box-empty", x, y, grid.box, height, 7)
        pen.text(x + grid.box / 2, y + height / 2 + 4, fit(cell.empty, grid.box - 12, 12), cls="q mid")
        return
    wide = (grid.box - 6 * (len(cell.nodes) - 1)) / len(cell.nodes)
    for number, node in enumerate(cell.nodes):
        _store_box(pen, node, x + number * (wide + 6), y, wide, height)


def _store_box(pen: Pen, node: Node, x: float, y: float, wide: float, height: float) -> None:
    with pen.link(node) as chosen:
        pen.rect(frame(node.status), x, y, wide, height, 7)
        if chosen:
            pen.rect("box-sel", x - 3, y - 3, wide + 6, height + 6, 9)
        pen.icon(node.status, x + 12, y + 8, tint=troubled(node.status))
        pen.text(x + 30, y + 19, (fit(node.label, wide - 36, 13, bold=True), "t13 b"))
        used = 30 + width_of(node.label, 13, bold=True) + 14
        if node.status is Status.HEALTHY:
            pen.text(x + wide - 12, y + 18, fit(node.corner, wide - used - 8, 11, mono=True), cls="m end")
        else:
            word = fit(node.state.word, wide - used - 8, 12, bold=True) or fit(str(node.status), wide - used, 12)
            pen.text(x + wide - 12, y + 18, word, cls=f"end st is-{node.status}")
        pen.text(x + 12, y + height - 9, fit(node.note, wide - 20, 12))


def _replication(pen: Pen, grid: Grid, row: Row, y: float, height: float, edges: list[Edge]) -> None:
    """An arrow straight across where the two stand side by side, else beneath what stands between."""
    zone_of = {node.id: node.zone for cell in row.cells for node in cell.nodes}
    for edge in edges:
        source, target = zone_of.get(edge.source), zone_of.get(edge.target)
        if source is None or target is None or source == target:
            continue
        cls, head = ("edge-async", "async") if edge.flow is Flow.ASYNC else ("edge-repl", "repl")
        rightward = grid.zones.index(source) < grid.zones.index(target)
        if grid.near(source, target):
            start = grid.cell(source) + (grid.box + 4 if rightward else -4)
            stop = grid.cell(target) + (-4 if rightward else grid.box + 4)
            middle = y + height / 2 + 1
            pen.line(cls, f"M{start:g} {middle:g}H{stop:g}", head)
            words = _SAID[edge.flow]
            pen.text((start + stop) / 2 - 6, middle - 6, (fit(words, abs(stop - start) + 8, 11), "t11"), cls="mid")
            if edge.flow is Flow.SYNC and width_of(edge.label, 11, bold=True) < abs(stop - start):
                pen.text((start + stop) / 2 - 6, middle + 15, (edge.label, "t11 b"), cls="mid")
        else:
            start, stop = grid.cell(source) + grid.box / 2, grid.cell(target) + grid.box / 2
            low = y + height + 7
            pen.line(cls, f"M{start:g} {y + height:g}V{low:g}H{stop:g}V{y + height + 2:g}", head)


def way_out(pen: Pen, grid: Grid, row: Row, y: float) -> float:
    """A NAT gateway in each zone, or the place where one is missing."""
    with pen.link(row.node):
        pen.rect("hit", 0, y, LABELS - 6, 32, 7)
        pen.text(14, y + 14, ("Way out", "t13 b"))
        if row.node.status is Status.HEALTHY:
            pen.text(14, y + 30, row.subtitle)
        else:
            pen.icon(row.node.status, 14, y + 21, 11)
            pen.text(29, y + 30, fit(row.node.state.word, LABELS - 32, 12, bold=True), cls=f"st is-{row.node.status}")
    for cell in row.cells:
        x = grid.cell(cell.zone)
        if not cell.nodes:
            pen.rect("box-empty", x, y, grid.box, 30, 7)
            pen.text(x + grid.box / 2, y + 19, fit(cell.empty or "not read", grid.box - 12, 12), cls="q mid")
            continue
        node = cell.nodes[0]
        with pen.link(node) as chosen:
            pen.rect(frame(node.status), x, y, grid.box, 30, 7)
            if chosen:
                pen.rect("box-sel", x - 3, y - 3, grid.box + 6, 36, 9)
            pen.icon(node.status, x + 12, y + 9, tint=troubled(node.status))
            pen.text(x + 30, y + 20, (node.label, "t13 b"))
            word = node.note if node.status is Status.HEALTHY else node.state.word
            cls = "m end" if node.status is Status.HEALTHY else f"end st is-{node.status}"
            pen.text(x + grid.box - 12, y + 19, fit(word, grid.box - 70, 11, mono=True), cls=cls)
    return 38
