"""After the reply: the turn is put on record, learnt from, and the person's mood is followed."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from affect.fusion import fuse
from affect.trajectory import OwnBaseline, Point, State, next_state, trajectory
from affect.types import Affect
from companion.engine import Engine
from companion.events import Event, Failed, MemoriesSaved, TrajectoryChanged
from companion.records.database import Work
from companion.reply import Reply
from companion.turn import Heard, voice_of
from memory.memories import PersonMemory
from memory.outbox import Spoken
from memory.types import UNKNOWN_FELT, Felt, Memory
from prompts.types import Prompt

_log = logging.getLogger(__name__)
_STATE = {"completed": "answered", "incomplete": "answered"}  # how a turn ended -> its state on record


class Recorder:
    """One session's. state: how the person's valence moves, after the newest turn on record."""

    def __init__(
        self,
        engine: Engine,
        person: PersonMemory,
        session_id: str,
        usual_mood: OwnBaseline | None,
        emit: Callable[[Event], None],
        points: Sequence[Point] = (),
    ) -> None:
        self._engine, self._person, self._session_id, self._emit = engine, person, session_id, emit
        self._usual_mood = usual_mood
        self._points = list(points)
        self.state: State = "unknown"
        if self._points:
            self.state = next_state(self.state, trajectory(self._points, usual_mood))

    async def record(
        self,
        reply: Reply,
        items: Mapping[str, Heard | None],
        state: str,
        code: str | None,
        *,
        learn: bool,
        risk: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
        also: Sequence[Work] = (),
    ) -> None:
        """items: turn id -> what was understood, oldest first; the newest carries the reply. learn: remember it.

        risk: by turn id, as `finish_turn` keeps it. also: done in the transaction of the newest.

        A failure is told to the client; what was committed stays.
        """
        try:
            last = next(reversed(list(items)), None)
            for turn_id, heard in items.items():
                newest = turn_id == last
                works = also if newest else ()
                answer, of = reply if newest else None, risk.get(turn_id)
                await self._finish(answer, turn_id, heard, state, code, learn=learn, risk=of, by=reply.by, also=works)
            await self._engine.recordings.answered(self._person.user_id, list(items))
            await self._engine.memories.recalled(self._person, reply.recalls, self._engine.now())
        except Exception as error:
            _log.error("a turn could not be recorded: %s", type(error).__name__)
            self._emit(Failed("storage_error", "the turn could not be recorded; its audio or text is kept"))

    async def _finish(
        self,
        reply: Reply | None,
        turn_id: str,
        heard: Heard | None,
        state: str,
        code: str | None,
        *,
        learn: bool,
        risk: Mapping[str, Any] | None,
        by: str,
        also: Sequence[Work],
    ) -> None:
        engine, user_id = self._engine, self._person.user_id
        felt = await self._felt(heard) if heard else None
        said = heard.transcript.text if heard else ""
        spoken = Spoken(
            turn_id,
            user_id,
            self._session_id,
            engine.now(),
            said,
            reply.text if reply else "",
            heard.transcript.language if heard else None,
            _felt_of(felt),
        )
        wanted = learn and bool(said) and await engine.consents.permits(user_id, "memory")
        prompt = reply.prompt if reply else None
        await engine.records.finish_turn(
            turn_id,
            user_id,
            user_text=said if heard else None,
            reply_text=reply.text if reply else None,
            state=_STATE.get(state, state),
            affect=asdict(felt) if felt else None,
            prompt_id=prompt.id if prompt else None,
            prompt_blocks={b.name: {"sha256": b.sha256, "tokens": b.tokens} for b in prompt.blocks} if prompt else None,
            prompt=_as_read(reply, prompt) if reply and prompt else None,
            models=engine.model_names,
            timings=reply.timings if reply else None,
            language=spoken.language,
            error=code,
            response_id=reply.response_id if reply else None,
            strategy=reply.strategy.skill.value if reply and reply.strategy else None,
            changes=[asdict(change) for change in reply.changes] if reply else None,
            trajectory=self.state if felt else None,
            risk=risk,
            answered_by=by,
            also=[*also, engine.learner.outbox.added(spoken)] if wanted else also,
        )
        if wanted:
            saved = await engine.learner.heard(self._person, spoken)
            self.learnt(saved, reply.response_id if reply else None)

    def learnt(self, memories: Sequence[Memory], response_id: str | None = None) -> None:
        """Tell the client what was learnt; response_id None: some time after the reply."""
        if memories:
            self._emit(MemoriesSaved(response_id, memories))

    async def _felt(self, heard: Heard) -> Affect:
        """The affect for the record, with a voice that came late; the trajectory goes on from it."""
        affect = heard.affect
        if heard.late is not None and (result := await heard.late) is not None:
            affect = fuse(affect.words, voice_of(heard.transcript, result), status="final")
        self._points.append(Point(self._engine.now(), affect.valence, affect.arousal, affect.uncertainty))
        now = trajectory(self._points, self._usual_mood)
        state = next_state(self.state, now)
        if state != self.state:
            self.state = state
            self._emit(TrajectoryChanged(state, now))
        return affect


def _felt_of(affect: Affect | None) -> Felt:
    if affect is None:
        return UNKNOWN_FELT
    odd = affect.incongruence
    return Felt(affect.valence, affect.arousal, affect.uncertainty, odd.kind if odd else None)


def _as_read(reply: Reply, prompt: Prompt) -> str:
    """All that the model read, and why: for `companion prompt show`."""
    strategy: dict[str, Any] | None = asdict(reply.strategy) if reply.strategy else None
    kept = {
        "id": prompt.id,
        "messages": [asdict(message) for message in prompt.messages],
        "blocks": [asdict(block) for block in prompt.blocks],
        "strategy": strategy,
        "recalls": [
            {"id": r.memory.id, "score": r.score, "reasons": dict(r.reasons), "terms": r.terms, "current": r.current}
            for r in reply.recalls
        ],
    }
    return json.dumps(kept, ensure_ascii=False)
