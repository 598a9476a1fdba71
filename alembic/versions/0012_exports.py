"""Research exports: requests, who is in them by pseudonym, tombstones, decisions on rare content, notices."""

from __future__ import annotations

import sqlalchemy as sa

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "research_export",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("lineage", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("requested_by", sa.String(length=64), nullable=False),
        sa.Column("requested_at", sa.Double(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("approved_by", sa.String(length=64), nullable=True),
        sa.Column("approved_at", sa.Double(), nullable=True),
        sa.Column("as_of", sa.Double(), nullable=True),
        sa.Column("crisis_text", sa.Boolean(), nullable=False),
        sa.Column("worker", sa.String(length=64), nullable=True),
        sa.Column("lease_until", sa.Double(), nullable=True),
        sa.Column("progress", sa.JSON(), nullable=True),
        sa.Column("counts", sa.JSON(), nullable=True),
        sa.Column("report", sa.JSON(), nullable=True),
        sa.Column("failure", sa.String(length=64), nullable=True),
        sa.Column("marks", sa.JSON(), nullable=True),
        sa.Column("finished_at", sa.Double(), nullable=True),
        sa.Column("expires_at", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_research_export_lineage", "research_export", ["lineage"])
    op.create_index("ix_research_export_by", "research_export", ["requested_by", "requested_at"])
    op.create_index("ix_research_export_state", "research_export", ["state"])
    op.create_table(
        "research_export_member",
        sa.Column("export_id", sa.String(length=64), nullable=False),
        sa.Column("pseudonym", sa.String(length=64), nullable=False),
        sa.Column("training", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["research_export.id"], name="fk_export_member", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("export_id", "pseudonym"),
    )
    op.create_table(
        "research_export_tombstone",
        sa.Column("lineage", sa.String(length=64), nullable=False),
        sa.Column("pseudonym", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("lineage", "pseudonym"),
    )
    op.create_table(
        "research_export_flag",
        sa.Column("lineage", sa.String(length=64), nullable=False),
        sa.Column("flag", sa.String(length=64), nullable=False),
        sa.Column("decision", sa.String(length=8), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("decided_at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("lineage", "flag"),
    )
    op.create_table(
        "research_export_notice",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("export_id", sa.String(length=64), nullable=False),
        sa.Column("staff_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("successor", sa.String(length=64), nullable=True),
        sa.Column("tombstones", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["export_id"], ["research_export.id"], name="fk_export_notice", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_research_export_notice", "research_export_notice", ["export_id"])


def downgrade() -> None:
    op.drop_table("research_export_notice")
    op.drop_table("research_export_flag")
    op.drop_table("research_export_tombstone")
    op.drop_table("research_export_member")
    op.drop_table("research_export")
