"""Memories that change, the outbox of turns to learn from, and what a reply was made of."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_KINDS = {"person": "relationship", "work": "profile"}


def upgrade() -> None:
    with op.batch_alter_table("memory") as batch_op:
        batch_op.add_column(sa.Column("session_id", sa.String(length=128), nullable=True))
        batch_op.add_column(sa.Column("learned_at", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("superseded_by", sa.String(length=128), nullable=True))
        batch_op.add_column(sa.Column("confidence", sa.Double(), nullable=True))
        batch_op.add_column(sa.Column("source", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("recalls", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("last_recalled", sa.Double(), nullable=True))
    memory = sa.table(
        "memory",
        *(sa.column(name) for name in ("kind", "learned_at", "valid_from", "confidence", "source", "recalls")),
    )
    op.execute(memory.update().values(learned_at=memory.c.valid_from, confidence=0.8, source="rules", recalls=0))
    for old, new in _KINDS.items():
        op.execute(memory.update().where(memory.c.kind == old).values(kind=new))
    with op.batch_alter_table("memory") as batch_op:
        for name, kind in (
            ("learned_at", sa.Double()),
            ("confidence", sa.Double()),
            ("source", sa.String(length=16)),
            ("recalls", sa.Integer()),
        ):
            batch_op.alter_column(name, existing_type=kind, nullable=False)
        batch_op.drop_column("valence")

    op.create_table(
        "memory_outbox",
        sa.Column("turn_id", sa.String(length=128), nullable=False),
        sa.Column("user_id", sa.String(length=128), nullable=False),
        sa.Column("said_at", sa.Double(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("ruled", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.Double(), nullable=False),
        sa.Column("error", sa.String(length=100), nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_outbox_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("turn_id"),
    )
    with op.batch_alter_table("memory_outbox") as batch_op:
        batch_op.create_index(batch_op.f("ix_memory_outbox_user_id"), ["user_id"], unique=False)

    with op.batch_alter_table("turn") as batch_op:
        batch_op.add_column(sa.Column("prompt", sa.LargeBinary(), nullable=True))
        batch_op.add_column(sa.Column("response_id", sa.String(length=128), nullable=True))
        batch_op.add_column(sa.Column("strategy", sa.String(length=32), nullable=True))
        batch_op.add_column(sa.Column("rating", sa.String(length=8), nullable=True))
        batch_op.add_column(sa.Column("changes", sa.JSON(none_as_null=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_turn_response_id"), ["response_id"], unique=False)

    op.create_table(
        "erasure",
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("erased_at", sa.Double(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("erasure") as batch_op:
        batch_op.create_index(batch_op.f("ix_erasure_subject"), ["subject"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("erasure") as batch_op:
        batch_op.drop_index(batch_op.f("ix_erasure_subject"))
    op.drop_table("erasure")

    with op.batch_alter_table("turn") as batch_op:
        batch_op.drop_index(batch_op.f("ix_turn_response_id"))
        for name in ("changes", "rating", "strategy", "response_id", "prompt"):
            batch_op.drop_column(name)

    with op.batch_alter_table("memory_outbox") as batch_op:
        batch_op.drop_index(batch_op.f("ix_memory_outbox_user_id"))
    op.drop_table("memory_outbox")

    with op.batch_alter_table("memory") as batch_op:
        batch_op.add_column(sa.Column("valence", sa.Double(), nullable=True))
        for name in ("last_recalled", "recalls", "source", "confidence", "superseded_by", "learned_at", "session_id"):
            batch_op.drop_column(name)
