"""The picture of a year: failovers a month, and their outage against the month's budget. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.domain.failover.episode import Result
from services.usecases.failover_history import Month

WIDTH, HEIGHT, LEFT = 720, 150, 44
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Bar:
    """One month. Heights are in the picture's units; `over` is what went past the budget. `unmeasured` failovers have
    no known outage, so that the bar is at least that high."""

    x: float
    width: float
    height: float
    over: float
    budget: float
    name: str
    year: int
    count: int
    seconds: float
    total: float
    unmeasured: int
    automatic: int

    @property
    def y(self) -> float:
        """Where the bar begins."""
        return HEIGHT - self.height

    @property
    def share(self) -> float:
        """Percent of the budget."""
        return 100 * self.seconds / self.total if self.total else 0.0


@dataclass(frozen=True)
class Chart:
    """All of it, with the values of its two grid lines (in seconds) and a sentence for who cannot see it."""

    bars: tuple[Bar, ...]
    top: float
    words: str

    @property
    def empty(self) -> bool:
        """Whether there was no failover at all."""
        return not any(bar.count for bar in self.bars)


def chart(months: Sequence[Month]) -> Chart:
    """Bars of outage under the line of the budget; both at one scale."""
    if not months:
        return Chart((), 0.0, "No month is known.")
    most = max(max(month.budget.total, month.budget.used) for month in months) or 1.0
    step = (WIDTH - LEFT) / len(months)

    def height(seconds: float) -> float:
        return round((HEIGHT - 12) * seconds / most, 1)

    bars = []
    for index, month in enumerate(months):
        budget, episodes = month.budget, month.episodes
        # A short outage in a long month must still be seen to be there.
        tall = max(height(budget.used), 2.0 if budget.used else 0.0)
        bars.append(
            Bar(
                x=round(LEFT + index * step + step * 0.2, 1),
                width=round(step * 0.6, 1),
                height=tall,
                over=max(0.0, tall - height(budget.total)),
                budget=height(budget.total),
                name=_NAMES[budget.month.month - 1],
                year=budget.month.year,
                count=sum(episode.result is not Result.ABANDONED for episode in episodes),
                seconds=budget.used,
                total=budget.total,
                unmeasured=budget.unmeasured,
                automatic=sum(episode.origin == "automatic" for episode in episodes),
            )
        )
    worst = max(bars, key=lambda bar: bar.share)
    number = sum(bar.count for bar in bars)
    over = sum(bar.over > 0 for bar in bars)
    words = (
        f"{number} failovers in {len(bars)} months; the worst month was {worst.name} {worst.year} with "
        f"{worst.seconds:.0f} of {worst.total:.0f} seconds; {over or 'none'} over the budget."
    )
    return Chart(tuple(bars), most, words)
