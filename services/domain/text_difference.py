"""The difference between two texts, line by line, as it is read: what was taken away, what was added, and enough of
what stayed to know where. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

CONTEXT = 3
"""Lines that stayed and are shown before and after a change."""
EXACT_UP_TO = 4000
"""Lines beyond which lines that are frequent no longer count as places to meet: comparing takes seconds otherwise."""


class Kind(StrEnum):
    """What became of a line."""

    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"


@dataclass(frozen=True)
class Line:
    """One line with its number before and after; None on a side where it is not."""

    kind: Kind
    before: int | None
    after: int | None
    text: str


@dataclass(frozen=True)
class Block:
    """Lines that stand together. A `folded` one stayed the same, far from any change."""

    lines: tuple[Line, ...]
    folded: bool = False


@dataclass(frozen=True)
class Difference:
    """The whole, in order. `added` and `removed` count lines."""

    blocks: tuple[Block, ...]
    added: int
    removed: int

    @property
    def same(self) -> bool:
        """Whether there is none."""
        return not (self.added or self.removed)


def difference(before: str, after: str, context: int = CONTEXT) -> Difference:
    """What makes the second text of the first. Ends of lines do not count."""
    lines = tuple(_lines(before.splitlines(), after.splitlines()))
    return Difference(
        tuple(_blocks(lines, context)),
        sum(line.kind is Kind.ADDED for line in lines),
        sum(line.kind is Kind.REMOVED for line in lines),
    )


def _lines(before: Sequence[str], after: Sequence[str]) -> Iterator[Line]:
    frequent = max(len(before), len(after)) > EXACT_UP_TO
    for tag, i, i_end, j, j_end in SequenceMatcher(None, before, after, autojunk=frequent).get_opcodes():
        if tag == "equal":
            for offset in range(i_end - i):
                yield Line(Kind.SAME, i + offset + 1, j + offset + 1, before[i + offset])
            continue
        for number in range(i, i_end):
            yield Line(Kind.REMOVED, number + 1, None, before[number])
        for number in range(j, j_end):
            yield Line(Kind.ADDED, None, number + 1, after[number])


def _blocks(lines: Sequence[Line], context: int) -> Iterator[Block]:
    """The lines with long stretches that stayed apart from the rest; one line is never folded for itself."""
    changed = [number for number, line in enumerate(lines) if line.kind is not Kind.SAME]
    near = {each for number in changed for each in range(number - context, number + context + 1)}
    begin = 0
    while begin < len(lines):
        folded, end = begin not in near, begin
        while end < len(lines) and (end not in near) is folded:
            end += 1
        yield Block(tuple(lines[begin:end]), folded and end - begin > 1)
        begin = end
