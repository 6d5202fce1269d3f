"""The same event is the same, by whichever way and however often it came."""

from datetime import timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.domain.event import Came, CloudEvent
from tests import builders as b
from tests.builders.places import NOW

EVENT = b.cloud_event("Multi-AZ instance failover started. ")


@pytest.mark.parametrize(
    "same",
    [
        b.cloud_event("Multi-AZ instance failover started."),
        b.cloud_event(" Multi-AZ instance failover started "),
        b.cloud_event("Multi-AZ instance failover started. .", came=Came.QUEUE, event_id="RDS-EVENT-0013"),
        b.cloud_event("Multi-AZ instance failover started", categories=(), received_at=None),
        b.cloud_event("Multi-AZ instance failover started", at=NOW + timedelta(milliseconds=999)),
        b.cloud_event("Multi-AZ instance failover started", at=NOW.astimezone(timezone(timedelta(hours=5)))),
    ],
)
def test_the_same_event(same: CloudEvent) -> None:
    assert same.key == EVENT.key


@pytest.mark.parametrize(
    "other",
    [
        b.cloud_event("Multi-AZ instance failover completed"),
        b.cloud_event("Multi-AZ instance failover started", 1),
        b.cloud_event("Multi-AZ instance failover started", subject="other"),
        b.cloud_event("Multi-AZ instance failover started", env="legacy", subject="production-app"),
        b.cloud_event("Multi-AZ instance failover started", source="elasticache"),
    ],
)
def test_another_event(other: CloudEvent) -> None:
    assert other.key != EVENT.key


@given(st.text(max_size=40), st.text(alphabet=". ", max_size=6))
def test_blanks_and_periods_at_the_end_never_matter(words: str, tail: str) -> None:
    assert b.cloud_event(words + tail).key == b.cloud_event(words).key
