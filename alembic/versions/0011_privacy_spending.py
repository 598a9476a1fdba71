"""What releases of aggregates have cost of the privacy budget."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "privacy_spending",
        sa.Column("quarter", sa.String(length=7), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("who", sa.String(length=128), nullable=False),
        sa.Column("purpose", sa.String(length=400), nullable=False),
        sa.Column("epsilon", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("quarter", "number"),
    )


def downgrade() -> None:
    op.drop_table("privacy_spending")
