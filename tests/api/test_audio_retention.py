"""A recording stays until it is understood and answered, and longer only where its person agreed."""

import asyncio
import base64
import io
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from api.realtime.client import RealtimeClient
from companion.errors import InputError, SpeechError
from companion.llm.chat_model import FakeChatModel
from companion.records.erasure import files_with
from companion.records.repository import Records
from companion.records.tables import SessionRow, TurnRow
from companion.settings import Consent
from companion.speech.recognizer import FakeRecognizer
from tests.api.test_realtime import one_turn, until, voice

Serve = Callable[..., Any]
DAY_S = 86_400.0
NOISE = np.random.default_rng(7).normal(0, 0.1, 16_000).astype(np.float32)


class Held(FakeChatModel):
    """Says nothing until it may."""

    def __init__(self, **other: Any) -> None:
        super().__init__(**other)
        self.may = asyncio.Event()

    async def stream(self, *asked: Any, **other: Any) -> AsyncIterator[str]:
        await self.may.wait()
        async for piece in super().stream(*asked, **other):
            yield piece


def pieces(folder: Path) -> list[bytes]:
    """Bytes of what is in the spool, from the middle of each file, where nothing else is alike."""
    return [path.read_bytes()[99:163] for path in (folder / "spool").rglob("*") if path.is_file()]


async def state_of(records: Records, session_id: str, *wanted: str) -> Any:
    async with asyncio.timeout(15):
        while not (turns := await records.turns(session_id)) or turns[-1].state not in wanted:
            await asyncio.sleep(0.02)
    return turns[-1]


async def gone(folder: Path) -> None:
    async with asyncio.timeout(15):
        while pieces(folder):
            await asyncio.sleep(0.02)


async def test_it_stays_while_it_is_to_be_answered_and_then_is_nowhere(serve: Serve, tmp_path: Path) -> None:
    chat = Held()
    async with serve(chat=chat) as server, RealtimeClient.connect(server.url, server.token()) as client:
        session_id = (await until(client, "companion.session"))["session_id"]
        await client.speak(voice(), paced=False)
        turn = await state_of(server.engine.records, session_id, "replying")
        (mine,) = pieces(tmp_path)
        assert files_with(tmp_path, [mine])
        assert await server.engine.recordings.sweep() == 0
        assert server.engine.records.spool.read("xiaoyu", turn.audio).size > 16_000
        chat.may.set()
        await one_turn(client)
        turn = await state_of(server.engine.records, session_id, "answered")
        await gone(tmp_path)
        assert files_with(tmp_path, [mine]) == []
        (turn,) = await server.engine.records.turns(session_id)
        assert (turn.audio, turn.user_text) == (None, "我今天特别开心") and turn.audio_s > 1.0
        await client.send({"type": "conversation.item.retrieve", "item_id": turn.id})
        told = (await until(client, "conversation.item.retrieved"))["item"]["content"][0]
        assert (told["type"], told["transcript"]) == ("input_audio", "我今天特别开心")


async def test_what_they_agreed_to_keep_stays_for_its_time_and_goes_when_they_take_it_back(
    serve: Serve, tmp_path: Path
) -> None:
    async with serve(settings={"consent": Consent(audio_days=10.0)}) as server:
        await server.agreed("audio_retention")
        await server.agreed("audio_retention", "somebody")
        for user in ("xiaoyu", "somebody"):
            async with RealtimeClient.connect(server.url, server.token(user)) as client:
                await client.speak(voice(), paced=False)
                await one_turn(client)
        async with asyncio.timeout(15):
            while len(await answered(server.engine.records)) < 2:
                await asyncio.sleep(0.02)
        assert await server.engine.recordings.sweep() == 0 and len(pieces(tmp_path)) == 2
        theirs = pieces(tmp_path)
        decided = await server.agreed("audio_retention", given=False)
        assert decided.recordings == 1 and len(pieces(tmp_path)) == 1
        (left,) = pieces(tmp_path)
        (mine,) = set(theirs) - {left}
        assert files_with(tmp_path, [mine]) == []
        server.engine.now = lambda: time.time() + 9.9 * DAY_S
        assert await server.engine.recordings.sweep() == 0
        server.engine.now = lambda: time.time() + 10.1 * DAY_S
        assert await server.engine.recordings.sweep() == 1
        assert files_with(tmp_path, [left]) == [] and pieces(tmp_path) == []


async def answered(records: Records) -> Sequence[str]:
    async def work(session: AsyncSession) -> Sequence[str]:
        return (await session.execute(select(col(TurnRow.id)).where(col(TurnRow.state) == "answered"))).scalars().all()

    return await records.store.transaction(work)


async def test_what_could_not_be_understood_waits_for_days_but_not_for_ever(serve: Serve, tmp_path: Path) -> None:
    class Broken(FakeRecognizer):
        async def recognize(self, *_: Any, **__: Any) -> Any:
            raise SpeechError("the recogniser failed")

    async with serve(recognizer=Broken("")) as server:
        async with RealtimeClient.connect(server.url, server.token()) as client:
            session_id = (await until(client, "companion.session"))["session_id"]
            await client.speak(voice(), paced=False)
            await until(client, "companion.timings")
        await state_of(server.engine.records, session_id, "answered")
        sweep = server.engine.recordings.sweep
        assert await sweep() == 0 and len(pieces(tmp_path)) == 1
        server.engine.now = lambda: time.time() + 7.1 * DAY_S
        await seen(server.engine.records, session_id, server.engine.now())
        assert await sweep() == 0  # its client is there, and may ask
        await seen(server.engine.records, session_id, server.engine.now() - 7.05 * DAY_S)
        assert await sweep() == 1 and pieces(tmp_path) == []


async def seen(records: Records, session_id: str, at: float) -> None:
    async def work(session: AsyncSession) -> None:
        await session.execute(update(SessionRow).where(col(SessionRow.id) == session_id).values(seen_at=at))

    await records.store.transaction(work)


@asynccontextmanager
async def turn_in(records: Records, state: str, words: str | None) -> AsyncIterator[str]:
    await records.start_session("s1", "xiaoyu", time.time())
    await records.commit_utterance(
        "t1", "s1", "xiaoyu", index=1, now=time.time(), modality="voice", samples=NOISE, images=[b"an image"]
    )
    await records.finish_turn("t1", "xiaoyu", state=state, user_text=words)
    yield "t1"


@pytest.mark.parametrize(
    ("state", "words", "kept"),
    [
        ("committed", None, True),
        ("replying", None, True),
        ("replied", None, True),  # told to the client, and heard again where the process died before it was recorded
        ("cancelled", None, True),
        ("failed", None, True),
        ("answered", "", False),  # nothing was said in it
        ("answered", "你好", False),
        ("cancelled", "你好", False),
        ("failed", "你好", False),
        ("deleted", None, False),
    ],
)
async def test_nothing_goes_before_its_words_are_on_record(
    serve: Serve, tmp_path: Path, state: str, words: str | None, kept: bool
) -> None:
    async with serve() as server, turn_in(server.engine.records, state, words):
        await server.engine.recordings.answered("xiaoyu", ["t1"])
        assert len(pieces(tmp_path)) == (2 if kept else 0)
        await server.engine.recordings.sweep()
        await server.agreed("audio_retention", given=False)
        assert len(pieces(tmp_path)) == (2 if kept else 0)
        (turn,) = await server.engine.records.turns("s1")
        assert (turn.audio is not None) is kept and (len(turn.images) == 1) is kept


async def test_images_are_kept_for_nobody_and_what_was_taken_out_of_the_talk_not_either(
    serve: Serve, tmp_path: Path
) -> None:
    async with serve() as server, turn_in(server.engine.records, "answered", "看"):
        await server.agreed("audio_retention")
        await server.engine.recordings.answered("xiaoyu", ["t1"])
        (turn,) = await server.engine.records.turns("s1")
        assert turn.audio is not None and turn.images == () and len(pieces(tmp_path)) == 1
        await server.engine.resumable.deleted("t1")
        assert await server.engine.recordings.sweep() == 1 and pieces(tmp_path) == []


async def test_what_somebody_else_is_still_to_be_answered_is_let_be(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server, turn_in(server.engine.records, "answered", "你好"):
        records = server.engine.records
        await records.start_session("s2", "somebody", time.time())
        await records.commit_utterance(
            "t2", "s2", "somebody", index=1, now=time.time(), modality="voice", samples=NOISE, images=[b"an image"]
        )
        await server.engine.recordings.answered("xiaoyu", ["t1"])
        await server.agreed("audio_retention", given=False)
        await server.engine.recordings.sweep()
        (turn,) = await records.turns("s2")
        assert turn.audio is not None and len(turn.images) == 1 and len(pieces(tmp_path)) == 2


async def test_a_picture_is_gone_once_it_was_answered(serve: Serve, tmp_path: Path) -> None:
    drawn = io.BytesIO()
    Image.fromarray(np.random.default_rng(1).integers(0, 255, (32, 32, 3), np.uint8)).save(drawn, "PNG")
    url = f"data:image/png;base64,{base64.b64encode(drawn.getvalue()).decode()}"
    chat = Held(vision=True)
    async with serve(chat=chat) as server, RealtimeClient.connect(server.url, server.token()) as client:
        content = [{"type": "input_text", "text": "你看"}, {"type": "input_image", "image_url": url}]
        item = {"type": "message", "role": "user", "content": content}
        await client.send({"type": "conversation.item.create", "item": item})
        await client.send({"type": "response.create"})
        async with asyncio.timeout(15):
            while not chat.seen and not pieces(tmp_path):
                await asyncio.sleep(0.02)
        (mine,) = pieces(tmp_path)
        chat.may.set()
        await one_turn(client)
        await gone(tmp_path)
        assert files_with(tmp_path, [mine]) == [] and chat.shown[-1]


async def test_files_that_no_turn_knows_are_removed_and_foreign_ones_let_be(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server, turn_in(server.engine.records, "committed", None):
        (folder,) = (tmp_path / "spool").iterdir()
        for name in ("never.pcm", "half.pcm.part", "a.b.0.image", "notes.txt"):
            (folder / name).write_bytes(b"x" * 200)
        old = time.time() - 2 * 3600
        for path in folder.iterdir():
            os.utime(path, (old, old))
        (folder / "fresh.pcm.part").write_bytes(b"x" * 200)
        await server.engine.recordings.sweep()
        assert sorted(p.name for p in folder.iterdir()) == ["fresh.pcm.part", "notes.txt", "t1.0.image", "t1.pcm"]


async def test_a_name_that_leads_out_of_the_spool_is_refused(serve: Serve, tmp_path: Path) -> None:
    async with serve() as server:
        await server.engine.records.ensure_user("xiaoyu", 1.0)
        with pytest.raises(InputError, match="slash"):
            server.engine.records.spool.write_bytes("xiaoyu", "../../out.0.image", b"x")
        assert not list(tmp_path.rglob("out*"))


async def test_the_server_sweeps_by_itself(serve: Serve, tmp_path: Path) -> None:
    async with (
        serve(settings={"consent": Consent(sweep_s=0.05)}) as server,
        turn_in(server.engine.records, "answered", "你好"),
    ):
        await gone(tmp_path)
