"""Readings of voices by other models, beside those that replies were made with."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "voice_reading",
        sa.Column("turn_id", sa.String(length=128), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.String(length=128), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("voice", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["turn_id"], ["turn.id"], name="fk_voice_reading_turn", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_voice_reading_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("turn_id", "model"),
    )
    op.create_index("ix_voice_reading_user", "voice_reading", ["user_id"])


def downgrade() -> None:
    op.drop_table("voice_reading")
