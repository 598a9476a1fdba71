"""What a person was told, how old they said they are, how much they use it; and counts of nobody."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "safety_count",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "name"),
    )
    op.create_table(
        "duty",
        sa.Column("user_id", sa.String(length=128), nullable=False),
        sa.Column("minor", sa.Boolean(), nullable=True),
        sa.Column("born", sa.Integer(), nullable=True),
        sa.Column("told", sa.JSON(), nullable=True),
        sa.Column("nudged_at", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_duty_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_table(
        "use_of_day",
        sa.Column("user_id", sa.String(length=128), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("minutes", sa.Double(), nullable=False),
        sa.Column("night", sa.Boolean(), nullable=False),
        sa.Column("exclusive", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_use_of_day_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "day"),
    )


def downgrade() -> None:
    for table in ("use_of_day", "duty", "safety_count"):
        op.drop_table(table)
