"""The queue: talks for which a counsellor was asked, who took them on, and what came of it.

A session has at most one open case, which a partial unique index sees to. A case is claimed by one conditional UPDATE,
so that of two who claim at once one wins. Times are unix s.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from sqlalchemy import JSON, Column, Double, ForeignKey, Index, Integer, LargeBinary, String, case, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from companion.errors import InputError
from companion.records.crypto import KeyRing
from companion.records.database import Store, Work
from companion.records.tables import SessionRow
from companion.safety.protocol import dump, load, step
from companion.safety.protocol_types import GaveBack, Policy

CaseState = Literal["waiting", "claimed", "with_person", "resolved", "withdrawn"]
Outcome = Literal["supported", "referred", "emergency", "false_alarm", "unreachable"]
ON_DUTY = ("claimed", "with_person")
_OPEN = "closed_at IS NULL"
_AFTERWARDS_S = 900.0  # to write down what came of it, once the person was given back; authored
_log = logging.getLogger(__name__)


class RiskCaseRow(SQLModel, table=True):
    """One call for a counsellor. level 0..4, priority 1..3, kinds and reasons (names of rules) hold no words.

    said: the last words that were flagged, note: what staff wrote; both sealed with the person's key. due_at: while it
    waits, by when it has to be claimed, sla_s after it was asked for; then, by when something has to come of it.
    """

    __tablename__: ClassVar[str] = "risk_case"
    __table_args__ = (
        Index("ux_risk_case_open", "session_id", unique=True, sqlite_where=text(_OPEN), postgresql_where=text(_OPEN)),
        Index("ix_risk_case_session", "session_id", "asked_at"),
        Index("ix_risk_case_user", "user_id"),
        Index("ix_risk_case_claimed", "claimed_by"),
        Index("ix_risk_case_closed", "closed_at", "id"),
    )

    id: str = Field(sa_column=Column(String(64), primary_key=True))
    session_id: str = Field(
        sa_column=Column(
            String(128), ForeignKey("session.id", name="fk_risk_case_session", ondelete="CASCADE"), nullable=False
        )
    )
    user_id: str = Field(
        sa_column=Column(
            String(128), ForeignKey("user.id", name="fk_risk_case_user", ondelete="CASCADE"), nullable=False
        )
    )
    state: str = Field(sa_column=Column(String(16), nullable=False))
    level: int = Field(sa_column=Column(Integer, nullable=False))
    kinds: list[str] = Field(sa_column=Column(JSON, nullable=False))
    reasons: list[str] = Field(sa_column=Column(JSON, nullable=False))
    said: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    priority: int = Field(sa_column=Column(Integer, nullable=False))
    asked_at: float = Field(sa_column=Column(Double, nullable=False))
    due_at: float = Field(sa_column=Column(Double, nullable=False))
    sla_s: float = Field(sa_column=Column(Double, nullable=False))
    claimed_by: str | None = Field(
        default=None,
        sa_column=Column(String(64), ForeignKey("staff.id", name="fk_risk_case_staff", ondelete="SET NULL")),
    )
    claimed_at: float | None = Field(default=None, sa_column=Column(Double))
    closed_at: float | None = Field(default=None, sa_column=Column(Double))
    outcome: str | None = Field(default=None, sa_column=Column(String(16)))
    note: bytes | None = Field(default=None, sa_column=Column(LargeBinary))


_table: Any = RiskCaseRow.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Named:
    """Of what session and person a case is; claimed_by: the id of whoever has it."""

    id: str
    session_id: str
    user_id: str
    state: CaseState
    claimed_by: str | None


class Cases:
    """Over the database. Works are for a transaction; whoever ran one calls `changed` after it. Raises StorageError.

    on_change: called with a session's id and a person's after their case has changed.
    """

    def __init__(self, store: Store, ring: KeyRing) -> None:
        self.store, self.ring = store, ring
        self.on_change: list[Callable[[str, str], None]] = []

    def changed(self, session_id: str, user_id: str) -> None:
        """Tell who listens; one that fails does not keep the others from it, nor the caller from going on."""
        for told in self.on_change:
            try:
                told(session_id, user_id)
            except Exception as error:
                _log.error("a change of the queue could not be told: %s", type(error).__name__)

    def asked(
        self,
        session_id: str,
        user_id: str,
        *,
        priority: int,
        sla_s: float,
        level: int,
        kinds: Sequence[str],
        reasons: Sequence[str],
        said: str,
        now: float,
    ) -> Work:
        """A counsellor is asked for: the session's case is opened, or moved up and put back for all to claim.

        priority: 1 the most urgent .. 3; sla_s: how long it may wait; said: what was flagged last, "" for nothing new
        (then what is known stays; reasons likewise). The person's key must be loaded.
        """
        given: dict[str, Any] = {
            "level": level,
            "kinds": list(kinds),
            "sla_s": sla_s,
            "state": "waiting",
            "claimed_by": None,
            "claimed_at": None,
        }
        if reasons:
            given["reasons"] = list(reasons)
        if said:
            given["said"] = self.ring.seal(user_id, said)
        opened = {"id": f"risk_{uuid.uuid4().hex}", "session_id": session_id, "user_id": user_id, "reasons": []} | given
        opened |= {"priority": priority, "asked_at": now, "due_at": now + sla_s}

        async def work(session: AsyncSession) -> None:
            dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
            insert: Any = dialect.insert(_table).values(**opened)
            kept, new = _table.c, insert.excluded
            # who waits longer than they should does not wait anew because they are asked for again
            overdue = (kept.state == "waiting") & (kept.due_at < new.due_at)
            moved = {
                "priority": case((kept.priority < new.priority, kept.priority), else_=new.priority),
                "due_at": case((overdue, kept.due_at), else_=new.due_at),
            }
            await session.execute(
                insert.on_conflict_do_update(
                    index_elements=["session_id"], index_where=text(_OPEN), set_={**given, **moved}
                )
            )

        return work

    def withdrawn(self, session_id: str, now: float) -> Work:
        """Nobody is asked for any more: the person refused, or it cooled down."""
        return self._of_session(session_id, state="withdrawn", closed_at=now)

    def joined(self, session_id: str, staff_id: str, now: float) -> Work:
        """A counsellor talks with the person; whoever had claimed it, it is theirs now."""
        return self._of_session(session_id, state="with_person", claimed_by=staff_id, claimed_at=now)

    def left(self, session_id: str, now: float) -> Work:
        """They no longer do; it stays theirs until something came of it, or a counsellor is asked for again."""
        return self._of_session(session_id, ("with_person",), state="claimed", due_at=now + _AFTERWARDS_S)

    def claimed(self, case_id: str, staff_id: str, now: float) -> Work:
        """Somebody takes a waiting case; nothing changes where it is theirs. Raises as `_change`."""
        due_at = now + col(RiskCaseRow.sla_s)
        values = {"state": "claimed", "claimed_by": staff_id, "claimed_at": now, "due_at": due_at}
        return self._change(case_id, ("waiting",), None, values, theirs=staff_id)

    def released(self, case_id: str, holder: str | None, now: float) -> Work:
        """Back to all. holder: who must have it, None for anybody (a supervisor does it). Raises as `_change`."""
        due_at = now + col(RiskCaseRow.sla_s)
        values = {"state": "waiting", "claimed_by": None, "claimed_at": None, "due_at": due_at}
        return self._change(case_id, ON_DUTY, holder, values)

    def handed_over(
        self, case_id: str, holder: str | None, to: str, now: float, *, user_id: str, note: str = ""
    ) -> Work:
        """To another one (id), who has it at once. The person's key must be loaded. As `released`; also with_person."""
        due_at = now + col(RiskCaseRow.sla_s)
        values = {"claimed_by": to, "claimed_at": now, "due_at": due_at, **self._note(user_id, note)}
        return self._change(case_id, ("claimed",), holder, values)

    def resolved(
        self,
        case_id: str,
        holder: str | None,
        now: float,
        *,
        user_id: str,
        outcome: Outcome,
        level: int,
        note: str = "",
    ) -> Work:
        """This came of it; level: 0..4, how they judge it now. A supervisor (holder None) need not claim it first.

        The person's key must be loaded. Raises as `_change`.
        """
        values = {"state": "resolved", "closed_at": now, "outcome": outcome, "level": level}
        states = ON_DUTY if holder else ("waiting", *ON_DUTY)
        return self._change(case_id, states, holder, values | self._note(user_id, note))

    def settled(self, session_id: str, level: int, now: float) -> Work:
        """Where the protocol of a talk that is live nowhere stands, once its case was resolved: it calls nobody again.

        Raises StorageError where what is kept of it cannot be read.
        """

        async def work(session: AsyncSession) -> None:
            mine = col(SessionRow.id) == session_id
            kept = await session.scalar(select(col(SessionRow.safety)).where(mine))
            if kept is not None:
                state, _ = step(load(kept), GaveBack(level), now, Policy())
                values = {"safety": dump(state).decode(), "risk_level": state.level}
                await session.execute(update(SessionRow).where(mine).values(**values))

        return work

    async def is_open(self, session_id: str) -> bool:
        """Whether a counsellor is asked for, or has taken it on, in this session."""

        async def work(session: AsyncSession) -> bool:
            mine = (col(RiskCaseRow.session_id) == session_id) & col(RiskCaseRow.closed_at).is_(None)
            return await session.scalar(select(col(RiskCaseRow.id)).where(mine)) is not None

        return await self.store.transaction(work)

    async def named(self, case_id: str) -> Named | None:
        """Whose case this is; None for an id that is nobody's."""

        async def work(session: AsyncSession) -> RiskCaseRow | None:
            return await session.get(RiskCaseRow, case_id)

        row = await self.store.transaction(work) if printable(case_id) else None
        return None if row is None else Named(row.id, row.session_id, row.user_id, row.state, row.claimed_by)  # type: ignore[arg-type]

    def _note(self, user_id: str, note: str) -> dict[str, Any]:
        return {"note": self.ring.seal(user_id, note)} if note.strip() else {}

    def _of_session(self, session_id: str, states: Sequence[CaseState] = (), **values: Any) -> Work:
        async def work(session: AsyncSession) -> None:
            mine = (col(RiskCaseRow.session_id) == session_id) & col(RiskCaseRow.closed_at).is_(None)
            if states:
                mine &= col(RiskCaseRow.state).in_(states)
            await session.execute(update(RiskCaseRow).where(mine).values(**values))

        return work

    def _change(
        self,
        case_id: str,
        states: Sequence[str],
        holder: str | None,
        values: Mapping[str, Any],
        *,
        theirs: str | None = None,
    ) -> Work:
        """Raises InputError: not_found, case_closed, claimed_by_other, not_claimed, with_person.

        holder: who must have it; theirs: whose it may be already, which is no error.
        """

        async def work(session: AsyncSession) -> None:
            mine = (col(RiskCaseRow.id) == case_id) & col(RiskCaseRow.state).in_(states)
            if holder is not None:
                mine &= col(RiskCaseRow.claimed_by) == holder
            done: Any = await session.execute(update(RiskCaseRow).where(mine).values(**values))
            if done.rowcount:
                return
            row = (
                await session.execute(select(_table.c.state, _table.c.claimed_by).where(_table.c.id == case_id))
            ).first()
            if row is None or row.claimed_by is None or row.claimed_by != theirs or row.state not in ON_DUTY:
                raise _conflict(row, claiming=theirs is not None, may=holder in (None, row and row.claimed_by))

        return work


def _conflict(row: Any, *, claiming: bool, may: bool) -> InputError:
    if row is None:
        return InputError("no case has this id", code="not_found")
    if row.state not in ("waiting", *ON_DUTY):
        return InputError("this case is closed", code="case_closed")
    if row.state == "waiting":
        return InputError("nobody has claimed this case: claim it first", code="not_claimed")
    if may and not claiming:
        return InputError("a counsellor talks with the person: give them back first", code="with_person")
    return InputError("another counsellor has claimed this case", code="claimed_by_other")


def printable(identifier: str) -> bool:
    """Whether a database takes this as an id at all: PostgreSQL refuses a NUL."""
    return identifier.isascii() and identifier.isprintable()
