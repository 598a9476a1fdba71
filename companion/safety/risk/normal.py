"""Text -> the form in which rules read it, with the way back to the offsets of the original. Pure; tables authored."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_TRADITIONAL = str.maketrans(
    "殺樓藥遺書燒結傷離開沒會還給記說話覺讓誰寫過這個們來對錯當時間裡裏麼嗎為從無電視劇遊戲戰隊幹幾點飯買準備後見"
    "愛媽親兒學師壓絕許願問題頭腦聽聲監視騙錢轉賬診醫療體應該總經歷歲歡樂難氣憤紅門內進邊車機場夠壞淚斷繩瓶盡雙臉"
    "謝訴請別撐堅著連臺別遠東圍滿憶銀養實護處認識嚴獨單負擔纍贅廢沖衝腳窗崖僅禮網發現須輩節週種藝陽極癥憂鬱靜",
    "杀楼药遗书烧结伤离开没会还给记说话觉让谁写过这个们来对错当时间里里么吗为从无电视剧游戏战队干几点饭买准备后见"
    "爱妈亲儿学师压绝许愿问题头脑听声监视骗钱转账诊医疗体应该总经历岁欢乐难气愤红门内进边车机场够坏泪断绳瓶尽双脸"
    "谢诉请别撑坚着连台别远东围满忆银养实护处认识严独单负担累赘废冲冲脚窗崖仅礼网发现须辈节周种艺阳极症忧郁静",
)
_HAN = "\u3400-\u9fff"
_APOSTROPHES = "'’‘`´"
_MARKS = "，！？；：（）"  # stay as they are: the rules are written with them
_COMMA = re.compile(rf"(?<=[{_HAN}]),")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufe0f\ufeff]")
# 自*杀, 自 杀, 自.杀: one sign between single characters hides a word; between longer runs a blank is a comma.
_HIDING = re.compile(
    rf"(?<![{_HAN}])(?:[{_HAN}][\s*.·_\-/|+~]{{1,2}})+[{_HAN}](?![{_HAN}])|(?<=自)[\s*.·_\-/|+~](?=[杀残尽殘殺])"
)
_LATIN_GAP = re.compile(r"(?<=[a-z])\*(?=[a-z])")

# What recognisers hear and what hides a word, put right; (?!...) keeps the honest words of the same sound. Authored.
_HEARD = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"自[沙纱莎砂煞刹鲨傻]|紫[砂沙杀](?![壶茶泥杯锅陶罐盆器煲])|[字子姿资]杀|自s(?![a-z])", "自杀"),
        (r"想[四似亖思斯寺撕4](?=(?:了|啊|的|吧|呢|又|但|也|可|就|$|[，。,.!！?？\s]|一了百了|掉|不))", "想死"),
        (r"去[四似亖](?=(?:了|吧|算|$|[，。,.!！?？\s]))", "去死"),
        (r"亖", "死"),
        (r"想鼠(?=(?:了|啊|$|[，。,.!！?？\s]))", "想死"),
        (r"(?<=想)四(?=掉|了算)", "死"),
        (r"跳[喽搂篓露偻娄](?!露)", "跳楼"),
        (r"割[婉碗万腕晚弯](?!草|豆)", "割腕"),
        (r"遗[树数束输叔述]", "遗书"),
        (r"不想[火货或祸获伙](?=(?:了|着|$|[，。,.!！?？\s]|下去))", "不想活"),
        (r"(?<=不想)[货或祸获伙](?=下去)", "活"),
        (r"[火货或祸获]不下去", "活不下去"),
        (r"[火货或]着没[有]?意[思义]", lambda m: "活" + m[0][1:]),
        (r"烧[碳探叹]", "烧炭"),
        (r"安眠[要耀]", "安眠药"),
        (r"上掉(?=自己|了?$|，|。)", "上吊"),
        (r"结束(自己的|我的|自己|)声明", lambda m: m[0][:-2] + "生命"),
        (r"想轻声(?=(?:了|$|[，。,.!！?？\s]|的念))|轻声的念头", lambda m: m[0].replace("轻声", "轻生")),
        (r"不想[互户]了", "不想活了"),
        (r"结[术数述]生命", "结束生命"),
        (r"[子自字]残(?=自|了|过|$)", "自残"),
        (r"kill my self", "kill myself"),
        (r"(?<=want to )dye(?= *(?:$|[,.!?]|right|now|so|and|but|tonight|please))", "die"),
        (r"(?<=wanna )dye(?= *(?:$|[,.!?]|right|now|so|and|but|tonight|please))", "die"),
        (r"sewer ?slide|sue aside|suey side|su1cide|s[u*]icide", lambda m: "suicide".ljust(len(m[0]))[: len(m[0])]),
        (r"over dos", "overdos"),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Normal:
    """text: lower case, simplified, half-width, without apostrophes and hiding signs. at[i]: offset of text[i] in the
    original. heard: text with misheard words put right, with its own way back; None where nothing was."""

    text: str
    at: tuple[int, ...]
    heard: str | None = None
    heard_at: tuple[int, ...] = ()

    def span(self, start: int, end: int, *, heard: bool = False) -> tuple[int, int]:
        """Offsets in the original of text[start:end], end exclusive."""
        at = self.heard_at if heard else self.at
        return at[start], at[end - 1] + 1


def normal(text: str) -> Normal:
    """Never raises; "" stays ""."""
    chars, at = [], []
    for i, char in enumerate(text):
        if char in _APOSTROPHES or _INVISIBLE.match(char):
            continue
        folded = char if char in _MARKS else unicodedata.normalize("NFKC", char).lower()
        chars.append(folded if len(folded) == 1 else char)
        at.append(i)
    plain = _COMMA.sub("，", "".join(chars).translate(_TRADITIONAL))
    drop = {i for m in _HIDING.finditer(plain) for i in range(*m.span()) if not "\u3400" <= plain[i] <= "\u9fff"}
    drop |= {m.start() for m in _LATIN_GAP.finditer(plain)}
    if drop:
        kept = [i for i in range(len(plain)) if i not in drop]
        plain, at = "".join(plain[i] for i in kept), [at[i] for i in kept]
    heard, heard_at = _put_right(plain, at)
    return Normal(plain, tuple(at), None if heard == plain else heard, () if heard == plain else tuple(heard_at))


def _put_right(text: str, at: list[int]) -> tuple[str, list[int]]:
    for pattern, instead in _HEARD:
        pieces, ways, last = [], [], 0
        for m in pattern.finditer(text):
            right = instead if isinstance(instead, str) else instead(m)
            pieces += [text[last : m.start()], right]
            ways += at[last : m.start()]
            ways += [at[m.start() + min(i, m.end() - m.start() - 1)] for i in range(len(right))]
            last = m.end()
        if pieces:
            text, at = "".join([*pieces, text[last:]]), [*ways, *at[last:]]
    return text, at
