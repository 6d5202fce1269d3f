"""The difference between two texts, as it is read."""

from hypothesis import given
from hypothesis import strategies as st

from services.domain.text_difference import EXACT_UP_TO, Kind, Line, difference

TEXTS = st.lists(st.sampled_from(["a: 1", "b: 2", "", "  c: 3"]), max_size=12).map("\n".join)


def test_a_changed_line_is_one_taken_away_and_one_added() -> None:
    found = difference("a\nb\nc", "a\nB\nc")
    assert (found.added, found.removed, found.same) == (1, 1, False)
    (block,) = found.blocks
    assert block.lines == (
        Line(Kind.SAME, 1, 1, "a"),
        Line(Kind.REMOVED, 2, None, "b"),
        Line(Kind.ADDED, None, 2, "B"),
        Line(Kind.SAME, 3, 3, "c"),
    )


def test_what_is_far_from_any_change_is_folded() -> None:
    before = [str(number) for number in range(30)]
    after = [*before[:15], "new", *before[15:]]
    found = difference("\n".join(before), "\n".join(after))
    assert [(len(block.lines), block.folded) for block in found.blocks] == [(12, True), (7, False), (12, True)]


def test_a_single_line_is_not_folded_for_itself() -> None:
    before = [str(number) for number in range(9)]
    found = difference("\n".join(before), "\n".join(["x", *before[1:8], "y"]))
    assert not any(block.folded for block in found.blocks)


def test_ends_of_lines_do_not_count_and_nothing_differs_from_itself() -> None:
    assert difference("a\r\nb\r\n", "a\nb").same
    assert difference("", "").blocks == ()
    assert [block.folded for block in difference("a\nb", "a\nb").blocks] == [True]


def test_long_texts_are_compared_too() -> None:
    before = ["same"] * (EXACT_UP_TO + 1)
    found = difference("\n".join(before), "\n".join([*before, "end"]))
    assert found.added - found.removed == 1


@given(TEXTS, TEXTS)
def test_both_texts_can_be_read_out_of_the_difference(before: str, after: str) -> None:
    lines = [line for block in difference(before, after).blocks for line in block.lines]
    assert [line.text for line in lines if line.before] == before.splitlines()
    assert [line.text for line in lines if line.after] == after.splitlines()
    assert [line.before for line in lines if line.before] == list(range(1, len(before.splitlines()) + 1))
