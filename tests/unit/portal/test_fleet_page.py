"""The fleet's verdicts, groups, search, findings and words, as pure functions of snapshots."""

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.fleet.page import Show, fleet, headline
from portal.fleet.row import Events, Standing, row
from portal.fleet.search import search
from services.domain.snapshot import Part
from services.domain.status import Status
from services.usecases.snapshots import Current
from tests import builders
from tests.builders import NOW

STALE = timedelta(seconds=60)
PRODUCTION = Current(builders.environment("production"), builders.snapshot())
LEGACY = Current(builders.environment("legacy"), builders.legacy_snapshot())
UNREAD = Current(builders.environment("dr"), None)
NEW = Current(builders.environment("new", created_at=NOW), None)


def test_a_healthy_environment_is_steady_and_says_why() -> None:
    made = row(PRODUCTION, NOW, STALE)
    assert (made.status, made.group, made.found) == (Status.HEALTHY, Standing.STEADY, ())
    assert made.shape == "Multi-AZ, protected"
    assert made.serving == (3, 3)


def test_the_system_as_found_needs_somebody_and_names_its_worst_findings() -> None:
    made = row(LEGACY, NOW, STALE)
    assert (made.status, made.group) == (Status.DEGRADED, Standing.NEEDS)
    assert len(made.found) == 3
    assert made.more > 0
    assert made.shape == "single-AZ, not protected"


def test_old_facts_make_it_stale_and_it_needs_somebody() -> None:
    made = row(PRODUCTION, NOW + timedelta(minutes=5), STALE)
    assert (made.status, made.group) == (Status.STALE, Standing.NEEDS)


def test_before_its_first_reading_it_is_reading_and_not_healthy() -> None:
    made = row(NEW, NOW + timedelta(seconds=5), STALE)
    assert (made.loading, made.status, made.word, made.read_at) == (True, Status.CHANGING, "Reading", None)


def test_an_environment_no_reading_ever_came_from_is_unknown_and_asks_for_the_worker() -> None:
    made = row(UNREAD, NOW, STALE)
    assert (made.loading, made.status, made.group) == (False, Status.UNKNOWN, Standing.NEEDS)
    assert "worker" in made.why


def test_the_last_deployment_is_the_stack_touched_last() -> None:
    stacks = list(builders.snapshot().stacks)
    later = replace(stacks[2], updated_at=NOW - timedelta(hours=1), status="UPDATE_IN_PROGRESS")
    snapshot = builders.snapshot(stacks=(*stacks[:2], later, *stacks[3:]))
    made = row(Current(PRODUCTION.environment, snapshot), NOW, STALE)
    assert made.deployment == later
    assert made.deployed_at == NOW - timedelta(hours=1)


def test_the_newest_failover_is_shown_with_how_old_its_reading_is() -> None:
    older, newer = builders.failover(at=NOW - timedelta(days=2)), builders.failover("production-cache")
    snapshot = builders.snapshot(failovers=(older, newer))
    assert row(Current(PRODUCTION.environment, snapshot), NOW, STALE).events == Events(newer, NOW)
    assert row(Current(PRODUCTION.environment, snapshot), NOW + timedelta(seconds=150), STALE).events.old is False
    assert row(Current(PRODUCTION.environment, snapshot), NOW + timedelta(minutes=5), STALE).events.old is True


def test_without_a_failover_it_says_whether_events_were_read() -> None:
    assert row(PRODUCTION, NOW, STALE).events == Events(None, NOW)
    failed = builders.snapshot(readings=builders.readings(failed={Part.EVENTS: "Throttling"}))
    told = row(Current(PRODUCTION.environment, failed), NOW, STALE).events
    assert told == Events(None, NOW - timedelta(minutes=1), old=True)
    assert row(NEW, NOW, STALE).events.read_at is None


def test_groups_come_worst_first_and_empty_ones_not_at_all() -> None:
    page = fleet([PRODUCTION, UNREAD, LEGACY], "", Show.ALL, NOW, STALE)
    assert [(group, [r.environment.name for r in rows]) for group, rows in page.groups.items()] == [
        (Standing.NEEDS, ["legacy", "dr"]),
        (Standing.STEADY, ["production"]),
    ]


@pytest.mark.parametrize(
    ("show", "names"),
    [(Show.ALL, {"production", "legacy", "dr"}), (Show.NEEDS, {"legacy", "dr"}), (Show.STEADY, {"production"})],
)
def test_the_filter_shows_what_was_asked_for_and_the_headline_still_counts_all(show: Show, names: set[str]) -> None:
    page = fleet([PRODUCTION, UNREAD, LEGACY], "", show, NOW, STALE)
    assert {r.environment.name for rows in page.groups.values() for r in rows} == names
    assert page.headline.strong == "2 of 3 environments need you."


@pytest.mark.parametrize("word", ["", "nonsense", "ALL", "needs "])
def test_an_unknown_filter_means_all(word: str) -> None:
    assert Show.of(word) is Show.ALL


def test_the_headline_counts_down_and_unreadable() -> None:
    down = builders.snapshot(databases=(builders.database(status="storage-full"),))
    rows = [row(c, NOW, STALE) for c in (Current(PRODUCTION.environment, down), UNREAD)]
    told = headline(rows)
    assert (told.status, told.strong) == (Status.DOWN, "2 of 2 environments need you.")
    assert told.line == "1 is down; 1 cannot be read."


def test_a_steady_fleet_and_an_empty_one_say_so() -> None:
    assert headline([row(PRODUCTION, NOW, STALE)]).strong == "The only environment is healthy."
    assert headline([]).status is Status.PAUSED


def test_a_fleet_on_its_first_reading_is_not_called_healthy() -> None:
    told = headline([row(NEW, NOW + timedelta(seconds=5), STALE)])
    assert (told.status, told.strong) == (Status.CHANGING, "The only environment is being read for the first time.")


def test_a_count_of_old_facts_is_known_to_be_old() -> None:
    assert not fleet([PRODUCTION], "", Show.ALL, NOW, STALE).old
    late = fleet([PRODUCTION, LEGACY], "", Show.ALL, NOW + timedelta(minutes=5), STALE)
    assert late.old
    assert {card.title: card.text for card in late.cards}["Cannot be read"] == "production and 1 other"


def test_cards_name_the_most_urgent_the_unreadable_and_the_last_deployment() -> None:
    cards = {card.title: card for card in fleet([PRODUCTION, LEGACY, UNREAD], "", Show.ALL, NOW, STALE).cards}
    assert cards["Most urgent"].environment == "legacy"
    assert cards["Cannot be read"].text == "dr"
    assert cards["Last deployment"].at is not None
    assert "Running now" not in cards


@pytest.mark.parametrize(
    ("query", "thing"),
    [
        ("rbac", "service rbac"),
        ("RBAC", "service rbac"),
        ("production-app", "database production-app"),
        ("nat-b", "NAT gateway in us-east-1b"),
        ("vpc-0production", "network vpc-0production"),
        ("production-alb", "load balancer production-alb"),
        ("api1", "API production-api"),
        ("subnet-data-c", "network vpc-0production"),
    ],
)
def test_search_finds_things_by_name_or_aws_id(query: str, thing: str) -> None:
    environment = builders.environment("zzz")
    found = search(query, environment, builders.snapshot())
    assert found.fits
    assert thing in [hit.name for hit in found.hits]


def test_search_by_task_id_finds_the_task_and_its_service() -> None:
    snapshot = builders.snapshot()
    task = snapshot.services[1].tasks[0]
    found = search(task.task_id, builders.environment("zzz"), snapshot)
    assert f"task-{task.task_id}" in [hit.subject for hit in found.hits]


def test_search_by_the_environments_own_words_lists_nothing_inside() -> None:
    assert search("product", builders.environment("production"), builders.snapshot()).hits == ()
    assert search("123456789012", builders.environment("production"), None).fits


def test_search_for_nothing_fits_all_and_for_nonsense_nothing() -> None:
    assert search("  ", builders.environment(), None).fits
    assert not search("no-such-thing", builders.environment(), builders.snapshot()).fits


def test_many_hits_show_three_and_count_the_rest() -> None:
    found = search("us-east-1", builders.environment("zzz", region="eu-west-1"), builders.snapshot())
    assert len(found.hits) == 3
    assert found.more > 0


def test_a_gap_makes_it_unknown_never_healthy() -> None:
    snapshot = builders.snapshot(readings=builders.readings(failed={Part.DATABASE: "AccessDenied"}))
    assert row(Current(PRODUCTION.environment, snapshot), NOW, STALE).status is not Status.HEALTHY
