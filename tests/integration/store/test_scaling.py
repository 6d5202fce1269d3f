"""What is kept of scaling: few statements, small rows, and bodies from before."""

import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event, text

from services.domain.scaling.measured import FROM_AWS, OWN, Measured
from services.domain.scaling.series import Series
from services.domain.scaling.step import Adjustment, Step, StepPolicy
from services.store.body import decode, encode
from services.store.unit import SqlUnit
from tests import builders as b

ENV, DAY, T = "production", 24 * 60, 29_000_160
NAMES = (*FROM_AWS, *OWN)[:8]


@contextmanager
def statements(engine: Engine) -> Iterator[list[str]]:
    """The statements that are executed meanwhile, without those that only begin or end something."""
    found: list[str] = []

    def heard(_: Any, __: Any, statement: str, *___: Any) -> None:
        if statement.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE"):
            found.append(statement)

    event.listen(engine, "before_cursor_execute", heard)
    yield found
    event.remove(engine, "before_cursor_execute", heard)


def put(unit: SqlUnit, measured: Sequence[Measured]) -> None:
    with unit() as store:
        store.metrics.put(ENV, measured)


def test_fifteen_days_of_eight_metrics_are_one_query(engine: Engine, unit: SqlUnit) -> None:
    values = tuple(20 + (minute * 7919 % 4001) / 100 for minute in range(15 * DAY))
    put(unit, [Measured("rbac", name, Series(T, values)) for name in NAMES])
    with statements(engine) as found, unit(readonly=True) as store:
        read = store.metrics.read(ENV, "rbac", NAMES, T, T + 15 * DAY, 1)
    assert len(found) == 1
    assert [read[name].values for name in NAMES] == [values] * 8


def test_a_minute_of_sixty_services_is_put_in_three_statements(engine: Engine, unit: SqlUnit) -> None:
    services = [f"service-{number}" for number in range(60)]
    with statements(engine) as found:
        put(unit, [Measured(each, name, Series(T, (1.5,))) for each in services for name in FROM_AWS])
    assert len(found) == 3
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM metric_blocks")) == 360


def test_what_is_known_already_is_not_written_again(engine: Engine, unit: SqlUnit) -> None:
    known = [Measured("rbac", name, Series(T, (1.5, None, 2.5))) for name in FROM_AWS]
    put(unit, known)
    with statements(engine) as found:
        put(unit, known)
    assert not [each for each in found if "INTO metric_blocks" in each]


def test_an_hour_of_a_metric_is_small(engine: Engine, unit: SqlUnit) -> None:
    put(unit, [Measured("rbac", "RunningTasks", Series(T // 60 * 60, (3.0,) * 60))])
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT max(length(body)) FROM metric_blocks")) < 40


def test_a_snapshot_from_before_steps_and_labels_were_read() -> None:
    steps = (StepPolicy("burst", Adjustment.EXACT, (Step(6, 0.0),), cooldown=60),)
    whole = b.snapshot(services=(b.service(scaling=b.scaling(steps=steps, labels=(("requests", "app/a/1"),))),))
    assert decode(encode(whole)) == whole
    old = json.loads(zlib.decompress(encode(whole)))
    del old["services"][0]["scaling"]["steps"], old["services"][0]["scaling"]["labels"]
    read = decode(zlib.compress(json.dumps(old).encode())).services[0].scaling
    assert read == b.scaling()
