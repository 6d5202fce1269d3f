"""The tables of what is kept of deployments, for ever; the others are in `tables`."""

from sqlalchemy import Column, Index, Integer, LargeBinary, String, Table, Text

from services.store.schema import metadata
from services.store.types import BigNumber, Instant

plans = Table(
    "plans",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("environment", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("version", Integer, nullable=False),
    Column("tidied_at", Instant),
    Column("body", Text, nullable=False),
    # Compressed: change sets hold every resource before and after.
    Column("stacks", LargeBinary, nullable=False),
    Index(None, "environment", "requested_at"),
    Index(None, "requested_at"),
)

# What AWS says has no limit here: an event that does not fit would stop every later one from being kept.
stack_events = Table(
    "stack_events",
    metadata,
    # The order in which they came: several of a stack bear the same millisecond.
    Column("number", BigNumber, primary_key=True, autoincrement=True),
    # A hash of environment, stack id and event id: AWS's event id is the stack's own, and long.
    Column("key", String(32), nullable=False, unique=True),
    Column("environment", String(32), nullable=False),
    Column("stack", String(128), nullable=False),
    Column("at", Instant, nullable=False),
    Column("id", Text, nullable=False),
    Column("stack_id", Text, nullable=False),
    Column("logical_id", Text, nullable=False),
    Column("physical_id", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("token", Text, nullable=False),
    Index(None, "environment", "stack", "at"),
    Index(None, "environment", "at"),
)

templates = Table(
    "templates",
    metadata,
    # The hash of its text.
    Column("version", String(64), primary_key=True),
    Column("name", String(128), nullable=False),
    Column("first_seen", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(None, "name", "first_seen"),
)

running_templates = Table(
    "running_templates",
    metadata,
    Column("environment", String(32), primary_key=True),
    Column("stack", String(128), primary_key=True),
    Column("stack_id", Text, nullable=False),
    Column("version", String(64), nullable=False),
    Column("as_of", String(128), nullable=False),
    Column("read_at", Instant, nullable=False),
)

drift_reports = Table(
    "drift_reports",
    metadata,
    Column("environment", String(32), primary_key=True),
    Column("stack", String(128), primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("status", String(32), nullable=False),
    Column("body", LargeBinary, nullable=False),
)

accepted_drift = Table(
    "accepted_drift",
    metadata,
    # A hash of the place: environment, stack, logical id and path, which may be too long for an index.
    Column("key", String(32), primary_key=True),
    Column("environment", String(32), nullable=False, index=True),
    Column("stack", String(128), nullable=False),
    Column("logical_id", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("actual", Text, nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
)
