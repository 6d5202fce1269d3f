"""Arbitrary snapshots for property tests: any field of the right type, whatever its value."""

import dataclasses
from datetime import UTC, datetime

from hypothesis import strategies as st

from services.domain import snapshot as shapes
from services.domain.snapshot import Part, Reading, Snapshot

TIMES = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
WORDS = st.sampled_from(
    [
        "", "available", "ACTIVE", "RUNNING", "PENDING", "STOPPED", "HEALTHY", "UNHEALTHY", "healthy", "unhealthy",
        "draining", "PRIMARY", "IN_PROGRESS", "FAILED", "COMPLETED", "enabled", "disabled", "primary", "replica",
        "us-east-1a", "us-east-1b", "us-east-1c", "ALARM", "OK", "CREATE_COMPLETE", "UPDATE_ROLLBACK_FAILED", "data",
        "compute", "public", "platform", "true", "10.0.0.1", "modifying", "failed", "x" * 80, "<b>&\"'",
    ]
)  # fmt: skip
NUMBERS = st.integers(0, 40)
FLOATS = st.one_of(st.none(), st.floats(0, 1e12))

st.register_type_strategy(datetime, TIMES)
st.register_type_strategy(str, WORDS)
st.register_type_strategy(int, NUMBERS)
st.register_type_strategy(float, st.floats(0, 1e12))


def _short(cls: type) -> st.SearchStrategy[object]:
    """Instances of a snapshot class with at most three members in each tuple."""
    hints = {field.name: field.type for field in dataclasses.fields(cls)}
    return st.builds(cls, **{name: _of(hint) for name, hint in hints.items()})


def _of(hint: object) -> st.SearchStrategy[object]:
    text = str(hint)
    if text.startswith("tuple["):
        inner = text.removeprefix("tuple[").removesuffix(", ...]").strip("\"'").rpartition(".")[2]
        if inner in _CLASSES:
            return st.lists(_short(_CLASSES[inner]), max_size=3).map(tuple)
    return st.from_type(hint)  # type: ignore[arg-type]


_CLASSES = {name: thing for name, thing in vars(shapes).items() if dataclasses.is_dataclass(thing)}

READINGS = st.fixed_dictionaries(
    {part: st.one_of(st.none(), st.builds(Reading, st.just(part), st.one_of(st.none(), TIMES))) for part in Part}
).map(lambda found: tuple(reading for reading in found.values() if reading))


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Any snapshot at all."""
    made: Snapshot = draw(_short(Snapshot))  # type: ignore[assignment]
    return dataclasses.replace(made, readings=draw(READINGS))
