"""One member of staff looks at one person: nothing is read before it is known that they may, and written down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Request

from api.review.exchange import Exchange
from api.review.queue import exchange_of
from api.staff import access_of
from companion.engine import Engine
from companion.errors import InputError
from companion.records.database import Work
from companion.records.staff import Staff
from companion.review.labels import Labels, Unit
from companion.review.notes import Notes
from companion.review.reading import Reader, Reading
from companion.review.session_list import Listed, one
from companion.review.timeline import Place, Timelines

AnyRequest = Request[Any, Any, Any]


class Looking:
    """What one request needs. Raises InputError: not_found for whom they may not see, whether they are there or not;
    not_consented where a person does not agree to be read."""

    def __init__(self, request: AnyRequest, staff: Staff) -> None:
        self.exchange: Exchange = exchange_of(request)
        self.engine: Engine = self.exchange.engine
        self.desk = access_of(request)
        self.staff = staff
        self.now = self.desk.now()
        records = self.engine.records
        self.store = records.store
        self.reading = Reading(records.store, self.engine.consents)
        self.timelines = Timelines(records.store, records.ring)
        self.notes = Notes(records.store, records.ring)
        self.labels = Labels(records.store, self.desk.audit)
        self.elder = "supervisor" in staff.roles

    async def reader(self) -> Reader:
        """Who reads, and whom they may see by name."""
        people = None if self.elder else frozenset(await self.desk.caseload.people(self.staff, self.now))
        return Reader(self.staff.id, people, self.now)

    async def listed(self, action: str, rows: int, *, of: str | None = None) -> None:
        """Write down that they got a list. of: the one person whom it is about."""
        await self.desk.audit.write(self.now, self.staff.id, action, user_id=of, rows=rows)

    async def session(self, session_id: str, action: str, *, words: bool = True) -> Listed:
        """A session that they may see. words: and read, which takes consent."""
        found = await one(self.store, session_id)
        if found is None:
            raise _nobody()
        await self._look(found.user_id, session_id, session_id, action, words=words)
        return found

    async def turn(self, turn_id: str, action: str) -> Place:
        """A turn that they may read."""
        place = await self.timelines.place(turn_id)
        if place is None:
            raise _nobody()
        await self._look(place.user_id, place.session_id, turn_id, action, words=True)
        return place

    async def acted(self, unit: Unit, action: str, *works: Work) -> None:
        """Do this to a turn or session that they may read, and write it down, in one transaction."""
        await self._look(unit.user_id, unit.session_id, unit.id, action, words=True, also=works)

    async def person(self, user_id: str, action: str) -> None:
        """A person whom they may see."""
        await self._look(user_id, None, None, action, words=False)

    async def _look(
        self,
        user_id: str,
        session_id: str | None,
        object_id: str | None,
        action: str,
        *,
        words: bool,
        also: Sequence[Work] = (),
    ) -> None:
        readable = not words or await self._readable(user_id, session_id)
        told = action if readable else f"{action}.withheld"
        await self.desk.caseload.seen(
            self.staff, user_id, told, self.now, object_id=object_id, also=also if readable else ()
        )
        if not readable:
            raise InputError(
                "this person has not agreed that a counsellor reads what they say, and no case of this talk is open",
                code="not_consented",
            )
        await self.engine.records.ring.load(user_id)

    async def _readable(self, user_id: str, session_id: str | None) -> bool:
        reader = Reader(self.staff.id, None, self.now)
        return await self.reading.of(reader, user_id, session_id) != "no"


def _nobody() -> InputError:
    return InputError("nobody of this id is among those that you may see", code="not_found")
