"""Composition root: Settings -> Engine, which owns models, stores and the one VAD ticker."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from affect.backends.words import WordsClassifier
from affect.baseline import Usual, from_json, to_json
from affect.speech_emotion import EmotionModelError, SpeechEmotionClassifier
from affect.text_emotion import TextEmotionClassifier
from affect.trajectory import OwnBaseline, own_baseline
from companion.backends import factory
from companion.errors import ModelUnavailable
from companion.llm.chat_model import ChatModel
from companion.reply import Answerer
from companion.settings import Settings
from companion.speech.recognizer import Recognizer
from companion.speech.voice import ProsodyReader, VoiceReader, WithEmotion

if TYPE_CHECKING:
    from companion.records.repository import Records
    from companion.speech.vad import VadTicker
    from memory.memories import Memories


ACOUSTIC = "acoustic"  # the emotion backend without a model


class _Closable(Protocol):
    async def close(self) -> None: ...


class Engine:
    """What all sessions of a process share. Build it with `Engine.open(settings)`; tests pass the parts."""

    def __init__(
        self,
        settings: Settings,
        *,
        recognizer: Recognizer,
        chat: ChatModel,
        records: Records,
        memories: Memories,
        ticker: VadTicker,
        voice: VoiceReader | None = None,
        words: TextEmotionClassifier | None = None,
    ) -> None:
        self.settings = settings
        self.recognizer = recognizer
        self.chat = chat
        self.records = records
        self.memories = memories
        self.ticker = ticker
        self.voice = voice or ProsodyReader()
        self.words = words or WordsClassifier(embedder=memories.embedder.name)
        self.clock = time.perf_counter
        self.now = time.time
        self.answerer = Answerer(
            chat,
            memories,
            recalls=settings.memory.recalls,
            max_tokens=settings.chat.max_tokens,
            temperature=settings.chat.temperature,
            clock=self.clock,
        )

    @property
    def model_names(self) -> dict[str, str]:
        """Which models took part in a turn, for the record."""
        return {"speech": self.recognizer.name, "chat": self.chat.name, "embeddings": self.memories.embedder.name}

    async def usual(self, user_id: str) -> dict[str, Usual]:
        """The person's usual voice as it was saved, empty for a stranger."""
        return from_json(await self.records.baseline(user_id))

    async def save_usual(self, user_id: str, usual: Mapping[str, Usual]) -> None:
        """Keep the person's usual voice."""
        await self.records.save_baseline(user_id, to_json(usual))

    async def usual_mood(self, user_id: str, session_id: str) -> OwnBaseline | None:
        """Usual valence over the person's sessions before this one; None where too little is known."""
        return own_baseline(await self.records.valences(user_id, before=session_id))

    async def warm(self) -> None:
        """Prefill the stable prefix of both languages and load the lexicon, so that a first reply waits for neither."""
        self.words.read("你好")
        from prompts.compose import compose
        from prompts.persona import load_persona

        for language in ("en", "zh"):
            persona = load_persona(self.settings.persona.name, language)
            prompt = compose(persona, history=(), recalls=(), affect=None, text="")
            await self.chat.warm(prompt.stable)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Engine]:
        """Load what the settings name. Raises ConfigurationError or ModelUnavailable with what to do."""
        from companion.models.packs import PackStore
        from companion.records import database
        from companion.records.crypto import KeyRing, master_key
        from companion.records.repository import Records
        from companion.records.spool import Spool
        from companion.speech.vad import SileroBatch, VadTicker
        from memory.index import ChromaIndex
        from memory.ledger import Ledger
        from memory.memories import Memories

        locate = PackStore(settings.models).locate
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        async with AsyncExitStack() as stack:

            def owned(part: _Closable) -> None:
                stack.push_async_callback(part.close)

            store = database.create_engine(settings.database_url)
            stack.push_async_callback(store.dispose)
            await database.require_current(store)
            sessions = database.sessions(store)
            ring = KeyRing(sessions, master_key(settings))
            records = Records(sessions, ring, Spool(settings.data_dir / "spool", ring))
            chat: ChatModel = await factory("companion.chat", settings.chat.backend)(settings.chat, locate)
            owned(chat)
            recognizer: Recognizer = await factory("companion.speech", settings.speech.backend)(settings.speech, locate)
            owned(recognizer)
            embedder = await factory("companion.embeddings", settings.embeddings.backend)(settings.embeddings, locate)
            owned(embedder)
            where, memory = settings.data_dir / "chroma", settings.memory
            index = (
                ChromaIndex.embedded(where, embedder.name, memory.shards)
                if memory.index == "embedded"
                else ChromaIndex.server(memory.host, memory.port, embedder.name, memory.shards)
            )
            ticker = VadTicker(SileroBatch())
            owned(ticker)
            voice: VoiceReader = ProsodyReader()
            classifier = await emotion_classifier(settings, locate, recognizer)
            if classifier is not None:
                voice = WithEmotion(voice, classifier)
            owned(voice)
            engine = cls(
                settings,
                recognizer=recognizer,
                chat=chat,
                records=records,
                memories=Memories(Ledger(sessions, ring), index, embedder),
                ticker=ticker,
                voice=voice,
            )
            await engine.warm()
            yield engine


async def emotion_classifier(
    settings: Settings, locate: Callable[[str], Path], recognizer: Recognizer | None = None
) -> SpeechEmotionClassifier | None:
    """The classifier that the settings name; None for the acoustic profiles, and where the recogniser's pass tells it.

    Raises ModelUnavailable.
    """
    if settings.emotion.backend == ACOUSTIC:
        return None
    try:
        classifier: SpeechEmotionClassifier = await factory("companion.emotion", settings.emotion.backend)(
            settings.emotion, locate
        )
    except EmotionModelError as error:
        raise ModelUnavailable(str(error)) from error
    share = getattr(recognizer, "share", None)
    if getattr(classifier, "tap", None) is not None and share is not None and share(classifier):
        return None
    return classifier
