"""The journal of sessions, and what a session needs to go on in another process."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("user") as batch_op:
        batch_op.add_column(sa.Column("sat_down_at", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("seen_at", sa.Double(), nullable=True))
    with op.batch_alter_table("session") as batch_op:
        batch_op.add_column(sa.Column("settings", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("seen_at", sa.Double(), nullable=True))
    with op.batch_alter_table("turn") as batch_op:
        batch_op.add_column(sa.Column("reply_item_id", sa.String(length=128), nullable=True))
        batch_op.add_column(sa.Column("audio_seq", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("heard_ms", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("images", sa.JSON(), nullable=True))
    op.create_table(
        "journal",
        sa.Column("session_id", sa.String(length=128), nullable=False),
        sa.Column("first_seq", sa.BigInteger(), nullable=False),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.String(length=128), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name="fk_journal_session", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id", "first_seq"),
    )
    op.create_index("ix_journal_at", "journal", ["at"])
    op.create_index("ix_journal_user", "journal", ["user_id"])


def downgrade() -> None:
    op.drop_table("journal")
    with op.batch_alter_table("turn") as batch_op:
        batch_op.drop_column("images")
        batch_op.drop_column("heard_ms")
        batch_op.drop_column("audio_seq")
        batch_op.drop_column("reply_item_id")
    with op.batch_alter_table("session") as batch_op:
        batch_op.drop_column("seen_at")
        batch_op.drop_column("settings")
    with op.batch_alter_table("user") as batch_op:
        batch_op.drop_column("seen_at")
        batch_op.drop_column("sat_down_at")
