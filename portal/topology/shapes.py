"""What a picture is made of: rectangles, paths, texts, state icons and links, with classes and never with styles."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from services.domain.status import Status
from services.domain.topology import Node

_NARROW = set("ijl.,:;'|!It1()[] /")
_WIDE = set("mwMWQGO@%—")


@dataclass(frozen=True)
class Rect:
    """A rectangle."""

    cls: str
    x: float
    y: float
    w: float
    h: float
    rx: float = 6
    tag: str = "rect"


@dataclass(frozen=True)
class Line:
    """A path; `head` names the arrow head at its end."""

    cls: str
    d: str
    head: str = ""
    tag: str = "path"


@dataclass(frozen=True)
class Text:
    """A line of text made of spans (text, class); what follows other text is a span, never a guessed position."""

    x: float
    y: float
    spans: tuple[tuple[str, str], ...]
    cls: str = ""
    tag: str = "text"


@dataclass(frozen=True)
class Icon:
    """A state's shape. `tint` says that it stands on its own state's tint."""

    status: Status
    x: float
    y: float
    size: float = 12
    tint: bool = False
    tag: str = "icon"


@dataclass(frozen=True)
class Link:
    """A node of the picture: opens its panel. `title` says in words what the shapes say."""

    node: Node
    title: str
    shapes: tuple["Shape", ...]
    selected: bool
    named: bool = True
    """False for a second link to the same node in one picture: an element's id is given once."""
    tag: str = "link"


Shape = Rect | Line | Text | Icon | Link


@dataclass(frozen=True)
class Drawing:
    """A finished picture; sizes are in its own units."""

    width: int
    height: int
    shapes: tuple[Shape, ...]


@dataclass
class Pen:
    """Collects shapes in the order they are drawn."""

    selected: str = ""
    _stack: list[list[Shape]] = field(default_factory=lambda: [[]])

    def rect(self, cls: str, x: float, y: float, w: float, h: float, rx: float = 6) -> None:
        self._stack[-1].append(Rect(cls, _n(x), _n(y), _n(w), _n(h), rx))

    def line(self, cls: str, d: str, head: str = "") -> None:
        self._stack[-1].append(Line(cls, d, head))

    def text(self, x: float, y: float, *spans: str | tuple[str, str], cls: str = "") -> None:
        """Spans are text or (text, class); empty ones are left out."""
        pairs = tuple((s, "") if isinstance(s, str) else s for s in spans)
        if kept := tuple(pair for pair in pairs if pair[0]):
            self._stack[-1].append(Text(_n(x), _n(y), kept, cls))

    def icon(self, status: Status, x: float, y: float, size: float = 12, *, tint: bool = False) -> None:
        self._stack[-1].append(Icon(status, _n(x), _n(y), size, tint))

    @contextmanager
    def link(self, node: Node, title: str = "", *, named: bool = True) -> Iterator[bool]:
        """Shapes drawn within belong to the node's link; yields whether the node is the selected one."""
        self._stack.append([])
        chosen = node.id == self.selected
        yield chosen
        shapes = tuple(self._stack.pop())
        self._stack[-1].append(Link(node, title or told(node), shapes, chosen, named))

    def done(self, width: float, height: float) -> Drawing:
        """The finished picture."""
        return Drawing(round(width), round(height), tuple(self._stack[0]))


def _n(value: float) -> float:
    """Half a pixel is precise enough, and keeps the page small."""
    rounded = round(value * 2) / 2
    return int(rounded) if rounded == int(rounded) else rounded


def frame(status: Status, plain: str = "box") -> str:
    """The classes of a box: plain when healthy, dashed when old, tinted with a heavier border in trouble."""
    if status is Status.STALE:
        return "box-stale is-stale"
    return f"box-trouble is-{status}" if troubled(status) else plain


def troubled(status: Status) -> bool:
    """Whether a thing stands on its state's tint."""
    return status not in (Status.HEALTHY, Status.STALE, Status.PAUSED)


def said(node: Node) -> str:
    """A node's trouble: its status, and the word for it where that says more."""
    same = node.state.word in (node.status, "")
    return str(node.status) if same else f"{node.status}: {node.state.word}"


def told(node: Node) -> str:
    """A node in words: what, where, state, and its note."""
    where = f" in {node.zone}" if node.zone and node.zone != node.label else ""
    word = "" if node.state.word in (node.status, "read") else f", {node.state.word}"
    note = f", {node.note}" if node.note and node.note != node.state.word else ""
    kind = "" if node.label.lower() == node.kind else f"{node.kind} "
    return f"{kind}{node.label}{where}: {node.status}{word}{note}"


def width_of(text: str, size: float, *, bold: bool = False, mono: bool = False) -> float:
    """An upper estimate of a text's width in the widest system font, so that no text depends on which one is there."""
    if mono:
        return len(text) * size * 0.605
    em = sum(0.37 if c in _NARROW else 0.92 if c in _WIDE else 0.68 if c.isupper() else 0.59 for c in text)
    return em * size * (1.08 if bold else 1.0)


def fit(text: str, room: float, size: float, *, bold: bool = False, mono: bool = False) -> str:
    """The text, cut with an ellipsis where it would not fit; empty when not even three letters would."""
    if width_of(text, size, bold=bold, mono=mono) <= room:
        return text
    for length in range(len(text) - 1, 2, -1):
        cut = f"{text[:length].rstrip()}…"
        if width_of(cut, size, bold=bold, mono=mono) <= room:
            return cut
    return ""
