"""`companion affect rescore`: voices that people agreed to keep, read by another model."""

from __future__ import annotations

import asyncio
import time

import click

from companion.settings import Settings


@click.command("rescore")
@click.option("--backend", default=None, help="As COMPANION_EMOTION__BACKEND; default: what the settings name.")
@click.option("--model", default=None, help="As COMPANION_EMOTION__MODEL.")
@click.option("--most", default=None, type=click.IntRange(1), help="Stop after so many utterances.")
def rescore(backend: str | None, model: str | None, most: int | None) -> None:
    """Read kept recordings again with another model; the readings that replies were made with stay as they are.

    Only recordings whose person agrees to their being kept and to their voice's being read. Run again it goes on with
    what this model has not read.
    """
    settings = Settings()
    chosen = {name: value for name, value in (("backend", backend), ("model", model)) if value is not None}
    if chosen:
        settings = settings.model_copy(update={"emotion": settings.emotion.model_copy(update=chosen)})
    asyncio.run(_rescore(settings, most))


async def _rescore(settings: Settings, most: int | None) -> None:
    from companion.consent.in_force import consents_in_force
    from companion.engine import whole_voice_reader
    from companion.models.packs import PackStore
    from companion.records.habits import Habits
    from companion.records.repository import open_records
    from companion.rescoring import Rescored, rescore
    from companion.safety.emotion_law import check_emotion_inference

    check_emotion_inference(settings.safety.region, settings.safety.context, settings.emotion.backend)
    reader = await whole_voice_reader(settings, PackStore(settings.models).locate)
    done = Rescored()
    try:
        async with open_records(settings) as records:
            habits = Habits(records.store, settings.memory.timezone)
            consents = consents_in_force(settings.consent, records.store, records.ring, habits, time.time)
            async for done in rescore(records, consents, reader, time.time(), most=most):
                if (done.read + done.withheld + done.unreadable) % 100 == 0:
                    click.echo(f"{done.read} read", err=True)
    finally:
        await reader.close()
    click.echo(f"{reader.name}: {done.read} read, {done.withheld} withheld, {done.unreadable} unreadable")
