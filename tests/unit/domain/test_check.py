"""What stands in the way of an act."""

import pytest

from services.domain.check import Answer, blocking
from tests import builders as b


@pytest.mark.parametrize("answer", list(Answer))
@pytest.mark.parametrize("overridable", [True, False])
@pytest.mark.parametrize("overridden", [(), ("key",), ("other",)])
def test_only_a_pass_or_an_override_that_is_allowed_lets_through(
    answer: Answer, overridable: bool, overridden: tuple[str, ...]
) -> None:
    check = b.check("key", answer, overridable=overridable)
    lets = answer is Answer.PASS or (overridable and overridden == ("key",))
    assert blocking([check], overridden) == (() if lets else (check,))


def test_the_others_are_named_in_their_order() -> None:
    first, second = b.check("a", Answer.UNKNOWN), b.check("c", Answer.FAIL)
    assert blocking([first, b.check("b"), second]) == (first, second)
