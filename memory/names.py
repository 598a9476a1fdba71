"""Names that a text gives to people and animals. Pure, by rules, zh and en; what they miss is a name to nobody."""

from __future__ import annotations

import re

from memory.phrasing import no_name
from memory.relations import RELATION_ZH

# The hundred most common surnames, after the report on names of 2020 by China's Ministry of Public Security.
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆"
    "范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常"
)
_TITLES = "律师|老师|学姐|学长|师兄|师姐|阿姨|同学|医生|大夫|教练|师傅|主任|经理|主管|护士长"
_NO_GIVEN = (
    "[时区学说孩伙店狗猫心声组型费菜事吃看小姐妹弟朋的米麦卖票包腿姨叔舅雨雪名偷队路城镇村屋院床册品数便气丑鬼三二宝贝鲜礼众提样半号子女男"
    "家公婆爷奶娘里拉尔哥嫂伯]"
)
_TITLED = re.compile(rf"(?:{_TITLES})$")
_END = r"(?=$|[ ，,。.!！?？、的是在])"
_GIVEN = tuple(
    re.compile(one)
    for one in (
        rf"(?<!我)叫(?!什么|啥|[我他她它你人得名不了做起])([\u4e00-\u9fff]{{2,3}}?){_END}",
        rf"{RELATION_ZH}([{_SURNAMES}小阿][\u4e00-\u9fff]{{1,2}}?){_END}",
        r"(?:我们?家|(?<=叫)[\u4e00-\u9fff]?)(([\u4e00-\u9fff])(?<![爸妈哥姐弟妹爷奶姥叔])\2)(?![\u4e00-\u9fff]?[们家])",
        rf"((?:老[{_SURNAMES}]|[小阿](?!{_NO_GIVEN})[\u4e00-\u9fff]))",
        rf"([{_SURNAMES}](?:{_TITLES}))",
        r"(?:[a-z,] |[\u4e00-\u9fff] ?)([A-Z][a-z]{2,})\b",
    )
)


def names(text: str) -> set[str]:
    """Those that the text gives, as it writes them."""
    found = {match[1] for one in _GIVEN for match in one.finditer(text)}
    full = {name for name in found if len(name) == 3 and name[0] in _SURNAMES and not _TITLED.search(name)}
    found |= {name[1:] for name in full}  # 赵一鸣 is 一鸣 among friends
    return {name for name in found if not no_name(name)}
