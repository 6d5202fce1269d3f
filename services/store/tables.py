"""The tables. Migrations make them; a test finds no difference between the two."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

import services.store.deployment_tables
import services.store.scaling_tables  # noqa: F401
from services.store.schema import metadata as metadata
from services.store.types import BigNumber, Instant

users = Table(
    "users",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("role", String(16), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_login_at", Instant),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    # SHA-256 of the name that was tried: people type passwords into the wrong field.
    Column("name_hash", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", Instant, nullable=False, index=True),
    Column("locked_until", Instant),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("user", String(64), ForeignKey("users.name", ondelete="CASCADE"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False, index=True),
    Column("client", String(256), nullable=False),
)

environments = Table(
    "environments",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("account", String(12), nullable=False),
    Column("region", String(32), nullable=False),
    Column("blueprint", String(64), nullable=False),
    Column("stack_prefix", String(64), nullable=False),
    Column("protected", Boolean, nullable=False),
    Column("slo_target", Double, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("reader_role_arn", String(2048)),
    Column("operator_role_arn", String(2048)),
    Column("provisioner_role_arn", String(2048)),
    Column("external_id", String(1224)),
    Column("archived", Boolean, nullable=False),
)

snapshots_newest = Table(
    "snapshots_newest",
    metadata,
    Column("environment", String(32), ForeignKey("environments.name"), primary_key=True),
    Column("taken_at", Instant, nullable=False),
    Column("token", BigNumber, nullable=False),
    # The highest number in snapshots_kept so far: pruning never makes a number mean another snapshot.
    Column("last_number", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

snapshots_kept = Table(
    "snapshots_kept",
    metadata,
    Column("environment", String(32), ForeignKey("environments.name"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("taken_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("verdict", String(32), nullable=False),
    Column("summary", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Index(None, "environment", "taken_at"),
    Index(None, "until"),
)

ledger = Table(
    "ledger",
    metadata,
    Column("seq", BigNumber, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("target", String(256), nullable=False),
    Column("reason", Text, nullable=False),
    # Canonical JSON (sorted keys, no spaces): the bytes that the hash chain will cover.
    Column("detail", Text, nullable=False),
    Column("client", String(256), nullable=False),
    Column("prev_hash", String(64)),
    Column("hash", String(64)),
    Index(None, "actor", "seq"),
    Index(None, "action", "seq"),
    Index(None, "target", "seq"),
)

ledger_head = Table(
    "ledger_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigNumber, nullable=False),
    Column("hash", String(64)),
    CheckConstraint("id = 1", name="one_row"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("holder", String(128), nullable=False),
    Column("token", BigNumber, nullable=False),
    # Seconds since 1970 by the database's own clock.
    Column("expires", Double, nullable=False),
)

# What follows is kept for ever, like the ledger, and names its environment without a reference: history outlives.

operations = Table(
    "operations",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("environment", String(32), nullable=False),
    Column("target_kind", String(32), nullable=False),
    Column("target", String(256), nullable=False),
    Column("state", String(32), nullable=False),
    # Whether it holds its target: the state's own word for it, so that an index can see it.
    Column("live", Boolean, nullable=False),
    Column("requested_at", Instant, nullable=False),
    Column("version", Integer, nullable=False),
    # The highest fencing token seen.
    Column("token", BigNumber, nullable=False),
    # The highest number in its trail.
    Column("last_number", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Index(
        "uq_operations_live_target",
        "environment",
        "target",
        unique=True,
        sqlite_where=text("live = 1"),
        postgresql_where=text("live"),
    ),
    Index(None, "environment", "requested_at"),
    Index(None, "requested_at"),
)

operation_trail = Table(
    "operation_trail",
    metadata,
    Column("operation_id", String(64), ForeignKey("operations.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("word", String(32), nullable=False),
    Column("sentence", Text, nullable=False),
    Column("detail", Text, nullable=False),
)

pauses = Table(
    "pauses",
    metadata,
    Column("id", String(64), primary_key=True),
    # Or "*" for all of them.
    Column("environment", String(32), nullable=False),
    Column("until", Instant, nullable=False, index=True),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("lifted_at", Instant),
    Column("lifted_by", String(64), nullable=False),
)

freezes = Table(
    "freezes",
    metadata,
    Column("id", String(64), primary_key=True),
    # Or "*" for all of them.
    Column("environment", String(32), nullable=False),
    Column("starts", Instant, nullable=False),
    Column("ends", Instant, nullable=False, index=True),
    Column("name", String(60), nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("removed_at", Instant),
    Column("removed_by", String(64), nullable=False),
)

events = Table(
    "events",
    metadata,
    # A hash of who, when and what: the same for the same event, whichever way it came.
    Column("key", String(32), primary_key=True),
    Column("environment", String(32), nullable=False),
    Column("source", String(32), nullable=False),
    Column("source_type", String(64), nullable=False),
    Column("subject", String(256), nullable=False),
    Column("at", Instant, nullable=False),
    Column("message", Text, nullable=False),
    Column("categories", Text, nullable=False),
    # The one column that may change, once: from nothing.
    Column("event_id", String(64), nullable=False),
    Column("came", String(16), nullable=False),
    Column("received_at", Instant),
    Index(None, "environment", "at"),
    Index(None, "subject", "at"),
)

event_polls = Table(
    "event_polls",
    metadata,
    Column("environment", String(32), primary_key=True),
    Column("source", String(32), primary_key=True),
    Column("until", Instant, nullable=False),
)

episodes = Table(
    "episodes",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("environment", String(32), nullable=False),
    Column("number", Integer, nullable=False),
    Column("target", String(256), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("origin", String(32), nullable=False),
    Column("result", String(32), nullable=False),
    Column("acknowledged_by", String(64), nullable=False),
    Column("acknowledged_at", Instant),
    Column("acknowledged_comment", Text, nullable=False),
    Column("body", Text, nullable=False),
    UniqueConstraint("environment", "number"),
    Index(None, "environment", "started_at"),
    Index(None, "started_at"),
)
