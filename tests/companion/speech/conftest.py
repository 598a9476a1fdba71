"""A SenseVoiceSmall that was trained here on four chords, and the real backend around it."""

import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from companion.settings import Speech
from companion.speech.backends.funasr_local import create
from companion.speech.recognizer import Recognizer
from tests.tiny import sensevoice


@pytest.fixture(scope="session")
def tiny_sensevoice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        return sensevoice.build(tmp_path_factory.mktemp("tiny-sensevoice"))
    finally:  # FunASR's import sets the root logger up
        root.handlers[:] = handlers
        root.setLevel(level)


@pytest.fixture
async def recognizer(tiny_sensevoice: Path) -> AsyncIterator[Recognizer]:
    made = await create(Speech(model=str(tiny_sensevoice)), Path)
    yield made
    await made.close()
