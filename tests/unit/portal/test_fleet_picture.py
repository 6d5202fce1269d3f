"""The small picture: each cell true to what stands there, and the sentence true to the cells."""

from dataclasses import replace
from datetime import timedelta

from portal.fleet.picture import Cell, Picture, picture
from services.domain.snapshot import Part, Snapshot
from tests import builders
from tests.builders import NOW, ZONES

STALE = timedelta(seconds=60)


def cells(made: Picture, name: str) -> tuple[Cell, ...]:
    return next(row.cells for row in made.rows if row.name == name)


def draw(snapshot: Snapshot) -> Picture:
    return picture(snapshot, NOW, STALE)


def test_a_sound_environment_fills_every_zone_and_marks_who_leads() -> None:
    made = draw(builders.snapshot())
    assert made.zones == ZONES
    assert cells(made, "rbac") == (Cell.ON,) * 3
    assert cells(made, "database production-app").count(Cell.LEAD) == 1
    assert cells(made, "database production-app").count(Cell.ON) == 1
    assert made.words == "All tiers run over us-east-1a, us-east-1b and us-east-1c"


def test_the_system_as_found_stands_in_one_zone() -> None:
    made = draw(builders.legacy_snapshot())
    assert cells(made, "rbac") == (Cell.ON, Cell.NONE, Cell.NONE)
    assert cells(made, "database legacy-app") == (Cell.LEAD, Cell.NONE, Cell.NONE)
    assert made.words == "Everything runs in us-east-1a alone"


def test_an_unhealthy_task_is_marked_in_its_zone_and_said() -> None:
    service = builders.service("rbac")
    first, *others = service.tasks
    broken = replace(service, tasks=(replace(first, health="UNHEALTHY"), *others))
    made = draw(builders.snapshot(services=(broken,)))
    at = made.zones.index(first.zone or "")
    assert cells(made, "rbac")[at] is Cell.BAD
    assert f"rbac down in {first.zone}" in made.words


def test_a_starting_task_is_changing() -> None:
    service = builders.service("rbac")
    first, *others = service.tasks
    moving = replace(service, tasks=(replace(first, last_status="PENDING"), *others))
    assert Cell.CHANGING in cells(draw(builders.snapshot(services=(moving,))), "rbac")


def test_old_facts_are_hatched_and_never_shown_as_they_were() -> None:
    made = picture(builders.snapshot(), NOW + timedelta(minutes=5), STALE)
    assert {cell for row in made.rows for cell in row.cells} == {Cell.UNKNOWN}
    assert "not known" in made.words


def test_one_unread_part_hatches_its_row_alone() -> None:
    read = tuple(
        replace(r, read_at=NOW - timedelta(minutes=5)) if r.part is Part.DATABASE else r for r in builders.readings()
    )
    made = draw(builders.snapshot(readings=read))
    assert set(cells(made, "database production-app")) == {Cell.UNKNOWN}
    assert cells(made, "rbac") == (Cell.ON,) * 3


def test_dozens_of_services_share_one_row() -> None:
    many = tuple(builders.service(f"service-{n}") for n in range(60))
    made = draw(builders.snapshot(services=many))
    assert cells(made, "60 services") == (Cell.ON,) * 3
    assert len(made.rows) == 5


def test_dead_letters_warn_on_the_queues() -> None:
    dead = builders.dead_letter_queue(visible=4)
    made = draw(builders.snapshot(queues=(builders.queue(), dead)))
    assert made.rows[-1].bar is Cell.WARN
    assert "queues degraded" in made.words


def test_without_any_zone_nothing_is_claimed() -> None:
    blank = Snapshot("new", NOW)
    made = draw(blank)
    assert {cell for row in made.rows for cell in row.cells} == {Cell.UNKNOWN}
    assert made.words == "No zone is known yet"
