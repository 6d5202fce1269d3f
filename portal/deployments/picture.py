"""The stacks of a deployment as a picture: what waits for what, filling in as they come. Pure.

The wide picture has a column for each round of stacks that may run side by side, the narrow one a band for each.
"""

from collections.abc import Mapping, Sequence

from portal.deployments.stands import Stand
from portal.failovers.zones import NARROW, Picture
from portal.topology.shapes import Drawing, Pen, fit, frame, troubled
from services.domain.status import Status

WIDE, _LEAST, _GAP, _BOX, _ROW = 960, 640.0, 56, 64, 76
"""`_LEAST`: a picture of few stacks is not drawn larger than its words."""


def draw(found: Sequence[Stand]) -> Picture | None:
    """The picture; None without any stack."""
    if not found:
        return None
    rounds = _rounds(found)
    told = "; ".join(f"{stand.plan.name}: {_line(stand)}" for stand in found)
    return Picture(_wide(rounds), _narrow(rounds), f"Stacks in the order they run. {told}.", ((0, 0, 0, 0),) * 2)


def _rounds(found: Sequence[Stand]) -> list[list[Stand]]:
    """Stacks by how many others must have run before them."""
    after = {stand.plan.name: stand.plan.after for stand in found}
    depths = {name: _depth(name, after, ()) for name in after}
    rounds: list[list[Stand]] = [[] for _ in range(max(depths.values()) + 1)]
    for stand in found:
        rounds[depths[stand.plan.name]].append(stand)
    return [each for each in rounds if each]


def _depth(name: str, after: Mapping[str, Sequence[str]], path: tuple[str, ...]) -> int:
    waits = [each for each in after.get(name, ()) if each in after and each not in path and each != name]
    return max((_depth(each, after, (*path, name)) + 1 for each in waits), default=0)


def _wide(rounds: Sequence[Sequence[Stand]]) -> Drawing:
    pen = Pen()
    width = min(260.0, (WIDE - _GAP * (len(rounds) - 1)) / len(rounds))
    height = max(len(column) for column in rounds) * _ROW
    places: dict[str, tuple[float, float]] = {}
    for index, column in enumerate(rounds):
        top = (height - len(column) * _ROW) / 2
        for row, stand in enumerate(column):
            places[stand.plan.name] = (index * (width + _GAP), top + row * _ROW)
    for column in rounds:
        for stand in column:
            for name in stand.plan.after:
                if name in places:
                    _edge(pen, places[name], places[stand.plan.name], width)
    for column in rounds:
        for stand in column:
            x, y = places[stand.plan.name]
            _box(pen, stand, x, y + 2, width)
    return pen.done(max(_LEAST, len(rounds) * width + (len(rounds) - 1) * _GAP), height)


def _edge(pen: Pen, source: tuple[float, float], target: tuple[float, float], width: float) -> None:
    (x, y), (to_x, to_y) = source, target
    begin, end = x + width, to_x - 3
    middle = end - _GAP / 2 + 8
    y, to_y = y + 2 + _BOX / 2, to_y + 2 + _BOX / 2
    pen.line("edge edge-thin", f"M{begin:g} {y:g}H{middle:g}V{to_y:g}H{end:g}", "edge")


def _narrow(rounds: Sequence[Sequence[Stand]]) -> Drawing:
    pen, y = Pen(), 0.0
    for index, column in enumerate(rounds):
        height = 30 + len(column) * _ROW
        pen.rect("lane", 0, y, NARROW, height, 9)
        side = ", side by side" if len(column) > 1 else ""
        pen.text(12, y + 20, (f"{'First' if not index else 'Then'}{side}", "t11"), cls="q")
        for row, stand in enumerate(column):
            _box(pen, stand, 10, y + 28 + row * _ROW, NARROW - 20)
        y += height + 8
    return pen.done(NARROW, y - 8)


def _box(pen: Pen, stand: Stand, x: float, y: float, width: float) -> None:
    waits = stand.rollout is None
    pen.rect("box-empty" if waits else frame(stand.status), x, y, width, _BOX, 7)
    tint = not waits and troubled(stand.status)
    if not waits or stand.status is Status.HEALTHY:
        pen.icon(stand.status, x + 12, y + 12, 12, tint=tint)
        pen.text(x + 31, y + 23, (fit(stand.plan.name, width - 42, 13, bold=True), "t13 b"))
    else:
        pen.text(x + 12, y + 23, (fit(stand.plan.name, width - 24, 13, bold=True), "t13 b"))
    pen.text(x + 12, y + 41, fit(_line(stand), width - 22, 12))
    if stand.begins and stand.total:
        pen.rect("bar-track", x + 12, y + 50, width - 24, 5, 2.5)
        if stand.share:
            cls = "fill is-" + str(stand.status)
            pen.rect(cls, x + 12, y + 50, max(3.0, (width - 24) * stand.share), 5, 2.5)


def _line(stand: Stand) -> str:
    if not stand.begins or not stand.total:
        return stand.word
    return f"{stand.word}, {stand.done} of {stand.total}"
