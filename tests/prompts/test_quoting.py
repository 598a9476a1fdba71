import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prompts.quoting import inline, plain
from tests.prompts.attacks import ATTACKS

STRUCTURE = re.compile(
    r"<\s*[|/a-zA-Z]|\[\s*/?\s*(?:INST|SYS)|[〔〕﹝﹞【】〖〗❲❳]|#{2,}|`{3,}"
    r"|(?<![a-zA-Z])(?:system|assistant|user|instruction)\W{0,3}:|(?:系统|旁注|用户|助手)[:：]",
    re.IGNORECASE,
)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_said_can_pass_for_structure(attack: str) -> None:
    for safe in (plain(attack), inline(attack)):
        assert not STRUCTURE.search(safe)
        assert not any(unicodedata.category(c) in ("Cc", "Cf", "Co", "Cs") for c in safe.replace("\n", ""))
        safe.encode("utf-8")


@pytest.mark.parametrize(
    "said",
    [
        "没事，挺好的",
        "I <3 you, it's 5 < 7 -- really",
        "他说：“随便你。”我就走了",
        "deadline 又提前了，我真的 emo 了……",
        "约好 19:30 见，别迟到",
        "哈哈哈哈哈哈",
        "#周末去哪儿# 还没想好",
        "- 买菜\n- 洗衣服",
        "My notes are lost, and the user manual too.",
        "系统升级了，电脑又卡",
        "😀 开心",
    ],
)
def test_ordinary_words_stay_as_they_are(said: str) -> None:
    assert plain(said) == said


def test_a_memory_is_one_line_and_cannot_close_its_quotes() -> None:
    assert inline("我住在杭州\n\n“很久”了") == "我住在杭州 ‘很久’了"
    assert not set(inline("".join(ATTACKS))) & set('“”"「」\n')


@given(
    st.text(max_size=120)
    | st.lists(st.sampled_from((*ATTACKS, "<", "|", "\u200b", "sys", "tem", ":", "#", "["))).map("".join)
)
def test_made_safe_once_is_made_safe_for_good(said: str) -> None:
    safe = plain(said)
    assert plain(safe) == safe
    assert not STRUCTURE.search(safe)
