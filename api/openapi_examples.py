"""An example of each schema of the OpenAPI document, by its name there, and of the answers that have no schema."""

from __future__ import annotations

from typing import Any

import msgspec

from api.research.examples import EXAMPLES as OF_RESEARCH
from api.research.overview import EXAMPLES as OF_OVERVIEW
from api.review import queue, schemas
from api.review.examples import EXAMPLES as OF_REVIEW

_AT = 1_795_000_000.0


def _json(example: msgspec.Struct) -> Any:
    return msgspec.json.decode(msgspec.json.encode(example))


_STAFF = {"id": "staff_3f2a", "name": "li.wei", "roles": ["counsellor"]}
_VOICE = queue.Voice(valence=-0.5, arousal=-0.35, incongruence=0.42)
_CASE = queue.Case(
    id="risk_5d0c4f2e9a1b4c3d8e7f6a5b4c3d2e1f",
    session_id="sess_1",
    user_id="xiaoyu",
    level=4,
    kinds=["suicide"],
    reasons=["plan.ready"],
    said="药已经在手里了",
    priority=1,
    asked_at=_AT,
    due_at=_AT + 60,
    late=False,
    state="claimed",
    claimed_by=schemas.ById(id="staff_3f2a", name="li.wei"),
    claimed_at=_AT + 12,
    resolved_at=None,
    outcome=None,
    note=None,
    online=True,
    language="zh",
    voice=_VOICE,
)
_TEXT = {
    "title": "请咨询师看对话",
    "what": "照看你的咨询师可以看到对话、情绪变化和危险信号。",
    "why": "让一个真人知道你怎么样。",
    "how_long": "只在你同意的期间。",
    "withdraw": "随时可以收回。",
}
_CONSENT = {
    "purpose": "counsellor_review",
    "given": True,
    "allowed": True,
    "version": "2026-11-25.0a1b2c3d4e5f",
    "language": "zh",
    "text": _TEXT,
}
_SAID = {
    "purpose": "counsellor_review",
    "given": True,
    "version": "2026-11-25.0a1b2c3d4e5f",
    "language": "zh",
    "at": _AT,
    "by": "person",
}
_MEMORY = {
    "id": "mem_8c",
    "kind": "relationship",
    "slot": "pets",
    "text": "养了一只猫叫团子",
    "learned_at": _AT,
    "valid_from": _AT,
    "valid_to": None,
    "superseded_by": None,
    "confidence": 0.8,
    "source": "rules",
}
_CONTACT = {"name": "王*", "phone": "138****0000", "email": None}
_COMPLAINT = {"id": "complaint_1", "at": _AT, "text": "回复太快了", "answered_at": None, "answer": None}
_SESSION = {"id": "sess_1", "started_at": _AT, "ended_at": None, "persona": "companion", "turns": 12}
_TURN = {
    "id": "item_51",
    "at": _AT,
    "modality": "voice",
    "said": "今天还行",
    "reply": "嗯，平平的一天。晚上打算怎么过？",
    "answered_by": "model",
    "rating": None,
    "seconds": 2.1,
    "recording": False,
}

_OF_REVIEW = {type(example).__name__: _json(example) for example in OF_REVIEW}
EXAMPLES: dict[str, Any] = {
    **_OF_REVIEW,
    **{name: _json(example) for name, example in (OF_RESEARCH | OF_OVERVIEW).items()},
    **{
        f"PageOf{name}": {"items": [_OF_REVIEW[name]], "next": None}
        for name in ("SessionSummary", "TimelineTurn", "Person", "Note", "Deletion")
    },
    "Voice": _json(_VOICE),
    "Case": _json(_CASE),
    "Queue": {"items": [_json(_CASE)], "next": "WzE3OTUw"},
    "HandOver": {"to": "zhang.min", "note": "夜里可能再打来"},
    "Resolution": {"outcome": "supported", "level": 1, "note": "和妹妹在一起，明天回访"},
    "Login": {"name": "li.wei", "password": "correct horse battery", "bearer": False},
    "Code": {"code": "492039"},
    "NewPassword": {"old": "correct horse battery", "new": "staple of the desk"},
    "BreakGlass": {"user_id": "xiaoyu", "reason": "来电称已服药，地址不明", "hours": 1.0},
    "ConsentText": _TEXT,
    "ConsentLabel": _CONSENT,
    "Choice": {"given": True, "version": "2026-11-25.0a1b2c3d4e5f", "language": "zh"},
    "Said": _SAID,
    "Standing": {"consents": [_CONSENT], "guardian": None, "history": [_SAID]},
    "Answered": {"consent": _CONSENT, "recordings_deleted": 0, "memories_left": 3},
    "Correction": {"text": "我已经不在那家公司了"},
    "KnownMemory": _MEMORY,
    "Known": {"memories": [_MEMORY], "profile": {"pets": ["mem_8c"]}},
    "NewContact": {"name": "王芳", "phone": "13800000000", "email": None},
    "MaskedContact": _CONTACT,
    "MyContacts": {"emergency": _CONTACT},
    "NewComplaint": {"text": "回复太快了"},
    "KnownComplaint": _COMPLAINT,
    "MyComplaints": {"complaints": [_COMPLAINT]},
    "MySession": _SESSION,
    "MySessions": {"items": [_SESSION], "next": None},
    "MyTurn": _TURN,
    "Transcript": {"items": [_TURN], "next": None},
    "ClientSecret": {"value": "ek_…", "expires_at": int(_AT) + 600, "session": {"id": "sess_1", "type": "realtime"}},
    "Error": {
        "error": {
            "type": "invalid_request_error",
            "code": "not_found",
            "message": "nobody of this id is among those that you may see",
            "param": None,
        }
    },
}
# By method and path: answers that are plain objects.
ANSWERS: dict[str, Any] = {
    "post /v1/staff/login": {"next": "totp", "csrf": "mCq0…"},
    "post /v1/staff/totp": {"staff": _STAFF, "csrf": "h2Xv…"},
    "post /v1/staff/logout": {},
    "get /v1/staff/me": {**_STAFF, "sees": "caseload", "caseload": ["xiaoyu"]},
    "get /v1/staff/csrf": {"csrf": "h2Xv…"},
    "post /v1/staff/password": {"csrf": "Q9sE…"},
    "post /v1/staff/break-glass": {"user_id": "xiaoyu", "until": _AT + 3600},
    "delete /v1/me/memories": {"forgotten": 12},
    "delete /v1/me": {"id": "erasure_1", "subject": "5e88…", "erased_at": _AT, "counts": {"turns": 402}},
    "get /health": {"status": "ok"},
}
