"""A made-up turn as a row: what would have been sealed, is sealed; what the model would have read, is kept."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from random import Random
from typing import Any

from companion.records.crypto import KeyRing
from companion.seeding.talk import Person, SeededTurn

_HISTORY = 6  # exchanges in a kept prompt; authored
_SYSTEM = {
    "zh": "你是一个温和的陪伴者。先听，再问；不诊断，不说教，不替人做决定。别人难过时，不急着给办法。",
    "en": "You are a gentle companion. Listen first, then ask; no diagnosis, no lectures, no decisions for others.",
}


def turn_row(
    ring: KeyRing,
    who: Person,
    session_id: str,
    turn_id: str,
    turns: Sequence[SeededTurn],
    index: int,
    chat: str,
    memories: Sequence[tuple[str, str]],
    rng: Random,
) -> dict[str, Any]:
    """The row of `TurnRow`. memories: ids and texts of what is known of the person. Their key must be loaded."""
    turn = turns[index]
    affect = asdict(turn.affect)
    words, voice = affect.pop("words"), affect.pop("voice")
    by_model = turn.by == "model"
    recalled = rng.sample(list(memories), min(2, len(memories))) if by_model and rng.random() < 0.4 else []
    blocks = _blocks(who, turn, [text for _, text in recalled])
    reason = {"kind": turn.kind, "rule": turn.rule, "source": "words", "level": turn.level, "span": turn.span}
    risk = {"level": turn.level, "kinds": [turn.kind] if turn.level else [], "reasons": [reason] if turn.level else []}
    prompt_id = hashlib.sha256(turn_id.encode()).hexdigest()
    prompt = _prompt(who, turns, index, blocks, recalled, prompt_id) if by_model else None
    return {
        "id": turn_id,
        "session_id": session_id,
        "user_id": who.id,
        "index": index,
        "created_at": turn.at,
        "modality": "voice" if turn.spoken else "text",
        "state": "answered",
        "user_text": ring.seal(who.id, turn.said),
        "reply_text": ring.seal(who.id, turn.reply),
        "audio": None,
        "audio_s": round(0.3 * len(turn.said) + 0.8, 2) if turn.spoken else None,
        "language": who.language,
        "affect_words": ring.seal(who.id, json.dumps(words, ensure_ascii=False)),
        "affect_voice": voice,
        "affect": affect,
        "prompt_id": prompt_id if by_model else None,
        "prompt_blocks": {b["name"]: {"sha256": b["sha256"], "tokens": b["tokens"]} for b in blocks}
        if by_model
        else None,
        "prompt": None if prompt is None else ring.seal_bytes(who.id, zlib.compress(prompt.encode(), 1)),
        "response_id": f"resp-{turn_id}",
        "reply_item_id": f"reply-{turn_id}",
        "audio_seq": None,
        "heard_ms": None,
        "images": None,
        "strategy": turn.skill if by_model else None,
        "rating": turn.rating,
        "changes": None,
        "models": {"speech": "sensevoice", "chat": chat, "embeddings": "qwen3-embedding-0.6b"},
        "timings": {"asr": round(rng.uniform(0.08, 0.3), 3), "first_token": round(rng.uniform(0.2, 0.8), 3)},
        "error": None,
        "risk_level": turn.level,
        "risk": {**risk, "held": turn.held, "phase": turn.phase},
        "answered_by": turn.by,
        "trajectory": turn.state,
    }


def _blocks(who: Person, turn: SeededTurn, recalled: Sequence[str]) -> list[dict[str, Any]]:
    texts = {
        "persona": _SYSTEM[who.language],
        "affect": f"valence {turn.affect.valence} uncertainty {turn.affect.uncertainty}",
        "recall": "\n".join(recalled),
        "strategy": turn.skill,
        "user": turn.said,
    }
    return [
        {
            "name": name,
            "text": text,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "tokens": 1 + len(text) // 2,
            "why": "seeded",
        }
        for name, text in texts.items()
        if text
    ]


def _prompt(
    who: Person,
    turns: Sequence[SeededTurn],
    index: int,
    blocks: Sequence[dict[str, Any]],
    recalled: Sequence[tuple[str, str]],
    prompt_id: str,
) -> str:
    messages = [{"role": "system", "content": _SYSTEM[who.language]}]
    for past in turns[max(0, index - _HISTORY) : index]:
        messages += [{"role": "user", "content": past.said}, {"role": "assistant", "content": past.reply}]
    messages.append({"role": "user", "content": turns[index].said})
    recalls = [
        {"id": memory_id, "score": 0.6, "reasons": {"meaning": 0.4, "recency": 0.2}, "terms": [], "current": True}
        for memory_id, _ in recalled
    ]
    strategy = {"stage": "explore", "skill": turns[index].skill, "reasons": ["seeded"], "avoid": []}
    kept = {"id": prompt_id, "messages": messages, "blocks": blocks, "strategy": strategy, "recalls": recalls}
    return json.dumps(kept, ensure_ascii=False)
