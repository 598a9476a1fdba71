"""Speech that is cut off by a drop arrives once and whole, here and in another process."""

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from companion.audio.framing import Frame, build
from companion.settings import Resume
from tests.api.phone import Phone, on_record, online

Serve = Callable[..., Any]
RATE, FRAME = 16_000, 512


def speech() -> np.ndarray:
    """Two seconds of a voice, whose pitch tells where in it one is, and a silence that ends it."""
    t = np.arange(2 * RATE) / RATE
    voice = 0.2 * np.sin(2 * np.pi * (150 + 100 * t) * t)
    return (np.concatenate((voice, np.zeros(RATE))) * 32_767).astype("<i2")


class Speaker:
    """Sends numbered frames, and keeps those that may be wanted again."""

    def __init__(self) -> None:
        pcm = speech()
        self.frames = [pcm[at : at + FRAME].tobytes() for at in range(0, pcm.size, FRAME)]

    async def send(self, phone: Phone, first: int, last: int) -> None:
        """Frames first..last, numbered from 1."""
        assert phone.socket is not None
        for seq in range(first, last + 1):
            await phone.socket.send(build(Frame(stream=0, seq=seq, capture_ms=seq * 32, payload=self.frames[seq - 1])))


async def begin(phone: Phone) -> None:
    audio = {"input": {"format": {"type": "audio/pcm", "rate": RATE}}}
    session = {"type": "realtime", "audio": audio, "companion": {"framing": "header"}}
    await phone.send(type="session.update", session=session)
    await phone.until("session.updated")


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "elsewhere"])
async def test_an_utterance_that_was_cut_off_is_whole(serve: Serve, elsewhere: bool) -> None:
    phone, speaker = Phone(), Speaker()
    async with serve() as first, serve(chroma="other") as second:
        server = second if elsewhere else first
        await first.agreed("audio_retention")
        async with online(phone, first):
            await begin(phone)
            await speaker.send(phone, 1, 40)
            await phone.until("input_audio_buffer.speech_started")
            phone.drop()
        async with online(phone, server):
            await phone.resume()
            last = (await phone.until("companion.session"))["last_audio_seq"] or 0
            assert last == (0 if elsewhere else 40)
            await speaker.send(phone, max(1, last - 5), len(speaker.frames))  # some of it twice
            committed = await phone.until("input_audio_buffer.committed")
            assert committed["last_audio_seq"] > 60
            await phone.until("response.done")
        (turn,) = await on_record(server, phone.session_id, ["answered"])
        kept = server.engine.records.spool.read("xiaoyu", turn.audio)
    said = speech()[: 2 * RATE].astype(np.float32) / 32_768
    best = np.correlate(kept, said, "valid")
    assert best.max() > 0.999 * float((said**2).sum())  # every sample, in its place, once


async def test_what_was_said_before_the_line_broke_for_good_is_on_record(serve: Serve) -> None:
    phone, speaker = Phone(), Speaker()
    async with serve(settings={"resume": Resume(reattach_s=0.1)}) as server:
        await server.agreed("audio_retention")
        async with online(phone, server):
            await begin(phone)
            await speaker.send(phone, 1, 40)
            await phone.until("input_audio_buffer.speech_started")
            phone.drop()
        (turn,) = await on_record(server, phone.session_id, ["answered"])
        assert server.engine.records.spool.read("xiaoyu", turn.audio).size >= RATE
        async with online(phone, server):
            await phone.resume()
            last = (await phone.until("companion.session"))["last_audio_seq"]
            assert 35 <= last <= 40 and phone.of("response.done")
            await speaker.send(phone, 30, len(speaker.frames))
            await phone.until("response.done")
        turns = await on_record(server, phone.session_id, ["answered", "answered"])
        sizes = [server.engine.records.spool.read("xiaoyu", t.audio).size for t in turns]
        assert abs(sum(sizes) - 2 * RATE) < 1.1 * RATE  # nothing doubled: the two, and the silence that ended them


async def test_a_spoken_turn_lost_with_its_process_is_heard_again(serve: Serve) -> None:
    phone, speaker = Phone(), Speaker()
    async with serve() as first:
        async with online(phone, first):
            await begin(phone)
            first.engine.recognizer._delay_s = 60.0
            await speaker.send(phone, 1, len(speaker.frames))
            created = await phone.until("response.created")
            phone.drop()
        first.sessions.live[phone.session_id].writer.moved = True  # as if killed: it writes nothing more
        async with serve(chroma="other") as second, online(phone, second):
            await phone.resume()
            done = await phone.until("response.done")
            assert done["response"]["id"] == created["response"]["id"]
            (heard,) = phone.of("conversation.item.input_audio_transcription.completed")
            assert heard["transcript"] == "我今天特别开心"
            await asyncio.wait_for(on_record(second, phone.session_id, ["answered"]), 10)
