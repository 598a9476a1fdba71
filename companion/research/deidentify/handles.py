"""What leads to somebody on a network: e-mail, addresses of pages and machines, names of accounts."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from companion.research.deidentify.lexicon import vocabulary
from companion.research.deidentify.reading import Reading
from companion.research.deidentify.types import Entity, Span

_AT = r"(?:@|[ ]?艾特[ ]?|[ ]?圈a[ ]?|[ ]at[ ])"
_DOT = r"(?:\.|[ ]?点[ ]?|[ ]dot[ ])"
_TLD = (
    "com|cn|net|org|edu|gov|io|co|uk|us|me|info|cc|tv|hk|tw|app|dev|xyz|top|vip|club|site|online|live|link|ai|de|fr|jp"
)
_EMAILS = tuple(
    re.compile(
        rf"(?<![a-z0-9._%+\-])[a-z0-9_%+][a-z0-9._%+\-]{{0,63}}(?:{_DOT}[a-z0-9]{{1,20}}){{0,2}}{at}"
        rf"(?:[a-z0-9\-]{{1,63}}{_DOT}){{1,4}}[a-z]{{2,12}}(?![a-z0-9])"
    )
    for at in ("@", _AT)  # written ones by themselves: "me at t.garrity" would take the head of t.garrity@example.org
)
_ADORNED = re.compile(
    r"(?:[a-z0-9]{1,16}|[\u4e00-\u9fff]{1,4})[丶灬丨丿乄](?:[\u4e00-\u9fff]{0,4}[a-z0-9]{1,16}|[\u4e00-\u9fff]{1,4})"
)  # names in games: Hevv丶不ban
_LIKE_ACCOUNT = re.compile(
    r"(?<![a-z0-9_.@/\-])(?:(?=[a-z_]*\d)[a-z][a-z0-9]{2,}_[a-z0-9_]{2,}|[a-z]{4,}[0-9]{4,})(?![a-z0-9_@/\-])"
)  # moonrabbit_0417
_URL = re.compile(
    r"(?:https?|ftp)://[a-z0-9\-._~%!$&'()*+,;=:@/?#\[\]]{3,2000}|(?<![a-z0-9@.])www\.[a-z0-9\-./?=&%_#~]{3,500}"
)
_BARE = re.compile(
    rf"(?<![a-z0-9@.\-/])(?:[a-z0-9][a-z0-9\-]{{0,62}}{_DOT}){{1,3}}(?:{_TLD})(?![a-z0-9])(?:/[a-z0-9\-./?=&%_#~]{{0,500}})?"
)
_V4 = re.compile(r"(?<![\d.])\d{1,3}(?:[.点]\d{1,3}){3}(?![\d.点]\d)(?!\d)")
_V6 = re.compile(r"(?<![0-9a-f:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![0-9a-f:])")
_ID = r"[a-z][a-z0-9_\-]{5,19}"
_LINK = r"(?:号|号码|账号|帐号|id|名|昵称|是|叫|就是|为|我的|的|is|my|also|:|:|=|,|\"|'| |@|加我|加一下|一下|我){0,8}"
_CONTEXTS: tuple[tuple[Entity, re.Pattern[str]], ...] = (
    (Entity.WECHAT, re.compile(
        r"(?:微信|薇信|威信|v信|weixin|wechat|(?<![a-z])(?:wx|vx)(?![a-z])|加我(?:vx|v)?|加个?v)"
        rf"{_LINK}(?P<id>(?<![a-z0-9_\-]){_ID}(?![a-z0-9_\-@]))")),
    (Entity.DOUYIN, re.compile(
        rf"(?:抖音|douyin|快手|小红书|xhs){_LINK}(?P<id>(?<![a-z0-9_\-.])[a-z0-9_.]{{3,24}}(?![a-z0-9_\-@]))")),
    (Entity.ACCOUNT, re.compile(
        
r"(?:instagram|(?<![a-z])insta?(?![a-z])|twitter|tiktok|snapchat|(?<![a-z])snap(?![a-z])|"
r"telegram|discord|facebook|skype|weibo|微博|b站|bilibili|知乎|豆瓣|陌陌|探探|steam|"
rf"游戏id|用户名|username|user name|账号){_LINK}(?P<id>(?<![a-z0-9_\-.])[a-z][a-z0-9_.]{{3,29}}(?![a-z0-9_\-@]))"
)),
)  # fmt: skip
_MENTION = re.compile(r"(?<![a-z0-9.])@(?P<name>[a-z0-9_\-.]{2,30}|[\u4e00-\u9fff][\u4e00-\u9fffa-z0-9_\-·]{0,29})")
_WORDS = vocabulary("handles", "words")


def find_handles(reading: Reading) -> Iterator[Span]:
    """E-mail, URL, IP, WeChat, Douyin and other accounts."""
    text = reading.lower
    if "@" in text or "艾特" in text or "圈a" in text or " at " in text:
        spoken = reading.digits.lower() if len(reading.digits) == len(text) else text
        for found in (found for pattern in _EMAILS for found in pattern.finditer(spoken)):
            if "@" in found[0] or "艾特" in found[0] or "圈" in found[0] or " dot " in found[0]:
                yield Span(found.start(), found.end(), Entity.EMAIL, 0.99, "email")
        for found in _MENTION.finditer(text):
            yield Span(*found.span("name"), Entity.ACCOUNT, 0.75, "mention")
    for found in _ADORNED.finditer(text):
        yield Span(found.start(), found.end(), Entity.ACCOUNT, 0.9, "adorned")
    for found in _LIKE_ACCOUNT.finditer(text):
        yield Span(found.start(), found.end(), Entity.ACCOUNT, 0.45, "like an account")
    for found in _URL.finditer(text):
        yield Span(found.start(), found.start() + len(found[0].rstrip(".,;:!?)'")), Entity.URL, 0.99, "url")
    for found in _BARE.finditer(text):
        if "点" not in found[0] or re.search(rf"点[ ]?(?:{_TLD})", found[0]):
            yield Span(found.start(), found.end(), Entity.URL, 0.8, "host")
    for found in _V4.finditer(reading.digits):
        if all(int(part) < 256 for part in re.split("[.点]", found[0])):
            yield Span(found.start(), found.end(), Entity.IP, 0.97, "ip4")
    if text.count(":") >= 2:
        for found in _V6.finditer(text):
            if _is_v6(found[0]):
                yield Span(found.start(), found.end(), Entity.IP, 0.97, "ip6")
    for entity, pattern in _CONTEXTS:
        for found in pattern.finditer(text):
            if found["id"] not in _WORDS and (entity is Entity.WECHAT or re.search(r"[\d_.]", found["id"])):
                yield Span(*found.span("id"), entity, 0.96, "account")


def _is_v6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return len(text) > 4
