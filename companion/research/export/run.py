"""One run of an approved export: look who fits, make each person's part, have rare content looked at, package, publish.

Cut off anywhere, it is run again and goes on with the parts that are whole. Nothing can be downloaded before the row
says `published`, which is after the one rename that puts the whole package in its place.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from companion.errors import StorageError
from companion.records.audit import OPERATOR, Audit
from companion.records.exports import ExportRow
from companion.research.deidentify import Deidentifier
from companion.research.disclosure.pseudonyms import Pseudonyms
from companion.research.export.dialogues import Masks, dialogues
from companion.research.export.folders import Folders
from companion.research.export.keys import named, surrogate_key
from companion.research.export.known import Told, told_of
from companion.research.export.leak_test import leaks_of, unique_leaks
from companion.research.export.manifest import CARD, CROISSANT, About, describe
from companion.research.export.outcome import Failed, Lost
from companion.research.export.package import Member, Writer, Written, data_files, publish
from companion.research.export.parts import Parts, removed
from companion.research.export.people import Sources
from companion.research.export.rarities import Masking, flagged, read_flags
from companion.research.export.register import Register
from companion.research.export.request import Request
from companion.research.export.survey import Chosen, Surveyed, chosen, facts_of, survey
from companion.research.export.talks import Dialogue

_TRIES = 5  # of a package, while people take their consent back; authored
_DAY_S = 86_400.0


class Run:
    """Of one row that this process has claimed. progress: stage and counts; lost: set where the claim is gone."""

    def __init__(
        self,
        row: ExportRow,
        sources: Sources,
        register: Register,
        audit: Audit,
        folders: Folders,
        now: Callable[[], float],
        deidentifier: Deidentifier,
    ) -> None:
        self.row, self.sources, self.register, self.audit = row, sources, register, audit
        self.folders, self.now, self.deidentifier = folders, now, deidentifier
        self.request, self.as_of = Request.from_json(row.request), row.as_of or 0.0
        self.key = folders.keys.of(row.lineage)
        self.pseudonyms = Pseudonyms(self.key)
        self.work = folders.work(row.id)
        self.parts, self.flags = Parts(self.work / "parts"), self.work / "flags.jsonl"
        self.progress: dict[str, Any] = {}
        self.lost = False
        self.on_progress: Callable[[Mapping[str, Any]], None] = lambda progress: None
        self._earlier = frozenset[str]()  # in the version before
        self._remade: set[str] = set()  # whose part was made again after a leak

    async def go(self) -> None:
        """To `published` or `review`. Raises Failed, Lost, OSError, StorageError."""
        self._tell("survey")
        marks = await self.register.marks()
        people = await survey(self.sources, self.request, self.pseudonyms, self.as_of)
        if self.row.version > 1:  # a later version has nobody who was not in the one before
            before = await self._before()
            people = [one for one in people if one.person in before]
            self._earlier = frozenset(before)
        choice = await self._make_parts(people)
        if not self.flags.exists():
            self._tell("rare_content")
            persons = [member.person for member in choice.members]
            await asyncio.to_thread(flagged, self.parts, persons, self.flags)
        decisions: Mapping[str, Any] = await self.register.decisions(self.row.lineage)
        found = [flag.id for flag in read_flags(self.flags)]
        if waiting := sum(flag not in decisions for flag in found):
            await self._review(waiting, marks)
            return
        kept = sum(decisions[flag] == "keep" for flag in found)
        flags = {"found": len(found), "masked": len(found) - kept, "kept": kept}
        await self._publish(people, Masking(read_flags(self.flags), decisions), flags)

    async def _before(self) -> Mapping[str, bool]:
        for row in await self.register.all(lineage=self.row.lineage):
            if row.version < self.row.version and (members := await self.register.members(row.id)):
                return members
        return {}

    async def _review(self, flags: int, marks: Mapping[str, float]) -> None:
        now = self.now()
        told = self.audit.row(now, OPERATOR, "research.review", object_id=self.row.id, flags=flags)
        values: dict[str, Any] = {
            "state": "review",
            "lease_until": None,
            "progress": {"stage": "review", "flags": flags},
        }
        values["marks"] = {**marks, "at": now}
        if not await self.register.change(self.row.id, ["running"], values, [told]):
            raise Lost

    async def _make_parts(self, people: Sequence[Surveyed]) -> Chosen:
        """A part of everybody who is to be in it; whom no class hides is not even read."""
        choice = chosen(people, self.request)
        if len(choice.members) < self.request.k:
            raise Failed("too_few_people")
        await asyncio.to_thread(self.parts.only, frozenset(member.person for member in choice.members))
        turns = 0
        for number, member in enumerate(choice.members):
            if not self.parts.there(member.person):
                turns += await self._part(member.user_id, member.person)
            self._tell("de_identification", people=len(choice.members), done=number + 1, turns=turns)
        return choice

    async def _part(self, user_id: str, person: str) -> int:
        """Somebody's part, if they still agree now; how many turns it has."""
        if not await self.sources.agrees(user_id):
            return 0
        try:
            await self.sources.ring.load(user_id)
            known = await told_of(self.sources, user_id, self.deidentifier)
            masks = Masks(
                self.deidentifier,
                known.of,
                self.pseudonyms,
                surrogate_key(self.key) if self.request.realistic else None,
                self.request.crisis_text and self.row.crisis_text,
                ZoneInfo(self.sources.timezone),
            )
            return await self.parts.write(person, self._talks(user_id, masks))
        except StorageError as error:
            if error.retryable:
                raise
            return 0  # erased at this moment
        finally:
            self.sources.ring.forget(user_id)
            re.purge()  # else patterns of hundreds of people's names stay in its cache

    async def _talks(self, user_id: str, masks: Masks) -> AsyncIterator[Dialogue]:
        number = 0
        async for session in self.sources.sessions(user_id, self.request.filters, self.as_of):
            async for dialogue in dialogues(self.sources, user_id, session, number, masks, self.as_of):
                number += 1
                yield dialogue

    async def _publish(self, people: Sequence[Surveyed], masking: Masking, flags: Mapping[str, int]) -> None:
        """Files of those who still agree; looked at again, and made again, until nobody has changed their mind."""
        for last in range(1, _TRIES + 1):
            marks = await self.register.marks()
            people = await self._still(people)
            choice = await self._make_parts(people)
            gone = self._earlier - {member.person for member in choice.members}  # also whom no class hides any more
            tombstones = sorted({*await self.register.tombstones(self.row.lineage), *gone})
            package = self.work / "package"
            written = await self._write(choice.members, masking, choice, flags, tombstones)
            clean = await self._leak_test(choice.members, masking, again=last < _TRIES)
            if clean and await self._same(choice.members):
                break
        else:
            raise Failed("unstable")
        self._tell("publish")
        worker = self.row.worker or ""
        if not await self.register.renew(self.row.id, worker, self.now(), self.progress):
            raise Lost
        await asyncio.to_thread(publish, package, self.folders.ready(self.row.id))
        await self._published(choice, written, flags, tombstones, marks)
        await asyncio.to_thread(removed, self.work)

    async def _write(
        self,
        members: Sequence[Member],
        masking: Masking,
        choice: Chosen,
        flags: Mapping[str, int],
        tombstones: Sequence[str],
    ) -> Written:
        with Writer(self.work / "package", self.request.formats) as writer:
            for number, member in enumerate(members):
                await asyncio.to_thread(writer.add, member, self._masked(member, masking))
                self._tell("package", people=len(members), done=number + 1)
        about = About(
            *(named(self.key), self.row.version, self.request, self.row.purpose, self.as_of, self.deidentifier.name),
            *(choice.report, choice.consents, choice.languages, flags, tombstones),
        )
        await asyncio.to_thread(describe, self.work / "package", about, writer.written)
        return writer.written

    def _masked(self, member: Member, masking: Masking) -> Iterator[Dialogue]:
        return (masking.masked(dialogue) for dialogue in self.parts.read(member.person))

    async def _published(
        self,
        choice: Chosen,
        written: Written,
        flags: Mapping[str, int],
        tombstones: Sequence[str],
        marks: Mapping[str, float],
    ) -> None:
        now = self.now()
        counts = {"people": written.people, "dialogues": written.dialogues, "turns": written.turns}
        counts |= {f"rows_{one}": rows for one, rows in written.rows.items()}
        values = {
            "state": "published",
            "counts": counts | {f"flags_{name}": n for name, n in flags.items()} | {"tombstones": len(tombstones)},
            "report": dict(choice.report),
            "marks": {**marks, "at": now},
            "finished_at": now,
            "expires_at": now + self.request.expires_days * _DAY_S,
            "lease_until": None,
            "progress": {"stage": "published", "people": written.people, "done": written.people},
        }
        told: Mapping[str, Any] = counts
        also = [
            self.register.has_members(self.row.id, choice.members),
            self.register.buried(self.row.lineage, self.row.version, tombstones),
            self.audit.row(now, OPERATOR, "research.publish", object_id=self.row.id, **told),
        ]
        if not await self.register.change(self.row.id, ["running"], values, also):
            row = await self.register.get(self.row.id)
            if row is None or row.state != "published":
                await asyncio.to_thread(removed, self.folders.ready(self.row.id))
            raise Lost

    async def _still(self, people: Sequence[Surveyed]) -> list[Surveyed]:
        """Those who agree now, as they stand now."""
        found = []
        for one in people:
            if (facts := await facts_of(self.sources, one.user_id, self.request, self.as_of)) is not None:
                found.append(Surveyed(one.user_id, one.person, facts))
        return found

    async def _same(self, members: Sequence[Member]) -> bool:
        """Whether everybody in the files still agrees, to pairs too where there are pairs of theirs."""
        for member in members:
            facts = await facts_of(self.sources, member.user_id, self.request, self.as_of)
            if facts is None or (member.training and facts.training is None):
                return False
        return True

    async def _leak_test(self, members: Sequence[Member], masking: Masking, *, again: bool) -> bool:
        """Everything known of each person against their own rows, and what is nobody else's against all files.

        False where somebody's part was made before all of it was known; it is dropped, to be made again.
        """
        unique = dict[str, frozenset[str]]()
        scratch = self.work / "leak_test.txt"
        leaks, leaking, dropped = 0, 0, 0
        for number, member in enumerate(members):
            known = await self._known(member.user_id)
            if known is None:
                return False
            found = await asyncio.to_thread(leaks_of, member.user_id, known, self._masked(member, masking), scratch)
            if found and again and member.person not in self._remade:
                self._remade.add(member.person)
                self.parts.drop(member.person)
                dropped += 1
            else:
                leaks, leaking = leaks + found, leaking + (found > 0)
            unique[member.user_id] = frozenset(known.unique)
            self._tell("leak_test", people=len(members), done=number + 1)
        scratch.unlink(missing_ok=True)
        if not leaks and not dropped:
            names = (*data_files(self.request.formats), CARD, CROISSANT)
            leaks = await asyncio.to_thread(unique_leaks, [self.work / "package" / name for name in names], unique)
        if leaks:
            raise Failed("leak", leaks=leaks, people=leaking)
        return not dropped

    async def _known(self, user_id: str) -> Told | None:
        """None for somebody who was erased meanwhile."""
        try:
            await self.sources.ring.load(user_id)
            return await told_of(self.sources, user_id, self.deidentifier)
        except StorageError as error:
            if error.retryable:
                raise
            return None
        finally:
            self.sources.ring.forget(user_id)

    def _tell(self, stage: str, **counts: int) -> None:
        self.progress = {"stage": stage, **counts}
        self.on_progress(self.progress)
        if self.lost:
            raise Lost
