"""One example of each thing that /v1/review answers or takes, for the OpenAPI document and for whoever builds on it."""

from __future__ import annotations

from msgspec import Struct

from api.review import schemas as s

_AT = 1_795_000_000.0
_ANN = s.ById(id="staff_3f2a", name="li.wei")
_RISK = s.RiskRead(
    level=2,
    held=2,
    phase="attentive",
    kinds=["suicide"],
    reasons=[s.RiskReason(kind="suicide", rule="wish.gone", source="words", level=2, span=(4, 12))],
)
_AFFECT = s.AffectRead(
    valence=-0.41,
    arousal=-0.2,
    dominance=-0.3,
    uncertainty=0.35,
    status="final",
    voice=s.VoiceRead(
        valence=-0.5,
        arousal=-0.35,
        uncertainty=0.3,
        categories={"sad": 0.6, "neutral": 0.3, "unknown": 0.1},
        evidence=["pitch 3.2 st below usual"],
    ),
    words=s.WordsRead(
        valence=0.1, arousal=0.0, uncertainty=0.4, categories={"neutral": 0.8, "unknown": 0.2}, evidence=[("还好", 0.2)]
    ),
    incongruence=s.Incongruent(score=0.42, kind="masked_distress"),
)
_LABEL = s.Label(name="distress", value=4, by=_ANN, at=_AT + 3600, version=3, adjudicated=False)
_BLOCK = s.PromptBlock(
    name="risk", sha256="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", tokens=41
)
_DEFINITION = s.LabelDefinition(
    name="distress", title_zh="痛苦程度", title_en="Distress", kind="scale", values=[1, 2, 3, 4, 5], per="turn"
)
_WEEK = s.WeekOfAffect(
    week_start="2026-11-16", valence_mean=-0.22, valence_sd=0.31, arousal_mean=-0.05, turns=48, incongruent=3
)
_MEMORY = s.PersonMemory(
    id="mem_8c",
    kind="relationship",
    text="团子去年走了",
    valid_from=_AT - 86_400,
    valid_to=None,
    evidence=["item_51"],
    history=[s.PastMemory(id="mem_2b", text="养了一只猫叫团子", valid_from=_AT - 900_000, valid_to=_AT - 86_400)],
)

EXAMPLES: tuple[Struct, ...] = (
    _ANN,
    _RISK,
    _RISK.reasons[0],
    _AFFECT,
    s.VoiceRead(
        valence=-0.5, arousal=-0.35, uncertainty=0.3, categories={"sad": 0.9}, evidence=["pitch 3.2 st below usual"]
    ),
    s.WordsRead(valence=0.1, arousal=0.0, uncertainty=0.4, categories={"neutral": 1.0}, evidence=[("还好", 0.2)]),
    s.Incongruent(score=0.42, kind="masked_distress"),
    _LABEL,
    _BLOCK,
    _DEFINITION,
    _WEEK,
    _MEMORY,
    _MEMORY.history[0],
    s.CaseRef(id="risk_5d", state="waiting"),
    s.Audio(seconds=4.2, available=True),
    s.UsedMemory(id="mem_8c", text="团子去年走了", score=0.71, reasons={"meaning": 0.5, "recency": 0.21}, current=True),
    s.PromptRef(id="c0ffee", blocks=[_BLOCK]),
    s.Strategy(skill="reflection", reason="strong_feeling"),
    s.SessionSummary(
        id="sess_1",
        user_id="xiaoyu",
        started_at=_AT,
        ended_at=None,
        last_at=_AT + 900,
        turns=12,
        language="zh",
        persona="companion",
        level=2,
        held_level=2,
        incongruence=0.42,
        incongruent_kind="masked_distress",
        state="falling",
        valence_mean=-0.2,
        valence_last=-0.41,
        models=["qwen3-8b"],
        likes=2,
        dislikes=0,
        online=True,
        case=s.CaseRef(id="risk_5d", state="waiting"),
    ),
    s.TimelineTurn(
        id="item_51",
        index=11,
        at=_AT + 900,
        modality="voice",
        state="answered",
        said="没事，我还好。就是想消失一会儿",
        reply="听起来你很累了。想消失的时候，会想到不活了吗？",
        answered_by="script",
        by=None,
        language="zh",
        audio=s.Audio(seconds=4.2, available=True),
        affect=_AFFECT,
        trajectory="falling",
        risk=_RISK,
        memories=[],
        prompt=s.PromptRef(id="c0ffee", blocks=[_BLOCK]),
        strategy=s.Strategy(skill="reflection", reason="strong_feeling"),
        models={"speech": "sensevoice", "chat": "qwen3-8b", "embeddings": "qwen3-embedding-0.6b"},
        arm=None,
        timings={"asr": 0.12, "first_token": 0.31},
        rating="like",
        changes=[],
        notes=1,
        labels=[_LABEL],
    ),
    s.PromptMessage(role="user", content="没事，我还好。就是想消失一会儿"),
    s.PromptRead(
        id="c0ffee",
        messages=[s.PromptMessage(role="user", content="没事，我还好。就是想消失一会儿")],
        blocks=[{"name": "risk", "text": "…", "sha256": _BLOCK.sha256, "tokens": 41, "why": "held at level 2"}],
        strategy={
            "stage": "comfort",
            "skill": "reflection",
            "reasons": ["strong_feeling"],
            "avoid": ["advice_too_early"],
        },
        recalls=[{"id": "mem_8c", "score": 0.71, "reasons": {"meaning": 0.5}, "terms": ["团子"], "current": True}],
    ),
    s.Person(
        user_id="xiaoyu",
        sessions=31,
        last_at=_AT + 900,
        held_level=2,
        readable="agreed",
        weekly_valence=[None, 0.1, 0.12, 0.05, 0.0, -0.1, -0.18, -0.22],
    ),
    s.PersonDetail(
        user_id="xiaoyu",
        sessions=31,
        readable="agreed",
        affect_by_week=[_WEEK],
        memories=[_MEMORY],
        consents={"counsellor_review": True, "audio_retention": False, "research": None},
    ),
    s.NewNote(text="她说周三和妹妹见面，周四回访", turn_id="item_51"),
    s.Note(
        id="note_1",
        session_id="sess_1",
        turn_id="item_51",
        by=_ANN,
        at=_AT + 3600,
        text="她说周三和妹妹见面，周四回访",
    ),
    s.Deletion(id="del_7", object_id="note_1", kind="note", requested_by=_ANN, requested_at=_AT + 7200),
    s.NewLabelSchema(labels=[_DEFINITION]),
    s.LabelSchema(version=3, labels=[_DEFINITION]),
    s.NewLabel(name="distress", value=4),
    s.Labels(labels=[_LABEL], hidden=0, disputed=[]),
    s.Agreement(
        name="distress", version=3, units=120, reviewers=2, kappa=0.74, alpha=0.76, percent=68.3, ci95=(0.66, 0.84)
    ),
)
