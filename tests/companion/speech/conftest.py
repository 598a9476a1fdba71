"""The real backend around the tiny SenseVoice."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from companion.settings import Speech
from companion.speech.backends.funasr_local import create
from companion.speech.recognizer import Recognizer


@pytest.fixture
async def recognizer(tiny_sensevoice: Path) -> AsyncIterator[Recognizer]:
    made = await create(Speech(model=str(tiny_sensevoice)), Path)
    yield made
    await made.close()
