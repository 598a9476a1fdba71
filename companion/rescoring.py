"""Recordings that people agreed to keep, read again by another model; every reading is kept beside the others."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from dataclasses import dataclass

from affect.baseline import from_json
from companion.errors import CompanionError, StorageError
from companion.records.consents import Consents
from companion.records.readings import Readings, Recorded
from companion.records.repository import Records
from companion.speech.voice import VoiceReader

_log = logging.getLogger(__name__)
_PAGE = 100


@dataclass(slots=True)
class Rescored:
    """Utterances so far. withheld: whose person does not agree to it; unreadable: too short, or gone meanwhile."""

    read: int = 0
    withheld: int = 0
    unreadable: int = 0


async def rescore(
    records: Records, consents: Consents, reader: VoiceReader, now: float, *, most: int | None = None
) -> AsyncIterator[Rescored]:
    """Read whatever this reader has not read, at most so many; how far it is, after each. Run again it goes on.

    A recording is read only while its person agrees to its being kept and to their voice's being read, which is looked
    up for each; beside the person's usual voice as it is known today. Raises StorageError.
    """
    readings, done, after = Readings(records.store), Rescored(), ""
    while page := await readings.unread(reader.name, after, _PAGE):
        for of in page:
            if most is not None and done.read >= most:
                return
            after = of.turn_id
            if not await _agreed(consents, of):
                done.withheld += 1
            elif await _read(records, readings, reader, of, now):
                done.read += 1
            else:
                done.unreadable += 1
            yield done


async def _agreed(consents: Consents, of: Recorded) -> bool:
    return await consents.allowed(of.user_id, "audio_retention") and await consents.allowed(
        of.user_id, "voice_analysis"
    )


async def _read(records: Records, readings: Readings, reader: VoiceReader, of: Recorded, now: float) -> bool:
    try:
        await records.ring.load(of.user_id)
        usual = from_json(await records.baseline(of.user_id))
        voice, _ = await reader.read(records.spool.read(of.user_id, of.audio), usual)
    except StorageError as error:
        _log.warning("a recording could not be read again: %s", error)
        return False
    except (CompanionError, ValueError) as error:
        _log.info("a voice could not be read: %s", type(error).__name__)
        return False
    return await readings.keep(of, reader.name, voice, now)
