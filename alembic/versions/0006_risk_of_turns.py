"""What was read of danger in a turn, who answered it, and where a session's protocol stands."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("turn", sa.Column("risk_level", sa.Integer(), nullable=True))
    op.add_column("turn", sa.Column("risk", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("turn", sa.Column("answered_by", sa.String(length=16), nullable=True))
    op.add_column("session", sa.Column("safety", sa.Text(), nullable=True))
    op.add_column("session", sa.Column("risk_level", sa.Integer(), nullable=True))
    op.create_index("ix_session_risk", "session", ["risk_level", "started_at"])


def downgrade() -> None:
    op.drop_index("ix_session_risk", table_name="session")
    with op.batch_alter_table("session") as session:
        session.drop_column("risk_level")
        session.drop_column("safety")
    with op.batch_alter_table("turn") as turn:
        turn.drop_column("answered_by")
        turn.drop_column("risk")
        turn.drop_column("risk_level")
