"""The tables of what is kept of scaling; the others are in `tables`."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text

from services.store.schema import metadata
from services.store.types import Instant

# Sixty places of one metric, packed (see `blocks`). What is kept of AWS's metrics is forgotten step by step.
metric_blocks = Table(
    "metric_blocks",
    metadata,
    Column("environment", String(32), primary_key=True),
    Column("subject", String(256), primary_key=True),
    # Minutes that a place is long.
    Column("step", Integer, primary_key=True, autoincrement=False),
    Column("name", String(64), primary_key=True),
    # The minute since 1970 at which the first place begins.
    Column("start", Integer, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
    Index(None, "step", "start"),
)

metric_reads = Table(
    "metric_reads",
    metadata,
    Column("environment", String(32), primary_key=True),
    # 0 is nobody's: its row is the turn of those who write metrics.
    Column("step", Integer, primary_key=True, autoincrement=False),
    # Minutes since 1970: what AWS has was read from `since` up to `until`.
    Column("since", Integer),
    Column("until", Integer),
)

scaling_activities = Table(
    "scaling_activities",
    metadata,
    Column("environment", String(32), primary_key=True),
    Column("service", String(256), primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "environment", "at"),
    Index(None, "environment", "service", "at"),
)

temporary_edits = Table(
    "temporary_edits",
    metadata,
    # That of the operation that made it.
    Column("id", String(64), primary_key=True),
    Column("environment", String(32), nullable=False),
    Column("service", String(256), nullable=False),
    Column("state", String(16), nullable=False),
    Column("until", Instant, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "state", "until"),
    Index(None, "environment", "until"),
)
