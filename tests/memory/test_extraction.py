import pytest

from memory.extraction import extract
from memory.types import MemoryKind

KEPT = {
    "我叫小雨": MemoryKind.PROFILE,
    "下周三要面试，我挺紧张的": MemoryKind.EVENT,
    "我妈下个月要做手术": MemoryKind.EVENT,
    "我最近总是睡不着": MemoryKind.WORRY,
    "我的猫叫团子": MemoryKind.PERSON,
    "我在杭州的医院上班": MemoryKind.WORK,
    "我特别喜欢爬山": MemoryKind.PREFERENCE,
    "My name is Anna": MemoryKind.PROFILE,
    "I lost my job last week": MemoryKind.EVENT,
    "I'm worried about my rent": MemoryKind.WORRY,
    "My dog is called Max": MemoryKind.PERSON,
    "I work at a bakery": MemoryKind.WORK,
    "I hate crowded trains": MemoryKind.PREFERENCE,
    "我下周有个 interview": MemoryKind.EVENT,
}
LEFT = [
    "你叫什么名字？",
    "如果我明天没考过怎么办",
    "今天天气不错",
    "帮我写一封信给我妈",
    "不想活了，我妈不知道",
    "I want to die",
    "嗯",
    "",
    "could you call my mother",
    "广州市房地产中介协会分析",
    "do you like my dog?",
]


@pytest.mark.parametrize("line", KEPT)
def test_a_fact_about_a_person_is_kept_in_their_words(line: str) -> None:
    found = extract(line)
    assert found and found[0].kind is KEPT[line] and found[0].text in line


@pytest.mark.parametrize("line", LEFT)
def test_questions_orders_wishes_and_crises_are_not_kept(line: str) -> None:
    assert extract(line) == []


def test_a_strong_feeling_makes_it_weigh_more() -> None:
    assert extract("我的猫走丢了", valence=-0.9)[0].salience > extract("我的猫走丢了")[0].salience
