"""What several packages' tests share."""

import logging
from pathlib import Path

import pytest

from tests.tiny import sensevoice


@pytest.fixture(scope="session")
def tiny_sensevoice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SenseVoiceSmall that is trained here on four chords: a directory that FunASR loads."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        return sensevoice.build(tmp_path_factory.mktemp("tiny-sensevoice"))
    finally:  # FunASR's import sets the root logger up
        root.handlers[:] = handlers
        root.setLevel(level)
