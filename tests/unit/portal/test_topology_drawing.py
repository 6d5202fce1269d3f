"""Coordinates: everything inside its picture, nothing upon anything else, whatever is drawn."""

from dataclasses import replace
from datetime import timedelta
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings

from portal.topology import cli, compact, drawing, forms
from portal.topology.shapes import Drawing, Link, Rect, Shape, Text, fit, width_of
from portal.topology.timeline import WIDTH, make, window
from services.domain.errors import Invalid
from services.domain.snapshot import Snapshot
from services.domain.status import Status
from services.domain.topology import build
from services.ports import Kept
from tests import builders as b
from tests.unit.domain.strategies import snapshots

STALE_AFTER = timedelta(seconds=60)
DRAWINGS = [drawing.draw, compact.draw]


def pictured(snapshot: Snapshot, draw, selected: str = "") -> Drawing:
    return draw(build(snapshot, b.NOW, STALE_AFTER), selected)


def flat(shapes: tuple[Shape, ...]) -> list[Shape]:
    found: list[Shape] = []
    for shape in shapes:
        found += flat(shape.shapes) if isinstance(shape, Link) else [shape]
    return found


def boxes(picture: Drawing) -> list[Rect]:
    """What must not overlap: boxes and bars, not lanes, rings and areas to hit."""
    plain = ("box", "box-trouble", "box-stale", "box-empty", "span")
    return [s for s in flat(picture.shapes) if isinstance(s, Rect) and s.cls.split()[0] in plain]


def apart(one: Rect, other: Rect) -> bool:
    return (
        one.x + one.w <= other.x or other.x + other.w <= one.x or one.y + one.h <= other.y or other.y + other.h <= one.y
    )


def unhealthy() -> Snapshot:
    made = b.service("rbac", b.ZONES * 7)
    tasks = (replace(made.tasks[0], health="UNHEALTHY"), replace(made.tasks[1], zone=None), *made.tasks[2:])
    return replace(b.snapshot(), services=(replace(made, tasks=tasks), *b.snapshot().services[1:]))


SAMPLES = {
    "production": b.snapshot(),
    "legacy": b.legacy_snapshot(),
    "unhealthy": unhealthy(),
    "nothing": Snapshot("new", b.NOW),
    "twelve services": replace(b.snapshot(), services=tuple(b.service(f"a-rather-long-name-{n}") for n in range(12))),
    "two databases": replace(
        b.snapshot(),
        databases=(b.database(), b.database(identifier="second", zone=b.ZONES[2], secondary_zone=b.ZONES[0])),
    ),
}  # fmt: skip


@pytest.mark.parametrize("draw", DRAWINGS)
@pytest.mark.parametrize("name", SAMPLES)
def test_boxes_stand_apart_and_inside(name: str, draw):
    picture = pictured(SAMPLES[name], draw)
    found = boxes(picture)
    assert found
    for box in found:
        assert box.x >= 0
        assert box.x + box.w <= picture.width
        assert box.y >= 0
        assert box.y + box.h <= picture.height
    assert [(one, other) for one, other in combinations(found, 2) if not apart(one, other)] == []


@pytest.mark.parametrize("draw", DRAWINGS)
@pytest.mark.parametrize("name", SAMPLES)
def test_texts_stay_inside_even_in_the_widest_font(name: str, draw):
    picture = pictured(SAMPLES[name], draw)
    for text in (s for s in flat(picture.shapes) if isinstance(s, Text)):
        size = 11 if "t11" in text.cls else 12
        wide = sum(width_of(words, 13 if "t13" in cls else size, mono=text.cls == "m") for words, cls in text.spans)
        if "end" in text.cls:
            assert text.x - wide >= -4, text
        elif "mid" not in text.cls:
            assert text.x + wide <= picture.width + 4, text


@pytest.mark.parametrize("draw", DRAWINGS)
def test_the_selected_node_is_ringed(draw):
    picture = pictured(b.snapshot(), draw, "database-production-app")
    chosen = [s for s in picture.shapes if isinstance(s, Link) and s.selected]
    assert [link.node.id for link in chosen if any(getattr(s, "cls", "") == "box-sel" for s in link.shapes)] == [
        "database-production-app"
    ]


def test_trouble_differs_by_shape_and_word_not_by_colour_alone():
    picture = pictured(unhealthy(), drawing.draw)
    bad = next(s for s in picture.shapes if isinstance(s, Link) and s.node.state.word == "unhealthy")
    assert any(getattr(s, "status", None) is Status.DOWN for s in bad.shapes)
    assert "down, unhealthy" in bad.title
    frames = {s.cls.split()[0] for s in flat(bad.shapes) if isinstance(s, Rect)}
    assert "box-trouble" in frames


def test_stale_boxes_are_dashed():
    picture = drawing.draw(build(b.snapshot(), b.NOW + timedelta(minutes=9), STALE_AFTER))
    assert {box.cls.split()[0] for box in boxes(picture)} == {"box-stale", "box-empty"}


def test_many_tasks_are_counted_beyond_what_fits():
    made = b.service("rbac", (b.ZONES[0],) * 40)
    picture = pictured(replace(b.snapshot(), services=(made,)), drawing.draw)
    words = [span for s in flat(picture.shapes) if isinstance(s, Text) for span, _ in s.spans]
    assert any(word.startswith("+") for word in words)


@settings(max_examples=25, deadline=timedelta(seconds=10), suppress_health_check=list(HealthCheck))
@given(snapshots())
def test_any_snapshot_can_be_drawn(snapshot: Snapshot):
    topology = build(snapshot, snapshot.taken_at, STALE_AFTER)
    for draw in DRAWINGS:
        assert draw(topology).height > 0
    for node in topology.nodes:
        assert all(line.startswith("aws ") for line in cli.lines(node, "us-east-1"))


def test_text_is_cut_where_it_would_not_fit():
    assert fit("identity-sync", 200, 13) == "identity-sync"
    assert fit("identity-sync", 60, 13).endswith("…")
    assert fit("identity-sync", 5, 13) == ""
    assert width_of("abcd", 10, mono=True) == pytest.approx(24.2)


@pytest.mark.parametrize(
    ("node_id", "command"),
    [
        ("zone-us-east-1a", "aws ec2 describe-availability-zones --zone-names us-east-1a --region us-east-1"),
        ("gateway", "aws apigatewayv2 get-api --api-id api1 --region us-east-1"),
        ("service-rbac", "aws ecs describe-services --cluster production --services rbac --region us-east-1"),
        ("standby-production-app",
         "aws rds describe-db-instances --db-instance-identifier production-app --region us-east-1"),
        ("nat-nat-a", "aws ec2 describe-nat-gateways --nat-gateway-ids nat-a --region us-east-1"),
        ("stacks", "aws cloudformation describe-stacks --stack-name production-network --region us-east-1"),
    ],
)  # fmt: skip
def test_every_panel_names_the_command_that_reads_it(node_id: str, command: str):
    node = build(b.snapshot(), b.NOW, STALE_AFTER).node(node_id)
    assert node is not None
    assert command in cli.lines(node, "us-east-1")


def test_what_is_not_known_is_not_put_into_a_command():
    nodes = build(Snapshot("new", b.NOW), b.NOW, STALE_AFTER)
    assert cli.lines(nodes.balancer, "us-east-1") == ()
    made = replace(b.service("rbac"), target_group=None)
    service = build(replace(b.snapshot(), services=(made,)), b.NOW, STALE_AFTER).node("service-rbac")
    assert service is not None
    assert not [line for line in cli.lines(service, "us-east-1") if "target" in line]


def kept(number: int, hours: float, verdict: str = "healthy", until: float | None = None) -> Kept:
    at = b.NOW + timedelta(hours=hours)
    return Kept(number, "production", at, b.NOW + timedelta(hours=hours if until is None else until), verdict, "")


def test_the_strip_shows_verdicts_to_scale_and_holes_where_nobody_read():
    since, until = window(b.NOW, None)
    strip = make(
        [kept(1, -30, until=-12.1), kept(2, -12, "degraded", until=-6), kept(3, -3, until=0)],
        since, until, None, timedelta(minutes=1),
    )  # fmt: skip
    seen = [(round(band.x), round(band.x + band.w), band.status, band.hole) for band in strip.bands]
    half, quarter = WIDTH / 2, WIDTH / 4
    assert seen[0] == (0, round(WIDTH * 11.9 / 24), Status.HEALTHY, False)
    assert next(band for band in seen if band[2] is Status.DEGRADED)[:2] == (round(half), round(half + quarter))
    assert [band[3] for band in seen].count(True) == 2
    assert [stop.kept.number for stop in strip.stops if stop.current] == [3]
    assert (strip.before, strip.after) == (strip.stops[1].kept, None)
    assert strip.position == 2
    assert strip.words == "2 healthy, 1 degraded, 2 not looked at"


def test_the_strip_of_a_past_view_knows_its_neighbours():
    since, until = window(b.NOW, b.NOW - timedelta(days=3))
    assert until - since == timedelta(days=1)
    strip = make([kept(1, -80), kept(2, -72, "odd"), kept(3, -64)], since, until, 2, timedelta(days=1))
    assert (strip.before, strip.after) == (strip.stops[0].kept, strip.stops[2].kept)
    assert strip.stops[1].status is Status.UNKNOWN


def test_services_and_queues_without_a_known_zone_are_drawn():
    blind = replace(b.snapshot(), zones=(), network=None, databases=(), caches=(), load_balancer=None)
    blind = replace(blind, services=tuple(replace(each, tasks=()) for each in blind.services))
    topology = build(blind, b.NOW, STALE_AFTER)
    assert topology.queues
    assert not topology.lanes
    assert drawing.draw(topology).height > 0
    assert compact.draw(topology).height > 0


def test_the_compact_pictures_counts_open_their_service():
    services = tuple(b.service(f"s{number}") for number in range(14))
    drawn = compact.draw(build(replace(b.snapshot(), services=services), b.NOW, STALE_AFTER))
    links = [shape for shape in drawn.shapes if isinstance(shape, Link) and shape.node.id == "service-s3"]
    assert [link.named for link in links] == [True, False]
    assert any(isinstance(shape, Rect) and shape.cls == "hit" and shape.h >= 24 for shape in links[1].shapes)


def test_marks_say_what_they_are_about_where_there_is_room():
    since, until = window(b.NOW, None)
    told = [
        replace(kept(1, -20), summary="All is well."),
        replace(kept(2, -10, "degraded"), summary="rbac runs in two of three zones."),
        kept(3, -9.9),
        replace(kept(4, -1, "down"), summary="rbac has no healthy task, and neither has anything else in any zone."),
    ]
    strip = make(told, since, until, None, timedelta(days=1))
    labels = {label.x: label for label in strip.labels}
    x = {stop.kept.number: stop.x for stop in strip.stops}
    assert (labels[x[2]].text, labels[x[2]].end) == ("rbac runs in two of three zones", False)
    assert labels[x[1]].text == "healthy"
    assert x[3] not in labels  # too near to what is worse
    assert labels[x[4]].end
    again = make([kept(1, -20), kept(2, -10)], since, until, None, timedelta(days=1))
    assert [label.text for label in again.labels] == ["healthy"]
    assert labels[x[4]].text.startswith("rbac has no")
    assert labels[x[4]].text.endswith("…")


def test_the_strip_of_a_young_environment_begins_with_it_and_has_ticks_to_its_scale():
    since, until = window(b.NOW, None)
    two_hours = make([kept(1, -2)], since, until, None, timedelta(days=1))
    assert two_hours.since == b.NOW - timedelta(hours=2)
    assert two_hours.stops[0].x == 0
    assert {word[-2:] for _, word in two_hours.ticks} == {"00", "15", "30", "45"}
    minutes = make([kept(1, -0.1)], since, until, None, timedelta(days=1))
    assert minutes.since == b.NOW - timedelta(hours=1)


def test_an_empty_strip_and_one_whose_view_is_outside():
    since, until = window(b.NOW, None)
    empty = make([], since, until, None, timedelta(minutes=1))
    assert (empty.words, empty.current, empty.position) == ("nothing kept", None, -1)
    outside = make([kept(1, -1)], since, until, 99, timedelta(minutes=1))
    assert (outside.current, outside.position) == (None, 0)


def test_forms_read_exact_times_and_ignore_what_is_no_node():
    ask = forms.read({"at": "2026-11-22T02:12:30.250000Z", "node": "no such thing!"}, b.NOW)
    assert ask.at == b.NOW - timedelta(seconds=29.75)
    assert forms.written(ask.at) == "2026-11-22T02:12:30.250000Z"
    assert (ask.node, ask.live) == ("", False)
    with pytest.raises(Invalid) as caught:
        forms.read({"against": "soon"}, b.NOW)
    assert "against" in caught.value.fields
