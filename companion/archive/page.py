"""`index.html` of the archive: one page that needs nothing else, runs nothing, and shows words as they were said."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from companion.archive.kept import PAGE, Kept, recording_name
from companion.consent.purposes import Language
from companion.records.own import OwnTurn, all_own_sessions, all_own_turns

if TYPE_CHECKING:
    from companion.engine import Engine

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_STYLE = """body{font:16px/1.6 system-ui,"PingFang SC","Microsoft YaHei",sans-serif;max-width:46rem;margin:2rem auto;
padding:0 1rem;color:#222;background:#fff}h1,h2,h3{line-height:1.3}h2{margin-top:2.5rem;border-bottom:1px solid #ccc}
time,small{color:#666;font-size:.85rem}.said,.reply{margin:.4rem 0;padding:.5rem .8rem;border-radius:.6rem;
white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate}.said{background:#e8f0fe;margin-left:2rem}
.reply{background:#f3f3f3;margin-right:2rem}td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}
bdi{overflow-wrap:anywhere}@media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}
.said{background:#1d2b44}.reply{background:#262626}}"""


async def page(engine: Engine, kept: Kept, language: Language) -> AsyncIterator[str]:
    """The file in pieces. Raises StorageError."""
    words, records = _words(language), engine.records
    clock = _Clock(kept.timezone)
    yield (
        f'<!doctype html>\n<html lang="{language}"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{words['title']}</title><style>{_STYLE}</style></head><body>\n<h1>{words['title']}</h1>\n"
        f"<p>{_bdi(kept.user_id)} · {clock(kept.made_at)}</p>\n<p>{words['about']}</p>\n"
    )
    yield f"<h2>{words['consents']}</h2>\n<table>\n"
    for purpose, allowed in kept.allowed.items():
        title = engine.consents.wordings[purpose].texts[language].title
        yield f"<tr><td>{escape(title)}</td><td>{words['yes'] if allowed else words['no']}</td></tr>\n"
    yield f"</table>\n<h3>{words['history']}</h3>\n<ul>\n"
    for each in kept.decisions:
        title = engine.consents.wordings[each.purpose].texts[language].title
        said = words["agreed"] if each.given else words["refused"]
        yield f"<li>{clock(each.at)} {escape(title)}: {said} <small>{escape(each.version)}</small></li>\n"
    yield "</ul>\n"
    if kept.contact is not None:
        parts = (kept.contact.name, kept.contact.phone, kept.contact.email)
        yield f"<h2>{words['contact']}</h2>\n<p>{' · '.join(_bdi(part) for part in parts if part)}</p>\n"
    yield f"<h2>{words['memories']}</h2>\n<ul>\n"
    for memory in kept.memories:
        until = "" if memory.valid_to is None else f" <small>{words['until']} {clock(memory.valid_to)}</small>"
        yield f"<li>{_bdi(memory.text)} {clock(memory.valid_from)}{until}</li>\n"
    yield "</ul>\n"
    if kept.complaints:
        yield f"<h2>{words['complaints']}</h2>\n"
        for complaint in kept.complaints:
            yield f'{clock(complaint.at)}<div class="said" dir="auto">{_text(complaint.text)}</div>\n'
            if complaint.answer is not None:
                yield f'<div class="reply" dir="auto">{_text(complaint.answer)}</div>\n'
    yield f"<h2>{words['sessions']}</h2>\n"
    async for session in all_own_sessions(records, kept.user_id, page=PAGE):
        yield f"<h3>{clock(session.started_at)}</h3>\n"
        async for turn in all_own_turns(records, kept.user_id, session.id, page=PAGE):
            yield _turn(turn, words, clock)
    yield "</body></html>\n"


def _turn(turn: OwnTurn, words: Mapping[str, str], clock: _Clock) -> str:
    shown = f"{clock(turn.at)}"
    if turn.recording is not None:
        shown += f' <a href="{escape(recording_name(turn.id))}">{words["recording"]}</a>'
    if turn.said is not None:
        shown += f'\n<div class="said" dir="auto">{_text(turn.said)}</div>'
    elif turn.modality == "voice":
        shown += f'\n<div class="said">{words["not_understood"]}</div>'
    if turn.reply:
        by = words.get(turn.answered_by or "", "")
        shown += f'\n<div class="reply" dir="auto">{by}{_text(turn.reply)}</div>'
    return shown + "\n"


def _text(said: str) -> str:
    """Words of somebody, safe in a page: nothing in them is markup, and no control character is left."""
    return escape(_CONTROL.sub("\ufffd", said))


def _bdi(said: str) -> str:
    """Within a line: what is written from right to left turns nothing around it."""
    return f'<bdi dir="auto">{_text(said)}</bdi>'


@cache
def _words(language: Language) -> Mapping[str, str]:
    made: Mapping[str, str] = json.loads((Path(__file__).parent / "words.json").read_text("utf-8"))[language]
    return made


class _Clock:
    """Unix s -> a time as a page shows it."""

    def __init__(self, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)

    def __call__(self, at: float) -> str:
        when = datetime.fromtimestamp(at, self._zone)
        return f'<time datetime="{when.isoformat(timespec="seconds")}">{when:%Y-%m-%d %H:%M}</time>'
