"""Persona, history, recalls and affect -> Prompt. Pure.

The system message is the same bytes in every turn of a session, so that a prefix cache holds. All that is new in a
turn stands in the last user message, where small models heed it. Note markers in a person's words are taken out, so
that nobody can forge a note.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from affect.types import Affect
from memory.types import Recall
from prompts.budget import trimmed
from prompts.persona import Persona
from prompts.types import Exchange, Message, Prompt

_FAR = 0.35  # |arousal| or |valence| from which on it is worth a word
_CERTAIN = 0.35  # certainty below which nothing is said of the voice
_WORDS = {
    "zh": {
        "note": "旁注",
        "voice": "声音",
        "words": "话里",
        "remember": "你记得对方说过：{}。先提起它。",
        "quote": "“{}”",
        "how": "回应",
        "stop": "。",
        "colon": "：",
        "up": "比平时高、急",
        "down": "比平时低、轻",
        "masked_distress": "话里听着还好，声音不太像。",
        "agitated_neutral": "话很平常，声音却有些激动。",
        "calm_venting": "话很重，声音却很平。",
        "sarcasm": "话是好话，声音却不像高兴，也许是反话。",
        "nervous_laughter": "说着不好受的事，却在笑。",
        "tough_words": "话说得很硬，声音却不硬。",
        "bad": "不太好受",
        "good": "心情不错",
        "comfort": "先说一句理解的话，再轻轻问一句",
        "share": "和对方一起高兴，问问是怎么回事",
    },
    "en": {
        "note": "note",
        "voice": "voice",
        "words": "words",
        "remember": "you remember they said: {}. Bring it up first.",
        "quote": '"{}"',
        "how": "answer",
        "stop": ".",
        "colon": ": ",
        "up": "higher and faster than usual",
        "down": "lower and quieter than usual",
        "masked_distress": "The words sound fine, the voice does not quite.",
        "agitated_neutral": "The words are plain, the voice is stirred up.",
        "calm_venting": "The words are heavy, the voice is flat.",
        "sarcasm": "The words are good news, the voice is not; perhaps they mean the opposite.",
        "nervous_laughter": "They laugh while they speak of something hard.",
        "tough_words": "The words are tough, the voice is not.",
        "bad": "having a hard time",
        "good": "in good spirits",
        "comfort": "first one sentence of understanding, then one gentle question",
        "share": "share the joy and ask how it came about",
    },
}


def compose(
    persona: Persona,
    *,
    history: Sequence[Exchange],
    recalls: Sequence[Recall],
    affect: Affect | None,
    text: str,
    budget_tokens: int = 2_000,
) -> Prompt:
    """The prompt of one turn; history is trimmed in big steps to stay within budget_tokens (an estimate)."""
    wording = _WORDS[persona.language]
    notes = [line for line in (_affect_line(affect, wording), _recall_line(recalls, wording)) if line]
    if how := _strategy(affect, wording):
        notes.append(f"{wording['how']}{wording['colon']}{how}{wording['stop']}")
    note = f"〔{wording['note']} {' '.join(notes)}〕" if notes else ""
    past = tuple(
        message
        for exchange in trimmed(history, budget_tokens)
        for message in (Message("user", _unforged(exchange.user)), Message("assistant", exchange.assistant))
    )
    user = Message("user", note + _unforged(text))
    blocks = {
        "persona": persona.text,
        "history": "\n".join(f"{m.role}: {m.content}" for m in past),
        "affect": _affect_line(affect, wording),
        "recall": _recall_line(recalls, wording),
        "user": user.content,
    }
    hashes = {name: hashlib.sha256(block.encode()).hexdigest() for name, block in blocks.items()}
    whole = hashlib.sha256("".join(hashes.values()).encode()).hexdigest()
    return Prompt((Message("system", persona.text),), past, (user,), hashes, whole)


def _affect_line(affect: Affect | None, wording: dict[str, str]) -> str:
    if affect is None:
        return ""
    parts = []
    voice = affect.voice
    if voice and voice.arousal is not None and 1 - voice.uncertainty >= _CERTAIN and abs(voice.arousal) >= _FAR:
        way = wording["up"] if voice.arousal > 0 else wording["down"]
        parts.append(f"{wording['voice']}{wording['colon']}{way}{wording['stop']}")
    if affect.incongruence is not None and affect.incongruence.kind is not None:
        parts.append(wording[affect.incongruence.kind])
    if affect.words and affect.words.valence is not None and abs(affect.words.valence) >= _FAR:
        state = wording["good"] if affect.words.valence > 0 else wording["bad"]
        parts.append(f"{wording['words']}{wording['colon']}{state}{wording['stop']}")
    return ("" if wording["stop"] == "。" else " ").join(parts)


def _recall_line(recalls: Sequence[Recall], wording: dict[str, str]) -> str:
    if not recalls:
        return ""
    quoted = [wording["quote"].format(_unforged(recall.memory.text)) for recall in recalls]
    return wording["remember"].format(("" if wording["stop"] == "。" else " ").join(quoted))


def _strategy(affect: Affect | None, wording: dict[str, str]) -> str:
    if affect is None:
        return ""
    named = affect.incongruence is not None and affect.incongruence.kind is not None
    if named or (affect.valence is not None and affect.valence <= -_FAR):
        return wording["comfort"]
    if affect.valence is not None and affect.valence >= _FAR:
        return wording["share"]
    return ""


def _unforged(text: str) -> str:
    return text.replace("〔", "(").replace("〕", ")")
