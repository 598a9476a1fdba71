"""Whisper from its pack, on human recordings. Skipped, with the reason, where the pack is not here."""

import re
from pathlib import Path

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
