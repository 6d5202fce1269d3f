"""What is kept of scaling: metrics, activities, temporary edits.

Revision: 0004, adds only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "metric_blocks",
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("subject", sa.String(256), nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("start", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("environment", "subject", "step", "name", "start", name="pk_metric_blocks"),
    )
    op.create_index("ix_metric_blocks_step_start", "metric_blocks", ["step", "start"])
    op.create_table(
        "metric_reads",
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("since", sa.Integer()),
        sa.Column("until", sa.Integer()),
        sa.PrimaryKeyConstraint("environment", "step", name="pk_metric_reads"),
    )
    op.create_table(
        "scaling_activities",
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("service", sa.String(256), nullable=False),
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("environment", "service", "id", name="pk_scaling_activities"),
    )
    op.create_index("ix_scaling_activities_environment_at", "scaling_activities", ["environment", "at"])
    op.create_index(
        "ix_scaling_activities_environment_service_at", "scaling_activities", ["environment", "service", "at"]
    )
    op.create_table(
        "temporary_edits",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("service", sa.String(256), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_temporary_edits"),
    )
    op.create_index("ix_temporary_edits_state_until", "temporary_edits", ["state", "until"])
    op.create_index("ix_temporary_edits_environment_until", "temporary_edits", ["environment", "until"])


def downgrade() -> None:
    op.drop_table("temporary_edits")
    op.drop_table("scaling_activities")
    op.drop_table("metric_reads")
    op.drop_table("metric_blocks")
