"""Where columns stand: each zone a lane of equal width, after a column of labels."""

from dataclasses import dataclass

from services.domain.topology import Cell, Topology


@dataclass(frozen=True)
class Grid:
    """`left` is where lanes begin, `width` what they share, `gap` between them."""

    zones: tuple[str, ...]
    left: float
    width: float
    gap: float
    inset: float
    """From a lane's edge to its first box: room for the trunk that carries requests down."""
    outset: float
    """From a lane's last box to its other edge."""

    @property
    def lane(self) -> float:
        """The width of a lane."""
        count = max(1, len(self.zones))
        return (self.width - self.gap * (count - 1)) / count

    @property
    def box(self) -> float:
        """The width of what fills a cell."""
        return self.lane - self.inset - self.outset

    @property
    def right(self) -> float:
        """Where the last lane ends."""
        return self.left + self.width

    def x(self, zone: str) -> float:
        """A lane's left edge."""
        return self.left + self.zones.index(zone) * (self.lane + self.gap)

    def cell(self, zone: str) -> float:
        """The left edge of what stands in a lane."""
        return self.x(zone) + self.inset

    def trunk(self, zone: str) -> float:
        """Where requests run down a lane."""
        return self.x(zone) + self.inset / 2 - 1

    def near(self, one: str, other: str) -> bool:
        """Whether two lanes stand side by side."""
        return abs(self.zones.index(one) - self.zones.index(other)) == 1


COLLAPSE_ABOVE = 8
"""With more services than this, a row shows how many tasks are in which state instead of each task."""


def collapsed(topology: Topology) -> bool:
    """Whether service rows are drawn as counts."""
    return len(topology.services) > COLLAPSE_ABOVE


def most(cells: tuple[Cell, ...]) -> int:
    """The most nodes any cell of a row holds."""
    return max((len(cell.nodes) for cell in cells), default=0)
