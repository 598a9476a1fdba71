"""Sentences that say that something is no longer as it was: the newer one of two on one matter. Pure.

Claims know a closed set of attributes; most of what changes in a life is not among them (咖啡我戒了, 影展取消了). The
cues are authored for spoken Chinese and English. They name no matter: what has turned is told by what stands near.
"""

from __future__ import annotations

import re

_CUES = re.compile(
    r"戒(?:了|掉)|(?:取消|黄|吹|泡汤|断|停)了|改(?:成|到|喝|吃|去|做|了|在|主意)|换(?:成|了|到)|搬[到去来家走回]|"
    r"跳槽|辞(?:了|职)|离职|转(?:行|到|去|学|专业)|调到|分(?:开|手)了|离(?:了|婚)|复合|在一起了|"
    r"想通了|(?:决定|打算)(?:不|还是)|还是(?:去|没|不|要|把)|最后(?:没|还是|选|定|去)|(?:没|不)(?:去|换|考|做|办|买|弄|"
    r"搬|养|学)(?:成|了)|不(?![说聊讲跟和打])[^，。 ]{0,6}了|(?:说|讲|记|搞|弄)错了|"
    r"不是.{1,12}[,，。 ]*(?:而?是)|其实(?:是|不)|"
    r"(?:现在|如今)(?:是|在|改|住|都|就|一|每|无|回|已经)|(?:居然|竟然)?开始(?:喜欢|吃|喝|能|会|爱)|"
    r"去[^，。 ]{1,5}了|(?:答应|去|进|考上|过|做|装|种|纹|买|卖)了|走了|去世|不在了|没了|好了$|"
    r"\b(?:not any ?more|no longer|any ?more|quit|gave up|switched|changed (?:my mind|to|it)|moved|cancel?led|"
    r"called off|instead|ended up|turns? out|actually|broke up|split up|got back together|decided (?:not )?to|"
    r"used to|now i|i now|passed away|used up|put off|postponed|finally (?:got|did|went)|i was wrong)\b",
    re.IGNORECASE,
)


def tells_a_turn(text: str) -> bool:
    """Whether the words say that something has changed, ended, been decided otherwise or been said wrongly."""
    return _CUES.search(text) is not None
