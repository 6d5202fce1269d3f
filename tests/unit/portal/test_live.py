"""Versions of polled fragments."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from portal import live


@given(st.lists(st.text() | st.integers() | st.none()), st.lists(st.text() | st.integers() | st.none()))
def test_equal_facts_make_equal_versions_and_others_do_not(one: list[object], other: list[object]) -> None:
    assert (live.token(*one) == live.token(*other)) == (one == other)


def test_a_version_survives_an_attribute_and_a_query() -> None:
    assert live.token("a", datetime(2026, 1, 1, tzinfo=UTC)).isalnum()
