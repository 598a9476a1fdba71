"""Answering one turn: recall -> strategy -> compose -> stream -> screen, with the time of each part."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal, cast

from affect.trajectory import State
from affect.types import Affect
from companion.errors import ChatError
from companion.events import Event, MemoriesUsed, ReplyDelta
from companion.images import Image
from companion.llm.chat_model import ChatModel
from companion.llm.thinking import decide
from companion.safety.echo import EchoGuard
from companion.safety.screen import Change, Screen
from companion.settings import Settings
from companion.turn import Clock, Heard, Vector
from memory.errors import EmbedderError
from memory.memories import Memories
from memory.types import Memory, Recall
from prompts.compose import compose
from prompts.past import prepare
from prompts.persona import Persona
from prompts.strategy import Situation, Skill, Strategy, choose, line, spoken
from prompts.types import Exchange, Prompt

_log = logging.getLogger(__name__)
_LAST_TURNS = 4  # of which the strategy knows
_LISTENING = {"zh": "我在听，你慢慢说。", "en": "I'm listening, take your time."}  # where the model only says it back
_WHISPER = {"zh": "咨询师提醒你：{}", "en": "A counsellor advises you: {}"}
ThinkingMode = Literal["auto", "on", "off"]
RecallFor = Callable[[str, Vector | None, float | None], Awaitable[Sequence[Recall]]]  # words, their vector, valence


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a reply is made in: who speaks with whom, and how the talk stands.

    recall: what words bring to mind, best first; may raise EmbedderError. images: that the person sent with them.
    profile: what is known of the person, as it stood when the prefix was last renewed. state: where the trajectory
    stood after the turn before. done: skills of the replies so far, oldest first. liked: skill -> -1..1. risk: 0..4,
    that is held. whisper: what a counsellor advises. instead: where set, the whole reply waits for it, and it gives
    what is said instead, None for the reply as it is.
    """

    persona: Persona
    profile: Sequence[Memory]
    history: Sequence[Exchange]
    state: State
    done: tuple[Skill, ...]
    liked: Mapping[Skill, float]
    now: float
    recall: RecallFor
    max_tokens: int | None = None
    thinking: ThinkingMode | None = None
    images: Sequence[Image] = ()
    risk: int = 0
    whisper: str = ""
    instead: Callable[[str], str | None] | None = None


@dataclass(slots=True)
class Reply:
    """One reply while it grows; `pieces` is what was delivered, also after a cancel. by: who made it. Times are s."""

    response_id: str
    item_id: str
    started: float
    by: Literal["model", "script", "counsellor"] = "model"
    prompt: Prompt | None = None
    strategy: Strategy | None = None
    recalls: Sequence[Recall] = ()
    changes: Sequence[Change] = ()
    pieces: list[str] = field(default_factory=list)
    timings: dict[str, float] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """What was delivered."""
        return "".join(self.pieces)


class Answerer:
    """What every reply needs, shared by all sessions. answering: how many replies are being made."""

    def __init__(self, chat: ChatModel, memories: Memories, settings: Settings, *, clock: Clock) -> None:
        self._chat, self._memories, self._settings, self._clock = chat, memories, settings, clock
        self.answering = 0

    async def answer(
        self, reply: Reply, heard: Sequence[Heard], scene: Scene, *, emit: Callable[[Event], None]
    ) -> None:
        """Stream the reply to what was heard into `reply` and `emit`. Raises ChatError."""
        self.answering += 1
        try:
            await self._compose(reply, heard, scene, emit)
            await self._stream(reply, heard, scene, emit)
        finally:
            self.answering -= 1

    async def read_ahead(self, scene: Scene) -> None:
        """Prepare what the next prompt begins with, and let a model that keeps prefixes read it, while they listen."""
        for exchange in scene.history[-1:]:
            prepare(exchange, scene.persona.language, self._chat.tokens)
        if self._chat.keeps_prefix:
            prompt = compose(
                scene.persona,
                profile=scene.profile,
                history=scene.history,
                text="",
                now=scene.now,
                timezone=self._memories.timezone,
                budget_tokens=self._settings.chat.prompt_tokens,
                tokens=self._chat.tokens,
            )
            await self._chat.warm(prompt.stable + prompt.history)

    async def _compose(self, reply: Reply, heard: Sequence[Heard], scene: Scene, emit: Callable[[Event], None]) -> None:
        text, affect = _said(heard), affect_of(heard)
        at = self._clock()
        reply.recalls = await self._recall(scene, text, heard, affect)
        reply.timings["recall"] = self._clock() - at
        emit(MemoriesUsed(reply.response_id, reply.recalls))
        at = self._clock()
        reply.strategy = choose(
            Situation(
                text=text,
                language=scene.persona.language,
                affect=affect,
                state=scene.state,
                exchanges=len(scene.history),
                done=scene.done,
                replies=tuple(exchange.assistant for exchange in scene.history[-_LAST_TURNS:]),
                liked=scene.liked,
                recalls=len(reply.recalls),
                said=tuple(exchange.user for exchange in scene.history[-_LAST_TURNS:]),
                risk=scene.risk,
            )
        )
        reply.prompt = compose(
            scene.persona,
            profile=scene.profile,
            history=scene.history,
            recalls=reply.recalls,
            affect=affect,
            state=scene.state,
            strategy=_advised(line(reply.strategy, scene.persona.language), scene),
            risk=scene.risk,
            text=text,
            now=scene.now,
            timezone=self._memories.timezone,
            budget_tokens=self._settings.chat.prompt_tokens,
            tokens=self._chat.tokens,
        )
        reply.timings["compose"] = self._clock() - at

    async def _stream(self, reply: Reply, heard: Sequence[Heard], scene: Scene, emit: Callable[[Event], None]) -> None:
        assert reply.prompt is not None
        chat, persona = self._settings.chat, scene.persona
        assert reply.strategy is not None
        instead = spoken(reply.strategy, persona.language) or _LISTENING[persona.language]
        meets = reply.strategy.skill in (Skill.GREETING, Skill.CLOSING)  # a goodbye is answered by a goodbye
        echo = EchoGuard("" if meets else _said(heard), instead)
        screen = Screen(
            language=persona.language,
            max_sentences=persona.max_sentences,
            region=self._settings.safety.region,
            said=_said(heard),
            risk=scene.risk,
        )
        reply.changes = screen.changes
        stream = self._chat.stream(
            reply.prompt.messages,
            max_tokens=scene.max_tokens or chat.max_tokens,
            temperature=chat.temperature,
            thinking=bool(decide(scene.thinking or chat.thinking, risk=scene.risk, text=_said(heard))),
            images=scene.images,
        )

        held: list[str] = []

        def deliver(piece: str) -> None:
            if scene.instead is not None:
                held.append(piece)
            elif piece:
                tell(piece)

        def tell(piece: str) -> None:
            if not reply.pieces:
                reply.timings["first_token"] = self._clock() - reply.started
            reply.pieces.append(piece)
            emit(ReplyDelta(reply.response_id, reply.item_id, piece))

        came = False
        try:
            async with aclosing(cast("AsyncGenerator[str]", stream)) as pieces:
                async for piece in pieces:
                    came = True
                    deliver(screen.feed(echo.feed(piece)))
                    if screen.full:
                        break
        except ChatError:
            if came:  # what was still held was said before the model went away
                deliver(screen.feed(echo.finish()) + screen.finish())
            raise
        deliver(screen.feed(echo.finish()) + screen.finish())
        more = [Change("echo", "replaced", 0)] if echo.echoed else []
        if scene.instead is not None:
            text = "".join(held)
            better = scene.instead(text)
            tell(text if better is None else better)
            more += [] if better is None else [Change("farewell", "replaced", 0)]
        reply.changes = [*screen.changes, *more] if more else screen.changes

    async def _recall(self, scene: Scene, text: str, heard: Sequence[Heard], affect: Affect | None) -> Sequence[Recall]:
        """A reply without memories is better than none: an embedder that fails is logged."""
        vector = heard[0].vector if len(heard) == 1 else None
        try:
            return await scene.recall(text, vector, affect.valence if affect else None)
        except EmbedderError as error:
            _log.warning("nothing was recalled: %s", error)
            return ()


def _said(heard: Sequence[Heard]) -> str:
    return "\n".join(h.transcript.text for h in heard if h.transcript.text)


def _advised(strategy: str, scene: Scene) -> str:
    return f"{strategy}\n{_WHISPER[scene.persona.language].format(scene.whisper)}" if scene.whisper else strategy


def affect_of(heard: Sequence[Heard]) -> Affect | None:
    """The affect to answer: that of the newest item with a voice, else of the newest."""
    voiced = [h.affect for h in heard if h.affect.voice is not None]
    return voiced[-1] if voiced else heard[-1].affect if heard else None
