"""The ledger's page: who may read it, filters, pages."""

import re

import pytest

from portal.ledger.page import PER_PAGE, parse
from services.ports import Entry
from tests.unit.portal.conftest import SignIn
from tests.unit.portal.house import House


def fill(house: House, number: int) -> None:
    with house.unit() as store:
        for n in range(number):
            outcome = "failed" if n % 10 == 0 else "done"
            detail = {"stacks": "network data"}
            store.ledger.append(Entry(house.clock.now(), "ops-1", "deploy", outcome, f"env-{n}", "because", detail))


def numbers(page: str) -> list[int]:
    return [int(n) for n in re.findall(r'id="entry-(\d+)"', page)]


@pytest.mark.parametrize(("role", "status"), [("viewer", 403), ("operator", 403), ("auditor", 200), ("admin", 200)])
def test_auditors_and_admins_read_it(as_: SignIn, role: str, status: int) -> None:
    assert as_(role).get("/ledger").status_code == status


def test_entries_come_newest_first_in_pages_without_gap_or_overlap(as_: SignIn, house: House) -> None:
    fill(house, PER_PAGE * 2 + 5)
    client = as_("auditor")
    seen: list[int] = []
    path: str | None = "/ledger"
    while path:
        page = client.get(path).get_data(as_text=True)
        seen += numbers(page)
        older = re.search(r'rel="next" href="([^"]+)"', page)
        path = older.group(1).replace("&amp;", "&") if older else None
    assert seen == list(range(len(house.actions), 0, -1))


def test_filters_narrow_and_are_carried_to_older_pages(as_: SignIn, house: House) -> None:
    fill(house, PER_PAGE + 1)
    client = as_("auditor")
    page = client.get("/ledger?actor=ops-1&action=deploy").get_data(as_text=True)
    assert len(numbers(page)) == PER_PAGE
    assert "add user" not in page
    assert re.search(r'rel="next" href="/ledger\?before=\d+&amp;actor=ops-1&amp;action=deploy"', page)
    assert len(numbers(client.get("/ledger?target=env-7").get_data(as_text=True))) == 1


def test_a_failure_is_marked_by_shape_and_word_and_details_are_shown(as_: SignIn, house: House) -> None:
    fill(house, 1)
    page = as_("auditor").get("/ledger").get_data(as_text=True)
    assert re.search(r'state is-degraded".*?#s-degraded.*?Failed', page)
    assert "stacks=network data" in page
    assert "because" in page


def test_nothing_found_offers_everything(as_: SignIn) -> None:
    page = as_("auditor").get("/ledger?actor=nobody").get_data(as_text=True)
    assert "No entry fits" in page
    assert 'href="/ledger"' in page


@pytest.mark.parametrize("before", ["", "x", "-1", "0", "٣", "1" * 30, "1.5"])
def test_a_place_that_is_none_means_the_newest(as_: SignIn, before: str) -> None:
    assert parse("", "", "", before).before == 0
    assert numbers(as_("auditor").get("/ledger", query_string={"before": before}).get_data(as_text=True))


def test_what_was_typed_is_escaped_and_limited() -> None:
    assert len(parse("a" * 500, "", "", "").actor) == 128
