"""What the lists of sessions need; notes and labels of staff."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_MOST_UNCERTAIN = 0.95
_BATCH = 200  # sessions read at once
_TURNS = sa.text(
    "SELECT t.session_id, s.user_id, s.started_at, t.created_at, t.language, t.rating, t.risk_level, t.answered_by, "
    "CAST(t.affect AS TEXT) AS affect, CAST(t.models AS TEXT) AS models "
    "FROM turn t JOIN session s ON s.id = t.session_id WHERE t.session_id IN :ids "
    'ORDER BY t.session_id, t."index", t.created_at'
).bindparams(sa.bindparam("ids", expanding=True))


def upgrade() -> None:
    op.add_column("turn", sa.Column("trajectory", sa.String(length=16), nullable=True))
    summary = op.create_table(
        "session_summary",
        sa.Column("session_id", sa.String(length=128), nullable=False),
        sa.Column("user_id", sa.String(length=128), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("last_at", sa.Double(), nullable=False),
        sa.Column("turns", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=True),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("incongruence", sa.Double(), nullable=True),
        sa.Column("incongruent_kind", sa.String(length=32), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("certainty", sa.Double(), nullable=False),
        sa.Column("valence_mean", sa.Double(), nullable=True),
        sa.Column("valence_last", sa.Double(), nullable=True),
        sa.Column("models", sa.JSON(), nullable=False),
        sa.Column("likes", sa.Integer(), nullable=False),
        sa.Column("dislikes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name="fk_summary_session", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_summary_user", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("session_id"),
    )
    _fill(summary)
    op.create_index("ix_summary_started", "session_summary", ["started_at", "session_id"])
    op.create_index("ix_summary_user_started", "session_summary", ["user_id", "started_at", "session_id"])
    op.create_table(
        "note",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=128), nullable=False),
        sa.Column("session_id", sa.String(length=128), nullable=False),
        sa.Column("turn_id", sa.String(length=128), nullable=True),
        sa.Column("staff_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_note_user", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name="fk_note_session", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_note_staff"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_note_session", "note", ["session_id", "at"])
    op.create_index("ix_note_user", "note", ["user_id"])
    op.create_table(
        "label_schema",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("staff_id", sa.String(length=64), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "label",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user_id", sa.String(length=128), nullable=False),
        sa.Column("session_id", sa.String(length=128), nullable=False),
        sa.Column("unit", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("staff_id", sa.String(length=64), nullable=False),
        sa.Column("value", sa.JSON(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("adjudicated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user.id"], name="fk_label_user", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["session_id"], ["session.id"], name="fk_label_session", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.id"], name="fk_label_staff"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_label_session", "label", ["session_id"])
    op.create_index("ix_label_user", "label", ["user_id"])
    op.create_index("ix_label_name", "label", ["name", "version", "at"])
    for name, columns, where in (
        ("ux_label_answer", ["unit", "name", "version", "staff_id"], sa.text("NOT adjudicated")),
        ("ux_label_verdict", ["unit", "name", "version"], sa.text("adjudicated")),
    ):
        op.create_index(name, "label", columns, unique=True, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    op.drop_table("label")
    op.drop_table("label_schema")
    op.drop_table("note")
    op.drop_table("session_summary")
    with op.batch_alter_table("turn") as turn:
        turn.drop_column("trajectory")


def _fill(table: sa.Table) -> None:
    """Sum up the sessions that are there. How valence moved in them was not kept turn by turn: unknown."""
    connection = op.get_bind()
    ids = connection.execute(sa.text("SELECT id FROM session ORDER BY id")).scalars().all()
    for first in range(0, len(ids), _BATCH):
        rows = connection.execute(_TURNS, {"ids": ids[first : first + _BATCH]}).all()
        if rows:
            connection.execute(sa.insert(table), list(_summaries(rows)))


def _summaries(rows: Iterable[Any]) -> Iterator[dict[str, Any]]:
    for session_id, group in groupby(rows, key=lambda row: row.session_id):
        turns = list(group)
        affects = [json.loads(row.affect) if row.affect else {} for row in turns]
        felt = [
            (affect["valence"], 1 - (affect.get("uncertainty") or 0.0))
            for affect in affects
            if affect.get("valence") is not None and (affect.get("uncertainty") or 0.0) <= _MOST_UNCERTAIN
        ]
        certainty = sum(weight for _, weight in felt)
        odd = max((affect.get("incongruence") or {"score": -1.0} for affect in affects), key=lambda each: each["score"])
        models = {
            json.loads(row.models).get("chat") for row in turns if row.models and row.answered_by in (None, "model")
        }
        yield {
            "session_id": session_id,
            "user_id": turns[0].user_id,
            "started_at": turns[0].started_at,
            "last_at": max(row.created_at for row in turns),
            "turns": len(turns),
            "language": next((row.language for row in reversed(turns) if row.language), None),
            "level": max(row.risk_level or 0 for row in turns),
            "incongruence": None if odd["score"] < 0 else odd["score"],
            "incongruent_kind": odd.get("kind"),
            "state": "unknown",
            "known": len(felt),
            "certainty": certainty,
            "valence_mean": sum(valence * weight for valence, weight in felt) / certainty if certainty else None,
            "valence_last": felt[-1][0] if felt else None,
            "models": sorted(model for model in models if model),
            "likes": sum(row.rating == "like" for row in turns),
            "dislikes": sum(row.rating == "dislike" for row in turns),
        }
