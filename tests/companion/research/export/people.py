"""People with talks, consents and things that tell who they are, over a real database; staff beside them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sqlalchemy import update
from sqlmodel import col

from api.staff import Access
from companion.consent.purposes import wordings
from companion.records.audit import Audit
from companion.records.consents import ConsentRow, Consents
from companion.records.contacts import Contacts, contact_of
from companion.records.crypto import KeyRing
from companion.records.repository import Records
from companion.records.staff import Staff
from companion.records.tables import TurnRow
from companion.research.deidentify import Deidentifier
from companion.research.export.desk import Exports
from companion.research.export.job import Job
from companion.research.export.people import Sources
from companion.research.export.upkeep import Upkeep
from memory.ledger import Changes, Ledger
from memory.types import Memory, MemoryKind, Slot
from tests.companion.records.staffing import NOW, Clock, access, staff_of

MASTER = b"m" * 32
PURPOSE = "how replies change the mood of people who talk at night"
DAY_S = 86_400.0
AFFECT: dict[str, Any] = {
    "valence": -0.43,
    "arousal": 0.17,
    "uncertainty": 0.3,
    "categories": {"sad": 0.7, "unknown": 0.3},
    "incongruence": {"score": 0.5, "kind": "masked_distress", "confidence": 0.8},
    "words": {"valence": 0.1, "arousal": 0.0, "uncertainty": 0.4, "evidence": [["还好", 0.2]]},
    "voice": {"valence": -0.51, "arousal": -0.29, "uncertainty": 0.3, "z": {"f0": -1.234567}},
}
_DEIDENTIFIER: list[Deidentifier] = []


def deidentifier() -> Deidentifier:
    """One for all tests: it takes seconds to load."""
    if not _DEIDENTIFIER:
        _DEIDENTIFIER.append(Deidentifier.shipped())
    return _DEIDENTIFIER[0]


@dataclass
class World:
    """Everything that exports need. clock: stands still until it is set."""

    records: Records
    desk: Access
    clock: Clock
    job: Job
    exports: Exports
    upkeep: Upkeep
    folder: Path
    researcher: Staff
    supervisor: Staff

    async def published(self, request: Any, key: bytes | None = None) -> Any:
        """An export that was asked for, agreed to and made."""
        row = await self.exports.ask(self.researcher, PURPOSE, request)
        if key is not None:
            self.job.folders.keys.put(row.lineage, key)
        await self.exports.approve(self.supervisor, row.id, crisis_text=request.crisis_text)
        return await self.made(row.id)

    async def made(self, export_id: str) -> Any:
        """Run it until it is done; what is rare is masked."""
        row = await self.job.next(export_id)
        if row is not None and row.state == "review":
            await self.exports.decide(self.supervisor, export_id, {}, rest="mask")
            row = await self.job.next(export_id)
        return row

    def ready(self, row: Any) -> Path:
        return self.job.folders.ready(row.id)


async def world_of(records: Records, folder: Path) -> World:
    clock = Clock()
    desk = access(records, folder, clock)
    ring = KeyRing(records.store.sessions, MASTER)
    sources = Sources(records.store, ring, Consents(records.store, ring), "Asia/Shanghai")
    job = Job(sources, desk.audit, folder / "research", clock, deidentifier)
    staff = [await staff_of(desk, role, role) for role in ("researcher", "supervisor")]
    return World(records, desk, clock, job, Exports(job), Upkeep(job), folder / "research", *staff)


def audit_of(world: World) -> Audit:
    return world.desk.audit


async def consent(records: Records, user_id: str, purpose: str, given: bool = True, at: float = NOW - DAY_S) -> None:
    version = wordings(30.0)[purpose].version  # type: ignore[index]

    async def work(session: Any) -> None:
        row = {"user_id": user_id, "purpose": purpose, "given": given, "version": version, "language": "zh", "at": at}
        session.add(ConsentRow(**row, by="person"))

    await records.store.transaction(work)


async def talk(records: Records, user_id: str, number: int, lines: Sequence[tuple[str, str]], **turn: Any) -> str:
    """A session of lines said and answered; its ids tell nothing of the person. turn: of finish_turn, and now."""
    session_id = "sess" + hashlib.sha256(f"{user_id}/{number}".encode()).hexdigest()[:20]
    start = turn.pop("now", NOW) - DAY_S * (30 - number) - 3600.0
    await records.start_session(session_id, user_id, start, persona="warm_friend")
    levels, ratings = turn.pop("levels", {}), turn.pop("ratings", {})
    for index, (said, reply) in enumerate(lines):
        turn_id = "item" + hashlib.sha256(f"{session_id}/{index}".encode()).hexdigest()[:20]
        at = start + 60.0 * index
        await records.commit_utterance(turn_id, session_id, user_id, index=index, now=at, modality="voice", text=said)
        level = levels.get(index, 0)
        given: dict[str, Any] = {
            "user_text": said,
            "reply_text": reply,
            "affect": AFFECT,
            "language": "zh",
            "models": {"speech": "sensevoice", "chat": "qwen3-4b@1.2"},
            "strategy": "explore",
            "risk": {"level": level, "kinds": ["suicide"] if level else []},
            "answered_by": "model",
            "response_id": f"resp-{turn_id}",
        }
        await records.finish_turn(turn_id, user_id, state="answered", **{**given, **turn})
        if index in ratings:
            await records.rate(user_id, f"resp-{turn_id}", ratings[index])
    return session_id


async def remember(records: Records, user_id: str, *memories: Memory) -> None:
    seeds = [int.from_bytes(hashlib.sha256(one.id.encode()).digest()[:4], "big") for one in memories]
    vectors = np.array([np.random.default_rng(seed).standard_normal(2) for seed in seeds], np.float32)
    changes = Changes(memories, vectors)
    await Ledger(records.store, records.ring).apply(user_id, changes, "fake")


def memory(user_id: str, text: str, slot: Slot | None = None, kind: MemoryKind = MemoryKind.PROFILE) -> Memory:
    made = "mem" + hashlib.sha256(f"{user_id}/{text}".encode()).hexdigest()[:20]
    return Memory(id=made, user_id=user_id, kind=kind, text=text, slot=slot, learned_at=NOW - DAY_S)


async def crowd(records: Records, people: int = 6, *, training: bool = False, now: float = NOW) -> list[str]:
    """People of whom every second was in danger once; each has a cat, a friend, a phone, and a contact."""
    ids = []
    for number in range(people):
        user_id = f"user-{hashlib.sha256(str(number).encode()).hexdigest()[:12]}"
        ids.append(user_id)
        friend, cat = _FRIENDS[number % len(_FRIENDS)], _CATS[number % len(_CATS)]
        phone = f"1380013{8000 + number}"
        lines = [
            (f"今天和{friend}吵架了，心里很难受", f"和{friend}吵架一定很不好受，想说说发生了什么吗？"),
            (f"她的电话是{phone}，我不敢打过去", "先不急着打，等心里平静一点也可以。"),
            (f"{cat}今天一直趴在我腿上", f"{cat}好像知道你需要陪伴。"),
            ("今晚早点睡吧", "好，晚安。"),
        ]
        levels = {1: 3} if number % 2 else {}
        await talk(records, user_id, 1, lines, levels=levels, ratings={0: "like", 3: "dislike"}, now=now)
        await talk(records, user_id, 2, [("今天好多了", "真替你高兴。")], now=now)
        await remember(
            records,
            user_id,
            memory(user_id, f"我的猫叫{cat}", Slot.PETS),
            memory(user_id, f"我的好朋友叫{friend}", Slot.PEOPLE, MemoryKind.RELATIONSHIP),
            memory(user_id, "我住在广州", Slot.HOME),
        )
        contacts = Contacts(records.store, records.ring)
        kept = contact_of(f"{friend}", phone, f"friend{number}@mail.example.org")
        await records.store.transaction(contacts.kept(user_id, kept, now))
        await consent(records, user_id, "research")
        if training:
            await consent(records, user_id, "training")
    return ids


_FRIENDS = ("王建国", "李秀英", "陈思远", "欧阳婷婷", "赵一鸣", "周雨彤")
_CATS = ("团子", "煤球", "豆包", "橘座", "奶盖", "雪糕")


async def said_by(records: Records, user_id: str, words: str) -> None:
    """Their latest turn says something else."""
    sealed = records.ring.seal(user_id, words)

    async def work(session: Any) -> None:
        await session.execute(update(TurnRow).where(col(TurnRow.user_id) == user_id).values(user_text=sealed))

    await records.store.transaction(work)
