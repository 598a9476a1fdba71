"""Labels: an operator's questions, answered by reviewers who do not see each other's answers before they gave theirs.

An answer can be changed until somebody else has answered the same question, as from then on it may have been seen.
Where two disagree, a supervisor settles it.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

from sqlalchemy import JSON, Boolean, Column, Double, ForeignKey, Index, Integer, String, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col

from companion.errors import InputError
from companion.records.audit import Audit
from companion.records.database import Store, Work
from companion.records.staff import StaffRow

Kind = Literal["choice", "scale", "flag"]
Per = Literal["turn", "session"]
Value = bool | int | str
_CHOICES = (2, 20)
_LONGEST_CHOICE = 64
_STEPS = range(-100, 101)
_ANSWER, _VERDICT = text("NOT adjudicated"), text("adjudicated")


class LabelSchemaRow(SQLModel, table=True):
    """The questions as somebody defined them. labels: of `Definition`. at: unix s; staff_id: whose."""

    __tablename__: ClassVar[str] = "label_schema"

    version: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    at: float = Field(sa_column=Column(Double, nullable=False))
    staff_id: str = Field(sa_column=Column(String(64), nullable=False))
    labels: list[Any] = Field(sa_column=Column(JSON, nullable=False))


class LabelRow(SQLModel, table=True):
    """One answer. unit: id of the turn, or of the session where the question is per session. at: unix s."""

    __tablename__: ClassVar[str] = "label"
    __table_args__ = (
        Index("ix_label_session", "session_id"),
        Index("ix_label_user", "user_id"),
        Index("ix_label_name", "name", "version", "at"),
        Index(
            "ux_label_answer",
            *("unit", "name", "version", "staff_id"),
            unique=True,
            sqlite_where=_ANSWER,
            postgresql_where=_ANSWER,
        ),
        Index(
            "ux_label_verdict",
            *("unit", "name", "version"),
            unique=True,
            sqlite_where=_VERDICT,
            postgresql_where=_VERDICT,
        ),
    )

    id: str = Field(sa_column=Column(String(64), primary_key=True))
    user_id: str = Field(
        sa_column=Column(String(128), ForeignKey("user.id", name="fk_label_user", ondelete="CASCADE"), nullable=False)
    )
    session_id: str = Field(
        sa_column=Column(
            String(128), ForeignKey("session.id", name="fk_label_session", ondelete="CASCADE"), nullable=False
        )
    )
    unit: str = Field(sa_column=Column(String(128), nullable=False))
    name: str = Field(sa_column=Column(String(32), nullable=False))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    staff_id: str = Field(sa_column=Column(String(64), ForeignKey("staff.id", name="fk_label_staff"), nullable=False))
    value: Any = Field(sa_column=Column(JSON, nullable=False))
    at: float = Field(sa_column=Column(Double, nullable=False))
    adjudicated: bool = Field(sa_column=Column(Boolean, nullable=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A question. values: of a choice its names, of a scale its steps upwards, of a flag none."""

    name: str
    title_zh: str
    title_en: str
    kind: Kind
    values: Sequence[str | int] = ()
    per: Per = "turn"


@dataclass(frozen=True, slots=True)
class Schema:
    """The questions of a version; 0: nobody has defined any."""

    version: int
    labels: Sequence[Definition]


@dataclass(frozen=True, slots=True)
class Unit:
    """What is labelled: a turn (id) of a session, or the session itself (id its own)."""

    id: str
    session_id: str
    user_id: str
    per: Per


@dataclass(frozen=True, slots=True)
class Label:
    """One answer, or what settled it. by: id and name. at: unix s."""

    unit: str
    name: str
    version: int
    value: Value
    by: tuple[str, str]
    at: float
    adjudicated: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What a reviewer gets to see of a unit. hidden: answers of others that they do not; disputed: names."""

    labels: Sequence[Label]
    hidden: int
    disputed: Sequence[str]


class Labels:
    """Over the database. Times: unix s. Raises StorageError."""

    def __init__(self, store: Store, audit: Audit) -> None:
        self._store, self._audit = store, audit

    async def schema(self, version: int | None = None) -> Schema:
        """The questions in force, or those of a version. Raises InputError (not_found)."""

        async def work(session: AsyncSession) -> LabelSchemaRow | None:
            query = select(LabelSchemaRow).order_by(col(LabelSchemaRow.version).desc()).limit(1)
            if version is not None:
                query = query.where(col(LabelSchemaRow.version) == version)
            return await session.scalar(query)

        row = await self._store.transaction(work)
        if row is None and version:
            raise InputError("no label schema has this version", code="not_found")
        return Schema(0, ()) if row is None else Schema(row.version, [Definition(**each) for each in row.labels])

    async def define(self, staff_id: str, labels: Sequence[Definition], now: float) -> Schema:
        """These are the questions from now on. Raises InputError (invalid_schema; schema_changed: by somebody else)."""
        check(labels)
        kept = [asdict(each) | {"values": list(each.values)} for each in labels]
        version = (await self.schema()).version + 1

        async def work(session: AsyncSession) -> None:
            session.add(LabelSchemaRow(version=version, at=now, staff_id=staff_id, labels=kept))
            await session.flush()
            await self._audit.row(now, staff_id, "label.define", version=version, labels=len(kept))(session)

        try:
            await self._store.transaction(work, passing=IntegrityError)
        except IntegrityError:
            raise InputError("somebody has changed the schema at this moment: read it", code="schema_changed") from None
        return Schema(version, list(labels))

    async def answered(self, unit: Unit, staff_id: str, name: str, value: Value, now: float, *, elder: bool) -> Work:
        """A reviewer's answer, for a transaction. elder: they see what two have answered (a supervisor).

        Raises InputError (invalid_label); within the transaction also label_final.
        """
        version = await self._fitting(unit, name, value)

        async def work(session: AsyncSession) -> None:
            given = _of(unit.id, name, version)
            rows = (await session.execute(select(LabelRow).where(given))).scalars().all()
            others = [row for row in rows if row.staff_id != staff_id or row.adjudicated]
            mine = next((row for row in rows if row.staff_id == staff_id and not row.adjudicated), None)
            if others and (mine is not None or (elder and len(others) > 1)):
                raise InputError("others have answered this too: what was said stays", code="label_final")
            if mine is not None:
                change = update(LabelRow).where(col(LabelRow.id) == mine.id).values(value=value, at=now)
                await session.execute(change)
            else:
                session.add(_row(unit, staff_id, name, version, value, now, adjudicated=False))
                await session.flush()

        return work

    async def adjudicated(self, unit: Unit, staff_id: str, name: str, value: Value, now: float) -> Work:
        """What settles a disagreement, for a transaction; a later one replaces it.

        Raises InputError (invalid_label); within the transaction also not_disputed.
        """
        version = await self._fitting(unit, name, value)

        async def work(session: AsyncSession) -> None:
            given = _of(unit.id, name, version)
            rows = (await session.execute(select(LabelRow).where(given))).scalars().all()
            if len({_key(row.value) for row in rows if not row.adjudicated}) < 2:
                raise InputError("no two reviewers disagree on this", code="not_disputed")
            if any(row.adjudicated for row in rows):
                values = {"value": value, "at": now, "staff_id": staff_id}
                await session.execute(update(LabelRow).where(given, col(LabelRow.adjudicated)).values(**values))
            else:
                session.add(_row(unit, staff_id, name, version, value, now, adjudicated=True))
                await session.flush()

        return work

    async def of(self, units: Sequence[str], staff_id: str, *, elder: bool) -> Mapping[str, Shown]:
        """What this reviewer may see of these units, by the schema in force."""
        version = (await self.schema()).version

        async def work(session: AsyncSession) -> Sequence[Any]:
            theirs = (col(LabelRow.unit).in_(units)) & (col(LabelRow.version) == version)
            query = select(LabelRow, col(StaffRow.name)).outerjoin(StaffRow, col(StaffRow.id) == col(LabelRow.staff_id))
            return (await session.execute(query.where(theirs).order_by(col(LabelRow.at), col(LabelRow.staff_id)))).all()

        by_unit: dict[str, list[Label]] = defaultdict(list)
        for row, who in await self._store.transaction(work):
            by_unit[row.unit].append(
                Label(row.unit, row.name, row.version, row.value, (row.staff_id, who or ""), row.at, row.adjudicated)
            )
        return {unit: visible(labels, staff_id, elder=elder) for unit, labels in by_unit.items()}

    async def answers(
        self, name: str, version: int, *, people: frozenset[str] | None, since: float | None, until: float | None
    ) -> list[dict[str, Value]]:
        """Of each unit, reviewer -> answer. people: whose, None for everybody's. [since, until): unix s, of answers."""

        async def work(session: AsyncSession) -> Sequence[Any]:
            query = select(
                col(LabelRow.unit), col(LabelRow.staff_id), col(LabelRow.value), col(LabelRow.user_id)
            ).where(col(LabelRow.name) == name, col(LabelRow.version) == version, ~col(LabelRow.adjudicated))
            if since is not None:
                query = query.where(col(LabelRow.at) >= since)
            if until is not None:
                query = query.where(col(LabelRow.at) < until)
            return (await session.execute(query.order_by(col(LabelRow.unit), col(LabelRow.staff_id)))).all()

        units: dict[str, dict[str, Value]] = defaultdict(dict)
        for unit, staff_id, value, user_id in await self._store.transaction(work):
            if people is None or user_id in people:
                units[unit][staff_id] = value
        return list(units.values())

    async def _fitting(self, unit: Unit, name: str, value: Value) -> int:
        """The version in force, where this answers a question of it. Raises InputError (invalid_label)."""
        schema = await self.schema()
        asked = next((each for each in schema.labels if each.name == name and each.per == unit.per), None)
        if asked is None:
            raise InputError(
                f"no question of this name is asked of a {unit.per}: GET label-schema", code="invalid_label"
            )
        if not fits(asked, value):
            raise InputError(f"this is no answer to it: it is a {asked.kind}, see its values", code="invalid_label")
        return schema.version


def check(labels: Sequence[Definition]) -> None:
    """Raises InputError (invalid_schema) for questions that cannot be asked."""
    names = [each.name for each in labels]
    if len(set(names)) != len(names):
        raise InputError("two questions have the same name", code="invalid_schema")
    for place, each in enumerate(labels):
        values, plain = list(each.values), f"question {place + 1}"
        if each.kind == "flag" and values:
            raise InputError(f"{plain}: a flag has no values", code="invalid_schema")
        if each.kind == "flag":
            continue
        if not _CHOICES[0] <= len(values) <= _CHOICES[1] or len(set(values)) != len(values):
            raise InputError(f"{plain}: give {_CHOICES[0]} to {_CHOICES[1]} different values", code="invalid_schema")
        if each.kind == "choice" and not all(
            isinstance(value, str) and value.isprintable() and 0 < len(value) <= _LONGEST_CHOICE for value in values
        ):
            raise InputError(f"{plain}: choices are names of 1 to {_LONGEST_CHOICE} characters", code="invalid_schema")
        if each.kind == "scale":
            steps = [value for value in values if type(value) is int and value in _STEPS]
            if steps != values or steps != sorted(steps):
                raise InputError(
                    f"{plain}: a scale's steps are whole numbers upwards, within -100 to 100", code="invalid_schema"
                )


def fits(asked: Definition, value: Value) -> bool:
    """Whether this answers the question. True is no 1."""
    if asked.kind == "flag":
        return isinstance(value, bool)
    return not isinstance(value, bool) and value in asked.values


def visible(labels: Sequence[Label], staff_id: str, *, elder: bool) -> Shown:
    """What a reviewer sees of one unit: their answers and, of the questions that they answered, all.

    elder: also of those that two have answered, to settle them.
    """
    by_name: dict[str, list[Label]] = defaultdict(list)
    for label in labels:
        by_name[label.name].append(label)
    shown, hidden, disputed = list[Label](), 0, list[str]()
    for name, all_of_it in by_name.items():
        answers = [label for label in all_of_it if not label.adjudicated]
        if any(label.by[0] == staff_id for label in answers) or (elder and len(answers) > 1):
            shown += all_of_it
            if len({_key(label.value) for label in answers}) > 1 and len(answers) == len(all_of_it):
                disputed.append(name)
        else:
            hidden += len(answers)
    return Shown(shown, hidden, disputed)


def _key(value: Value) -> tuple[str, Value]:
    return type(value).__name__, value


def _of(unit: str, name: str, version: int) -> Any:
    return (col(LabelRow.unit) == unit) & (col(LabelRow.name) == name) & (col(LabelRow.version) == version)


def _row(
    unit: Unit, staff_id: str, name: str, version: int, value: Value, now: float, *, adjudicated: bool
) -> LabelRow:
    return LabelRow(
        id=f"label_{uuid.uuid4().hex}",
        user_id=unit.user_id,
        session_id=unit.session_id,
        unit=unit.id,
        name=name,
        version=version,
        staff_id=staff_id,
        value=value,
        at=now,
        adjudicated=adjudicated,
    )
