"""Which template each stack runs.

Revision: 0006, adds only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "running_templates",
        sa.Column("environment", sa.String(32), nullable=False),
        sa.Column("stack", sa.String(128), nullable=False),
        sa.Column("stack_id", sa.Text(), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("as_of", sa.String(128), nullable=False),
        sa.Column("read_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("environment", "stack", name="pk_running_templates"),
    )


def downgrade() -> None:
    op.drop_table("running_templates")
