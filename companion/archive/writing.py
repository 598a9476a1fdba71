"""The archive: a ZIP that is made while it is sent, in memory that does not grow with what a person said."""

from __future__ import annotations

import io
import wave
import zipfile
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from companion.archive.document import document
from companion.archive.kept import PAGE, Kept, recording_name
from companion.archive.page import page
from companion.consent.purposes import Language
from companion.errors import StorageError
from companion.records.own import all_own_sessions, all_own_turns

if TYPE_CHECKING:
    from companion.engine import Engine

_CHUNK = 1 << 16  # bytes sent at once, about
_RATE = 16_000


async def archive(engine: Engine, kept: Kept, language: Language) -> AsyncIterator[bytes]:
    """The file in pieces. Raises StorageError; then what was sent is cut off and no ZIP."""
    user_id = kept.user_id
    made = datetime.fromtimestamp(kept.made_at, ZoneInfo(kept.timezone)).timetuple()[:6]
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as bundle:
        texts = {"index.html": page(engine, kept, language), "data.json": document(engine, kept)}
        for name, pieces in texts.items():
            entry = zipfile.ZipInfo(name, made)
            entry.compress_type = zipfile.ZIP_DEFLATED
            with bundle.open(entry, "w") as file:
                async for piece in pieces:
                    file.write(piece.encode())
                    if sink.waiting >= _CHUNK:
                        yield sink.take()
        async for turn_id, recording in _recordings(engine, user_id):
            with suppress(StorageError):  # it was deleted meanwhile
                pcm = engine.records.spool.read_bytes(user_id, recording)
                bundle.writestr(zipfile.ZipInfo(recording_name(turn_id), made), wav(pcm))
            yield sink.take()
    yield sink.take()


async def _recordings(engine: Engine, user_id: str) -> AsyncIterator[tuple[str, str]]:
    async for session in all_own_sessions(engine.records, user_id, page=PAGE):
        async for turn in all_own_turns(engine.records, user_id, session.id, page=PAGE):
            if turn.recording is not None:
                yield turn.id, turn.recording


def wav(pcm: bytes) -> bytes:
    """A file of PCM16LE samples at 16 kHz."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes(pcm)
    return out.getvalue()


class _Sink(io.RawIOBase):
    """Where the ZIP is written: it cannot be gone back in, and is emptied as it fills."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.waiting = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: object) -> int:
        taken = bytes(memoryview(piece))  # type: ignore[arg-type]
        self._pieces.append(taken)
        self.waiting += len(taken)
        return len(taken)

    def take(self) -> bytes:
        """What was written since."""
        taken, self._pieces, self.waiting = b"".join(self._pieces), [], 0
        return taken
