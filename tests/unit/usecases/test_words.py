"""Reasons and tickets as people type them."""

import pytest

from services.domain.errors import Invalid
from services.usecases.words import checked_reason, reason_problem, ticket_problem


@pytest.mark.parametrize("reason", ["patch the host", " " * 50 + "patch the host", "x" * 500])
def test_a_reason_that_says_something(reason: str) -> None:
    assert reason_problem(reason) == ""
    assert checked_reason(reason) == reason.strip()


@pytest.mark.parametrize("reason", ["", "        ", "because", "x" * 501])
def test_one_that_does_not(reason: str) -> None:
    assert reason_problem(reason)
    with pytest.raises(Invalid) as refused:
        checked_reason(reason, "comment")
    assert list(refused.value.fields) == ["comment"]


@pytest.mark.parametrize("ticket", ["", "OPS-4471", "https://tickets.example/OPS-4471?x=1", " INC0012 "])
def test_tickets(ticket: str) -> None:
    assert ticket_problem(ticket) == ""


@pytest.mark.parametrize("ticket", ["javascript:alert(1)", "two words", 'https://x/"onclick="', "x" * 201, "//evil"])
def test_what_is_no_ticket(ticket: str) -> None:
    assert ticket_problem(ticket)
