"""What a list of sessions tells of each, kept in the transactions that change its turns: a list reads no turns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from sqlalchemy import JSON, Column, Double, ForeignKey, Index, Integer, String, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from affect.trajectory import MOST_UNCERTAIN
from companion.records.database import Work
from companion.records.tables import SessionRow, TurnRow


class SummaryRow(SQLModel, table=True):
    """One session that something was said in; see `Summary`."""

    __tablename__: ClassVar[str] = "session_summary"
    __table_args__ = (
        Index("ix_summary_started", "started_at", "session_id"),
        Index("ix_summary_user_started", "user_id", "started_at", "session_id"),
    )

    session_id: str = Field(
        sa_column=Column(
            String(128), ForeignKey("session.id", name="fk_summary_session", ondelete="CASCADE"), primary_key=True
        )
    )
    user_id: str = Field(
        sa_column=Column(String(128), ForeignKey("user.id", name="fk_summary_user", ondelete="CASCADE"), nullable=False)
    )
    started_at: float = Field(sa_column=Column(Double, nullable=False))
    last_at: float = Field(sa_column=Column(Double, nullable=False))
    turns: int = Field(sa_column=Column(Integer, nullable=False))
    language: str | None = Field(default=None, sa_column=Column(String(16)))
    level: int = Field(sa_column=Column(Integer, nullable=False))
    incongruence: float | None = Field(default=None, sa_column=Column(Double))
    incongruent_kind: str | None = Field(default=None, sa_column=Column(String(32)))
    state: str = Field(sa_column=Column(String(16), nullable=False))
    known: int = Field(sa_column=Column(Integer, nullable=False))
    certainty: float = Field(sa_column=Column(Double, nullable=False))
    valence_mean: float | None = Field(default=None, sa_column=Column(Double))
    valence_last: float | None = Field(default=None, sa_column=Column(Double))
    models: list[str] = Field(sa_column=Column(JSON, nullable=False))
    likes: int = Field(sa_column=Column(Integer, nullable=False))
    dislikes: int = Field(sa_column=Column(Integer, nullable=False))


@dataclass(frozen=True, slots=True)
class Read:
    """What of a turn counts for its session. at: unix s; level: 0..4; valence: -1..1, uncertainty, score: 0..1.

    score, kind: of the incongruence; model: the chat model; answered_by: it, or a script or counsellor in its place.
    """

    at: float
    language: str | None
    rating: str | None
    level: int | None
    trajectory: str | None
    valence: float | None
    uncertainty: float | None
    score: float | None
    kind: str | None
    model: str | None
    answered_by: str | None


@dataclass(frozen=True, slots=True)
class Summary:
    """Of a session's turns. last_at: unix s, of the newest; level: the highest; incongruence: the highest, 0..1.

    language, state: of the newest turn that has one. known: turns whose valence is usable; certainty: the sum of
    1 - uncertainty over them, which weighs valence_mean (-1..1), as in `affect.trajectory`. models: that answered.
    """

    last_at: float
    turns: int
    language: str | None
    level: int
    incongruence: float | None
    incongruent_kind: str | None
    state: str
    known: int
    certainty: float
    valence_mean: float | None
    valence_last: float | None
    models: list[str]
    likes: int
    dislikes: int


def summary(turns: Sequence[Read]) -> Summary:
    """Of a session's turns in order, of which there is one at least."""
    felt = [
        (turn.valence, 1 - (turn.uncertainty or 0.0))
        for turn in turns
        if turn.valence is not None and (turn.uncertainty or 0.0) <= MOST_UNCERTAIN
    ]
    certainty = sum(weight for _, weight in felt)
    odd = max((turn for turn in turns if turn.score is not None), key=lambda turn: turn.score or 0.0, default=None)
    newest = turns[::-1]
    return Summary(
        max(turn.at for turn in turns),
        len(turns),
        next((turn.language for turn in newest if turn.language), None),
        max(turn.level or 0 for turn in turns),
        None if odd is None else odd.score,
        None if odd is None else odd.kind,
        next((turn.trajectory for turn in newest if turn.trajectory), "unknown"),
        len(felt),
        certainty,
        sum(valence * weight for valence, weight in felt) / certainty if certainty else None,
        felt[-1][0] if felt else None,
        sorted({turn.model for turn in turns if turn.model and turn.answered_by in (None, "model")}),
        sum(turn.rating == "like" for turn in turns),
        sum(turn.rating == "dislike" for turn in turns),
    )


_affect: Any = TurnRow.affect
_models: Any = TurnRow.models
_reads = select(
    col(TurnRow.created_at),
    col(TurnRow.language),
    col(TurnRow.rating),
    col(TurnRow.risk_level),
    col(TurnRow.trajectory),
    _affect["valence"].as_float(),
    _affect["uncertainty"].as_float(),
    _affect[("incongruence", "score")].as_float(),
    _affect[("incongruence", "kind")].as_string(),
    _models["chat"].as_string(),
    col(TurnRow.answered_by),
).order_by(col(TurnRow.index), col(TurnRow.created_at))
_table: Any = SummaryRow.__table__  # type: ignore[attr-defined]


def summarised(session_id: str) -> Work:
    """Bring a session's summary up to date with its turns; for the transaction that changed one."""

    async def work(session: AsyncSession) -> None:
        own = select(col(SessionRow.user_id), col(SessionRow.started_at)).where(col(SessionRow.id) == session_id)
        alone = (await session.execute(own.with_for_update(key_share=True))).one()  # what is counted, is counted once
        rows = (await session.execute(_reads.where(col(TurnRow.session_id) == session_id))).all()
        if not rows:
            return
        values = asdict(summary([Read(*row) for row in rows]))
        done: Any = await session.execute(update(_table).where(_table.c.session_id == session_id).values(**values))
        if not done.rowcount:
            new = {"session_id": session_id, "user_id": alone.user_id, "started_at": alone.started_at}
            await session.execute(insert(_table).values(**new, **values))

    return work


def summarised_of(turns: Any) -> Work:
    """`summarised` for every session of these turns (a condition on TurnRow)."""

    async def work(session: AsyncSession) -> None:
        touched = select(col(TurnRow.session_id)).where(turns).distinct()
        for session_id in (await session.execute(touched)).scalars().all():
            await summarised(session_id)(session)

    return work
