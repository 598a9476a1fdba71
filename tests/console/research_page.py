"""The researchers' page in a browser: a server over people who agreed to research, and staff of each role."""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import insert, select
from sqlmodel import col

from companion.records.consents import ConsentRow
from companion.records.exports import ExportRow
from companion.records.summaries import Read, SummaryRow, summary
from companion.records.tables import SessionRow, UserRow
from companion.research.export.rarities import Flagged
from companion.research.export.register import Register
from companion.research.export.request import Request
from companion.seeding.writing import Amount, seed
from companion.settings import Research
from tests.api.conftest import Served, running
from tests.console.desk_page import WRONG, Desk

PURPOSE = "How replies change the mood of people who talk at night"
WEEK_S = 7 * 86_400.0
PEOPLE, UNASKED = 72, 12  # who agrees to research, and who was not asked
FLAGS = (
    ("unique", "only one in a group", "我是我们队里", "唯一的女消防员", "，所以大家都认识我"),
    ("illness", "a rare illness", "医生说我得的是", "<img src=x onerror=alert(1)>", "，全省没几个"),
    ("place", "at the edge", "我家在", "\u202e最北边的村子", "，冬天很长"),
)
REPORT = {
    **{"asked": {"k": 5, "l": 2}, "k": 6, "l": 2, "prosecutor": 1 / 6, "journalist": 1 / 6, "marketer": 0.08},
    **{"quasi_identifiers": ["age_band", "gender", "province", "language"], "sensitive": "risk_level"},
    **{"classes": 9, "people": 64, "suppressed": 8},
}
COUNTS = {"people": 64, "dialogues": 480, "turns": 5210, "flags_found": 3, "flags_masked": 2, "flags_kept": 1}


class ResearchDesk(Desk):
    """Staff at /research."""

    path, signed_in = "/research", "body:not([data-view=signin]):not([data-view=wait])"

    @asynccontextmanager
    async def at(self, name: str | None = None, expected: str = "\0", **context: Any) -> AsyncIterator[Any]:
        """A page at /research, signed in by its form where a name is given; as `Desk.page`, else."""
        size = {"width": context.pop("width", 1280), "height": context.pop("height", 860)}
        settings = {"locale": context.pop("locale", "zh-CN"), "viewport": size, **context}
        made = await self.browser.new_context(storage_state=self.states.get(name or ""), **settings)
        shown = await made.new_page()
        shown.set_default_timeout(10_000)
        wrong: list[str] = []
        asked: list[str] = []
        shown.on("console", lambda line: wrong.append(f"{line.text} {line.location}") if line.type in WRONG else None)
        shown.on("pageerror", lambda error: wrong.append(str(error)))
        shown.on("request", lambda request: asked.append(request.url))
        try:
            await shown.goto(f"{self.server.url}{self.path}")
            if name is not None:
                if name not in self.states:
                    await self.sign_in(shown, name)
                    self.states[name] = await made.storage_state()
                await shown.locator(self.signed_in).wait_for()
            yield shown
        finally:
            await made.close()
        odd = [line for line in wrong if "/v1/staff/me" not in line and expected not in line]
        assert not odd, odd  # violations of the policy are told here too
        elsewhere = [url for url in asked if not url.startswith(f"{self.server.url}/")]
        assert not elsewhere, elsewhere

    async def export(self, by: str = "mei.zhou", purpose: str = PURPOSE, **values: Any) -> str:
        """An export on record, as it stands after what is given; its id."""
        now, register = time.time(), Register(self.server.engine.records.store)
        made = f"export_{uuid.uuid4().hex}"
        row = {"id": made, "lineage": made, "version": 1, "purpose": purpose, "request": Request().to_json()}
        row |= {"requested_by": self.enrolled[by].staff_id, "requested_at": now - 600.0, "state": "requested"}
        if values.get("state", "requested") != "requested":
            row |= {"approved_by": self.enrolled["li.wei"].staff_id, "approved_at": now - 300.0, "as_of": now - 300.0}
        await register.add(ExportRow(**row | values))
        return made

    async def published(self, files: Mapping[str, str], **values: Any) -> str:
        """One that may be downloaded: these files, by name."""
        now = time.time()
        done = {"finished_at": now, "expires_at": now + 90 * 86_400.0, "counts": COUNTS, "report": REPORT}
        made = await self.export(**{"state": "published", **done, **values})
        folder = self.server.engine.settings.research_folder / "exports" / made
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / name).write_text(text, "utf-8")
        return made

    async def in_review(self) -> str:
        """One of which rare content waits for a human."""
        made = await self.export(state="review", progress={"stage": "review", "flags": len(FLAGS)})
        folder = self.server.engine.settings.research_folder / "work" / made
        folder.mkdir(parents=True)
        with (folder / "flags.jsonl").open("wb") as file:
            for number, (kind, reason, before, words, after) in enumerate(FLAGS):
                place = ("talk", number, len(before), len(before) + len(words))
                flag = Flagged(f"flag_{number:024x}", *place, kind, reason, before, words, after)
                file.write(msgspec.json.encode(flag) + b"\n")
        return made

    async def change(self, export_id: str, state: str, to: str, **values: Any) -> None:
        """The export stands otherwise now, as a run of it would have it."""
        changed = await Register(self.server.engine.records.store).change(export_id, [state], {"state": to, **values})
        assert changed


async def agreeing(server: Served, purpose: str, people: int) -> list[str]:
    """So many of the people say yes; their ids."""
    store, version = server.engine.records.store, server.engine.consents.version(purpose)

    async def work(session: Any) -> list[str]:
        ids = list((await session.execute(select(col(UserRow.id)).order_by(col(UserRow.id)))).scalars())[:people]
        given = {"purpose": purpose, "given": True, "version": version, "language": "zh", "by": "person"}
        session.add_all(ConsentRow(user_id=each, at=time.time() - 86_400.0, **given) for each in ids)
        return ids

    return await store.transaction(work)


async def cohorts(server: Served, sizes: Sequence[tuple[int, int, int]]) -> None:
    """People who agree to research, of whom nothing but talks is known. sizes: weeks ago in which they began, how many
    they are, and how many of them talked again in the week after."""
    ring, now, version = server.engine.records.ring, time.time(), server.engine.consents.version("research")
    rows: dict[Any, list[dict[str, Any]]] = {UserRow: [], ConsentRow: [], SessionRow: [], SummaryRow: []}
    for weeks, people, again in sizes:
        for number in range(people):
            user_id = f"cohort-{weeks}-{number}"
            starts = [now - weeks * WEEK_S, *([now - (weeks - 1) * WEEK_S] if number < again else [])]
            rows[UserRow].append({"id": user_id, "created_at": now, "wrapped_key": ring.new_wrapped_key(user_id)})
            consent = {"user_id": user_id, "purpose": "research", "given": True, "version": version, "language": "zh"}
            rows[ConsentRow].append(consent | {"at": now, "by": "person"})
            for at, start in enumerate(starts):
                whose = {"user_id": user_id, "started_at": start}
                rows[SessionRow].append({"id": f"{user_id}-{at}", **whose})
                read = asdict(summary([Read(start, "zh", None, 0, None, None, None, None, None, None, None)]))
                rows[SummaryRow].append({"session_id": f"{user_id}-{at}", **whose, **read})

    async def work(session: Any) -> None:
        for table, values in rows.items():
            await session.execute(insert(table.__table__), values)

    await server.engine.records.store.transaction(work)


@asynccontextmanager
async def researched(browser: Any, folder: Path, agree: int = PEOPLE) -> AsyncIterator[ResearchDesk]:
    """A server on which no export is made, so that it stands as a test left it."""
    async with running(folder, settings={"research": Research(run=False)}) as server:
        desk = ResearchDesk(server, browser, folder)
        parts = (server.engine.records, desk.access.accounts, desk.access.audit)
        await seed(*parts, Amount(700, 7000, PEOPLE + UNASKED), time.time(), audio_days=30.0)
        await agreeing(server, "research", agree)
        await agreeing(server, "training", agree // 2)
        await desk.hire("mei.zhou", "researcher")
        await desk.hire("other.one", "researcher")
        await desk.hire("li.wei", "supervisor")
        yield desk
