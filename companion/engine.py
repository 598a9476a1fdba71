"""Composition root: Settings -> Engine, which owns models, stores and the one VAD ticker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from affect.backends.words import WordsClassifier
from affect.baseline import Usual, from_json, to_json
from affect.speech_emotion import EmotionModelError, SpeechEmotionClassifier
from affect.text_emotion import SlowTextEmotion, TextEmotionClassifier
from affect.trajectory import OwnBaseline, own_baseline
from companion.backends import factory
from companion.consent.in_force import consents_in_force
from companion.errors import ModelUnavailable
from companion.llm.chat_model import ChatModel
from companion.notifier import Notifier
from companion.records.cases import Cases
from companion.records.contacts import Contacts
from companion.records.counters import Counters
from companion.records.habits import Habits
from companion.records.recordings import Recordings
from companion.records.resumable import Resumable
from companion.records.safety import SafetyRecords
from companion.reply import Answerer
from companion.safety.emotion_law import OFF, check_emotion_inference
from companion.safety.reply_rules import rules
from companion.safety.risk.reader import RiskReader
from companion.safety.screen import Screen
from companion.settings import Memory as MemorySettings
from companion.settings import Settings
from companion.speech.completeness import CompletenessReader
from companion.speech.recognizer import Recognizer
from companion.speech.voice import ProsodyReader, Unread, VoiceReader, WithEmotion
from prompts.strategy import Skill

if TYPE_CHECKING:
    from companion.records.database import Work
    from companion.records.repository import Records
    from companion.speech.vad import VadTicker
    from memory.embedder import Embedder
    from memory.index import VectorIndex
    from memory.learning import Learner


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
        learner: Learner,
        ticker: VadTicker,
        voice: VoiceReader | None = None,
        words: TextEmotionClassifier | None = None,
        completeness: CompletenessReader | None = None,
    ) -> None:
        self.settings = settings
        self.recognizer = recognizer
        self.chat = chat
        self.records = records
        self.resumable = Resumable(records)
        self.cases = Cases(records.store, records.ring)
        self.contacts = Contacts(records.store, records.ring)
        self.safety = SafetyRecords(records.store, records.ring)
        self.counters = Counters(records.store)
        self.notifier = Notifier(settings.safety, self.contacts, records.ring)
        self.habits = Habits(records.store, settings.memory.timezone)
        self.consents = consents_in_force(
            settings.consent, records.store, records.ring, self.habits, lambda: self.now()
        )
        self.recordings = Recordings(records, self.consents, settings, lambda: self.now())
        self.learner = learner
        self.memories = memories = learner.memories
        self.ticker = ticker
        self.completeness = completeness
        self.voice = voice or voice_reader(settings)
        self.words = words or WordsClassifier(embedder=memories.embedder.name)
        self.risk = RiskReader(embedder=memories.embedder.name)
        self.clock = time.perf_counter
        self.now = time.time
        self.answerer = Answerer(
            chat,
            memories,
            settings,
            clock=self.clock,
        )
        if chat.in_process:  # a server answers others meanwhile; cores that are shared do not
            learner.busy = lambda: self.answerer.answering > 0

    @property
    def model_names(self) -> dict[str, str]:
        """Which models took part in a turn, for the record."""
        return {
            "speech": self.recognizer.name,
            "voice": self.voice.name,
            "chat": self.chat.name,
            "embeddings": self.memories.embedder.name,
            "release": version("companion"),
        }

    async def usual(self, user_id: str) -> dict[str, Usual]:
        """The person's usual voice as it was saved, empty for a stranger."""
        return from_json(await self.records.baseline(user_id))

    def usual_kept(self, user_id: str, usual: Mapping[str, Usual]) -> Work:
        """Keep the person's usual voice, for a transaction of the records."""
        return self.records.baseline_kept(user_id, to_json(usual))

    async def usual_mood(self, user_id: str, session_id: str) -> OwnBaseline | None:
        """Usual valence over the person's sessions before this one; None where too little is known."""
        return own_baseline(await self.records.valences(user_id, before=session_id))

    async def liked(self, user_id: str) -> dict[Skill, float]:
        """How the person took each skill before, -1..1."""
        known = {skill.value: skill for skill in Skill}
        return {known[name]: taken for name, taken in (await self.records.liked(user_id)).items() if name in known}

    async def warm(self) -> None:
        """Prefill the stable prefix of both languages and load the lexicon, so that a first reply waits for neither."""
        self.words.read("你好")
        self.risk.read("你好")
        rules()
        Screen(language="zh", max_sentences=1, region=self.settings.safety.region, said="你好").feed("好。")
        from prompts.compose import compose
        from prompts.persona import load_persona

        for language in ("en", "zh"):
            persona = load_persona(self.settings.persona.name, language)
            prompt = compose(persona, text="", now=self.now())
            await self.chat.warm(prompt.stable)

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings) -> AsyncIterator[Engine]:
        """Load what the settings name. Raises ConfigurationError or ModelUnavailable with what to do."""
        from companion.models.packs import PackStore
        from companion.records.repository import open_records
        from companion.speech.vad import SileroBatch, VadTicker

        check_emotion_inference(settings.safety.region, settings.safety.context, settings.emotion.backend)
        locate = PackStore(settings.models).locate
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        async with AsyncExitStack() as stack:

            def owned(part: _Closable) -> None:
                stack.push_async_callback(part.close)

            records = await stack.enter_async_context(open_records(settings))
            chat: ChatModel = await factory("companion.chat", settings.chat.backend)(settings.chat, locate)
            owned(chat)
            recognizer: Recognizer = await factory("companion.speech", settings.speech.backend)(settings.speech, locate)
            owned(recognizer)
            embedder = await factory("companion.embeddings", settings.embeddings.backend)(settings.embeddings, locate)
            owned(embedder)
            index = vector_index(settings, embedder.name)
            ticker = VadTicker(SileroBatch())
            owned(ticker)
            completeness = await completeness_reader(settings, locate)
            if completeness is not None:
                owned(completeness)
            voice = await whole_voice_reader(settings, locate, recognizer)
            owned(voice)
            words = await words_classifier(settings, embedder.name, locate)
            if isinstance(words, SlowTextEmotion):
                owned(words)
            engine = cls(
                settings,
                recognizer=recognizer,
                chat=chat,
                records=records,
                learner=learner(settings.memory, records, index, embedder, chat),
                ticker=ticker,
                voice=voice,
                words=words,
                completeness=completeness,
            )
            await engine.warm()
            learning = asyncio.create_task(engine.learner.run())
            try:
                yield engine
            finally:
                learning.cancel()
                await asyncio.gather(learning, return_exceptions=True)


async def completeness_reader(settings: Settings, locate: Callable[[str], Path]) -> CompletenessReader | None:
    """What tells whether a turn is complete; None where the settings name none. Raises ModelUnavailable."""
    model = settings.turn.completeness
    return None if model is None else await CompletenessReader.load(locate(model))


def vector_index(settings: Settings, embedder_name: str) -> VectorIndex:
    """The index that the settings name."""
    from memory.index import ChromaIndex

    memory = settings.memory
    if memory.index == "embedded":
        return ChromaIndex.embedded(settings.data_dir / "chroma", embedder_name, memory.shards)
    return ChromaIndex.server(memory.host, memory.port, embedder_name, memory.shards)


def learner(
    settings: MemorySettings, records: Records, index: VectorIndex, embedder: Embedder, chat: ChatModel
) -> Learner:
    """What remembers, over the database and the keys of the records."""
    from companion.llm.completer import ChatCompleter
    from memory.learning import Batching, Learner
    from memory.ledger import Ledger
    from memory.memories import Memories
    from memory.outbox import Outbox

    ledger = Ledger(records.store, records.ring)
    return Learner(
        Memories(ledger, index, embedder, mood=settings.mood, timezone=settings.timezone),
        Outbox(records.store, records.ring),
        now=time.time,
        load_key=records.ring.load,
        completer=None if settings.extractor == "rules" else ChatCompleter(chat),
        batching=Batching(settings.batch_turns, settings.batch_idle_s),
    )


def voice_reader(settings: Settings) -> VoiceReader:
    """What reads voices, before a classifier is put beside it."""
    return Unread() if settings.emotion.backend == OFF else ProsodyReader()


async def whole_voice_reader(
    settings: Settings, locate: Callable[[str], Path], recognizer: Recognizer | None = None
) -> VoiceReader:
    """`voice_reader` with the `emotion_classifier` beside it, where there is one. Raises ModelUnavailable."""
    voice, classifier = voice_reader(settings), await emotion_classifier(settings, locate, recognizer)
    return voice if classifier is None else WithEmotion(voice, classifier, settings.emotion.model)


async def emotion_classifier(
    settings: Settings, locate: Callable[[str], Path], recognizer: Recognizer | None = None
) -> SpeechEmotionClassifier | None:
    """The classifier that the settings name; None for the acoustic profiles, and where the recogniser's pass tells it.

    Raises ModelUnavailable.
    """
    if settings.emotion.backend in (ACOUSTIC, OFF):
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


async def words_classifier(
    settings: Settings, embedder_name: str | None, locate: Callable[[str], Path]
) -> TextEmotionClassifier:
    """The classifier of words that the settings name. embedder_name: whose vectors its reads come with, None for none.

    Raises ModelUnavailable.
    """
    words = settings.words
    if words.backend == "own":
        return WordsClassifier(embedder=embedder_name)
    if words.model is None:
        raise ModelUnavailable(
            "the words backend transformers has no model: set COMPANION_WORDS__MODEL to a text-classification directory"
        )
    from affect.backends.words_transformers import TransformersWords

    directory = locate(words.model)
    try:
        return await asyncio.to_thread(
            TransformersWords, directory, temperature=words.temperature, names=words.names, threads=words.threads
        )
    except (OSError, ValueError) as error:
        raise ModelUnavailable(str(error)) from error
