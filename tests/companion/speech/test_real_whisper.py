"""Whisper from its pack, on human recordings. Skipped, with the reason, where the pack is not here."""

import re
from pathlib import Path

import numpy as np
import pytest

from companion.audio.decode import decode_file
from companion.models.packs import PackStore
from companion.settings import Settings
from companion.speech.backends.funasr_local import create

AUDIO = Path(__file__).parents[2] / "audio"
ENGLISH = {
    "librispeech-1995-1837-0001.wav": "it was the first great sorrow of his life it was not so much the loss of "
    "the cotton itself but the fantasy the hopes the dreams built around it",
}
MANDARIN = {
    "funasr-asr_example.wav": "欢迎大家来体验达摩院推出的语音识别模型",
}


def errors(wanted: list[str], heard: list[str]) -> float:
    """Levenshtein distance over the length of what was wanted."""
    row = list(range(len(heard) + 1))
    for i, w in enumerate(wanted, 1):
        before, row[0] = row[0], i
        for j, h in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (w != h))
    return row[-1] / len(wanted)


@pytest.mark.real_models
async def test_error_rates_on_human_speech() -> None:
    settings = Settings()
    store = PackStore(settings.models)
    if not store.ready("whisper-base"):
        pytest.skip("the pack whisper-base is not here: run `companion models fetch whisper-base`")
    recognizer = await create(settings.speech, store.locate)
    try:
        for name, wanted in ENGLISH.items():
            heard = await recognizer.recognize(decode_file(AUDIO / name))
            assert heard.language == "en"
            assert errors(wanted.split(), re.sub(r"[^\w' ]", "", heard.text.lower()).split()) <= 0.06
        for name, wanted in MANDARIN.items():
            heard = await recognizer.recognize(decode_file(AUDIO / name))
            assert heard.language == "zh"
            assert errors(list(wanted), re.findall(r"\w", heard.text)) <= 0.15
    finally:
        await recognizer.close()


@pytest.mark.real_models
async def test_names_that_are_not_said_do_no_harm_and_those_that_are_help() -> None:
    settings = Settings()
    store = PackStore(settings.models)
    if not store.ready("whisper-base"):
        pytest.skip("the pack whisper-base is not here: run `companion models fetch whisper-base`")
    others = ("小雨", "团子", "芝麻", "林夏", "朵朵", "绵阳", "成都", "Kevin", "Priya", "Leeds")
    names, wanted = ("达摩院", "广州", "房地产"), "广州市房地产中介协会分析"
    recognizer = await create(settings.speech, store.locate)

    async def wrong(file: str, text: str, hotwords: tuple[str, ...]) -> float:
        heard = await recognizer.recognize(decode_file(AUDIO / file), None, hotwords)
        pattern = r"[\w']+" if text.isascii() else r"\w"
        return errors(text.split() if text.isascii() else list(text), re.findall(pattern, heard.text.lower()))

    try:
        for file, text in (ENGLISH | MANDARIN | {"aishell-BAC009S0724W0121.wav": wanted}).items():
            assert await wrong(file, text, others) <= await wrong(file, text, ())
        assert await wrong("aishell-BAC009S0724W0121.wav", wanted, names) < 0.1
        noise = np.random.default_rng(0).standard_normal(32_000).astype(np.float32) * 0.05
        assert (await recognizer.recognize(noise, "zh", others)).text == ""
    finally:
        await recognizer.close()


@pytest.mark.real_models
async def test_a_clip_that_stops_within_a_word_is_heard_once() -> None:
    settings = Settings()
    store = PackStore(settings.models)
    if not store.ready("whisper-base"):
        pytest.skip("the pack whisper-base is not here: run `companion models fetch whisper-base`")
    recognizer = await create(settings.speech, store.locate)
    try:
        clip = decode_file(AUDIO / "funasr-asr_example.wav")
        for stop in (1.6, 2.1):  # without a cut: eight times and more
            heard = await recognizer.recognize(clip[: int(stop * 16_000)], "zh")
            assert heard.text.count("欢迎") == 1
    finally:
        await recognizer.close()
