"""One example of each thing that /v1/research answers or takes, for the OpenAPI document."""

from __future__ import annotations

from msgspec import Struct

from api.research import schemas as s

_AT = 1_795_000_000.0
_ID = "export_5d0c4f2e9a1b4c3d8e7f6a5b4c3d2e1f"
_NEW = s.NewExport(
    purpose="How replies change the mood of people who talk at night", filters=s.ExportFilters(language="zh")
)
_NOTICE = s.ExportNotice(at=_AT + 90_000, kind="superseded", successor=_ID, tombstones=1)
_EXPORT = s.Export(
    id=_ID,
    lineage=_ID,
    version=1,
    state="published",
    purpose=_NEW.purpose,
    request=_NEW.request().to_json(),
    requested_by="mei.zhou",
    requested_at=_AT,
    approved_by="li.wei",
    approved_at=_AT + 600,
    crisis_text=False,
    progress={"stage": "published", "people": 120, "done": 120},
    counts={"people": 120, "dialogues": 830, "turns": 9120, "rows_messages": 830, "rows_turns": 9120},
    report={"k": 5, "l": 2, "prosecutor": 0.2, "journalist": 0.2, "marketer": 0.08, "suppressed": 7},
    failure=None,
    finished_at=_AT + 1200,
    expires_at=_AT + 1200 + 90 * 86_400,
    files=["messages.jsonl", "turns.parquet", "manifest.json", "README.md", "croissant.json"],
)
_FLAG = s.ExportFlag(
    id="flag_0a1b2c3d4e5f60718293a4b5",
    kind="unique",
    reason="only_one",
    before="我是我们队里",
    words="唯一的女消防员",
    after="，所以大家都",
)
EXAMPLES: dict[str, Struct] = {
    "ExportFilters": s.ExportFilters(since=_AT - 86_400 * 90, language="zh", rated="like", min_turns=4),
    "NewExport": _NEW,
    "ExportNotice": _NOTICE,
    "Export": _EXPORT,
    "ExportList": s.ExportList([_EXPORT]),
    "Approval": s.Approval(),
    "ExportFlag": _FLAG,
    "ExportFlags": s.ExportFlags([_FLAG], ["flag_ffeeddccbbaa998877665544"], None),
    "Decisions": s.Decisions({_FLAG.id: "keep"}, rest="mask"),
}
