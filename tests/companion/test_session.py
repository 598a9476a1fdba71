"""A session without a socket: real stores and turn taking, scripted models."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from companion import saying
from companion.audio.decode import decode_file
from companion.errors import StorageError
from companion.events import (
    Failed,
    ItemCommitted,
    ReplyDelta,
    ReplyDone,
    ReplyStarted,
    SpeechStopped,
    Transcribed,
    TranscriptDelta,
)
from companion.llm.chat_model import FakeChatModel
from companion.settings import Speech, Turn
from companion.speech.partials import FakeStreamingRecognizer
from companion.speech.recognizer import FakeRecognizer, Samples, Transcript
from companion.turn_taking import TurnTakingConfig
from tests.companion.speech.voices import glottis, hum, level, quiet, resonant
from tests.companion.talk import RATE, Talk

AUDIO = Path(__file__).parents[1] / "audio"
LONG = "".join(f"第{n}句。" for n in range(500))  # one that says the same again and again is cut
Open = Callable[..., Any]


def speech(seconds: float) -> Samples:
    return level(resonant(glottis(seconds, 150), (600, 90), (1500, 120)), -20.0)


class Listener(FakeRecognizer):
    """Keeps what it was given; like a thread, it is held by a pass that was cancelled until `free` is called."""

    def __init__(self, *said: str, held: bool = False) -> None:
        super().__init__(*(said or ("我在说话",)))
        self.heard: list[int] = []
        self._free = asyncio.Event()
        self._held = held

    def free(self) -> None:
        self._held, self.passes = False, 0
        self._free.set()

    async def recognize(
        self, samples: Samples, language: str | None = None, hotwords: Sequence[str] = ()
    ) -> Transcript:
        self.heard.append(samples.size)
        if self._held:
            self.passes += 1
            await self._free.wait()
        return await super().recognize(samples, language, hotwords)


class Slow(FakeChatModel):
    """A piece every 20 ms."""

    async def stream(self, *args: Any, **kwargs: Any) -> AsyncIterator[str]:
        async for piece in super().stream(*args, **kwargs):
            yield piece
            await asyncio.sleep(0.02)


async def test_recognition_begins_in_the_silence_and_what_it_read_is_what_is_answered(talk: Open) -> None:
    listener = Listener("我今天很累")
    async with talk(listener) as t:
        await t.hear(speech(1.5), quiet(0.3))
        assert len(listener.heard) == 1 and not t.of(SpeechStopped, ItemCommitted, Transcribed)
        await t.hear(quiet(0.4))
        await t.until(ReplyDone)
        assert len(listener.heard) == 1  # the utterance was not recognised a second time
        assert t.of(Transcribed)[0].text == "我今天很累"
        committed = t.of(ItemCommitted)[0]
        assert listener.heard[0] < committed.audio_s * RATE  # the committed audio has more silence at its end
        assert t.told.index(committed) < t.told.index(t.of(Transcribed)[0])


async def test_who_speaks_on_is_recognised_as_a_whole_and_one_pass_at_a_time(talk: Open) -> None:
    listener = Listener("我今天很累", held=True)
    async with talk(listener) as t:
        await t.hear(speech(1.2), quiet(0.3), speech(1.2), quiet(0.3), speech(1.2))
        assert len(listener.heard) == 1  # the first was thrown away, but it still holds the thread
        listener.free()
        await t.hear(quiet(0.7))
        await t.until(ReplyDone)
        whole = t.of(ItemCommitted)[0].audio_s
        assert len(listener.heard) == 2 and listener.heard[1] > 4.2 * RATE > listener.heard[0]
        assert whole > 4.2 and len(t.of(Transcribed)) == 1


async def test_without_speculation_recognition_waits_for_the_end(talk: Open) -> None:
    listener = Listener()
    async with talk(listener, turn=Turn(speculate_s=None)) as t:
        await t.hear(speech(1.0), quiet(0.45))
        assert listener.heard == []
        await t.hear(quiet(0.2))
        await t.until(ReplyDone)


async def silence_that_ends(t: Talk, said: Samples, seconds: float = 2.5) -> float:
    """Seconds of silence after which a turn that was said ends."""
    stops, silence_s = len(t.of(SpeechStopped)), 0.16
    await t.hear(said, quiet(silence_s))
    while len(t.of(SpeechStopped)) == stops and silence_s < seconds:
        await asyncio.sleep(0.05 if silence_s < 0.3 else 0)  # how it sounded is read beside the loop
        await t.hear(quiet(0.032))
        silence_s += 0.032
    return silence_s


async def test_how_a_voice_ends_decides_how_long_it_is_waited_for_where_the_client_wants_that(talk: Open) -> None:
    sentence = decode_file(AUDIO / "funasr-asr_example.wav")
    sentence = sentence[: int(np.flatnonzero(np.abs(sentence) > 0.02)[-1]) + 800]
    hesitating = np.concatenate((sentence[:40_000], level(glottis(0.5, 150, 1.0), -20.0)))  # "and uuuuh"
    async with talk(turn=Turn(speculate_s=None)) as t:
        t.configure(turn_taking=TurnTakingConfig(eagerness="auto", speculate_s=None), create_response=False)
        over, goes_on = await silence_that_ends(t, sentence), await silence_that_ends(t, hesitating)
        assert over + 0.3 < goes_on
        t.configure(turn_taking=TurnTakingConfig(speculate_s=None), create_response=False)  # server_vad
        fixed = [await silence_that_ends(t, each) for each in (sentence, hesitating)]
        assert all(0.45 <= seconds <= 0.6 for seconds in fixed)


async def test_a_hum_over_a_reply_is_kept_and_not_answered_and_a_sentence_stops_the_reply(talk: Open) -> None:
    async with talk(chat=Slow(LONG)) as t:
        await t.hear(speech(1.0), quiet(0.7))
        await t.until(ReplyDelta)
        await t.hear(level(hum(0.4), -26.0), quiet(0.7))
        await t.until(ItemCommitted, 2)
        assert len(t.of(ReplyStarted)) == 1 and not t.of(ReplyDone)
        before = len(t.told)
        await t.hear(speech(0.6))
        done = await t.until(ReplyDone)
        assert (done.status, done.reason) == ("cancelled", "turn_detected")
        assert not [e for e in t.told[before:] if isinstance(e, SpeechStopped)]  # while they were still speaking
        await t.hear(quiet(0.7))
        second = await t.until(ReplyStarted, 2)
        assert len(second.answers) == 2  # the hum is part of what the next reply answers


async def test_numbered_frames_are_acknowledged_up_to_the_end_of_the_utterance(talk: Open) -> None:
    async with talk() as t:
        t.configure(framing="header")
        assert t.session.audio_seq is None
        await t.numbered(speech(1.0), quiet(0.8))
        first = await t.until(ItemCommitted)
        assert t.session.audio_seq == t.seq
        assert 31 + 16 <= first.audio_seq < t.seq  # one second, half a second of silence, not what came after
        await t.until(ReplyDone)
        t.configure(framing="header", rate=24_000)  # numbers go on over a change of the format
        assert t.session.audio_seq == t.seq and t.session.arrival.received == t.seq


async def test_frames_that_another_process_heard_are_not_heard_again(talk: Open) -> None:
    async with talk() as t:
        t.configure(framing="header")
        t.session.resume_at(1000)
        await t.numbered(speech(1.0), quiet(0.8))
        assert not t.told and t.session.arrival.duplicate == t.seq
        t.seq = 1000
        await t.numbered(speech(1.0), quiet(0.8))
        assert (await t.until(ItemCommitted)).audio_seq > 1000


async def test_a_session_is_idle_only_when_everything_is_done(talk: Open) -> None:
    async with talk(chat=Slow("慢慢说")) as t:
        assert t.session.idle
        await t.hear(speech(0.5))
        assert not t.session.idle
        await t.hear(quiet(0.7))
        await t.until(ReplyStarted)
        assert not t.session.idle
        await t.session.settle()
        assert t.of(ReplyDone)[0].status == "completed" and t.session.idle
        assert [turn.state for turn in await t.engine.records.turns("sess_1")] == ["answered"]


async def test_settling_commits_what_is_being_said_and_lets_the_reply_end(talk: Open) -> None:
    async with talk(chat=Slow("慢慢说")) as t:
        await t.hear(speech(1.0))
        await t.session.settle()
        (done,) = t.of(ReplyDone)
        assert done.status == "completed" and done.text == "慢慢说"


async def test_settling_a_client_that_commits_by_itself_waits_for_nothing(talk: Open) -> None:
    async with talk() as t:
        t.configure(turn_taking=None)
        await t.session.feed((speech(1.0) * 32_767).astype("<i2").tobytes())
        assert not t.session.idle  # audio that was not committed would be lost
        async with asyncio.timeout(5):
            await t.session.settle()
        assert not t.of(ItemCommitted)


async def test_closing_cancels_the_reply_that_runs(talk: Open) -> None:
    async with talk(chat=Slow(LONG)) as t:
        await t.hear(speech(1.0), quiet(0.7))
        await t.until(ReplyDelta)
        await t.session.close()
        assert t.of(ReplyDone)[0].status == "cancelled"


@pytest.mark.parametrize(("failures", "kept_at_once"), [(2, True), (4, False)])
async def test_an_utterance_that_cannot_be_kept_is_tried_again_and_comes_before_the_next(
    talk: Open, monkeypatch: pytest.MonkeyPatch, failures: int, kept_at_once: bool
) -> None:
    monkeypatch.setattr(saying, "_AGAIN_S", (0.01, 0.01, 0.01))
    async with talk() as t:
        commit, left = t.engine.records.commit_utterance, [failures]

        async def failing(*args: Any, **kwargs: Any) -> None:
            left[0] -= 1
            if left[0] >= 0:
                raise StorageError("the disk is full")
            await commit(*args, **kwargs)

        monkeypatch.setattr(t.engine.records, "commit_utterance", failing)
        await t.hear(speech(1.0), quiet(0.7))
        if kept_at_once:
            await t.until(ItemCommitted)
            assert not t.of(Failed)
            return
        failed = await t.until(Failed)
        assert failed.code == "storage_error" and "disk is full" in failed.message and not t.session.idle
        await t.hear(speech(2.0), quiet(0.7))
        await t.until(ItemCommitted, 2)
        first, second = t.of(ItemCommitted)
        assert first.item_id == failed.item_id and first.audio_s < second.audio_s
        assert (await t.until(ReplyStarted)).answers == (first.item_id, second.item_id)


async def test_a_client_is_not_read_from_while_too_many_utterances_wait_to_be_recognised(talk: Open) -> None:
    listener = Listener("好", held=True)
    async with talk(listener) as t:
        flood = asyncio.create_task(t.hear(*[speech(0.5), quiet(0.6)] * 12))
        await t.until(ItemCommitted, 5)
        await asyncio.sleep(0.3)
        assert not flood.done() and len(t.of(ItemCommitted)) <= 6
        listener.free()
        await flood
        await t.until(Transcribed, 12)
        assert len(t.of(ItemCommitted)) == 12  # nothing was lost


async def test_what_is_said_is_told_while_it_is_said(talk: Open) -> None:
    async with talk(FakeStreamingRecognizer("我", "今天", "很累"), speech=Speech(partials_s=0.2)) as t:
        await t.hear(speech(1.5), quiet(0.7))
        await t.until(ReplyDone)
        deltas = t.of(TranscriptDelta)
        assert [d.delta for d in deltas] == ["我", "今天", "很累"]
        assert t.told.index(deltas[0]) < t.told.index(t.of(SpeechStopped)[0])
        assert {d.item_id for d in deltas} == {t.of(ItemCommitted)[0].item_id}


async def test_partials_are_off_unless_the_operator_wants_them(talk: Open) -> None:
    async with talk(FakeStreamingRecognizer("我", "今天")) as t:
        await t.hear(speech(1.0), quiet(0.7))
        await t.until(ReplyDone)
        assert not t.of(TranscriptDelta)
