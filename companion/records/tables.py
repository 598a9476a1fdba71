"""Tables of the records. Times are unix seconds, so that SQLite and PostgreSQL answer alike.

What a person said, and whatever quotes it, is kept as sealed bytes (see `crypto`); numbers stay readable.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Column, Double, ForeignKey, Index, LargeBinary, String, Text, text
from sqlmodel import Field, SQLModel

_Json = JSON(none_as_null=True)
HAS_FILES = "audio IS NOT NULL OR images IS NOT NULL"  # of a turn, in the spool


class UserRow(SQLModel, table=True):
    """A person. wrapped_key: their key, encrypted with the master key; without it nothing of theirs can be read.

    sat_down_at, seen_at: when they began to talk without a longer pause, over all their sessions, and until when.
    """

    __tablename__: ClassVar[str] = "user"

    id: str = Field(sa_column=Column(String(128), primary_key=True))
    created_at: float = Field(sa_column=Column(Double, nullable=False))
    wrapped_key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    baseline: bytes | None = Field(default=None, sa_column=Column(LargeBinary))  # sealed: a voice is a biometric
    sat_down_at: float | None = Field(default=None, sa_column=Column(Double))
    seen_at: float | None = Field(default=None, sa_column=Column(Double))


class SessionRow(SQLModel, table=True):
    """One conversation, over as many sockets as it takes. settings: what its client chose, sealed.

    seen_at: when its client was last there. safety: where the risk protocol stands (`safety.protocol.dump`, no words);
    risk_level: the level that is held, 0..4.
    """

    __tablename__: ClassVar[str] = "session"
    __table_args__ = (
        Index("ix_session_user_started", "user_id", "started_at"),
        Index("ix_session_risk", "risk_level", "started_at"),
    )

    id: str = Field(sa_column=Column(String(128), primary_key=True))
    user_id: str = Field(
        sa_column=Column(String(128), ForeignKey("user.id", name="fk_session_user", ondelete="CASCADE"), nullable=False)
    )
    started_at: float = Field(sa_column=Column(Double, nullable=False))
    ended_at: float | None = Field(default=None, sa_column=Column(Double))
    client: str | None = Field(default=None, sa_column=Column(String(200)))
    persona: str | None = Field(default=None, sa_column=Column(String(100)))
    language: str | None = Field(default=None, sa_column=Column(String(16)))
    settings: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    seen_at: float | None = Field(default=None, sa_column=Column(Double))
    safety: str | None = Field(default=None, sa_column=Column(Text))
    risk_level: int | None = None


class JournalRow(SQLModel, table=True):
    """Server events of a session, first_seq to last_seq, as they were sent, sealed; see `journal`."""

    __tablename__: ClassVar[str] = "journal"
    __table_args__ = (Index("ix_journal_at", "at"), Index("ix_journal_user", "user_id"))

    session_id: str = Field(
        sa_column=Column(
            String(128), ForeignKey("session.id", name="fk_journal_session", ondelete="CASCADE"), primary_key=True
        )
    )
    first_seq: int = Field(sa_column=Column(BigInteger, primary_key=True))
    last_seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    user_id: str = Field(sa_column=Column(String(128), nullable=False))
    at: float = Field(sa_column=Column(Double, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class TurnRow(SQLModel, table=True):
    """One thing said, and its reply. state: committed, replying, replied, answered, cancelled, failed, deleted.

    replying and replied are on their way: a reply was begun, or was told to the client but is not on record with all
    that belongs to it. user_text, reply_text, affect_words (JSON whose evidence quotes the words) are sealed. audio:
    name in the spool; audio_seq: the client's number of the last audio frame in it. reply_item_id: the item of the
    reply to it; heard_ms: how much of its speech was heard, None for all. modality: voice, text, or told, where the
    companion or a counsellor spoke unasked and user_text is None. risk_level, risk: as read of this turn (0..4; level,
    kinds, reasons without words, held, phase). answered_by: model, script or counsellor. trajectory: how valence
    moved up to this turn (affect.trajectory.State).
    """

    __tablename__: ClassVar[str] = "turn"
    __table_args__ = (
        Index("ix_turn_session_index", "session_id", "index"),
        Index("ix_turn_user_created", "user_id", "created_at"),
        Index("ix_turn_files", "user_id", sqlite_where=text(HAS_FILES), postgresql_where=text(HAS_FILES)),
    )

    id: str = Field(sa_column=Column(String(128), primary_key=True))
    session_id: str = Field(
        sa_column=Column(
            String(128), ForeignKey("session.id", name="fk_turn_session", ondelete="CASCADE"), nullable=False
        )
    )
    user_id: str = Field(
        sa_column=Column(String(128), ForeignKey("user.id", name="fk_turn_user", ondelete="CASCADE"), nullable=False)
    )
    index: int
    created_at: float = Field(sa_column=Column(Double, nullable=False))
    modality: str = Field(sa_column=Column(String(16), nullable=False))
    state: str = Field(sa_column=Column(String(16), nullable=False))
    user_text: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    reply_text: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    audio: str | None = Field(default=None, sa_column=Column(String(200)))
    audio_s: float | None = Field(default=None, sa_column=Column(Double))
    language: str | None = Field(default=None, sa_column=Column(String(16)))
    affect_words: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    affect_voice: dict[str, Any] | None = Field(default=None, sa_column=Column(_Json))
    affect: dict[str, Any] | None = Field(default=None, sa_column=Column(_Json))
    prompt_id: str | None = Field(default=None, sa_column=Column(String(128)))
    prompt_blocks: dict[str, Any] | None = Field(default=None, sa_column=Column(_Json))
    prompt: bytes | None = Field(default=None, sa_column=Column(LargeBinary))  # sealed: all that the model read
    response_id: str | None = Field(default=None, sa_column=Column(String(128), index=True))
    reply_item_id: str | None = Field(default=None, sa_column=Column(String(128)))
    audio_seq: int | None = Field(default=None, sa_column=Column(BigInteger))
    heard_ms: int | None = None
    images: list[Any] | None = Field(default=None, sa_column=Column(_Json))  # names in the spool
    strategy: str | None = Field(default=None, sa_column=Column(String(32)))
    rating: str | None = Field(default=None, sa_column=Column(String(8)))  # like or dislike
    changes: list[Any] | None = Field(default=None, sa_column=Column(_Json))  # what the screen did to the reply
    models: dict[str, Any] | None = Field(default=None, sa_column=Column(_Json))
    timings: dict[str, Any] | None = Field(default=None, sa_column=Column(_Json))
    error: str | None = Field(default=None, sa_column=Column(String(100)))
    risk_level: int | None = None
    risk: dict[str, Any] | None = Field(default=None, sa_column=Column(_Json))
    answered_by: str | None = Field(default=None, sa_column=Column(String(16)))
    trajectory: str | None = Field(default=None, sa_column=Column(String(16)))


class ErasureRow(SQLModel, table=True):
    """The receipt of an erasure: that somebody was erased and how much of them, nothing of what it was.

    subject: keyed hash of the person's id, so that they can show the receipt to be theirs and nobody can read it.
    """

    __tablename__: ClassVar[str] = "erasure"

    id: str = Field(sa_column=Column(String(128), primary_key=True))
    subject: str = Field(sa_column=Column(String(64), nullable=False, index=True))
    erased_at: float = Field(sa_column=Column(Double, nullable=False))
    counts: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
