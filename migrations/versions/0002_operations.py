"""Operations with their trail, pauses, AWS's events and the failover history.

Revision: 0002, adds only. The trail is append-only, and an event may change in one way: gain the id it lacked.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _operations()
    op.create_table(
        "pauses",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("lifted_at", INSTANT),
        sa.Column("lifted_by", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pauses"),
    )
    op.create_index("ix_pauses_until", "pauses", ["until"])
    _events()
    _episodes()
    for statement in _TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)


def _operations() -> None:
    op.create_table(
        "operations",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("target_kind", sa.String(32), nullable=False),
        sa.Column("target", sa.String(256), nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("token", BIG, nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_operations"),
    )
    op.create_index(
        "uq_operations_live_target",
        "operations",
        ["environment", "target"],
        unique=True,
        sqlite_where=sa.text("live = 1"),
        postgresql_where=sa.text("live"),
    )
    op.create_index("ix_operations_environment_requested_at", "operations", ["environment", "requested_at"])
    op.create_index("ix_operations_requested_at", "operations", ["requested_at"])
    op.create_table(
        "operation_trail",
        sa.Column("operation_id", sa.String(64), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("word", sa.String(32), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("operation_id", "number", name="pk_operation_trail"),
        sa.ForeignKeyConstraint(["operation_id"], ["operations.id"], name="fk_operation_trail_operation_id"),
    )


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("source_type", sa.String(64), nullable=False),
        sa.Column("subject", sa.String(256), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("event_id", sa.String(64), nullable=False),
        sa.Column("came", sa.String(16), nullable=False),
        sa.Column("received_at", INSTANT),
        sa.PrimaryKeyConstraint("key", name="pk_events"),
    )
    op.create_index("ix_events_environment_at", "events", ["environment", "at"])
    op.create_index("ix_events_subject_at", "events", ["subject", "at"])
    op.create_table(
        "event_polls",
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("source", sa.String(32), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("environment", "source", name="pk_event_polls"),
    )


def _episodes() -> None:
    op.create_table(
        "episodes",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(256), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("origin", sa.String(32), nullable=False),
        sa.Column("result", sa.String(32), nullable=False),
        sa.Column("acknowledged_by", sa.String(64), nullable=False),
        sa.Column("acknowledged_at", INSTANT),
        sa.Column("acknowledged_comment", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_episodes"),
        sa.UniqueConstraint("environment", "number", name="uq_episodes_environment_number"),
    )
    op.create_index("ix_episodes_environment_started_at", "episodes", ["environment", "started_at"])
    op.create_index("ix_episodes_started_at", "episodes", ["started_at"])


# As for the ledger. In a later batch migration of these tables on SQLite, which rebuilds them, make these again.
_SAID = "key, environment, source, source_type, subject, at, message, categories, came, received_at"
_TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER operation_trail_no_update BEFORE UPDATE ON operation_trail "
        "BEGIN SELECT RAISE(ABORT, 'operation_trail is append-only'); END",
        "CREATE TRIGGER operation_trail_no_delete BEFORE DELETE ON operation_trail "
        "BEGIN SELECT RAISE(ABORT, 'operation_trail is append-only'); END",
        f"CREATE TRIGGER events_no_update BEFORE UPDATE OF {_SAID} ON events "
        "BEGIN SELECT RAISE(ABORT, 'events is append-only'); END",
        "CREATE TRIGGER events_no_second_id BEFORE UPDATE OF event_id ON events WHEN OLD.event_id <> '' "
        "BEGIN SELECT RAISE(ABORT, 'events is append-only'); END",
        "CREATE TRIGGER events_no_delete BEFORE DELETE ON events "
        "BEGIN SELECT RAISE(ABORT, 'events is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION haven_kept_for_ever() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$",
        "CREATE TRIGGER operation_trail_no_change BEFORE UPDATE OR DELETE ON operation_trail "
        "FOR EACH ROW EXECUTE FUNCTION haven_kept_for_ever()",
        "CREATE TRIGGER operation_trail_no_truncate BEFORE TRUNCATE ON operation_trail "
        "FOR EACH STATEMENT EXECUTE FUNCTION haven_kept_for_ever()",
        f"CREATE TRIGGER events_no_change BEFORE DELETE OR UPDATE OF {_SAID} ON events "
        "FOR EACH ROW EXECUTE FUNCTION haven_kept_for_ever()",
        "CREATE TRIGGER events_no_second_id BEFORE UPDATE OF event_id ON events "
        "FOR EACH ROW WHEN (OLD.event_id <> '') EXECUTE FUNCTION haven_kept_for_ever()",
        "CREATE TRIGGER events_no_truncate BEFORE TRUNCATE ON events "
        "FOR EACH STATEMENT EXECUTE FUNCTION haven_kept_for_ever()",
    ),
}


def downgrade() -> None:
    for table in ("episodes", "event_polls", "events", "pauses", "operation_trail", "operations"):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION haven_kept_for_ever()")
