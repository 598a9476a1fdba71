"""/safety: the safety protocol as it is in force here, for everybody; no script, no sign-in, zh and en."""

from __future__ import annotations

import base64
import re
import tomllib
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any

from litestar import Request, Response, get

from companion.safety.counters import COUNTERS
from companion.safety.resources import Resource, everything, region_of
from companion.settings import Safety

LANGUAGES = ("zh", "en")
_STYLE = """
body { margin: 2rem auto; max-width: 44rem; padding: 0 1rem; color: #1c2733; background: #fff;
  font: 1rem/1.65 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
nav { text-align: right; } a { color: #0b5a8a; } small { color: #55606b; }
table { border-collapse: collapse; width: 100%; } th, td { border: 1px solid #c5ccd3; padding: .4rem .6rem;
  text-align: left; vertical-align: top; } .intro { border-left: .3rem solid #b3261e; padding-left: .8rem; }
.number { font-weight: 600; white-space: nowrap; }
@media (prefers-color-scheme: dark) { body { color: #e3e8ed; background: #14191f; } a { color: #7cc0ee; }
  small { color: #9aa5b0; } th, td { border-color: #3a444f; } }
"""
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{base64.b64encode(sha256(_STYLE.encode()).digest()).decode()}'",
    "Cache-Control": "no-cache",
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Language",
    "X-Content-Type-Options": "nosniff",
}
_RANGE = re.compile(r"\s*(zh|en)\b[\w-]*\s*(?:;\s*q\s*=\s*([01](?:\.\d{0,3})?))?\s*", re.IGNORECASE)


@get("/safety", sync_to_thread=False, include_in_schema=False)
def safety_page(request: Request[Any, Any, Any]) -> Response[str]:
    """The page in the language of ?lang, else of Accept-Language."""
    asked = request.query_params.get("lang", "")
    language = asked if asked in LANGUAGES else preferred(request.headers.get("accept-language", ""))
    text = page(language, request.app.state.engine.settings.safety)
    return Response(text, media_type="text/html", headers={**_HEADERS, "Content-Language": language})


def preferred(accepted: str) -> str:
    """Of zh and en the one that an Accept-Language header likes better; zh where it says nothing of them."""
    weights = {language: 0.0 for language in LANGUAGES}
    for part in accepted.split(","):
        if found := _RANGE.fullmatch(part):
            language = found[1].lower()
            weights[language] = max(weights[language], 1.0 if found[2] is None else float(found[2]))
    return max(LANGUAGES, key=lambda language: weights[language])  # the first of equals


def page(language: str, safety: Safety) -> str:
    """The whole HTML. language: zh or en."""
    text = _texts()[language]
    other = next(each for each in LANGUAGES if each != language)
    fills = _fills(text, safety)
    body = [
        f'<nav><a href="?lang={other}" hreflang="{other}" lang="{other}">{escape(text["other"])}</a></nav>',
        f"<h1>{escape(text['title'])}</h1>",
        f'<p class="intro">{escape(text["intro"])}</p>',
        f"<h2>{escape(text['numbers'])}</h2>",
        *_numbers(text, language, safety.region),
        f"<h2>{escape(text['levels'])}</h2>",
        f"<p>{escape(text['levels_intro'])}</p>",
        _table(text["level_head"], [[cell.format(**fills) for cell in row] for row in text["level_rows"]]),
        f"<p>{escape(text['kinds'])}</p>",
        f"<h2>{escape(text['rules'])}</h2>",
        _list(_rules(text, safety, fills)),
        f"<h2>{escape(text['counted'])}</h2>",
        f"<p>{escape(text['counted_intro'])}</p>",
        _list(counts(language)),
    ]
    head = (
        f'<!doctype html>\n<html lang="{"zh-Hans" if language == "zh" else "en"}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(text['title'])}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
    )
    return head + "\n".join(body) + "\n</main>\n</body>\n</html>\n"


def counts(language: str) -> list[str]:
    """What is counted, one sentence each; a family of counters is one."""
    names = dict.fromkeys(name.partition(".")[0] for name in COUNTERS)
    own: dict[str, str] = _texts()[language]["counts"]
    return [own.get(name) or COUNTERS[name] for name in names]


def _fills(text: dict[str, Any], safety: Safety) -> dict[str, str]:
    unasked = {"unasked": str(safety.unasked_from)}
    if not safety.counsellors:
        return {"offer": text["offer_unstaffed"], "queue": text["queue_unstaffed"]}
    queue = text["queue_staffed" if safety.unasked_from <= 4 else "queue_asked"].format(**unasked)
    return {"offer": text["offer_staffed"], "queue": queue}


def _rules(text: dict[str, Any], safety: Safety, fills: dict[str, str]) -> list[str]:
    rules = list(text["rule_rows"])
    if safety.counsellors:
        sla = " / ".join(f"{seconds / 60:g}" for seconds in safety.sla_s)
        rules.append(text["staffed"].format(unasked=safety.unasked_from, sla=sla))
    if safety.notify_url is None:
        rules.append(text["contact_off"])
    else:
        joined = " " if text is _texts()["en"] else ""
        rules.append(
            joined.join((text["contact_on"], text["contact_duty" if safety.region == "CN" else "contact_asks"]))
        )
    return [*rules, text["calm"].format(cool=f"{safety.cool_down_s / 3600:g}")]


def _numbers(text: dict[str, Any], language: str, region: str) -> list[str]:
    served = region_of(region)
    here = [one for one in everything().values() if one.region == served]
    if served == "*":
        return [f"<p>{escape(text['numbers_unknown'])}</p>", _list_html(_number(one, text, language) for one in here)]
    where = f"<p>{escape(text['numbers_where'].format(region=region))}</p>"
    return [where, _list_html(_number(one, text, language) for one in here)]


def _number(one: Resource, text: dict[str, Any], language: str) -> str:
    name, hours = (one.name_en, one.hours_en) if language == "en" else (one.name_zh, one.hours_zh)
    told = escape(name) + (f"<small> {escape(hours)}</small>" if hours else "")
    if one.number:
        dialled = re.sub(r"[^\d+]", "", one.number)
        date = one.verified_on
        checked = text["unchecked"] if date is None else text["checked"].format(date=date.isoformat())
        called = f'<a class="number" href="tel:{dialled}">{escape(one.number)}</a>'
        return f"{called} {told} <small>({escape(checked)})</small>"
    return f'{told} <a href="{escape(one.url)}" rel="noreferrer">{escape(one.url)}</a>' if one.url else told


def _list(items: Iterable[str]) -> str:
    return _list_html(escape(item) for item in items)


def _list_html(items: Iterable[str]) -> str:
    return "<ul>\n" + "\n".join(f"<li>{item}</li>" for item in items) + "\n</ul>"


def _table(head: list[str], rows: list[list[str]]) -> str:
    titles = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    lines = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows)
    return f"<table>\n<tr>{titles}</tr>\n" + "\n".join(f"<tr>{line}</tr>" for line in lines) + "\n</table>"


@cache
def _texts() -> dict[str, Any]:
    return tomllib.loads(files("api.console").joinpath("safety_page.toml").read_text("utf-8"))
