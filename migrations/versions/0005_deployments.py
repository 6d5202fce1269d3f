"""What is kept of deployments: plans, stack events, templates, drift.

Revision: 0005, adds only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "plans",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("requested_at", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("stacks", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_plans"),
    )
    op.create_index("ix_plans_environment_requested_at", "plans", ["environment", "requested_at"])
    op.create_index("ix_plans_requested_at", "plans", ["requested_at"])
    op.create_table(
        "stack_events",
        sa.Column("number", BIG, autoincrement=True, nullable=False),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("stack", sa.String(128), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("stack_id", sa.Text(), nullable=False),
        sa.Column("logical_id", sa.Text(), nullable=False),
        sa.Column("physical_id", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_stack_events"),
        sa.UniqueConstraint("key", name="uq_stack_events_key"),
    )
    op.create_index("ix_stack_events_environment_stack_at", "stack_events", ["environment", "stack", "at"])
    op.create_index("ix_stack_events_environment_at", "stack_events", ["environment", "at"])
    op.create_table(
        "templates",
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("first_seen", INSTANT, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_templates"),
    )
    op.create_index("ix_templates_name_first_seen", "templates", ["name", "first_seen"])
    op.create_table(
        "drift_reports",
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("stack", sa.String(128), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("environment", "stack", "at", name="pk_drift_reports"),
    )
    op.create_table(
        "accepted_drift",
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("stack", sa.String(128), nullable=False),
        sa.Column("logical_id", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("actual", sa.Text(), nullable=False),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_accepted_drift"),
    )
    op.create_index("ix_accepted_drift_environment", "accepted_drift", ["environment"])


def downgrade() -> None:
    op.drop_table("accepted_drift")
    op.drop_table("drift_reports")
    op.drop_table("templates")
    op.drop_table("stack_events")
    op.drop_table("plans")
