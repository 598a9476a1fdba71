"""Places and addresses: a list of names, what the tagger takes for a place, and the grammar of Chinese addresses.

Province, city, district, road, number, building, unit, room, whole or in part, written or said:
和平路一百二十号五栋三零一室. What touches is one address. Countries and provinces alone are LOCATION.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from companion.research.deidentify.lexicon import gazetteer, lexicon, ordinary, vocabulary
from companion.research.deidentify.reading import Reading
from companion.research.deidentify.types import Entity, Span

_PLACE = 0.3  # of the tagger's probability: masking in doubt
_CERTAIN = 0.95  # of it, where the word is an ordinary one: 天台, 天黑
_NUM = r"(?:[a-z]?[0-9]{1,5}|[零〇一二三四五六七八九十百千幺两]{1,7}|[a-z]|[甲乙丙丁])"
_UNIT = r"(?:号院|号楼|号|弄|栋|幢|座|单元|层|楼|室|户|门|巷|排|组|支弄|房)"
_HOUSE = rf"{_NUM}(?:[-之]{_NUM})?{_UNIT}"
_NO_MORE = "(?![0-9零一二三四五六七八九十百千万个块年月点岁天元])"  # a sum, a count, a time
_ROOM_ALONE = rf"(?<=[元楼栋幢座层号])[零〇一二三四五六七八九幺两0-9]{{2,4}}{_NO_MORE}"
_CHAIN = re.compile(
    rf"(?<![月0-9零一二三四五六七八九十第]){_HOUSE}"
    rf"(?:[ ,]?(?:{_HOUSE}|[零〇一二三四五六七八九幺两0-9]{{3,4}}{_NO_MORE})){{1,8}}(?!线)"
)
_AFTER_PLACE = re.compile(
    rf"(?:[ ,]?(?:{_HOUSE}|[0-9]{{1,5}}(?:-[0-9]{{1,5}}){{1,3}}|{_ROOM_ALONE}|(?<=[楼号栋座])[a-z](?![a-z]))){{1,6}}"
)
_ROOM = re.compile(
    r"(?:住|房间|房号|门牌号?|宿舍|寝室|对面|隔壁|楼上|楼下)(?:是|在|的|号)?(?P<n>[1-9][0-9]{2,3}|[一二三四五六七八九][零〇一二三四五六七八九幺][零〇一二三四五六七八九幺]{1,2})(?![0-9个块元天年月人点])"
)
_STRONG = (
    r"(?:大道|大街|路|街|胡同|巷|弄|里弄|小区|花园|家园|花苑|嘉园|雅苑|佳苑|名苑|公寓|新村|新城|街道|山庄|别墅区?|公馆|家属院|"
    r"大院|大厦|广场|中心|机场|火车站|地铁站|高铁站|车站|立交桥|大桥|桥|镇|乡|县|区|市|省|村|屯|庄|寨|堡|湖|山|岛|寺|湾|"
    r"公园|古镇|景区|开发区|工业园|科技园|园区|码头|港|半岛|群岛|海峡|高原|盆地|河|江|公墓|陵园|社区|州|郡|城|府|宫|塔|楼)"
)

_ENDS = re.compile(rf"{_STRONG}$")
_AS_WORD = vocabulary("places", "as_word")
_FUNCTION = frozenset({"r", "p", "v", "u", "w", "d", "c", "vd", "xc", "TIME", "q"})
_HEADS = frozenset({"LOC", "nz", "ORG", "PER", "n", "s", "f", "m", "nw", "a", "an"})
_COMMON = vocabulary("places", "common")


_ROAD = r"(?:大道|大街|路|街|胡同|巷|小区|花园|家园|公寓|新村|村|镇|大厦|广场)"
_ROAD_AFTER = re.compile(
    r"(?:[东南西北中](?:[一二三四五六七八九十])?(?:路|街|大街|大道)|"
    rf"[\u4e00-\u9fff]{{1,4}}{_ROAD}(?=[ ,]?{_NUM}(?:-{_NUM})?(?:号|弄|栋|幢|座)))"
)
_PART = re.compile(
    r"(?:大道|路|街|胡同|巷|小区|花园|家园|公寓|新村|村|镇|乡|旗|盟|桥|门|大厦|广场|[东南西北一二三四五六]段)$"
)
_QUARTER = re.compile(r"一带|板块|商圈|片区|路段|附近")
_ROAD_NUMBERED = re.compile(rf"[\u4e00-\u9fff]{{1,6}}{_ROAD}(?=[ ,]?{_NUM}(?:-{_NUM})?(?:号|弄|栋|幢|座))")


_SITS = re.compile(r"(?:位于|坐落于|坐落在|地处|来自|前往|抵达|飞往|途经|到达|飞抵|返回|逃往|迁往|落户)$")
_NO_PLACE = vocabulary("places", "no_place")
_AT_HOME = re.compile(r"(?:住在|家住|家在|住|在) ?(?P<head>[\u4e00-\u9fff]{1,6})$")
_LITTLE = re.compile(r"[的了是有和跟去来到我你他她它们这那个人住在家一]")
_ESTATE = re.compile(r"[\u4e00-\u9fff]{1,6}(?=[a-zA-Z]?[0-9]{1,4}(?:栋|幢|座|号楼|单元|号院))")
_JAPANESE = re.compile(
    r"(?=[\u4e00-\u9fff々]*[\u3040-\u30ff丁])"
    r"[\u3040-\u30ff\u4e00-\u9fff々]{2,12} ?\d{1,4}(?:[-丁目番地号]{1,2}\d{1,4}){1,2}号?"
)  # 由比ガ浜 3-11-5


def find_places(reading: Reading) -> Iterator[Span]:
    """ADDRESS and LOCATION, touching ones together."""
    found = sorted(
        {*_named(reading), *_tagged(reading), *_suffixed(reading)}, key=lambda s: (s.start, -s.end, -s.score)
    )
    merged: list[Span] = []
    for span in found:
        if merged and span.start <= merged[-1].end:
            last = merged[-1]
            inside = span.end <= last.end
            kind = last.type if inside or span.type is last.type else Entity.ADDRESS
            merged[-1] = Span(last.start, max(last.end, span.end), kind, max(last.score, span.score), last.rule)
        else:
            merged.append(span)
    for span in merged:
        end = _further(reading, span.end)
        tail = _AFTER_PLACE.match(reading.lower, end)
        if tail is not None and not re.match(r"线", reading.after(tail.end(), 1)):
            yield Span(_from_home(reading, span.start), tail.end(), Entity.ADDRESS, 0.89, "house")
        elif end > span.end:
            yield Span(span.start, end, Entity.ADDRESS, 0.89, "road")
        else:
            yield span
    for block in _JAPANESE.finditer(reading.text):
        yield Span(block.start(), block.end(), Entity.ADDRESS, 0.8, "block")
    for chain in _CHAIN.finditer(reading.lower):
        yield Span(chain.start(), chain.end(), Entity.ADDRESS, 0.89, "chain")
    for room in _ROOM.finditer(reading.lower):
        yield Span(*room.span("n"), Entity.ADDRESS, 0.7, "room")


def _from_home(reading: Reading, start: int) -> int:
    """Where an address with a house begins: with what stands between 住 or 在 and its first known part."""
    head = _AT_HOME.search(reading.before(start, 10))
    if head is None or _LITTLE.search(head["head"]):
        return start
    return start - len(head["head"])


def _further(reading: Reading, end: int) -> int:
    """Where an address ends of which a place is the head: roads, quarters and houses behind it, 渝北区新牌坊 一带."""
    road = _ROAD_AFTER.match(reading.text, end)
    if road is not None:
        return road.end()
    estate = _ESTATE.match(reading.text, end)
    if estate is not None and not _LITTLE.search(estate[0]):
        return estate.end()
    reach = end
    for word in reading.tagged.words:
        if word.start < end or word.end - end > 10:
            continue
        if word.start > end and _QUARTER.match(reading.text, word.start):
            return word.start
        name = reading.text[word.start : word.end]
        if word.tag not in _HEADS | {"m"} or not re.fullmatch(r"[\u4e00-\u9fff]+", name):
            break
        if _PART.search(name) and name not in ordinary() and (len(name) > 1 or word.start > reach):
            reach = word.end
    return reach


def _named(reading: Reading) -> Iterator[Span]:
    """Names of the list, where the tagger does not see the middle of a word."""
    heads, text = lexicon().heads, reading.text
    starts = {word.start: word for word in reading.tagged.words}
    ends = {word.end for word in reading.tagged.words}
    at = 0
    while at < len(text) - 1:
        for name, entity in heads.get(text[at : at + 2], ()):
            if entity is Entity.ORGANIZATION or not text.startswith(name, at):
                continue
            end = at + len(name)
            if len(name) > 2 or (at in starts and (end in ends or name not in _AS_WORD)):
                yield Span(at, end, entity, 0.895, "list")
                at = end - 1
                break
        at += 1


def _tagged(reading: Reading) -> Iterator[Span]:
    """What the tagger takes for a place."""
    for word in reading.tagged.words:
        name = reading.text[word.start : word.end]
        sits = word.person > 0.2 and _SITS.search(reading.before(word.start)) is not None
        listed = len(name) > 1 and name in gazetteer() and name not in _COMMON and name not in _NO_PLACE
        if sits or (
            listed and (word.tag in ("nz", "LOC", "ORG", "s", "nw") or (word.tag == "n" and _ENDS.search(name)))
        ):
            yield Span(word.start, word.end, Entity.ADDRESS, 0.89 if sits else 0.6, "sits" if sits else "gazetteer")
        settlement = word.body > 0.3 and re.search(r"[省市县区镇乡村旗盟州]$", name) is not None
        if (word.place >= _PLACE or settlement) and word.end - word.start > 1:
            if name in _COMMON or re.fullmatch(r"[\W\d_a-z]*", name) or (name in ordinary() and word.place < _CERTAIN):
                continue
            kind = Entity.LOCATION if name[-1] in "省国洲洋" else Entity.ADDRESS
            for known, entity in lexicon().heads.get(name[:2], ()):
                if known == name:
                    kind = entity
            if kind is not Entity.ORGANIZATION:
                yield Span(word.start, word.end, kind, round(0.5 + 0.4 * max(word.place, word.body), 3), "tagger")


def _suffixed(reading: Reading) -> Iterator[Span]:
    """A proper name before a suffix of roads, quarters and settlements, over the tagger's words."""
    words = reading.tagged.words
    for road in _ROAD_NUMBERED.finditer(reading.text):
        inside = [w for w in words if road.start() <= w.start < road.end() - 1]
        cut = [k for k, w in enumerate(inside) if w.tag in _FUNCTION and reading.text[w.start : w.end] not in _COMMON]
        if inside and (not cut or cut[-1] + 1 < len(inside)):
            yield Span(inside[cut[-1] + 1 if cut else 0].start, road.end(), Entity.ADDRESS, 0.8, "numbered")
    for k, word in enumerate(words):
        name = reading.text[word.start : word.end]
        if not _ENDS.search(name) or word.tag in ("v", "d", "a", "p", "TIME") or (name in _COMMON and len(name) > 3):
            continue
        stem = _ENDS.sub("", name)
        bare = name in _COMMON or name in ordinary() or not stem
        if not bare and len(stem) >= 2 and word.place + word.body >= 0.1:
            yield Span(word.start, word.end, Entity.ADDRESS, 0.7, "suffix")
        elif bare and k and words[k - 1].tag in _HEADS:
            before = words[k - 1]
            head = reading.text[before.start : before.end]
            proper = before.tag in ("LOC", "PER", "nz", "ORG") or before.place + before.person + before.body > 0.3
            if proper and 2 <= len(head) <= 6 and re.fullmatch(r"[\u4e00-\u9fff]+", head):
                yield Span(before.start, word.end, Entity.ADDRESS, 0.65, "suffix")
