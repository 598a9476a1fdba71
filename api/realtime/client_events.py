"""What each client event does to a session."""

from __future__ import annotations

import asyncio
import uuid
from typing import Literal

from api.realtime import protocol
from api.realtime import server_events as wire
from api.realtime.consent_events import consent_event
from api.realtime.live import LiveSession
from api.realtime.memory_events import MemoryList, known_memory
from api.realtime.protocol import FrameError
from companion.consent.decisions import decide
from companion.consent.purposes import Language
from companion.errors import InputError
from companion.images import Image, decode_image
from companion.items import new_id
from memory.errors import NoSuchMemory
from prompts.persona import load_persona

_IMAGES = 4  # in one item; authored
# Codes that OpenAI's clients look at: OpenAI's name for each.
_OPENAI_CODES = {
    "empty_buffer": "input_audio_buffer_commit_empty",
    "item_exists": "item_create_duplicate_item_id",
}
_ASKED_BY_PROTOCOL: dict[str, Literal["review", "contact"]] = {
    "counsellor_review": "review",
    "emergency_contact": "contact",
}


async def act(live: LiveSession, event: protocol.ClientEvent) -> None:
    """Do what the client asks, once for each event_id.

    Raises FrameError, other InputErrors, StorageError; then nothing was done.
    """
    if event.event_id is not None and live.acted_before(event.event_id):
        return
    try:
        await _act(live, event)
    except FrameError:
        raise
    except InputError as error:  # with the event that was refused, so that its client knows
        code = _OPENAI_CODES.get(error.code, error.code)
        raise FrameError(str(error), code=code, event_id=event.event_id) from None
    if event.event_id is not None:
        live.acted_on(event.event_id, lasting=not isinstance(event, protocol.AudioAppend))


async def _act(live: LiveSession, event: protocol.ClientEvent) -> None:
    session = live.session
    match event:
        case protocol.SessionUpdate():
            state = live.state.updated(event.session)
            _check_persona(state.companion.persona, event.event_id)
            live.update(state)
        case protocol.AudioAppend():
            await session.append(event.audio)
        case protocol.AudioCommit():
            await session.commit()
        case protocol.AudioClear():
            session.clear()
            live.tell(wire.AudioCleared())
        case protocol.ItemCreate():
            await _add(live, event)
        case protocol.ItemDelete() if not await session.delete(event.item_id):
            raise _no_such_item(event)
        case protocol.ItemTruncate() if not await session.truncate(event.item_id, event.audio_end_ms):
            raise _no_such_item(event)
        case protocol.ItemRetrieve():
            await _retrieve(live, event)
        case protocol.ResponseCreate():
            asked = event.response
            metadata = asked.metadata if isinstance(asked, protocol.ResponseFields) else None
            await session.respond(metadata if isinstance(metadata, dict) else None)
        case protocol.ResponseCancel():
            await session.cancel("client_cancelled")
        case protocol.Playback():
            session.played(event.item_id, event.played_ms)
        case protocol.Feedback() if not await session.rate(event.response_id, event.rating):
            raise FrameError(
                "no reply of this person has that id; a reply is on record shortly after response.done",
                code="not_found",
                param="response_id",
                event_id=event.event_id,
            )
        case protocol.MemoryList():
            live.tell(MemoryList(memories=[known_memory(m) for m in session.memories()]))
        case protocol.MemoryForget():
            try:
                await session.forget(event.ids)
            except NoSuchMemory as error:
                raise FrameError(str(error), code="not_found", param="ids", event_id=event.event_id) from None
        case protocol.ConsentList():
            live.tell(await consent_event(live.engine, live.user_id, _language(live, event.language)))
        case protocol.ConsentSet():
            language = _language(live, event.language)
            said = (live.user_id, event.purpose, event.given)
            decided = await decide(live.engine, *said, version=event.version, language=language, by="socket")
            live.tell(await consent_event(live.engine, live.user_id, language, decided), certain=True)
            if (to := _ASKED_BY_PROTOCOL.get(event.purpose)) is not None:
                await session.conversation.consented(to, event.given)
        case protocol.Ping():
            live.tell(wire.Pong(ping_id=event.event_id))
        case protocol.Resume():
            raise FrameError(
                "companion.resume is the first frame of a socket, or none",
                code="resume_refused",
                event_id=event.event_id,
            )
        case protocol.Sos():
            await session.conversation.call_for_help()
        case _:
            pass  # done by its guard


async def _add(live: LiveSession, event: protocol.ItemCreate) -> None:
    parts = event.item.content
    kinds = {part.type for part in parts}
    if event.item.role != "user" or not kinds <= {"input_text", "input_image"}:
        raise FrameError(
            "send a user message with input_text and input_image parts; audio goes into the input audio buffer",
            code="not_supported",
            param="item",
            event_id=event.event_id,
        )
    text = event.item.text.strip()
    if not text and "input_image" not in kinds:
        raise FrameError("the item holds no text", code="empty_item", param="item.content", event_id=event.event_id)
    await live.session.say(_item_id(live, event), text, await _images(live, event))


def _item_id(live: LiveSession, event: protocol.ItemCreate) -> str:
    """The client's, or one that is the same when it sends the event again."""
    if isinstance(event.item.id, str):
        return event.item.id
    if event.event_id is None:
        return new_id("item")
    return f"item_{uuid.uuid5(uuid.NAMESPACE_OID, live.id + event.event_id).hex}"


async def _images(live: LiveSession, event: protocol.ItemCreate) -> list[Image]:
    urls = [part.image_url for part in event.item.content if part.type == "input_image"]
    if urls and not live.engine.chat.vision:
        raise FrameError(
            "the chat model of this server sees no images (COMPANION_CHAT__VISION): send words",
            code="vision_unavailable",
            param="item.content",
            event_id=event.event_id,
        )
    if len(urls) > _IMAGES:
        raise FrameError(
            f"at most {_IMAGES} images in one item",
            code="too_many_images",
            param="item.content",
            event_id=event.event_id,
        )
    images = []
    for url in urls:
        if not isinstance(url, str):
            raise FrameError(
                "an input_image part has an image_url", code="invalid_image", param="item.content.image_url"
            )
        images.append(await asyncio.to_thread(decode_image, url, live.engine.settings.server.max_image_bytes))
    return images


async def _retrieve(live: LiveSession, event: protocol.ItemRetrieve) -> None:
    for turn in await live.engine.records.turns(live.id):
        if turn.id == event.item_id and turn.state != "deleted":
            text = turn.user_text
            item = wire.user_audio(turn.id, text) if turn.modality == "voice" else wire.user_text(turn.id, text or "")
            live.tell(wire.ItemRetrieved(item=item))
            return
        if turn.reply_item_id == event.item_id and turn.reply_text is not None:
            live.tell(wire.ItemRetrieved(item=wire.assistant_text(event.item_id, turn.reply_text)))
            return
    raise _no_such_item(event)


def _language(live: LiveSession, asked: Language | None) -> Language:
    spoken: Language = "en" if live.session.conversation.language == "en" else "zh"
    return asked or spoken


def _no_such_item(event: protocol.ItemDelete | protocol.ItemTruncate | protocol.ItemRetrieve) -> FrameError:
    verb = str(event.__struct_config__.tag).rpartition(".")[2]
    code = f"item_{verb}_invalid_item_id"  # OpenAI's
    return FrameError("this session has no such item", code=code, param="item_id", event_id=event.event_id)


def _check_persona(name: str | None, event_id: str | None) -> None:
    try:
        if name is not None:
            load_persona(name, "zh")
    except ValueError as error:
        raise FrameError(
            str(error), code="unknown_persona", param="session.companion.persona", event_id=event_id
        ) from None
