"""Research exports on record: who asked for what, who agreed, how far it is, and what became of it. No person's id.

Who is in an export stands here only as that export's pseudonyms, whose key is a file outside the database. So an
erasure leaves nothing of the person, and without the key nobody goes from a row to a person.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import JSON, Boolean, Column, Double, ForeignKey, Index, Integer, String, Text
from sqlmodel import Field, SQLModel

_Json = JSON(none_as_null=True)


class ExportRow(SQLModel, table=True):
    """One version of one export. request: `research.export.request.Request`. Unix seconds.

    lineage: of the first version, shared by those after it, as are key and pseudonyms. state: requested, declined,
    queued, running, review (a human decides on rare content), published, failed, superseded, expired. as_of: what came
    later is not in it. crisis_text: the approver allows words of turns in danger. lease_until: the process that runs it
    is believed alive until then. progress: stage, people, done, turns; counts: of what is in it; report: of the risk;
    failure: a code; marks: up to which consent and erasure its people were looked up.
    """

    __tablename__: ClassVar[str] = "research_export"
    __table_args__ = (
        Index("ix_research_export_by", "requested_by", "requested_at"),
        Index("ix_research_export_state", "state"),
    )

    id: str = Field(sa_column=Column(String(64), primary_key=True))
    lineage: str = Field(sa_column=Column(String(64), nullable=False, index=True))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    requested_by: str = Field(sa_column=Column(String(64), nullable=False))
    requested_at: float = Field(sa_column=Column(Double, nullable=False))
    purpose: str = Field(sa_column=Column(Text, nullable=False))
    request: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    state: str = Field(sa_column=Column(String(16), nullable=False))
    approved_by: str | None = Field(default=None, sa_column=Column(String(64)))
    approved_at: float | None = Field(default=None, sa_column=Column(Double))
    as_of: float | None = Field(default=None, sa_column=Column(Double))
    crisis_text: bool = Field(default=False, sa_column=Column(Boolean, nullable=False))
    worker: str | None = Field(default=None, sa_column=Column(String(64)))
    lease_until: float | None = Field(default=None, sa_column=Column(Double))
    progress: dict[str, Any] | None = Field(default=None, sa_column=Column(_Json))
    counts: dict[str, Any] | None = Field(default=None, sa_column=Column(_Json))
    report: dict[str, Any] | None = Field(default=None, sa_column=Column(_Json))
    failure: str | None = Field(default=None, sa_column=Column(String(64)))
    marks: dict[str, Any] | None = Field(default=None, sa_column=Column(_Json))
    finished_at: float | None = Field(default=None, sa_column=Column(Double))
    expires_at: float | None = Field(default=None, sa_column=Column(Double))


class ExportMemberRow(SQLModel, table=True):
    """Somebody is in an export, under this pseudonym. training: with pairs too."""

    __tablename__: ClassVar[str] = "research_export_member"

    export_id: str = Field(
        sa_column=Column(
            String(64),
            ForeignKey("research_export.id", name="fk_export_member", ondelete="CASCADE"),
            primary_key=True,
        )
    )
    pseudonym: str = Field(sa_column=Column(String(64), primary_key=True))
    training: bool = Field(sa_column=Column(Boolean, nullable=False))


class ExportTombstoneRow(SQLModel, table=True):
    """Somebody who was in an export is to be deleted by whoever holds it. version: the first without them."""

    __tablename__: ClassVar[str] = "research_export_tombstone"

    lineage: str = Field(sa_column=Column(String(64), primary_key=True))
    pseudonym: str = Field(sa_column=Column(String(64), primary_key=True))
    version: int = Field(sa_column=Column(Integer, nullable=False))


class ExportFlagRow(SQLModel, table=True):
    """What a human decided on rare content, for all versions. flag: digest of its place and words."""

    __tablename__: ClassVar[str] = "research_export_flag"

    lineage: str = Field(sa_column=Column(String(64), primary_key=True))
    flag: str = Field(sa_column=Column(String(64), primary_key=True))
    decision: str = Field(sa_column=Column(String(8), nullable=False))  # mask or keep
    decided_by: str = Field(sa_column=Column(String(64), nullable=False))
    decided_at: float = Field(sa_column=Column(Double, nullable=False))


class ExportNoticeRow(SQLModel, table=True):
    """A holder is told of their export. kind: superseded, expired, failed. successor: the version in its place."""

    __tablename__: ClassVar[str] = "research_export_notice"
    __table_args__ = (Index("ix_research_export_notice", "export_id"),)

    id: str = Field(sa_column=Column(String(64), primary_key=True))
    export_id: str = Field(
        sa_column=Column(
            String(64), ForeignKey("research_export.id", name="fk_export_notice", ondelete="CASCADE"), nullable=False
        )
    )
    staff_id: str = Field(sa_column=Column(String(64), nullable=False))
    at: float = Field(sa_column=Column(Double, nullable=False))
    kind: str = Field(sa_column=Column(String(16), nullable=False))
    successor: str | None = Field(default=None, sa_column=Column(String(64)))
    tombstones: int = Field(sa_column=Column(Integer, nullable=False))
