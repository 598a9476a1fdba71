"""What is being said, told while it is said."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from companion.audio.decode import decode_file
from companion.errors import AudioError, SpeechError
from companion.settings import Speech
from companion.speech.backends.funasr_local import create
from companion.speech.partials import Partials, Redecoding, StreamingRecognizer, agreed, streaming
from companion.speech.recognizer import FakeRecognizer, Recognizer, Samples, Transcript
from tests.tiny import paraformer_streaming

AUDIO = Path(__file__).parents[2] / "audio"
SECOND = np.full(16_000, 0.1, np.float32)


@pytest.mark.parametrize(
    ("before", "now", "stable"),
    [
        ("", "我今天", ""),
        ("我今天", "我今天很累", "我今天"),
        ("我今天很类", "我今天很累", "我今天很"),
        ("I am so ti", "I am so tired", "I am so"),
        ("I am tired", "I am tired", "I am tired"),
        ("I'm fine", "I'm fine, really", "I'm fine"),
        ("我今天。", "我今天。", "我今天"),  # the full stop is the end of the audio, not of the sentence
        ("that is nice", "this is nice", ""),
    ],
)
def test_what_two_passes_agree_on_is_stable_in_whole_words(before: str, now: str, stable: str) -> None:
    assert agreed(before, now) == stable


async def test_a_recogniser_of_whole_utterances_tells_what_will_not_change() -> None:
    fake = FakeRecognizer("我", "我今天有", "我今天又累", "我今天又累又困")
    stream = Redecoding(fake).open()
    told = [await stream.feed(SECOND) for _ in range(4)]
    assert told == ["", "我", "我今天", "我今天又累"]
    assert all(after.startswith(before) for before, after in pairwise(told))


async def test_long_speech_is_not_decoded_anew_from_its_beginning() -> None:
    class Counting(FakeRecognizer):
        longest = 0

        async def recognize(
            self, samples: Samples, language: str | None = None, hotwords: Sequence[str] = ()
        ) -> Transcript:
            Counting.longest = max(Counting.longest, samples.size)
            return Transcript("啦" * round(samples.size / 16_000), "zh")

    stream = Redecoding(Counting()).open("zh")
    told = [await stream.feed(SECOND) for _ in range(60)]
    assert Counting.longest <= 16 * 16_000 and len(told[-1]) >= 50
    assert all(after.startswith(before) for before, after in pairwise(told))


async def test_one_pass_at_a_time_and_none_while_others_wait_for_the_recogniser() -> None:
    fake, told = FakeRecognizer("好", delay_s=0.05), list[str]()
    partials = Partials(Redecoding(fake).open(), fake, 0.5, told.append)
    for _ in range(6):
        partials.feed(SECOND)
        await asyncio.sleep(0)
    assert fake.calls == 1
    await asyncio.sleep(0.1)
    fake.passes = 1  # somebody's whole utterance
    partials.feed(SECOND)
    await asyncio.sleep(0.02)
    assert fake.calls == 1
    fake.passes = 0
    partials.feed(SECOND)
    await asyncio.sleep(0.1)
    assert fake.calls == 2 and told[-1] == "好"


async def test_a_failing_pass_is_no_partial_and_the_next_may_be(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(FakeRecognizer):
        async def recognize(
            self, samples: Samples, language: str | None = None, hotwords: Sequence[str] = ()
        ) -> Transcript:
            if not self.calls:
                self.calls += 1
                raise SpeechError("secret words")
            return await super().recognize(samples, language)

    fake, told = Failing("好"), list[str]()
    partials = Partials(Redecoding(fake).open(), fake, 0.5, told.append)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            partials.feed(SECOND)
            await asyncio.sleep(0.02)
    assert told[-1] == "好" and "secret" not in caplog.text


async def test_after_the_end_nothing_more_is_told() -> None:
    fake, told = FakeRecognizer("好", delay_s=0.02), list[str]()
    partials = Partials(Redecoding(fake).open(), fake, 0.5, told.append)
    partials.feed(SECOND)
    partials.drop()
    await asyncio.sleep(0.06)
    assert told == []


@pytest.fixture
async def paraformer(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Recognizer]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        folder = paraformer_streaming.build(tmp_path_factory.mktemp("tiny-paraformer"))
    finally:  # FunASR's import sets the root logger up
        root.handlers[:] = handlers
        root.setLevel(level)
    made = await create(Speech(model=str(folder)), Path)
    yield made
    await made.close()


async def test_funasrs_streaming_paraformer_tells_words_while_it_is_fed(paraformer: Recognizer) -> None:
    assert isinstance(paraformer, StreamingRecognizer) and streaming(paraformer) is paraformer
    clip = decode_file(AUDIO / "funasr-asr_example.wav")
    whole = (await paraformer.recognize(clip)).text
    assert set(whole) <= set(paraformer_streaming.WORDS) and len(whole) > 5
    for step in (512, 3_200, 20_000):  # however it is cut, and whoever else is heard meanwhile
        stream, other = paraformer.open(), paraformer.open()
        told = []
        for at in range(0, clip.size, step):
            told.append(await stream.feed(clip[at : at + step]))
            await other.feed(clip[::-1][at : at + step].copy())
        assert all(after.startswith(before) for before, after in pairwise(told))
        assert 0 < len(told[len(told) // 2]) < len(told[-1])
        assert await stream.finish() == whole
    with pytest.raises(AudioError):
        await paraformer.open().feed(np.full(9_600, np.nan, np.float32))
