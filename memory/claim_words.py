"""The words that claims are made of: closed sets in both languages, numerals, and what a name or a place may be.

Sources: authored.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

# Names of closed sets in both languages, the canonical one first. Authored.
_SETS: Mapping[str, str] = {
    "kin": "妈,妈妈,老妈,母亲,mom,mum,mother,mama | 爸,爸爸,老爸,父亲,dad,father,papa | 外婆,姥姥 | "
    "外公,姥爷 | 奶奶 | 爷爷 | 哥,哥哥 | "
    "弟,弟弟 | 姐,姐姐 | 妹,妹妹 | 老公,丈夫,husband | 老婆,妻子,wife | 男朋友,男友,boyfriend | 女朋友,女友,"
    "girlfriend | 儿子,son | 女儿,daughter | grandma,grandmother,granny | grandpa,grandfather",
    "animal": "cat,猫,小猫,猫咪,kitten | dog,狗,小狗,狗狗,puppy | rabbit,兔子,bunny | hamster,仓鼠 | "
    "parrot,鹦鹉 | fish,鱼 | turtle,乌龟",
    "plan": "interview,面试 | exam,考试,test | wedding,婚礼,婚期 | move,搬家 | trip,旅行,旅游,vacation,holiday | "
    "surgery,手术,operation | checkup,体检,check-up | presentation,演讲,答辩 | meeting,会议 | party,聚会",
    "number": "phone,手机号,手机号码,电话,电话号码,phone number,cell number | "
    "wechat,微信,微信号,wechat id | birthday,生日 | "
    "email,邮箱,email address | room,房间号,门牌号,room number,apartment number",
    "health": "住院,住进医院,in hospital,in the hospital,hospitalized | 去世,过世,passed away,died | "
    "生病,病倒,病,sick,ill | "
    "出院,discharged,out of hospital,out of the hospital,home from hospital,home from the hospital | "
    "康复,病好,病好起来,身体好,recovered,all better",
}
CANONICAL = {
    kind: {name.strip(): group.split(",")[0].strip() for group in sets.split("|") for name in group.split(",")}
    for kind, sets in _SETS.items()
}
_PLACES = (
    "北京=beijing,上海=shanghai,广州=guangzhou,深圳=shenzhen,杭州=hangzhou,成都=chengdu,南京=nanjing,武汉=wuhan,"
    "西安=xi'an,重庆=chongqing,天津=tianjin,苏州=suzhou,长沙=changsha,厦门=xiamen,青岛=qingdao,昆明=kunming,"
    "香港=hong kong,台北=taipei,东京=tokyo,大阪=osaka,首尔=seoul,新加坡=singapore,纽约=new york,波士顿=boston,"
    "西雅图=seattle,洛杉矶=los angeles,伦敦=london,旧金山=san francisco,巴黎=paris,柏林=berlin,悉尼=sydney,"
    "墨尔本=melbourne,多伦多=toronto,温哥华=vancouver"
)
_PROVINCES = (
    "河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 贵州 云南 陕西 甘肃 "
    "青海 台湾 内蒙古 广西 西藏 宁夏 新疆 东北"
)
# Cities that are often named in both languages: zh -> en, lower case. Authored; others are compared as they are said.
CITIES: Mapping[str, str] = {zh: en for zh, _, en in (pair.partition("=") for pair in _PLACES.split(","))}
_REGIONS = _PROVINCES.split()

# --- numerals ---
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_NUMERAL = re.compile(
    r"(?<=[上午晨天到在])一(?=点)|一(?=[号只条岁])|(?:[零〇二两三四五六七八九十百]|"
    r"一(?=[十百千]))[零〇一二三四五六七八九十百千万]*"
    r"(?=[点号月日岁年只条个次块元楼层分天周斤])"
)


def digits(text: str) -> str:
    """The text with Chinese numerals before a unit as digits: 十二点 -> 12点. 一个, 一点 and the like stay words."""

    def value(match: re.Match[str]) -> str:
        total = section = digit = 0
        for char in match.group():
            if char in _DIGITS:
                digit = _DIGITS[char]
            elif char == "万":
                total, section, digit = (section + digit) * 10_000, 0, 0
            else:
                section, digit = section + (digit or 1) * _UNITS[char], 0
        return str(total + section + digit)

    return _NUMERAL.sub(value, text)


# --- what a group may hold: None refuses the match ---
_NOT_A_NAME = re.compile(
    r"[了他她你它不什个车救得过醒去来滚做别帮起加回给等把吃写快怎带跟和陪在住停好出到]|外卖|滴滴|妈|爸|人|"
    r"朋友|老师|服务|快递|"
    r"(?:if|when|later|back|tomorrow|crazy|anytime|now|today|after|on|at|by|an?|the|old|your|up|in|out|maybe|"
    r"what|it|not)\b",
    re.I,
)
_NOT_A_PET = re.compile(
    r".*[会候光间钱季节人员友事生师板家们客车雨天爷婆公奶妈爸姨叔舅姑哥姐弟妹机包]$|(?:he|she|they|it|my|someone|"
    r"somebody|everyone|nobody|dad|mom|mum|mother|father|"
    r"grand\w+)\b|[他她你我]",
    re.I,
)
_NOT_A_PLACE = re.compile(
    r"时候|[那这哪]|期间|附近|旁边|对面|楼|层|隔壁|酒店|宾馆|民宿|[他她你我]|朋友|爸|妈|公司|学校|宿舍|房|"
    r"公寓|一起|家|院|校|[不下地]|城里|"
    r"^[一二三四五六七八九十\d]|[很太觉没是有的得会要想能着过就都也还和跟]"
)
_NOT_A_THING = re.compile(
    r"^(?:[你他她它我您这那哪得不没着过的]|自己|别人|人家|大家|上[了个]|是|会|要|到|说|死)|[你他她我您]|的时候|"
    r"因为|人$|^(?:way|idea|fact|thought)\b|什么|"
    r"\b(?:you|him|her|it|them|this|that|these|those|when|how|what|who|me|us|myself|life|your|his|their|being|having|"
    r"to (?:think|say|see|believe|know|be|have|admit)|the (?:way|idea|fact|thought)|one|people|everyone|nobody|"
    r"mom|mum|mother|dad|father|parents|husband|wife|boyfriend|girlfriend|ex|kids?|son|daughter)\b"
)
_NOT_AN_ORGANISATION = re.compile(
    r"^(?:家里?|外面|外地|国外|公司|单位|it|them|hours|years|days|home|work|night|all|least|an?|the|myself|free|\d+)$|"
    r"[你他她我什哪这那]|一起|不|努力|认真|\bmy\b"
)
_TAKEN_WITH = re.compile(
    r"^(?:to )?(?:drink|eat|watch|play|listen to|go to|read)(?:ing)? (?=\w)|^(?:listening|going) to |"
    r"^(?:喝|吃|看|听|玩|打|去)(?=[\u4e00-\u9fff]{2}|[a-z])"
)


def _name(word: str) -> str | None:
    word = re.sub(r"(?:就好|就行|就可以|好了|吧|哦)$", "", word.strip("“”\"'「」 "))
    return None if not word or _NOT_A_NAME.match(word) or len(word) > (24 if word.isascii() else 5) else word


def _pet(word: str) -> str | None:
    return None if _NOT_A_PET.match(word) or (word.isascii() and word.islower()) else _name(word)


def _place(word: str) -> str | None:
    word = word.strip()
    city = next((c for c in (*CITIES, *CITIES.values(), *_REGIONS) if word.lower().startswith(c)), None)
    if re.search(r"时候|期间|那[会年]|出差|附近|酒店|\bwhen\b", word):
        return None
    if word.isascii():
        proper = re.fullmatch(r"(?:the )?[A-Z][\w'.-]*(?: (?:of |the )?[A-Z][\w'.-]*){0,3}", word)
        return word.removeprefix("the ") if proper or city == word.lower() else None
    if _NOT_A_PLACE.search(word):
        return city
    # a 区 or a 路 without its city is a part of where they live, not another home
    return word if len(word) <= 8 and (city or not word.endswith(("区", "路", "街"))) else None


def _region(word: str) -> str | None:
    return word if word.startswith((*CITIES, *_REGIONS)) and len(word) <= 6 else None


def _thing(word: str) -> str | None:
    word = re.sub(r"^(?:the|a|an|my|some|all|any|我的) ?\b", "", word.strip().lower())
    word = _TAKEN_WITH.sub("", re.sub(r"(?:了|啊|呀|的事情?|这件事|的)+$", "", word))
    if not word or _NOT_A_THING.search(word) or len(word) > (40 if word.isascii() else 12) or len(word.split()) > 5:
        return None
    return word[:-1] if re.search(r"[a-z]{2}[^\Wsui]s$", word) else word


def _organisation(word: str) -> str | None:
    word = re.sub(r"^(?:一家|一个|一所|an? |the )", "", word.strip())
    refused = not word or _NOT_AN_ORGANISATION.search(word.lower()) or word.lower() in {*CITIES, *CITIES.values()}
    return None if refused or len(word) > (30 if word.isascii() else 12) else word


def _which(word: str) -> str | None:
    word = re.sub(r"^(?:the|my|an?|个|场|次|我的?)\b ?", "", word.strip().lower())
    return (
        None
        if re.search(
            r"[他她你妈爸哥姐弟妹友不没想怕]|\b(?:his|her|your|their|not)\b|"
            r"'s",
            word,
        )
        else f"/{word}"
        if word
        else ""
    )


def _canonical(names: Mapping[str, str], word: str) -> str | None:
    word = word.strip().lower()
    return names.get(word) or names.get(word.removesuffix("s"))


_COUNTS = {w: str(n) for n, w in enumerate(["two", "three", "four", "five", "six", "seven"], 2)}
NORMAL: Mapping[str, Callable[[str], str | None]] = {
    "name": _name,
    "pet": _pet,
    "place": _place,
    "region": _region,
    "thing": _thing,
    "org": _organisation,
    "which": _which,
    "code": lambda word: word.strip() if re.search(r"\d|@", word) else None,
    "n": lambda word: _COUNTS.get(word.lower(), word),
    "word": lambda word: word.strip().lower() or None,
    "when": lambda word: re.sub(r"^(?:on|at|in|around|by) ", "", word.strip().lower()) or None,
    **{kind: partial(_canonical, names) for kind, names in CANONICAL.items()},
}
