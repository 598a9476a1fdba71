"""What the duties of a companion need to know of a person: what they were told, how old they said they are, how much
they use it. Times are unix s; days are those of the deployment's time zone, as 2026-11-25."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from sqlalchemy import JSON, Boolean, Column, Double, ForeignKey, Integer, String, delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from companion.records.database import Store
from companion.safety.dependence import Habits as Use
from companion.safety.duties import Told

_DAYS = 90  # that a day of use is kept for; authored
_LOOKED_AT, _NIGHTS = 7, 14  # days: safety.dependence
_NIGHT_ENDS = 5  # o'clock


class DutyRow(SQLModel, table=True):
    """Of one person. born: about the year of birth; minor: None unknown; told: safety.duties.Told of this sitting."""

    __tablename__: ClassVar[str] = "duty"

    user_id: str = Field(
        sa_column=Column(String(128), ForeignKey("user.id", name="fk_duty_user", ondelete="CASCADE"), primary_key=True)
    )
    minor: bool | None = Field(default=None, sa_column=Column(Boolean))
    born: int | None = Field(default=None, sa_column=Column(Integer))
    told: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON))
    nudged_at: float | None = Field(default=None, sa_column=Column(Double))


class UseRow(SQLModel, table=True):
    """A day on which somebody was here: for how long, whether at night, and how often words left out everybody else."""

    __tablename__: ClassVar[str] = "use_of_day"

    user_id: str = Field(
        sa_column=Column(
            String(128), ForeignKey("user.id", name="fk_use_of_day_user", ondelete="CASCADE"), primary_key=True
        )
    )
    day: str = Field(sa_column=Column(String(10), primary_key=True))
    minutes: float = Field(sa_column=Column(Double, nullable=False))
    night: bool = Field(sa_column=Column(Boolean, nullable=False))
    exclusive: int = Field(sa_column=Column(Integer, nullable=False))


@dataclass(frozen=True, slots=True)
class Known:
    """What is on record of a person; everything unknown for a stranger."""

    minor: bool | None = None
    born: int | None = None
    told: Told = field(default_factory=Told)
    nudged_at: float | None = None
    use: Use = field(default_factory=Use)


class Habits:
    """Over the database. Raises StorageError."""

    def __init__(self, store: Store, timezone: str) -> None:
        self._store, self._zone = store, ZoneInfo(timezone)

    async def of(self, user_id: str, now: float) -> Known:
        """What is known of them, and of their use up to today."""
        today = self._today(now)
        since = (today - timedelta(days=_DAYS)).isoformat()

        async def work(session: AsyncSession) -> tuple[DutyRow | None, Sequence[UseRow]]:
            mine = (col(UseRow.user_id) == user_id) & (col(UseRow.day) >= since)
            return await session.get(DutyRow, user_id), (
                await session.execute(select(UseRow).where(mine))
            ).scalars().all()

        row, days = await self._store.transaction(work)
        use = _use(days, today)
        if row is None:
            return Known(use=use)
        return Known(row.minor, row.born, Told(**(row.told or {})), row.nudged_at, use)

    async def child(self, user_id: str, below: int, now: float) -> bool | None:
        """Whether they are younger than `below` years; None unknown."""

        async def work(session: AsyncSession) -> DutyRow | None:
            return await session.get(DutyRow, user_id)

        row = await self._store.transaction(work)
        if row is None or row.minor is None:
            return None
        if not row.minor:
            return False
        return None if row.born is None else self._today(now).year - row.born < below

    async def keep(self, user_id: str, **values: Any) -> None:
        """Of minor, born, told, nudged_at."""
        if "told" in values:
            told = values["told"]
            values["told"] = {"disclosed": told.disclosed, "reminder_s": told.reminder_s, "break_s": told.break_s}

        async def work(session: AsyncSession) -> None:
            insert: Any = _dialect(session).insert(DutyRow.__table__).values(user_id=user_id, **values)  # type: ignore[attr-defined]
            await session.execute(insert.on_conflict_do_update(index_elements=["user_id"], set_=values))

        await self._store.transaction(work)

    async def used(self, user_id: str, since: float, until: float, exclusive: int) -> None:
        """They were here from since to until, and so many turns left out everybody else; old days go."""
        start, end = (datetime.fromtimestamp(at, UTC).astimezone(self._zone) for at in (since, until))
        day, oldest = end.date().isoformat(), (end.date() - timedelta(days=_DAYS)).isoformat()
        night = end.hour < _NIGHT_ENDS or start.hour < _NIGHT_ENDS or end.date() > start.date()
        minutes = max(0.0, until - since) / 60

        async def work(session: AsyncSession) -> None:
            table = UseRow.__table__  # type: ignore[attr-defined]
            values = {"user_id": user_id, "day": day, "minutes": minutes, "night": night, "exclusive": exclusive}
            insert: Any = _dialect(session).insert(table).values(**values)
            new = insert.excluded
            more = {
                "minutes": table.c.minutes + new.minutes,
                "night": or_(table.c.night, new.night),
                "exclusive": table.c.exclusive + new.exclusive,
            }
            await session.execute(insert.on_conflict_do_update(index_elements=["user_id", "day"], set_=more))
            await session.execute(delete(UseRow).where((col(UseRow.user_id) == user_id) & (col(UseRow.day) < oldest)))

        await self._store.transaction(work)

    def _today(self, now: float) -> date:
        return datetime.fromtimestamp(now, UTC).astimezone(self._zone).date()


def _use(days: Sequence[UseRow], today: date) -> Use:
    by_day = {row.day: row for row in days}
    last = [(today - timedelta(days=back)).isoformat() for back in range(_NIGHTS)]
    recent = [by_day[day] for day in last if day in by_day]
    streak, at = 0, today
    while at.isoformat() in by_day:
        streak, at = streak + 1, at - timedelta(days=1)
    minutes = [by_day[day].minutes if day in by_day else 0.0 for day in reversed(last[:_LOOKED_AT])]
    return Use(minutes, sum(row.night for row in recent), streak, sum(row.exclusive for row in recent))


def _dialect(session: AsyncSession) -> Any:
    return postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
