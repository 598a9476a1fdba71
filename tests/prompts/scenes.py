"""The same words in four situations, and what the tests of the prompt share."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from affect.fusion import fuse
from affect.trajectory import State
from affect.types import Affect, VoiceAffect, WordAffect
from memory.types import Memory, MemoryKind, Recall
from prompts.types import Exchange

NOW = datetime(2026, 10, 14, 22, 40, tzinfo=ZoneInfo("Asia/Shanghai")).timestamp()
DAY = 86_400.0
WORDS = {"zh": "没事，挺好的", "en": "I'm fine"}
FINE = WordAffect(0.3, 0.0, 0.5)
MASKED = fuse(FINE, VoiceAffect(-0.8, None, 0.2, 20, {"f0_mean_st": -1.6, "level_db": -1.1}))
CALM = fuse(FINE, VoiceAffect(0.05, None, 0.2, 20, {"f0_mean_st": 0.1}))


@dataclass(frozen=True, slots=True)
class Scene:
    """affect, state: of this turn. strategy: language -> its line."""

    affect: Affect
    state: State
    strategy: dict[str, str]


SCENES = {
    "falling": Scene(
        CALM,
        "falling",
        {
            "zh": "先用一句话说出你听到的感受，用“听起来”，不追问（聊着聊着心情在往下走）",
            "en": 'Put the feeling you hear into one sentence, with "it sounds like" (their mood sinks)',
        },
    ),
    "recovering": Scene(
        CALM,
        "recovering",
        {
            "zh": "说你听到好一点了，肯定对方做对的那件事（对方在慢慢好起来）",
            "en": "Say you hear it is a bit better, and honour what they did for it (they are slowly doing better)",
        },
    ),
    "masked": Scene(
        MASKED,
        "steady",
        {
            "zh": "先接住对方的话，再轻轻说声音听着有点累，不点破（声音比话低落）",
            "en": "Take up their words, then gently say they sound a little tired (the voice is lower than the words)",
        },
    ),
    "calm": Scene(
        CALM,
        "steady",
        {
            "zh": "先接住对方的话，再问一个好答的开放问题（聊得平稳）",
            "en": "First take up what they said, then ask one easy open question (the talk is steady)",
        },
    ),
}


def memory(text: str, **known: object) -> Memory:
    """A memory of an event with this text, of yesterday if nothing else is said."""
    fields: dict[str, object] = {"id": "m1", "user_id": "u1", "kind": MemoryKind.EVENT, "learned_at": NOW - DAY}
    return Memory(text=text, **{**fields, **known})  # type: ignore[arg-type]


def recalled(text: str, *, current: bool = True, **known: object) -> Recall:
    """That memory, brought back."""
    return Recall(memory(text, **known), 0.9, {}, current=current)


def talk(length: int) -> list[Exchange]:
    """A scripted dialogue of so many exchanges, no two the same."""
    said = (
        "今天组会上又被点名了",
        "我有点怕明天的答辩",
        "deadline 提前了",
        "晚上吃了碗面，好一点",
        "My mom called me today",
    )
    told = (
        "嗯，那一下挺难受的吧。",
        "听着心里有点悬，是怕问题答不上来吗？",
        "又往前挪，够赶的。",
        "热乎的下肚，人就松一点。",
    )
    return [Exchange(f"{said[n % 5]}，这是第{n}次说起了", f"{told[n % 4]}我在听，你慢慢说。") for n in range(length)]
